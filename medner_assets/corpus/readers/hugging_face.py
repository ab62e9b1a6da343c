"""Read datasets of Hugging Face with `tokens` and `ner_tags`: saved to disk, Parquet, Arrow or JSON lines.

Rules, with the reason for each:
- A path is a file, or a folder as `save_to_disk` makes it (with a folder for each split, or without). Neither
  the package `datasets` nor the hub is needed, and no program of a dataset is run.
- The text is that of the tokens (`tokens.py`).
- Tags are names, or numbers whose names the file's own description of its columns has; numbers without names
  are refused, since the order of names is anybody's guess.
- A row's id counts within its split only: it gets the file's or split's name in front.
- The split is that of the folder's or file's name: train, validation (dev), test.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from medner_assets.corpus.readers.drafts import Draft, MentionClaim
from medner_assets.corpus.readers.json_records import identifier
from medner_assets.corpus.readers.keys import foreign_keys
from medner_assets.corpus.readers.records import Record, of_each_record
from medner_assets.corpus.readers.rows import SUFFIXES, rows, schema_metadata
from medner_assets.corpus.readers.settling import EXACT
from medner_assets.corpus.readers.sources import Options, Source
from medner_assets.corpus.readers.tokens import strings, tagged_spans, text_of_tokens
from medner_assets.corpus.reading import Problem
from medner_assets.errors import MednerError

__all__ = ["RULES", "SUFFIXES", "drafts", "gather"]

RULES = EXACT
_TAGS = ("ner_tags", "tags", "labels", "ner")
_SPLITS = {
    "train": "train",
    "training": "train",
    "validation": "dev",
    "valid": "dev",
    "dev": "dev",
    "test": "test",
}
_OF_DISK = ("state.json", "dataset_info.json", "dataset_dict.json")


def gather(found: Sequence[Source]) -> list[Source]:
    """Return the files of rows: what describes a dataset on disk is none, nor are cached results."""
    return [
        each for each in found if each.file_name not in _OF_DISK and not each.file_name.startswith("cache-")
    ]


def drafts(source: Source, options: Options) -> Iterator[Draft | Problem]:
    """Yield the rows of a file and what is none; raise MednerError where tags have no names."""
    source = source.rewindable()
    names = _names(source)
    split = _split(source)

    def document(found: Record) -> Iterator[Draft | Problem]:
        row = found.fields
        tokens = strings(row.get("tokens"))
        key = next((each for each in _TAGS if isinstance(row.get(each), list)), None)
        foreign = foreign_keys(row, ("tokens", *_TAGS))
        if not tokens or key is None or foreign:
            yield found.left_out(foreign, "no row with tokens and ner_tags")
            return
        tags = [_tag(each, names.get(key), source) for each in row[key]]
        if len(tags) != len(tokens):
            yield found.left_out(None, f"{len(tokens)} tokens and {len(tags)} tags")
            return
        made = text_of_tokens([tokens])
        name = f"{split or source.stem}-{identifier(row.get('id')) or found.number}"
        draft = Draft(source.name, name, made.text, found.line, split=split, own_id=False)
        for n, (first, last, label) in enumerate(tagged_spans(tags), start=1):
            span = (made.places[first][0], made.places[last][1])
            text = made.text[span[0] : span[1]]
            draft.mentions.append(MentionClaim(f"T{n}", label or "Entity", (span,), text, line=found.line))
        yield draft

    yield from of_each_record(source, rows(source), document)


def _names(source: Source) -> Mapping[str, list[str]]:
    """Return the names of the tags of each column that has some."""
    try:
        about = json.loads(schema_metadata(source).get(b"huggingface", b"{}"))
        features = about["info"]["features"]
    except (ValueError, KeyError, TypeError):
        beside = source.beside("dataset_info.json")
        try:
            features = json.loads(beside.text())["features"] if beside is not None else {}
        except (ValueError, KeyError, TypeError):
            features = {}
    found = {}
    for key in _TAGS:
        feature = features.get(key) if isinstance(features, dict) else None
        inner = feature.get("feature", feature) if isinstance(feature, dict) else feature
        inner = inner[0] if isinstance(inner, list) and inner else inner
        names = strings(inner.get("names")) if isinstance(inner, dict) else None
        if names:
            found[key] = names
    return found


def _tag(value: object, names: Sequence[str] | None, source: Source) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, int) or isinstance(value, bool):
        raise MednerError(f"{source.name}: a tag is neither a name nor a number: save the dataset again")
    if names is None:
        raise MednerError(
            f"{source.name}: tags are numbers, and the file does not name them: save the dataset with its "
            "features (ClassLabel names), or put the names in their place"
        )
    if not 0 <= value < len(names):
        raise MednerError(f"{source.name}: tag {value}, of {len(names)} that are named: save it again")
    return names[value]


def _split(source: Source) -> str | None:
    words = re.split(r"[^a-z]+", f"{source.stem}/{source.name}".lower().rpartition(".")[0])
    return next((_SPLITS[word] for word in reversed(words) if word in _SPLITS), None)
