"""Read BRAT standoff: `name.txt` with the text, `name.ann` beside it with T, R and E lines.

Rules, with the reason for each:
- A path is an `.ann` or `.txt` file, or a folder, of which every pair below it is read; the document's id
  is its path below the folder without suffix, so that equal names in several folders stay apart. A name
  that `medner export` has quoted is unquoted. In a folder, a file that is not UTF-8 costs its document only.
- The text is kept as it is, byte order mark included, because BRAT counts every character of the file.
  Where a text has Windows line ends and more mentions fit when each counts as one character, it is read so.
- `T` lines are mentions. A mention in pieces keeps them, counts as the span that covers them and is reported,
  unless only white space lies between the pieces.
- `R` lines are relations: Arg1 is the head and Arg2 the tail; of other roles, the first named.
- `E` lines are events: one relation per argument, from trigger to argument, with the role (less its number)
  as type; an argument that is an event means its trigger.
- Attributes (A, M), normalisations (N) and equivalences (*) are not kept and are reported; notes (#) are
  ignored.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from medner_assets.corpus.offsets import OffsetUnit
from medner_assets.corpus.readers.drafts import Draft, MentionClaim, RelationClaim, placed, settled
from medner_assets.corpus.readers.files import NotUtf8Error, numbered_lines, read_text, whole_number
from medner_assets.corpus.reading import Problem, ProblemKind, Reading, in_file_order
from medner_assets.corpus.writers.brat import document_of_name
from medner_assets.errors import MednerError

_TYPE_AND_SPANS = re.compile(r"(\S+) ([0-9]+ [0-9]+(?:;[0-9]+ [0-9]+)*)")
_NUMBERED_ROLE = re.compile(r"(\D+)[0-9]*")


def read_brat(path: Path) -> Reading:
    """Return the documents of a pair of files or of a folder; raise MednerError if one cannot be read."""
    if path.is_dir():
        stems = sorted(
            {file.with_suffix("") for suffix in ("ann", "txt") for file in path.rglob(f"*.{suffix}")}
        )
        if not stems:
            raise MednerError(f"{path}: no .ann or .txt file below it: name the folder of the BRAT files")
        names = [document_of_name(stem.relative_to(path).as_posix()) for stem in stems]
    elif path.suffix not in (".ann", ".txt"):
        raise MednerError(
            f"{path}: there is no such folder, and it is no .ann file: check path or MEDNER_CORPORA"
        )
    else:
        stems, names = [path.with_suffix("")], [path.stem]
    drafts: list[Draft] = []
    problems: list[Problem] = []
    for stem, name in zip(stems, names, strict=True):
        # Not with_suffix: the stem itself may contain a dot.
        text_file, annotation_file = (stem.parent / f"{stem.name}.{suffix}" for suffix in ("txt", "ann"))
        if not text_file.exists() and annotation_file.exists():
            message = f"there is no {text_file.name} beside it: document left out"
            problems.append(Problem(str(annotation_file), None, name, ProblemKind.NO_TEXT, message))
        elif not annotation_file.exists() and path.is_dir():
            message = f"there is no {annotation_file.name} beside it: not read as a document"
            problems.append(Problem(str(text_file), None, name, ProblemKind.MALFORMED, message))
        else:
            try:
                text, annotations = read_text(text_file, keep_mark=True), read_text(annotation_file)
            except NotUtf8Error as error:
                if not path.is_dir():
                    raise
                message = f"{error.where}: document left out, convert the file to UTF-8"
                problems.append(Problem(error.file, error.line, name, ProblemKind.ENCODING, message))
                continue
            found = _Annotations(str(annotation_file), name)
            found.take(annotations)
            drafts.append(_with_fitting_line_ends(found.draft(text)))
            problems.extend(found.problems)
    reading = settled(drafts)
    return Reading(reading.documents, in_file_order([*problems, *reading.problems]))


def parse_brat(text: str, annotations: str, file: str, name: str) -> Reading:
    """Return the one document of a text and its annotations; never raises. `file` names the annotations."""
    found = _Annotations(file, name)
    found.take(annotations)
    reading = settled([_with_fitting_line_ends(found.draft(text))])
    return Reading(reading.documents, in_file_order([*found.problems, *reading.problems]))


def _with_fitting_line_ends(draft: Draft) -> Draft:
    if "\r\n" not in draft.text:
        return draft
    shorter = replace(draft, text=draft.text.replace("\r\n", "\n"))
    best = [max(placed(each, unit) for unit in OffsetUnit) for each in (draft, shorter)]
    return shorter if best[1] > best[0] else draft


@dataclass(slots=True)
class _Annotations:
    """The lines of one `.ann` file."""

    file: str
    name: str
    mentions: list[MentionClaim] = field(default_factory=list)
    relations: list[RelationClaim] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    triggers: dict[str, str] = field(default_factory=dict)

    def take(self, annotations: str) -> None:
        """Sort the lines into mentions and relations."""
        last = annotations.count("\n") + 1
        for number, line in numbered_lines(annotations):
            if not line.strip():
                continue
            taken = self._take_line(number, line)
            if not taken:
                cut = number == last and line[0] in "TRE"
                kind = ProblemKind.TRUNCATED if cut else ProblemKind.MALFORMED
                what = "the file ends within this line" if cut else "not an annotation of BRAT"
                self._report(number, kind, f"{what}: left out")

    def draft(self, text: str) -> Draft:
        """Return the claims about `text`, arguments that are events replaced by their triggers."""
        resolved = [
            replace(
                claim,
                head=self.triggers.get(claim.head, claim.head),
                tail=self.triggers.get(claim.tail, claim.tail),
            )
            for claim in self.relations
        ]
        return Draft(self.file, self.name, text, None, self.mentions, resolved)

    def _take_line(self, number: int, line: str) -> bool:
        columns = line.split("\t")
        kind = line[0]
        if kind == "#":
            return True
        if kind in "AMN*":
            self._report(
                number, ProblemKind.UNSUPPORTED, f"annotation {columns[0]} is of a kind not kept: left out"
            )
            return True
        if len(columns) < 2:
            return False
        if kind == "T":
            return self._take_mention(number, columns)
        if kind == "R":
            return self._take_relation(number, columns[1].split())
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

    def _take_relation(self, number: int, words: Sequence[str]) -> bool:
        arguments = _arguments(words[1:])
        if len(words) != 3 or arguments is None:
            return False
        (first_role, head), (second_role, tail) = arguments
        if (first_role, second_role) == ("Arg2", "Arg1"):
            head, tail = tail, head
        self.relations.append(RelationClaim(words[0], head, tail, number))
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

    def _report(self, line: int, kind: ProblemKind, message: str) -> None:
        self.problems.append(Problem(self.file, line, self.name, kind, message))


def _arguments(words: Sequence[str]) -> list[tuple[str, str]] | None:
    """Return (role, id) of each `Role:id`, or None if one is of another form."""
    pairs = [word.partition(":") for word in words]
    if not all(role and separator and target for role, separator, target in pairs):
        return None
    return [(role, target) for role, _, target in pairs]
