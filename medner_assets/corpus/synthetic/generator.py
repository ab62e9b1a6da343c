"""Generate documents: process `stated` (a relation is gold iff the text states it) or `random` (see there).

All is a function of process, seed, split and count: the same documents on any machine and Python version.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random
from typing import Literal

from medner_assets.corpus.synthetic.draws import Weighted, between, pick, shuffled, stream
from medner_assets.corpus.synthetic.inventory import (
    ADULT_ASIDE_PATTERNS,
    CHILD_ASIDE_PATTERNS,
    MENTIONED,
    MIXED_PATTERNS,
    OPENING_PATTERNS,
    REFUSED,
    STATED,
)
from medner_assets.corpus.synthetic.names import FreshNames, HeldOutNames, Pool
from medner_assets.corpus.synthetic.patterns import Pattern, Slot
from medner_assets.corpus.synthetic.random_process import random_notes
from medner_assets.corpus.synthetic.sentences.asides import LEADS
from medner_assets.corpus.synthetic.style import Style
from medner_assets.corpus.synthetic.writer import NameSource, Writer
from medner_assets.recipes.sources import SyntheticSource
from medner_assets.schema import Document

Process = Literal["stated", "random"]

UNSEEN_SHARE = 0.5
"""Share of the name draws of dev and test that give a name which no training text has."""

# How often each is drawn. A statement is a pattern, and some patterns state two or three relations.
_STATEMENTS_A_DOCUMENT = Weighted({"0": 0.08, "1": 0.50, "2": 0.35, "3": 0.07})
_RELATION_TYPES = Weighted(
    {"treats": 1.0, "causes": 1.0, "diagnoses": 1.0, "interacts_with": 1.05, "mixed": 0.45}
)
_DEVICES = Weighted({
    "active": 0.14, "passive": 0.13, "terse": 0.07, "history": 0.06, "family": 0.04, "probable": 0.05,
    "coordination": 0.12, "cross_sentence": 0.26, "contrast": 0.16,
})  # fmt: skip
_REFUSALS_A_DOCUMENT = Weighted({"0": 0.56, "1": 0.42, "2": 0.02})
_REFUSAL_DEVICES = Weighted({"negated": 0.58, "questioned": 0.32, "side_by_side": 0.10})
_MENTIONS_A_DOCUMENT = Weighted({"0": 0.74, "1": 0.24, "2": 0.02})
_MENTION_DEVICES = Weighted({"listed": 0.65, "repeated": 0.35})
_WITH_OPENING = 0.65
_WITH_LEAD = 0.25
_LEADING_DEVICES = ("active", "passive", "probable", "coordination", "contrast", "mixed", "negated")


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
        names: NameSource = training if held_out is None else held_out
        new = islice(_unseen(_drafts(source.process, rng, names), seen), source.documents.get(split, 0))
        documents.extend(
            Document(next(ids), draft.text, draft.entities, draft.relations, split=split) for draft in new
        )
    return documents


def generate_documents(
    process: Process, seed: int, count: int, *, pool: Pool = "pretraining"
) -> list[Document]:
    """Return `count` documents without a split whose composed names are of `pool` only.

    Pool `pretraining` shares no composed name with what `generate` returns (ordinary words, aspirin, are in
    both), and is written with every other pattern: half of the wordings of a dataset are new to who learned
    from it.
    """
    rng = stream(process, seed, pool)
    ids = _Ids(stream(process, seed, pool, "ids"))
    drafts = _drafts(process, rng, FreshNames(pool), every=2 if pool == "pretraining" else 1)
    new = islice(_unseen(drafts, set()), count)
    return [Document(next(ids), draft.text, draft.entities, draft.relations) for draft in new]


def plan(rng: Random, style: Style, every: int = 1) -> list[Pattern]:
    """Return the patterns of one document in the order in which they are written.

    every: 1 for all patterns, 2 for every other one of each group.
    """

    def one_of(group: Sequence[Pattern]) -> Pattern:
        return pick(rng, group[::every])

    body = []
    for _ in range(int(_STATEMENTS_A_DOCUMENT.draw(rng))):
        relation = _RELATION_TYPES.draw(rng)
        body.append(one_of(MIXED_PATTERNS if relation == "mixed" else STATED[relation][_DEVICES.draw(rng)]))
    for _ in range(int(_REFUSALS_A_DOCUMENT.draw(rng))):
        body.append(one_of(REFUSED[_REFUSAL_DEVICES.draw(rng)]))
    for _ in range(int(_MENTIONS_A_DOCUMENT.draw(rng))):
        body.append(one_of(MENTIONED[_MENTION_DEVICES.draw(rng)]))
    opening = [one_of(OPENING_PATTERNS)] if rng.random() < _WITH_OPENING or len(body) < 2 else []
    patterns = (CHILD_ASIDE_PATTERNS if style.child else ADULT_ASIDE_PATTERNS)[::every]
    asides = shuffled(rng, patterns)[: between(rng, 0, 1) if body else 2]
    return [*opening, *shuffled(rng, [*body, *asides[1:]]), *asides[:1]]


def stated_drafts(rng: Random, names: NameSource, every: int = 1) -> Iterator[tuple[Document, list[Pattern]]]:
    """Yield notes without id and split, for ever, each with the patterns that it was written from."""
    while True:
        style = Style(rng)
        writer = Writer(rng, names, style)
        patterns = plan(rng, style, every)
        for pattern in patterns:
            can_lead = pattern.device in _LEADING_DEVICES and isinstance(pattern.pieces[0], Slot)
            writer.write(pattern, pick(rng, LEADS) if can_lead and rng.random() < _WITH_LEAD else "")
        yield Document("", writer.text, tuple(writer.entities), tuple(writer.relations)), patterns


def _drafts(process: Process, rng: Random, names: NameSource, every: int = 1) -> Iterator[Document]:
    if process == "random":
        return random_notes(rng)
    return (document for document, _ in stated_drafts(rng, names, every))


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
