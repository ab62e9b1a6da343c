"""The rows of one shard of annotations, and its file: written once, whole or not at all."""

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from medner_assets.corpus.shards import Shard, Text
from medner_assets.files import publish_file
from medner_assets.modeling.inference.extractor import Extractor, ReadWindow
from medner_assets.modeling.windows import Window
from medner_assets.tables import TABLES

_BATCHES_AT_ONCE = 8
"""Batches whose windows are read together, sorted by length."""


def shard_file(output: Path, annotation_id: str, shard: Shard) -> Path:
    """Return the file of a shard's annotations: other weights, or another text, give it another name."""
    return output / f"{annotation_id}-{shard.name}.parquet"


def shard_frame(
    extractor: Extractor, texts: Sequence[Text], annotation_id: str, corpus: str, shard: Shard
) -> pl.DataFrame:
    """Return one row a document, in the documents' order; each is there, also without a mention."""
    read: dict[int, list[ReadWindow]] = {n: [] for n in range(len(texts))}
    windows = ((n, window) for n, each in enumerate(texts) for window in extractor.windows(each.text))
    for group in _groups(windows, _BATCHES_AT_ONCE * extractor.batch_size):
        for (n, _), result in zip(group, extractor.read([window for _, window in group]), strict=True):
            read[n].append(result)
    rows = [
        {
            "annotation_id": annotation_id,
            "corpus": corpus,
            "shard": shard.name,
            "doc_id": each.id,
            "file": each.file,
            "line": each.line,
            "characters": len(each.text),
            "windows": len(read[n]),
            "cut_windows": sum(window.is_cut for window in read[n]),
            "tokens": sum(window.tokens for window in read[n]),
            "entities": [entity for window in read[n] for entity in window.entities],
            "relations": [relation for window in read[n] for relation in _relations(window)],
        }
        for n, each in enumerate(texts)
    ]
    return pl.DataFrame(rows, schema=TABLES["annotations"].schema)


def write_shard(target: Path, frame: pl.DataFrame) -> None:
    """Write the file of a shard; it appears whole under its name, readable by its owner only."""
    # No extractor's pattern matches the name.
    partial = target.with_name(f".{target.stem}.{os.getpid()}.partial")
    try:
        partial.touch(mode=0o600)
        frame.write_parquet(partial, compression="zstd", statistics=True)
        publish_file(target, partial)
    finally:
        partial.unlink(missing_ok=True)


def remove_unfinished(target: Path) -> None:
    """Remove what killed workers left of a shard; only for who holds its claim."""
    for partial in target.parent.glob(f".{target.stem}.*.partial"):
        partial.unlink(missing_ok=True)


def _groups(windows: Iterator[tuple[int, Window]], size: int) -> Iterator[list[tuple[int, Window]]]:
    while group := list(islice(windows, size)):
        yield group


def _relations(read: ReadWindow) -> Iterator[dict[str, Any]]:
    for each in read.relations:
        row = {
            name: each[name]
            for name in ("type", "head_text", "head_type", "tail_text", "tail_type", "probability")
        }
        for side in ("head", "tail"):
            entity = read.entities[each[side]] if each[side] is not None else None
            row[f"{side}_start"] = entity["start"] if entity else None
            row[f"{side}_end"] = entity["end"] if entity else None
        yield row
