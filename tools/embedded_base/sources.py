"""What the embedded base learns from: open-access articles, notes and answers, and annotated text of free
corpora.

Only texts in the public domain, CC0 or CC BY, only the train parts of corpora, and nothing that is, or
shares 13 words in a row with, a dev or test document of ADE, BC5CDR or BioRED. What is left out is counted.
"""

import itertools
import json
import lzma
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from medner_assets.corpus.building import build_dataset
from medner_assets.corpus.jsonl import document_from_json
from medner_assets.corpus.sentences import sentence_spans
from medner_assets.corpus.synthetic.generator import generate_documents
from medner_assets.modeling.windows import cutting_points, window
from medner_assets.recipes.loading import load_dataset
from medner_assets.schema import Document
from tools.embedded_base.augment import only
from tools.embedded_base.extraction import read_corpora
from tools.embedded_base.overlap import HeldOut
from tools.embedded_base.silver import abbreviations, quantities

FREE_LICENCES = frozenset(
    {"cc by 4.0", "cc-by", "cc-by(text)", "cc0", "cc0-1.0", "cc-by-4.0", "cc-by-2.0", "cc-by-3.0"}
)
EVALUATION_DATASETS = ("ade", "bc5cdr", "biored")
RUNNING_TEXT = ("pretraining/pmc_rct_ccby_cc0", "text/aci_bench", "text/medquad", "text/mts_dialog")
SILVER = frozenset({"abbreviations", "quantities"})
"""Sources whose examples rules have labelled."""
SYNTHETIC_NOTES = 10_000
_SYNTHETIC_SEED = 7

# Several names of DrugProt for one thing: whether a gene mention could be normalised is not in the text.
_DRUGPROT_TYPES = {"CHEMICAL": "Chemical", "GENE-Y": "Gene", "GENE-N": "Gene", "GENE": "Gene"}


@dataclass(frozen=True, slots=True)
class Example:
    """A window of annotated text and the types that its source annotates."""

    source: str
    document: Document
    entity_types: tuple[str, ...]
    relation_types: tuple[str, ...]


@dataclass
class Material:
    """All that is learned from, with the counts that the model card states."""

    articles: list[tuple[str, str, str]] = field(default_factory=list)
    """(id, licence, text) of each open-access article."""
    documents: list[Example] = field(default_factory=list)
    """Each annotated document of a corpus, whole."""
    examples: list[Example] = field(default_factory=list)
    """What is learned from: the windows of these documents, notes of the generator, sentences that rules
    label."""
    counts: Counter[str] = field(default_factory=Counter)


def held_out(corpora: Path) -> HeldOut:
    """Return the dev and test texts and ids of the corpora that medner evaluates on."""
    texts: list[str] = []
    identifiers: set[str] = set()
    for name in EVALUATION_DATASETS:
        for document in build_dataset(load_dataset(name), corpora).documents:
            if document.split != "train":
                texts.append(document.text)
                identifiers.add(document.group or document.id)
    return HeldOut(texts, identifiers)


def gather(corpora: Path) -> Material:
    """Read everything below `corpora` that may be learned from; raise MednerError where a corpus that the
    base is made for is missing."""
    material = learned_from(corpora)
    for whole in material.documents:
        for part in _windows(whole.document):
            material.examples.append(replace(whole, document=part))
    material.examples.extend(_synthetic())
    for _, _, text in material.articles:
        material.examples.extend(_silver(text))
    material.counts.update(Counter(f"{example.source} windows" for example in material.examples))
    return material


def learned_from(corpora: Path, every: int = 1) -> Material:
    """Return the running texts and the annotated documents, without those that are or share text with what is
    held out, and without the sentences of ADE; `examples` is empty.

    every: one in how many running texts is read; tests look at some.
    """
    excluded = held_out(corpora)
    of_ade = {document.text for document in build_dataset(load_dataset("ade"), corpora).documents}
    material = Material()
    for identifier, licence, text in itertools.islice(_articles(corpora), None, None, every):
        if licence.lower() not in FREE_LICENCES:
            material.counts["articles with another licence, left out"] += 1
        elif excluded.overlaps(text):
            material.counts["articles that share text with a held-out document, left out"] += 1
        else:
            material.articles.append((identifier, licence, text))
    material.counts["articles"] = len(material.articles)
    for whole in itertools.chain(_annotated(corpora), _extraction(corpora, material.counts)):
        document = whole.document
        pmid = (document.group or document.id).removeprefix("drugprot-")
        if excluded.refuses(pmid) or document.text in of_ade or excluded.overlaps(document.text):
            material.counts[f"{whole.source} documents that are held out elsewhere, left out"] += 1
            continue
        material.counts[f"{whole.source} documents"] += 1
        material.documents.append(whole)
    return material


