"""What a reader gives: the documents it could place, and a problem for every annotation that it could not."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from medner_assets.schema import Document


class ProblemKind(StrEnum):
    """What is wrong, as a short stable word; the table `import_problems` stores the value."""

    MALFORMED = "malformed"
    """A line or record that is not of the format: left out."""
    TRUNCATED = "truncated"
    """The file ends where it should not: what is unfinished is left out."""
    OFFSET_MISMATCH = "offset-mismatch"
    """The text at the offsets is not the mention: the mention is left out."""
    AMBIGUOUS_OFFSET = "ambiguous-offset"
    """Several positions fit equally well: the mention is left out."""
    UNKNOWN_ARGUMENT = "unknown-argument"
    """A relation refers to a mention or concept that is not there, or was left out: left out."""
    DUPLICATE_ID = "duplicate-id"
    """The id was seen before: the later document or annotation is left out."""
    DUPLICATE_ANNOTATION = "duplicate-annotation"
    """The same annotation once more: the repetition is left out."""
    NO_TEXT = "no-text"
    """Annotations whose text is not in the file: left out."""
    UNSUPPORTED = "unsupported"
    """An annotation of a kind that medner does not keep (attributes, n-ary relations, …): left out."""
    DISCONTINUOUS = "discontinuous"
    """A mention in several pieces: they are kept, and it counts as the span that covers them."""
    ENCODING = "encoding"
    """One file of many that is not UTF-8: its document is left out."""
    OFFSET_UNIT = "offset-unit"
    """The file counts bytes or UTF-16 units instead of characters: converted, nothing is left out."""

    @property
    def loses(self) -> bool:
        """Whether something of the source is missing from the documents."""
        return self not in (ProblemKind.DISCONTINUOUS, ProblemKind.OFFSET_UNIT)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a reader could not place, or had to change.

    `line` counts from 1 and is None for formats without lines. `message` says what, where and what was
    done; it carries no clinical text.
    """

    file: str
    line: int | None
    doc_id: str | None
    kind: ProblemKind
    message: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Documents in file order, all sound by `corpus.validation`, and the problems met on the way."""

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...] = ()


def merged(readings: Sequence[Reading], files: Sequence[str]) -> Reading:
    """Return one reading of several files; a document whose id an earlier file has is left out and reported.

    readings, files: in the same order and of the same length.
    """
    first_file: dict[str, str] = {}
    documents: list[Document] = []
    problems: list[Problem] = []
    for reading, file in zip(readings, files, strict=True):
        problems.extend(reading.problems)
        for document in reading.documents:
            if document.id in first_file:
                lost = f"{len(document.entities)} entities and {len(document.relations)} relations"
                message = f"a document of this id is in {first_file[document.id]}: left out with its {lost}"
                problems.append(Problem(file, None, document.id, ProblemKind.DUPLICATE_ID, message))
            else:
                documents.append(document)
                first_file[document.id] = file
    return Reading(tuple(documents), tuple(problems))


def in_file_order(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Return the problems by file and line; those of one line, or without one, in the order they were met."""
    return tuple(sorted(problems, key=lambda problem: (problem.file, problem.line or 0)))


def counts_by_kind(problems: Sequence[Problem]) -> dict[str, int]:
    """Return how many problems there are of each kind, the most frequent first."""
    return dict(Counter(problem.kind.value for problem in problems).most_common())
