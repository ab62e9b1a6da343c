"""Generate documents. Process `stated`: a relation is gold iff the text states it; `random`: see `random_process.py`.

Everything is a function of process, seed, split and count: the same documents on any machine and Python version.
"""

from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import Literal

from medner_assets.corpus.synthetic.asides import ASIDES, MENTIONS, OPENINGS
from medner_assets.corpus.synthetic.draws import Weighted, between, pick, shuffled, stream
from medner_assets.corpus.synthetic.names import FreshNames, HeldOutNames, Pool
from medner_assets.corpus.synthetic.patterns import Pattern, parse_all
from medner_assets.corpus.synthetic.random_process import random_notes
from medner_assets.corpus.synthetic.refusals import REFUSALS
from medner_assets.corpus.synthetic.statements import STATEMENTS
from medner_assets.corpus.synthetic.writer import Names, Writer
from medner_assets.recipes.sources import SyntheticSource
from medner_assets.schema import Document

Process = Literal["stated", "random"]

SYMMETRIC_TYPES = ("interacts_with",)
"""Relation types for which head and tail may change places; the generator puts the first mention first."""

UNSEEN_SHARE = 0.5
"""Share of the name draws of dev and test that give a name which no training text has."""

_STATED = {kind: parse_all(sources, kind) for kind, sources in STATEMENTS.items()}
_REFUSED = parse_all(REFUSALS)
_MENTIONED = parse_all(MENTIONS)
_OPENINGS = parse_all({"opening": OPENINGS})["opening"]
_ASIDES = parse_all({"aside": ASIDES})["aside"]

# How often each is drawn. A statement is a pattern, and a coordination states two or three relations.
_STATEMENTS_A_DOCUMENT = Weighted({"0": 0.08, "1": 0.38, "2": 0.40, "3": 0.14})
_RELATION_TYPES = Weighted({"treats": 1.0, "causes": 1.0, "diagnoses": 1.0, "interacts_with": 1.0})
_DEVICES = Weighted({
    "active": 0.15, "passive": 0.14, "terse": 0.08, "history": 0.07, "family": 0.05, "probable": 0.05,
    "coordination": 0.13, "cross_sentence": 0.23, "contrast": 0.10,
})  # fmt: skip
_REFUSALS_A_DOCUMENT = Weighted({"0": 0.55, "1": 0.40, "2": 0.05})
_REFUSAL_DEVICES = Weighted({"negated": 0.55, "questioned": 0.38, "planned_test": 0.07})
_MENTIONS_A_DOCUMENT = Weighted({"0": 0.55, "1": 0.38, "2": 0.07})
_MENTION_DEVICES = Weighted({"listed": 0.65, "repeated": 0.35})


def generate(source: SyntheticSource) -> list[Document]:
    """Return the documents of a recipe's source, split by split (train, dev, test), each with its split.

    No two documents have the same text. Half of the name draws of dev and test give names that train lacks.
    """
    seen: set[str] = set()
    ids = _Ids(stream(source.process, source.seed, "ids"))
    documents: list[Document] = []
    training = FreshNames("benchmark")
    held_out: HeldOutNames | None = None
    for split in ("train", "dev", "test"):
        rng = stream(source.process, source.seed, split)
        if split != "train" and held_out is None:
            held_out = HeldOutNames(training, UNSEEN_SHARE)
        names: Names = training if held_out is None else held_out
        drafts = _stated_drafts(rng, names) if source.process == "stated" else random_notes(rng)
        new = islice(_unseen(drafts, seen), source.documents.get(split, 0))
        documents.extend(
            Document(next(ids), draft.text, draft.entities, draft.relations, split=split) for draft in new
        )
    return documents


def generate_documents(
    process: Process, seed: int, count: int, *, pool: Pool = "pretraining"
) -> list[Document]:
    """Return `count` documents without a split whose composed names are of `pool` only.

    Pool `pretraining` shares no composed name with what `generate` returns; ordinary words (aspirin) are in both.
    """
    rng = stream(process, seed, pool)
    ids = _Ids(stream(process, seed, pool, "ids"))
    drafts = _stated_drafts(rng, FreshNames(pool)) if process == "stated" else random_notes(rng)
    new = islice(_unseen(drafts, set()), count)
    return [Document(next(ids), draft.text, draft.entities, draft.relations) for draft in new]


def plan(rng: Random) -> list[Pattern]:
    """Return the patterns of one document in the order in which they are written."""
    body = []
    for _ in range(int(_STATEMENTS_A_DOCUMENT.draw(rng))):
        body.append(pick(rng, _STATED[_RELATION_TYPES.draw(rng)][_DEVICES.draw(rng)]))
    for _ in range(int(_REFUSALS_A_DOCUMENT.draw(rng))):
        body.append(pick(rng, _REFUSED[_REFUSAL_DEVICES.draw(rng)]))
    for _ in range(int(_MENTIONS_A_DOCUMENT.draw(rng))):
        body.append(pick(rng, _MENTIONED[_MENTION_DEVICES.draw(rng)]))
    opening = [pick(rng, _OPENINGS)] if rng.random() < 0.85 or not body else []
    closing = [pick(rng, _ASIDES) for _ in range(between(rng, 0, 2))]
    middle = shuffled(rng, [*body, *closing[1:]])
    return [*opening, *middle, *closing[:1]]


def _stated_drafts(rng: Random, names: Names) -> Iterator[Document]:
    while True:
        writer = Writer(rng, names)
        for pattern in plan(rng):
            writer.write(pattern)
        yield Document("", writer.text, tuple(writer.entities), tuple(writer.relations))


def _unseen(drafts: Iterator[Document], seen: set[str]) -> Iterator[Document]:
    for draft in drafts:
        if draft.text not in seen:
            seen.add(draft.text)
            yield draft


class _Ids:
    """Distinct ids that say nothing about the document, its split or its place."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._used: set[str] = set()

    def __next__(self) -> str:
        while True:
            identifier = f"n{int(self._rng.random() * 10**9):09d}"
            if identifier not in self._used:
                self._used.add(identifier)
                return identifier
