"""Settle the drafts of one file, as a stream: decide how its offsets count, verify, tell what was assumed.

The decision is by evidence. A draft whose mentions all stand as the file says needs none and passes at once.
The others wait until one convention is ahead by `_LEAD` mentions, until `_WAITING` characters of text are
held, or until the file ends; so a file of any size is read in little memory. Where the tool does not repeat
its mentions, evidence is whether they look whole (`tolerance.looks_whole`), and mentions that two conventions
place differently, with nothing to decide between them, are left out and reported.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from medner_assets.corpus.offsets import OffsetUnit
from medner_assets.corpus.readers.drafts import Draft, Placing, placing, settled_draft
from medner_assets.corpus.readers.proving import proved_by
from medner_assets.corpus.reading import Problem, ProblemKind
from medner_assets.corpus.tolerance import (
    AS_WRITTEN,
    Convention,
    applied,
    assumptions,
    conventions,
    is_plain,
)
from medner_assets.schema import Document

_LEAD, _WAITING = 100, 2_000_000
_LONGEST = 600
"""Characters of a problem's message."""

Found = Draft | Document | Problem


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for a format.

    units: what its offsets may count, the first where nothing tells.
    plain: the format itself says what its offsets count, so that evidence is needed to leave that.
    own_ids: ids are the writer's business: one that occurs twice is an error, and none is made.
    has_ids: documents of the format have ids, so that it is told where medner made them.
    """

    units: tuple[OffsetUnit, ...] = (OffsetUnit.CODE_POINTS, OffsetUnit.UTF16, OffsetUnit.UTF8)
    plain: bool = True
    own_ids: bool = False
    has_ids: bool = True


EXACT = Rules(units=(OffsetUnit.CODE_POINTS,), has_ids=False)
"""For formats whose text is made of their own tokens: offsets are medner's."""


