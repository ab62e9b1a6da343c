"""Read BRAT standoff: `name.txt` with the text, `name.ann` beside it with T, R, E and A lines.

Rules, with the reason for each:
- A path is an `.ann` or `.txt` file, or a folder, of which every pair below it is read; the document's id is
  its path below the folder without suffix, so that equal names in several folders stay apart. A name that
  `medner export` has quoted is unquoted. In a folder, a file that is not UTF-8 costs its document only.
- The shared tasks of BioNLP write mentions to `.a1` and the rest to `.a2`: both together are one `.ann`.
- The text is kept as it is, byte order mark included, because BRAT counts every character of the file.
  Where more mentions fit without the mark, or with Windows line ends as one character, it is read so.
- `T` lines are mentions. A mention in pieces keeps them, counts as the span that covers them and is reported,
  unless only white space lies between the pieces.
- `R` lines are relations: Arg1 is the head and Arg2 the tail; of other roles, the first named.
- `E` lines are events: one relation per argument, from trigger to argument, with the role (less its number)
  as type; an argument that is an event means its trigger.
- `A` and `M` lines are attributes of a mention, of an event's trigger or of a relation. Normalisations (N),
  equivalences (*) and notes (#) are not kept, which is told with counts.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from medner_assets.corpus.readers.drafts import Draft, MentionClaim, RelationClaim
from medner_assets.corpus.readers.files import numbered_lines, whole_number
from medner_assets.corpus.readers.sources import Options, Source
from medner_assets.corpus.reading import Problem, ProblemKind
from medner_assets.corpus.writers.brat import document_of_name
from medner_assets.errors import MednerError
from medner_assets.schema import Attributes

SUFFIXES = (".ann", ".a1", ".a2", ".txt")

_TYPE_AND_SPANS = re.compile(r"(\S+) ([0-9]+ [0-9]+(?:;[0-9]+ [0-9]+)*)")
_NUMBERED_ROLE = re.compile(r"(\D+)[0-9]*")
_NOT_KEPT = {"N": "normalisations", "*": "equivalences", "#": "notes"}


def gather(found: Sequence[Source]) -> list[Source]:
    """Return one file of each document: its annotations, or its text where that is all there is."""
    best: dict[str, Source] = {}
    order = (".ann", ".a1", ".a2", ".txt")
    for each in found:
        stem = each.name.removesuffix(each.suffix)
        if stem not in best or order.index(each.suffix) < order.index(best[stem].suffix):
            best[stem] = each
    return list(best.values())


def drafts(source: Source, options: Options) -> Iterator[Draft | Problem]:
    """Yield the document of a pair of files; raise MednerError if one cannot be read."""
    if source.suffix not in SUFFIXES:
        raise MednerError(
            f"{source.name}: neither a folder nor an .ann, .a1 or .txt file: check path or MEDNER_CORPORA"
        )
    stem = source.file_name.removesuffix(source.suffix)
    name = document_of_name(source.stem)
    text_file = source if source.suffix == ".txt" else source.beside(f"{stem}.txt")
    beside = [source.beside(f"{stem}{suffix}") for suffix in (".ann", ".a1", ".a2")]
    annotated = [each for each in beside if each is not None]
    if annotated and annotated[0].suffix == ".ann":
        annotated = annotated[:1]
    if text_file is None:
        message = f"there is no {stem}.txt beside it: document left out"
        yield Problem(source.name, None, name, ProblemKind.NO_TEXT, message)
        return
    if not annotated:
        if source.alone:
            raise MednerError(f"{source.name}: there is no {stem}.ann beside it: name the annotated files")
        message = f"there is no {stem}.ann beside it: not read as a document"
        yield Problem(source.name, None, name, ProblemKind.MALFORMED, message)
        return
    text = text_file.text(keep_mark=True)
    found = _Annotations(annotated[0].name, name)
    for each in annotated:
        found.file = each.name
        found.take(each.text())
    found.file = annotated[0].name
    draft = found.draft(text)
    yield from found.problems
    yield draft


@dataclass(slots=True)
class _Annotations:
    """The lines of one `.ann` file."""

    file: str
    name: str
    mentions: list[MentionClaim] = field(default_factory=list)
    relations: list[RelationClaim] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    triggers: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    attribute_lines: list[tuple[int, str, str]] = field(default_factory=list)
    not_kept: Counter[str] = field(default_factory=Counter)

    def take(self, annotations: str) -> None:
        """Sort the lines into mentions and relations."""
        last = annotations.count("\n") + 1
        for number, line in numbered_lines(annotations):
            if not line.strip():
                continue
            taken = self._take_line(number, line)
            if not taken:
                cut = number == last and line[0] in "TREAM"
                kind = ProblemKind.TRUNCATED if cut else ProblemKind.MALFORMED
                what = "the file ends within this line" if cut else "not an annotation of BRAT"
                self._report(number, kind, f"{what}: left out")

    def draft(self, text: str) -> Draft:
        """Return the claims about `text`, arguments that are events replaced by their triggers."""
        known = {each.id for each in self.mentions} | {each.id for each in self.relations if each.id}
        for number, key, target in self.attribute_lines:
            if self.triggers.get(target, target) not in known:
                self._report(
                    number,
                    ProblemKind.UNKNOWN_ARGUMENT,
                    f"attribute {key}: what it is of is not in the document: left out",
                )
        for what, count in self.not_kept.items():
            self._report(None, ProblemKind.NOT_KEPT, f"{count} {what}: not kept")
        resolved = [
            replace(
                claim,
                head=self.triggers.get(claim.head, claim.head),
                tail=self.triggers.get(claim.tail, claim.tail),
                attributes=self._said(claim.id) if claim.id else (),
            )
            for claim in self.relations
        ]
        events = {trigger: key for key, trigger in self.triggers.items()}
        mentions = [
            replace(each, attributes=said) if (said := self._said(each.id, events.get(each.id, ""))) else each
            for each in self.mentions
        ]
        return Draft(self.file, self.name, text, None, mentions, resolved)

    def _said(self, *keys: str) -> Attributes:
        found: dict[str, str] = {}
        for key in keys:
            found |= self.attributes.get(key, {})
        return tuple(sorted(found.items()))

    def _take_line(self, number: int, line: str) -> bool:
        columns = line.split("\t")
        kind = line[0]
        if kind in _NOT_KEPT:
            self.not_kept[_NOT_KEPT[kind]] += 1
            return True
        if len(columns) < 2:
            return False
        if kind == "T":
            return self._take_mention(number, columns)
        if kind == "R":
            return self._take_relation(number, columns[0], columns[1].split())
        if kind in "AM":
            return self._take_attribute(number, columns[0], columns[1].split(" ", 2))
        return kind == "E" and self._take_event(number, columns[0], columns[1].split())

    def _take_mention(self, number: int, columns: Sequence[str]) -> bool:
        match = _TYPE_AND_SPANS.fullmatch(columns[1])
        if match is None or len(columns) < 3:
            return False
        spans = []
        for piece in match[2].split(";"):
            start, end = (whole_number(offset) for offset in piece.split(" "))
            if start is None or end is None:
                return False
            spans.append((start, end))
        text = "\t".join(columns[2:])
        self.mentions.append(MentionClaim(columns[0], match[1], tuple(spans), text, line=number))
        return True

    def _take_relation(self, number: int, key: str, words: Sequence[str]) -> bool:
        arguments = _arguments(words[1:])
        if len(words) != 3 or arguments is None:
            return False
        (first_role, head), (second_role, tail) = arguments
        if (first_role, second_role) == ("Arg2", "Arg1"):
            head, tail = tail, head
        self.relations.append(RelationClaim(words[0], head, tail, number, id=key))
        return True

    def _take_attribute(self, number: int, key: str, words: Sequence[str]) -> bool:
        if len(words) < 2 or not all(words[:2]):
            return False
        name, target = words[:2]
        value = words[2].strip() if len(words) > 2 and words[2].strip() else "true"
        self.attributes.setdefault(target, {})[name] = value
        self.attribute_lines.append((number, key, target))
        return True

    def _take_event(self, number: int, key: str, words: Sequence[str]) -> bool:
        arguments = _arguments(words)
        if not arguments:
            return False
        self.triggers[key] = arguments[0][1]
        for role, target in arguments[1:]:
            match = _NUMBERED_ROLE.fullmatch(role)
            self.relations.append(RelationClaim(match[1] if match else role, key, target, number))
        return True

    def _report(self, line: int | None, kind: ProblemKind, message: str) -> None:
        self.problems.append(Problem(self.file, line, self.name, kind, message))


def _arguments(words: Sequence[str]) -> list[tuple[str, str]] | None:
    """Return (role, id) of each `Role:id`, or None if one is of another form."""
    pairs = [word.partition(":") for word in words]
    if not all(role and separator and target for role, separator, target in pairs):
        return None
    return [(role, target) for role, _, target in pairs]
