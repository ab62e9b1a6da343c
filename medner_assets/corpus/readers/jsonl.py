"""Read documents as JSON lines (`corpus/jsonl.py` has the format) and verify what they claim.

Offsets count characters, by contract: no other unit is tried. A line that is no document is reported and
left out; a last line without its end that does not parse is reported as a file cut off. Lines whose
annotations stand under keys of another tool are reported too: they are no documents without mentions.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from medner_assets.corpus.jsonl import document_from_json
from medner_assets.corpus.offsets import OffsetUnit
from medner_assets.corpus.readers.drafts import Draft, MentionClaim, RelationClaim
from medner_assets.corpus.readers.files import Lines
from medner_assets.corpus.readers.json_records import NotJsonError, parsed_json
from medner_assets.corpus.readers.keys import foreign_keys
from medner_assets.corpus.readers.settling import Rules, settled
from medner_assets.corpus.readers.sources import Options, Source
from medner_assets.corpus.reading import Problem, ProblemKind, Reading, collected
from medner_assets.corpus.validation import problems_of
from medner_assets.errors import MednerError
from medner_assets.schema import Document, Level

SUFFIXES = (".jsonl", ".ndjson", ".json")
RULES = Rules(units=(OffsetUnit.CODE_POINTS,), own_ids=True)
KEYS = ("entities", "relations")


def drafts(source: Source, options: Options) -> Iterator[Draft | Problem]:
    """Yield the documents of JSON lines and what is none."""
    yield from _drafts(source, KEYS)


def read_jsonl(path: Path) -> Reading:
    """Return the documents of a JSON-lines file and what it could not place; raise MednerError."""
    source = Source(str(path), path.stem, path)
    return collected(settled(_drafts(source), RULES, source.name))


def _drafts(source: Source, keys: Sequence[str] = ()) -> Iterator[Draft | Problem]:
    with source.lines() as lines:
        yield from _of_lines(source, lines, keys)


def _of_lines(source: Source, lines: Lines, keys: Sequence[str]) -> Iterator[Draft | Problem]:
    for number, line in lines:
        if not line.strip():
            continue
        try:
            value = parsed_json(line)
            foreign = foreign_keys(value, keys) if keys else None
            if foreign:
                yield Problem(source.name, number, None, ProblemKind.UNKNOWN_KEYS, foreign)
                continue
            document = document_from_json(value)
            if is_proved(document):  # by far the most: nothing is left to be claimed
                yield Draft(source.name, document.id, document.text, number, proved=document)
            else:
                yield draft_of(document, source.name, number)
        except MednerError as error:
            cut = lines.unended and isinstance(error, NotJsonError)
            kind = ProblemKind.TRUNCATED if cut else ProblemKind.MALFORMED
            reason = "the file ends within a document" if cut else str(error)
            yield Problem(source.name, number, None, kind, f"{reason}: line left out")


def is_proved(document: Document) -> bool:
    """Return whether a document is sound as it stands, so that settling could not change it."""
    return len(set(document.relations)) == len(document.relations) and not problems_of(document)


def draft_of(document: Document, file: str, line: int) -> Draft:
    """Return the document as claims, so that the same rules verify every format."""
    concept = document.level is Level.CONCEPT
    mentions = [
        MentionClaim(
            entity.id,
            entity.type,
            () if entity.start is None or entity.end is None else ((entity.start, entity.end),),
            entity.text,
            entity.concepts,
            line,
            pieces=entity.pieces,
            attributes=entity.attributes,
        )
        for entity in document.entities
    ]
    relations = [
        RelationClaim(
            relation.type,
            (relation.head_concept if concept else relation.head) or "",
            (relation.tail_concept if concept else relation.tail) or "",
            line,
            relation.attributes,
        )
        for relation in document.relations
    ]
    return Draft(
        file, document.id, document.text, line, mentions, relations,
        document.level, document.group, document.split, document.directed,
    )  # fmt: skip
