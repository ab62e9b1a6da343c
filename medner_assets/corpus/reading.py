"""What a reader gives: the documents it could place, and a problem for every annotation that it could not."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from medner_assets.schema import Document


class ProblemKind(StrEnum):
    """What is wrong, as a short stable word; the table `import_problems` stores the value."""

    MALFORMED = "malformed"
    """A line or record that is not of the format: left out."""
    UNKNOWN_KEYS = "unknown-keys"
    """A record with the keys of another tool, or annotations of another form: left out."""
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
    """An annotation of a kind that medner cannot hold (n-ary relations, a second annotator, …): left out."""
    ENCODING = "encoding"
    """One file of many that is not UTF-8: it is left out."""
    UNREADABLE = "unreadable"
    """One file of many that is not of the format: it is left out."""
    DISCONTINUOUS = "discontinuous"
    """A mention in several pieces: they are kept, and it counts as the span that covers them."""
    OFFSET_UNIT = "offset-unit"
    """The file counts bytes, UTF-16 units or grapheme clusters: converted, nothing is left out."""
    LINE_ENDS = "line-ends"
    """The offsets count a Windows line end as one character: read so, nothing is left out."""
    BYTE_ORDER_MARK = "byte-order-mark"
    """The offsets do not count the byte order mark: it is no part of the text, nothing is left out."""
    WHITE_SPACE = "white-space"
    """Mentions that differ from the text in white space only: the text counts, nothing is left out."""
    CUT_WORDS = "cut-words"
    """Mentions that the tool does not repeat, and that begin or end within a word or with a blank: kept."""
    NUMBERED = "numbered"
    """Ids that medner made, since there were none or they were taken: nothing is left out."""
    READ_AS = "read-as"
    """What a reader took for granted of a dialect (a column, a type): nothing is left out."""
    REJECTED = "rejected"
    """What an annotator rejected or skipped: it is no gold."""
    NOT_KEPT = "not-kept"
    """Further columns, notes and the like, which documents have no place for; mentions and relations stay."""
    UNENDED = "unended"
    """The last line has no end, though it is whole as it stands: read, but the file may be cut off."""

    @property
    def loses(self) -> bool:
        """Whether a document, mention or relation of the source is missing; else it is a notice."""
        return self not in _NOTICES


_NOTICES = frozenset(
    (
        ProblemKind.DISCONTINUOUS,
        ProblemKind.OFFSET_UNIT,
        ProblemKind.LINE_ENDS,
        ProblemKind.BYTE_ORDER_MARK,
        ProblemKind.WHITE_SPACE,
        ProblemKind.CUT_WORDS,
        ProblemKind.NUMBERED,
        ProblemKind.READ_AS,
        ProblemKind.REJECTED,
        ProblemKind.NOT_KEPT,
        ProblemKind.UNENDED,
    )
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a reader could not place, had to change, or took for granted.

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


def collected(found: Iterable[Document | Problem]) -> Reading:
    """Return what a stream of documents and problems holds; problems by file and line."""
    documents: list[Document] = []
    problems: list[Problem] = []
    for each in found:
        if isinstance(each, Problem):
            problems.append(each)
        else:
            documents.append(each)
    return Reading(tuple(documents), in_file_order(problems))


def in_file_order(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Return the problems by line, files in the order in which they were met; a line's own stay in order."""
    order = {file: number for number, file in enumerate(dict.fromkeys(each.file for each in problems))}
    return tuple(sorted(problems, key=lambda problem: (order[problem.file], problem.line or 0)))


def counts_by_kind(problems: Sequence[Problem]) -> dict[str, int]:
    """Return how many problems there are of each kind, the most frequent first."""
    return dict(Counter(problem.kind.value for problem in problems).most_common())
