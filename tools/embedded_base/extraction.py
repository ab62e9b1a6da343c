"""Thirty small corpora with a free licence, as examples: which they are, what they call things, how often
each is used.

Each corpus is a file of JSON lines (xz) and a page that states its licence. A file that is missing or cut,
and one whose page does not state the licence that is written here, is left out, counted and named: never half
read.
"""

import json
import lzma
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from medner_assets.corpus.jsonl import document_from_json
from medner_assets.errors import MednerError
from medner_assets.schema import Document

MTL = "Creative Commons Attribution 4.0"


@dataclass(frozen=True, slots=True)
class Corpus:
    """One corpus. licence: words that its page must state. variants: how many variants of each of its windows
    are learned from, on average. focus: types that are asked for alone in as many variants more."""

    name: str
    licence: str
    variants: float
    focus: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """Return the names of its sources: its own, and that of the prompts that ask for the focus alone."""
        return (self.name, f"{self.name}, {' and '.join(self.focus)}") if self.focus else (self.name,)


CORPORA = (
    Corpus("bc2gm", MTL, 1.0), Corpus("bioid_cell", "MIT", 0.5), Corpus("bionlp09_ge", MTL, 0.5),
    Corpus("bionlp11_epi", MTL, 0.7), Corpus("bionlp11_id", MTL, 1.0), Corpus("bionlp13_ge", MTL, 0.5),
    Corpus("cancermine", "CC BY 4.0", 3.0), Corpus("civicmine", "MIT", 4.0),
    Corpus("comagc", "CC BY 2.0", 3.0), Corpus("cpi", "ISC", 4.0), Corpus("craft", MTL, 0.8),
    Corpus("ctp_lines", "Apache-2.0", 2.0),
    Corpus("drug_combo", "MIT", 6.0), Corpus("ex_ptm", MTL, 0.7), Corpus("gnormplus", "MIT", 1.5),
    Corpus("jnlpba_devtest", MTL, 1.5), Corpus("lct", "MIT", 3.0), Corpus("linnaeus", MTL, 0.7),
    Corpus("ncbi_disease", "MIT", 8.0), Corpus("neurotrialner", "MIT", 6.0), Corpus("nlm_gene", "MIT", 1.5),
    Corpus("nlmchem_test", "MIT", 4.0), Corpus("osiris", "CC BY 3.0", 3.0), Corpus("pgxmine", "MIT", 3.0),
    Corpus("phee", "MIT", 24.0, ("Drug", "Effect")), Corpus("seth", "Apache-2.0", 2.0),
    Corpus("species800", "MIT", 1.5),
    Corpus("spl_drugs", "public domain", 3.0), Corpus("tmvar3", "MIT", 4.0),
)  # fmt: skip
"""In the order of their names. More weight for drugs, diseases and the relations between them, which people
fine-tune for; less for the six corpora that name nothing but genes."""

ZERO_SHOT = "rct_art"
"""The corpus whose types (arms, outcomes, measures of trials) nothing that is learned from has: kept out, to
ask the base for types that it never met."""

NOT_THEIR_TEST = frozenset({"drug_combo", "neurotrialner"})
"""Corpora on whose test documents published systems are compared: these stay unseen."""

TYPES = {
    "GENE": "Gene", "gene": "Gene", "GGP": "Gene", "Protein": "Gene", "Organism": "Species",
    "Taxon": "Species",
    "CHEBI": "Chemical", "Compound": "Chemical", "CL": "CellType", "GO": "BiologicalProcess",
    "SO": "SequenceFeature", "cancer": "Cancer", "mutation": "Variant", "Mutation": "Variant",
    "variant": "Variant", "SNP": "Variant", "drug": "Drug", "DRUG": "Drug", "CONDITION": "Condition",
    "SpecificDisease": "Disease", "Modifier": "Disease", "DiseaseClass": "Disease",
    "CompositeMention": "Disease", "ProteinMutation": "ProteinVariant", "DNAMutation": "DNAVariant",
    "Disorder": "Condition", "Drug_Class": "DrugClass",
}  # fmt: skip
"""What a corpus calls a thing → what the base's prompts call it, before a prompt draws another name for it.
Types that are not here keep their name."""

_OWN_NAMES = frozenset({"lct"})
"""Corpora whose types mean something else than those of the table (a `Modifier` of lct is no disease)."""
_LEFT_OUT_TYPES = frozenset({"OTHER", "NonStandardRef", "Other", "Is-Other", ""})
"""Types that say what a mention is not."""

_LETTER = re.compile(r"\w\w")


def read_corpora(folder: Path, counts: Counter[str]) -> Iterator[tuple[Corpus, list[Document]]]:
    """Yield each corpus that can be read, with its documents; the others are counted, named, in `counts`."""
    for corpus in CORPORA:
        try:
            yield corpus, read_corpus(folder, corpus, counts)
        except MednerError as error:
            counts[f"corpora left out: {error}"] += 1


def read_corpus(folder: Path, corpus: Corpus, counts: Counter[str]) -> list[Document]:
    """Return a corpus's documents, types renamed; MednerError where it is missing, cut, not as documents are
    written, or under another licence than this module says."""
    file, page = folder / f"{corpus.name}.jsonl.xz", folder / f"{corpus.name}.md"
    if not file.is_file() or not page.is_file():
        raise MednerError(f"{corpus.name}: its file or its page is missing in the folder {folder.name}")
    stated = re.search(r"^- Licence as stated: (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    if stated is None or corpus.licence not in stated[1]:
        raise MednerError(f"{corpus.name}: its page does not state the licence {corpus.licence}")
    documents, own = [], Counter[str]()
    try:
        with lzma.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if corpus.name not in NOT_THEIR_TEST or row.get("split") != "test":
                    documents.append(_cleaned(document_from_json(row), corpus, own))
    except (lzma.LZMAError, EOFError, ValueError, KeyError) as error:
        raise MednerError(f"{corpus.name}: its file is cut or damaged ({type(error).__name__})") from error
    counts.update(own)
    return documents


def _cleaned(document: Document, corpus: Corpus, counts: Counter[str]) -> Document:
    """Return the document with the base's type names, without what cannot be right.

    A mention that begins or ends within a word teaches false borders: it goes, with its relations.
    """
    kept = tuple(
        each if corpus.name in _OWN_NAMES else replace(each, type=TYPES.get(each.type, each.type))
        for each in document.entities
        if each.type not in _LEFT_OUT_TYPES and not _cuts_a_word(document.text, each.start, each.end)
    )
    names = {each.id for each in kept}
    relations = tuple(
        each
        for each in document.relations
        if each.head in names and each.tail in names and each.type not in _LEFT_OUT_TYPES
    )
    counts[f"{corpus.name} annotations that were left out"] += (
        len(document.entities) + len(document.relations) - len(kept) - len(relations)
    )
    return replace(document, entities=kept, relations=relations)


def _cuts_a_word(text: str, start: int | None, end: int | None) -> bool:
    if start is None or end is None:
        return False
    return any(0 < at < len(text) and _LETTER.fullmatch(text[at - 1 : at + 1]) for at in (start, end))
