"""Read spaCy's training data: `DocBin` files (`.spacy`), and `[text, {"entities": [[start, end, label]]}]`.

Rules, with the reason for each:
- A `DocBin` is read with spaCy itself (extra `spacy`); its mentions are `doc.ents`, then the groups of
  `doc.spans`. Nothing else of a document is kept, which is told.
- The older form is JSON: an array of pairs, or a pair a line. spaCy counts characters, and the mention is not
  repeated. Pairs with `relations` or further keys tell that those are not kept.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from medner_assets.corpus.offsets import OffsetUnit
from medner_assets.corpus.readers.drafts import Draft, MentionClaim
from medner_assets.corpus.readers.json_records import json_values, offset
from medner_assets.corpus.readers.settling import Rules
from medner_assets.corpus.readers.sources import Options, Source
from medner_assets.corpus.reading import Problem, ProblemKind
from medner_assets.errors import MednerError

SUFFIXES = (".spacy", ".json", ".jsonl")
RULES = Rules(units=(OffsetUnit.CODE_POINTS, OffsetUnit.UTF16), has_ids=False)


def drafts(source: Source, options: Options) -> Iterator[Draft | Problem]:
    """Yield the documents of a file and what is none; raise MednerError if it cannot be read."""
    if source.suffix == ".spacy":
        yield from _of_docbin(source)
    else:
        yield from _of_pairs(source)


def _of_docbin(source: Source) -> Iterator[Draft | Problem]:
    try:
        import spacy
        from spacy.tokens import DocBin
    except ImportError:
        raise MednerError(
            f"{source.name}: a DocBin is read with spaCy, which is not here: pip install 'medner[spacy]'"
        ) from None
    try:
        found = DocBin().from_bytes(source.read())
        documents: Any = found.get_docs(spacy.blank("xx").vocab)
        yield from _of_documents(source, documents)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, EOFError, OSError) as error:
        reason = " ".join(str(error).split())[:80]
        raise MednerError(f"{source.name}: not a DocBin that spaCy reads ({reason}): save it again") from None


def _of_documents(source: Source, documents: Any) -> Iterator[Draft | Problem]:
    for number, doc in enumerate(documents, start=1):
        draft = Draft(source.name, f"{source.stem}-{number}", doc.text, own_id=False)
        spans = [*doc.ents, *(span for group in doc.spans.values() for span in group)]
        seen: set[tuple[int, int, str]] = set()
        for span in spans:
            key = (span.start_char, span.end_char, span.label_)
            if key not in seen:
                seen.add(key)
                claim = MentionClaim(f"T{len(seen)}", span.label_, (key[:2],), span.text)
                draft.mentions.append(claim)
        yield draft


def _of_pairs(source: Source) -> Iterator[Draft | Problem]:
    not_kept: Counter[str] = Counter()
    number = 0
    for line, value in json_values(source):
        number += 1
        if not (isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and value[0]):
            message = 'no pair of a text and {"entities": …}: left out'
            yield Problem(source.name, line, None, ProblemKind.UNKNOWN_KEYS, message)
            continue
        text, about = value
        entities = about.get("entities") if isinstance(about, dict) else about
        if not isinstance(entities, list):
            message = "the pair has no list 'entities': left out"
            yield Problem(source.name, line, None, ProblemKind.UNKNOWN_KEYS, message)
            continue
        draft = Draft(source.name, f"{source.stem}-{number}", text, line, own_id=False)
        for n, each in enumerate(entities, start=1):
            if not (isinstance(each, list) and len(each) >= 3 and isinstance(each[2], str)):
                message = f"entity {n} is no [start, end, label]: left out"
                yield Problem(source.name, line, draft.id, ProblemKind.UNKNOWN_KEYS, message)
                continue
            span = (offset(each[0]), offset(each[1]))
            draft.mentions.append(MentionClaim(f"T{n}", each[2], (span,), None, line=line))
        yield draft
        not_kept.update(key for key in about if key != "entities") if isinstance(about, dict) else None
    for key, count in not_kept.items():
        yield Problem(source.name, None, None, ProblemKind.NOT_KEPT, f"{key!r} of {count} pairs: not kept")
