"""What the embedded base learns from: open-access articles, and annotated abstracts of two free corpora.

Only texts in the public domain, CC0 or CC BY, only the train parts of corpora, and nothing that is, or
shares 13 words in a row with, a dev or test document of ADE, BC5CDR or BioRED. What is left out is counted.
"""

import json
import lzma
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from medner_assets.corpus.building import build_dataset
from medner_assets.corpus.jsonl import document_from_json
from medner_assets.corpus.sentences import sentence_spans
from medner_assets.corpus.synthetic.generator import generate_documents
from medner_assets.modeling.windows import cutting_points, window
from medner_assets.recipes.loading import load_dataset
from medner_assets.schema import Document
from tools.embedded_base.overlap import HeldOut
from tools.embedded_base.silver import abbreviations, quantities

FREE_LICENCES = frozenset({"cc-by", "cc-by(text)", "cc0", "cc0-1.0", "cc-by-4.0", "cc-by-2.0", "cc-by-3.0"})
EVALUATION_DATASETS = ("ade", "bc5cdr", "biored")
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
    examples: list[Example] = field(default_factory=list)
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
    """Read everything below `corpora` that may be learned from; raise MednerError where a corpus is
    missing."""
    excluded = held_out(corpora)
    material = Material()
    for identifier, licence, text in _articles(corpora / "pretraining" / "pmc_rct_ccby_cc0.jsonl.xz"):
        if licence.lower() not in FREE_LICENCES:
            material.counts["articles with another licence, left out"] += 1
        elif excluded.overlaps(text):
            material.counts["articles that share text with a held-out document, left out"] += 1
        else:
            material.articles.append((identifier, licence, text))
    material.counts["articles"] = len(material.articles)
    for name, document in _annotated(corpora):
        pmid = document.id.removeprefix("drugprot-")
        if excluded.refuses(pmid) or excluded.overlaps(document.text):
            material.counts[f"{name} documents that are held out elsewhere, left out"] += 1
            continue
        material.counts[f"{name} documents"] += 1
        entity_types, relation_types = _TASKS[name]
        for part in _windows(document):
            material.examples.append(Example(name, part, entity_types, relation_types))
    material.examples.extend(_synthetic())
    for _, _, text in material.articles:
        material.examples.extend(_silver(text))
    material.counts.update(Counter(f"{example.source} windows" for example in material.examples))
    return material


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


def _articles(file: Path) -> Iterator[tuple[str, str, str]]:
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield row["id"], row["license"], row["text"]


def _annotated(corpora: Path) -> Iterator[tuple[str, Document]]:
    for document in build_dataset(load_dataset("bc5cdr"), corpora).documents:
        if document.split == "train":
            yield "BC5CDR train", document
    with lzma.open(corpora / "drugprot" / "train.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            for entity in row["entities"]:
                entity["type"] = _DRUGPROT_TYPES[entity["type"]]
            yield "DrugProt train", document_from_json(row)


def _windows(document: Document) -> Iterator[Document]:
    """Yield each sentence, the runs of two and of three sentences, and the whole."""
    sentences = cutting_points(document)
    for length in (1, 2, 3):
        for i in range(0, len(sentences), length):
            run = sentences[i : i + length]
            if len(run) == length:
                yield window(document, run[0][0], run[-1][1])
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