class Ids:
    """The ids of one import: none is given twice."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._taken: dict[str, str] = {}
        self._texts: set[bytes] = set()

    def admit(self, document: Document, file: str, line: int | None, *, own: bool) -> Document | Problem:
        """Return the document under an id that nobody has, or the problem for which it is left out.

        A text that is there under the same id is left out; another text under the same id becomes a document
        of its own, of the same group. `file` and `line` say where it stands.
        """
        name = document.id
        taken = self._taken.get(name)
        if own and not self._rules.own_ids:
            key = f"{name}\0{document.text}".encode("utf-8", "surrogatepass")
            digest = blake2b(key, digest_size=8).digest()
            repeated = digest in self._texts
            self._texts.add(digest)
        else:
            repeated = own
        if taken is None:
            self._taken[name] = file
            return document
        if repeated:
            where = "stands earlier" if taken == file else f"is in {taken}"
            lost = f"its {len(document.entities)} mentions and {len(document.relations)} relations"
            message = f"a document of this id {where}: left out with {lost}"
            return Problem(file, line, name, ProblemKind.DUPLICATE_ID, message)
        number = 2
        while f"{name}~{number}" in self._taken:
            number += 1
        new = f"{name}~{number}"
        self._taken[new] = file
        return replace(document, id=new, group=document.group or (name if own else None))


@dataclass(slots=True)
class _Assumed:
    """What one file made the reader assume, with counts."""

    mentions: Counter[str] = field(default_factory=Counter)
    documents: Counter[str] = field(default_factory=Counter)
    sentences: dict[str, str] = field(default_factory=dict)
    first: dict[str, int | None] = field(default_factory=dict)

    def add(self, kind: str, sentence: str, draft: Draft, mentions: int) -> None:
        self.sentences.setdefault(kind, sentence)
        self.first.setdefault(kind, draft.line)
        self.documents[kind] += 1
        self.mentions[kind] += mentions

    def told(self, file: str) -> Iterator[Problem]:
        for kind, sentence in self.sentences.items():
            count = f"{self.mentions[kind]} mentions of {self.documents[kind]} documents"
            yield Problem(file, self.first[kind], None, ProblemKind(kind), f"{sentence} ({count})")


def settled(
    found: Iterable[Found], rules: Rules, file: str, ids: Ids | None = None
) -> Iterator[Document | Problem]:
    """Yield the documents that the drafts of one file prove, in order, and its problems."""
    for each in _settled(found, _Stream(rules, file, ids or Ids(rules))):
        yield _short(each) if isinstance(each, Problem) and len(each.message) > _LONGEST else each


def _settled(found: Iterable[Found], stream: "_Stream") -> Iterator[Document | Problem]:
    for each in found:
        if isinstance(each, Draft):
            yield from stream.take(each)
        elif isinstance(each, Document):
            yield stream.admitted(each, None, own=True)
        else:
            yield each
    yield from stream.finish()


def _short(problem: Problem) -> Problem:
    """Return a problem with what its file made long (an id, a key, an answer) cut in the middle."""
    half = _LONGEST // 2
    return replace(problem, message=f"{problem.message[:half]}…{problem.message[-half:]}")


class _Stream:
    def __init__(self, rules: Rules, file: str, ids: Ids) -> None:
        self.rules, self.file, self.ids = rules, file, ids
        self.all = conventions(rules.units)
        self.votes: Counter[Convention] = Counter()
        self.decided: Convention | None = None
        self.rivals: tuple[Convention, ...] = ()
        self.waiting: list[Draft] = []
        self.held = 0
        self.assumed = _Assumed()

    def take(self, draft: Draft) -> Iterator[Document | Problem]:
        if draft.proved is not None:
            yield self.admitted(draft.proved, draft.line, own=draft.own_id)
            return
        if not self.waiting and self.decided is None and is_plain(draft.text):
            proved = proved_by(draft) if draft.own_id else None
            if proved is not None:
                yield self.admitted(proved, draft.line, own=True)
            else:
                yield from self.settle(draft, placing(draft, AS_WRITTEN))
            return
        if self.decided is None:
            written = placing(draft, AS_WRITTEN)
            sure = written.proved and all(each.text is not None for each in draft.mentions)
            self.vote(draft, written)
            if sure and not self.waiting:
                yield from self.settle(draft, written)
            else:
                self.waiting.append(draft)
                self.held += len(draft.text)
            if self.held > _WAITING or self.lead() >= _LEAD:
                yield from self.decide()
            return
        yield from self.settle(draft, self.best(draft))

    def finish(self) -> Iterator[Document | Problem]:
        yield from self.decide()
        yield from self.assumed.told(self.file)

    def vote(self, draft: Draft, written: Placing) -> None:
        if is_plain(draft.text) or not draft.mentions:
            return
        scores: dict[Convention, int] = {AS_WRITTEN: written.good}
        for convention in self.all:
            here = applied(convention, draft.text)
            if here not in scores:
                scores[here] = placing(draft, here).good
            self.votes[convention] += scores[here]

    def lead(self) -> int:
        first, *others = [count for _, count in self.votes.most_common(2)] or [0]
        return first - (others[0] if others else 0)

    def decide(self) -> Iterator[Document | Problem]:
        """Choose the convention with the most votes, the plainest of equals, and settle what waits."""
        if self.decided is None:
            most = max(self.votes.values(), default=0)
            equals = [each for each in self.all if self.votes[each] == most]
            self.decided = equals[0]
            # Where the mention is repeated, equals agree on all that is verified, and the plainest is right.
            self.rivals = () if self.rules.plain else tuple(equals[1:])
        waiting, self.waiting, self.held = self.waiting, [], 0
        for draft in waiting:
            yield from self.settle(draft, self.best(draft))

    def best(self, draft: Draft) -> Placing:
        """Return the draft by the file's convention; as it is written, where that proves every mention."""
        assert self.decided is not None
        convention = applied(self.decided, draft.text)
        if convention == AS_WRITTEN:
            return placing(draft, AS_WRITTEN)
        found = placing(draft, convention)
        if not found.proved and all(each.text is not None for each in draft.mentions):
            written = placing(draft, AS_WRITTEN)
            if written.proved:
                return written
        return found

    def settle(self, draft: Draft, found: Placing) -> Iterator[Document | Problem]:
        ambiguous = self.ambiguous(draft, found) if self.rivals else frozenset[int]()
        document, problems = settled_draft(draft, found, ambiguous)
        admitted = self.admitted(document, draft.line, own=draft.own_id)
        if isinstance(admitted, Problem):
            yield admitted
            return
        if draft.mentions and found.convention != AS_WRITTEN:
            for kind, sentence in assumptions(found.convention):
                self.assumed.add(kind, sentence, draft, len(draft.mentions))
        if not draft.own_id and self.rules.has_ids:
            sentence = f"documents without an id are numbered, as in {admitted.id!r}"
            self.assumed.add("numbered", sentence, draft, len(draft.mentions))
        if found.cut:
            sentence = "mentions begin or end within a word or with a blank: kept, but check the offsets"
            self.assumed.add("cut-words", sentence, draft, found.cut)
        if found.altered:
            self.assumed.add(
                "white-space", "mentions differ from the text in white space: the text counts", draft,
                found.altered,
            )  # fmt: skip
        yield from problems
        yield admitted

    def ambiguous(self, draft: Draft, found: Placing) -> frozenset[int]:
        """Return the mentions that an equally likely convention finds to be other words."""
        unsure: set[int] = set()
        for rival in {applied(each, draft.text) for each in self.rivals} - {found.convention}:
            other = placing(draft, rival)
            for position, (here, there) in enumerate(zip(found.spans, other.spans, strict=True)):
                if here and there and _words(found.text, here) != _words(other.text, there):
                    unsure.add(position)
        return frozenset(unsure)

    def admitted(self, document: Document, line: int | None, *, own: bool) -> Document | Problem:
        given = self.ids.admit(document, self.file, line, own=own)
        if isinstance(given, Document) and given.id != document.id:
            self.assumed.sentences.setdefault(
                "numbered", f"ids that are taken have a number added, as in {given.id!r}"
            )
            self.assumed.first.setdefault("numbered", line)
            self.assumed.documents["numbered"] += 1
            self.assumed.mentions["numbered"] += len(document.entities)
        return given


def _words(text: str, spans: tuple[tuple[int, int], ...]) -> list[str]:
    return [text[start:end] for start, end in spans]
