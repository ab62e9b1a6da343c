"""Outputs of other systems in BIO tags: as published evaluations and as `medner score` read them."""

import csv
import io
import re
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from medner_assets.schema import Document, Entity
from medner_assets.scoring.submissions import SubmittedDocument, SubmittedEntity

_TOKEN = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
Span = tuple[str, int, int]
"""Type, first token, last token."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """One document: its tokens, and the tags of gold and of a system, one a token."""

    id: str
    tokens: list[str]
    gold: list[str]
    predicted: list[str]

    def document(self) -> Document:
        """Return gold as a document; its text is the tokens with a blank between them."""
        text = " ".join(self.tokens)
        entities = [
            Entity(f"T{i}", kind, *self._place(first, last), text[slice(*self._place(first, last))])
            for i, (kind, first, last) in enumerate(strict_spans(self.gold))
        ]
        return Document(self.id, text, tuple(entities), split="test")

    def submission(self) -> SubmittedDocument:
        """Return the system's answer as a file of JSON lines would give it."""
        text = " ".join(self.tokens)
        entities = []
        for i, (kind, first, last) in enumerate(strict_spans(self.predicted)):
            start, end = self._place(first, last)
            entities.append(SubmittedEntity(f"E{i}", kind, text[start:end], (start, end)))
        return SubmittedDocument(self.id, self.id, tuple(entities), ())

    def _place(self, first: int, last: int) -> tuple[int, int]:
        start = sum(len(token) + 1 for token in self.tokens[:first])
        return start, start + len(" ".join(self.tokens[first : last + 1]))


def strict_spans(tags: Sequence[str]) -> list[Span]:
    """Return the spans of BIO tags by the strict reading: one begins with B and goes on by I of its type."""
    spans: list[Span] = []
    opened = False
    for i, tag in enumerate(tags):
        prefix, _, kind = tag.partition("-")
        if prefix == "B":
            spans.append((kind, i, i))
        elif prefix == "I" and opened and spans[-1][0] == kind:
            spans[-1] = (kind, spans[-1][1], i)
            continue
        opened = prefix == "B"
    return spans


_ASKED_FOR = {
    "behavioural": "BEH", "surgical": "SURG", "radiotherapy": "RADIO", "physical": "PHYS", "other": "OTHER",
    "control": "CTRL", "condition_v2": "COND", "drug_v2": "DRUG",
}  # fmt: skip
"""What the prompted models were asked for → type of the tags. v2: the second wording of a question."""


def neurotrialner(archive: Path) -> Iterator[tuple[str, list[Tagged]]]:
    """Yield (system, its documents) of the three tagged outputs; a word has the tag of its first piece."""
    for system, rows in _outputs(archive, "BIO"):
        yield system, [_tagged(row, f"predictions_bio_mapped_{system}") for row in rows]


def prompted(archive: Path) -> Iterator[tuple[str, list[SubmittedDocument]]]:
    """Yield (system, its answers) of the two prompted outputs: strings without places, written as the tokens
    of gold are."""
    for system, rows in _outputs(archive, "ALL_types"):
        yield system, [_answered(row, system) for row in rows]


def _answered(row: dict[str, str], system: str) -> SubmittedDocument:
    said = [
        (kind, " ".join(re.findall(r"\w+|[^\w\s]", string)))
        for asked, kind in _ASKED_FOR.items()
        for string in row[f"{system}_predictions_{asked}"].split("|")
        if string.strip() not in ("", "none")
    ]
    entities = tuple(SubmittedEntity(f"E{i}", kind, text, None) for i, (kind, text) in enumerate(said))
    return SubmittedDocument(row["nct_id"], row["nct_id"], entities, ())


def _outputs(archive: Path, kind: str) -> Iterator[tuple[str, list[dict[str, str]]]]:
    csv.field_size_limit(10**8)
    with tarfile.open(archive) as packed:
        for member in sorted(packed.getnames()):
            system = re.search(rf"annotated_(.+)_{kind}_", member)
            if system is None:
                continue
            content = packed.extractfile(member)
            assert content is not None
            yield system[1], list(csv.DictReader(io.TextIOWrapper(content, encoding="utf-8")))


def _tagged(row: dict[str, str], column: str) -> Tagged:
    tokens = _listed(row["tokens"])
    predicted = ["O"] * len(tokens)
    words = [None if each == "nan" else int(float(each)) for each in row["word_ids"].strip("[]").split()]
    for word, tag in list(zip(words, _listed(row[column]), strict=True))[::-1]:
        if word is not None:
            predicted[word] = tag
    return Tagged(row["nct_id"], tokens, _listed(row["ner_tags"]), predicted)


def _listed(text: str) -> list[str]:
    """Return the strings of a printed array of strings."""
    return [
        (single or double).replace("\\'", "'").replace("\\\\", "\\")
        for single, double in _TOKEN.findall(text)
    ]