def _extraction(corpora: Path, counts: Counter[str]) -> Iterator[Example]:
    """Yield the documents of the small corpora. A corpus's types are those that its documents have; where it
    has a focus, each document stands a second time, with these types alone."""
    for corpus, documents in read_corpora(corpora / "extraction", counts):
        focused = [only(document, corpus.focus) for document in documents]
        for source, each in zip(corpus.sources, (documents, focused), strict=False):
            entity_types = tuple(sorted({e.type for d in each for e in d.entities}))
            relation_types = tuple(sorted({r.type for d in each for r in d.relations}))
            for document in each:
                yield Example(source, document, entity_types, relation_types)


_TASKS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "BC5CDR train": (("Chemical", "Disease"), ("CID",)),
    "DrugProt train": (
        ("Chemical", "Gene"),
        (
            "INDIRECT-DOWNREGULATOR", "INDIRECT-UPREGULATOR", "DIRECT-REGULATOR", "ACTIVATOR", "INHIBITOR",
            "AGONIST", "AGONIST-ACTIVATOR", "AGONIST-INHIBITOR", "ANTAGONIST", "PRODUCT-OF", "SUBSTRATE",
            "SUBSTRATE_PRODUCT-OF", "PART-OF",
        ),
    ),
    "synthetic notes": (
        ("Condition", "Drug", "Procedure", "Symptom"),
        ("causes", "diagnoses", "interacts_with", "treats"),
    ),
}  # fmt: skip


def _synthetic() -> Iterator[Example]:
    """Yield notes of the project's generator, composed names of the pool that no dataset uses, half of
    the wordings.

    They teach that a relation holds where the text states it, and only there.
    """
    entity_types, relation_types = _TASKS["synthetic notes"]
    for document in generate_documents("stated", _SYNTHETIC_SEED, SYNTHETIC_NOTES):
        yield Example("synthetic notes", document, entity_types, relation_types)


def _articles(corpora: Path) -> Iterator[tuple[str, str, str]]:
    for name in RUNNING_TEXT:
        with lzma.open(corpora / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                yield row["id"], row["license"], row["text"]


def _annotated(corpora: Path) -> Iterator[Example]:
    for document in build_dataset(load_dataset("bc5cdr"), corpora).documents:
        if document.split == "train":
            yield Example("BC5CDR train", document, *_TASKS["BC5CDR train"])
    with lzma.open(corpora / "drugprot" / "train.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            for entity in row["entities"]:
                entity["type"] = _DRUGPROT_TYPES[entity["type"]]
            yield Example("DrugProt train", document_from_json(row), *_TASKS["DrugProt train"])


def _windows(document: Document) -> Iterator[Document]:
    """Yield each sentence, the runs of two and of three sentences, and the whole; each text once."""
    sentences = cutting_points(document)
    for length in (1, 2, 3):
        for i in range(0, len(sentences), length):
            run = sentences[i : i + length]
            if len(run) == length:
                yield window(document, run[0][0], run[-1][1])
    if len(sentences) > 3:
        yield document


def _silver(text: str) -> Iterator[Example]:
    for start, end in sentence_spans(text):
        sentence = text[start:end]
        if not 40 <= len(sentence) <= 400 or "\n" in sentence:
            continue
        short = abbreviations("s", sentence)
        if short is not None:
            yield Example("abbreviations", short, ("Term", "Abbreviation"), ("stands_for",))
        amounts = quantities("s", sentence)
        if amounts is not None and len(amounts.entities) >= 2:
            yield Example("quantities", amounts, ("Percentage", "PValue", "Dose", "Duration", "Age"), ())
