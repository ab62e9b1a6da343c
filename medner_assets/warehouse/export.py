"""Files for others: all tables as one DuckDB file, or the predictions of a version as JSON lines.

A file appears whole or not at all, readable by its owner only, and takes no other's place unless that is
asked for.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from medner_assets import paths
from medner_assets.errors import MednerError
from medner_assets.files import sync
from medner_assets.normalising import normalise
from medner_assets.schema import Grounding
from medner_assets.scoring.submissions import BY_STRINGS
from medner_assets.tables import TABLES
from medner_assets.warehouse.analyst_file import STORAGE_VERSION
from medner_assets.warehouse.definitions import comments_on, define, native_definitions, view_of
from medner_assets.warehouse.store import Store


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written. `rows`: of all tables, or documents. `note` is for people; empty when all is said."""

    path: Path
    rows: int
    note: str = ""


def export_tables(
    path: Path, *, force: bool = False, root: Path | None = None, sql: Path | None = None
) -> Exported:
    """Write every table with its views and macros into one portable DuckDB file, with nothing outside it.

    DuckDB 1.0 and later can read it. force: take the place of a file that is there. Raises MednerError when
    there is one and `force` is not given, and when the path is one that medner itself lives in.
    """
    root = root or paths.warehouse()
    store = Store(root)
    store.initialise()
    store.bring()
    rows = 0
    with (
        _whole_file(path, force, root) as draft,
        duckdb.connect(draft, config={"storage_compatibility_version": STORAGE_VERSION}) as connection,
    ):
        connection.execute("begin transaction")
        for table in TABLES.values():
            connection.execute(f"create table {table.name} as {view_of(table, root)}")
            rows += connection.sql(f"select count(*) from {table.name}").fetchall()[0][0]  # noqa: S608
            for comment in comments_on(table, "table"):
                connection.execute(comment)
        define(connection, native_definitions(sql or paths.SQL), described=True)
        connection.execute("commit")
    return Exported(path, rows)


def export_predictions(
    path: Path,
    version: str,
    *,
    stage: str = "final",
    split: str = "test",
    force: bool = False,
    root: Path | None = None,
) -> Exported:
    """Write what a version predicts for each document of a split, one JSON object a line, for `medner score`.

    Every document with a completion has a line, also one for which nothing is predicted. A relation refers to
    the first entity with its argument's string and type; where there is none, it stands under
    `unresolved_relations` with its strings, and the note counts those: `medner score` counts them as the
    version's own scores do. Raises MednerError when the version has no such rows.
    """
    root = root or paths.warehouse()
    documents = list(predicted_documents(Store(root), version, stage, split))
    unresolved = sum(len(document.get("unresolved_relations", [])) for document in documents)
    with _whole_file(path, force, root) as draft, draft.open("w", encoding="utf-8", newline="\n") as file:
        for document in documents:
            file.write(json.dumps(document, ensure_ascii=False) + "\n")
    note = f"{unresolved} relations have an argument that is no predicted entity: see unresolved_relations"
    return Exported(path, len(documents), note if unresolved else "")


def predicted_documents(
    store: Store, version: str, stage: str = "final", split: str = "test"
) -> Iterator[dict[str, Any]]:
    """Yield the predictions of a version as JSON objects, in the order of its completions.

    An entity has `start` and `end` where its string stands in the text, case and white space aside, and its
    `text` is then what stands there, so that an import finds it. `text` of the document is there where its
    dataset is as it was.
    """
    entities = _at(store.read("predicted_entities", version), stage, split)
    relations = _at(store.read("predicted_relations", version), stage, split)
    completions = store.read("completions", version).filter(pl.col("split") == split)
    if completions.is_empty():
        raise MednerError(f"{version}: no completions of split {split!r}: evaluate it on that split first")
    stages = (
        store.read("metrics", version)["stage"].unique().to_list() if store.has("metrics", version) else []
    )
    if stages and stage not in stages:
        raise MednerError(f"{version}: unknown stage {stage!r}: choose one of {', '.join(sorted(stages))}")
    texts = _texts(store, completions)
    entities_of = entities.partition_by("doc_id", as_dict=True)
    relations_of = relations.partition_by("doc_id", as_dict=True)
    for doc_id in completions["doc_id"]:
        text = texts.get(doc_id)
        yield document_json(doc_id, split, text, entities_of.get((doc_id,)), relations_of.get((doc_id,)))


def _texts(store: Store, completions: pl.DataFrame) -> dict[str, str]:
    """Return the texts of the documents that were completed; {} where the dataset has another state now."""
    dataset, version = completions.row(0, named=True)["dataset"], completions["dataset_version"][0]
    if not store.has("documents", dataset):
        return {}
    documents = store.read("documents", dataset).filter(pl.col("dataset_version") == version)
    return dict(documents.select("doc_id", "text").iter_rows())


def _at(rows: pl.DataFrame, stage: str, split: str) -> pl.DataFrame:
    return rows.filter(pl.col("stage") == stage, pl.col("split") == split).sort("doc_id", "ordinal")


def document_json(
    doc_id: str,
    split: str,
    text: str | None,
    entities: pl.DataFrame | None,
    relations: pl.DataFrame | None,
) -> dict[str, Any]:
    """Return the predictions of a document as a JSON object; entities, relations: its rows, None: none."""
    made, first = [], dict[tuple[str, str], str]()
    for row in entities.iter_rows(named=True) if entities is not None else ():
        entity = {"id": f"E{row['ordinal']}", "type": row["type"], "text": row["text"]}
        if row["grounding"] in (Grounding.EXACT, Grounding.CASE):  # a near match would count as a span
            entity |= {"start": row["start"], "end": row["end"]}
            if text is not None:
                entity["text"] = text[row["start"] : row["end"]]
        entity |= _sure(row)
        made.append(entity)
        first.setdefault((normalise(row["text"]), row["type"]), entity["id"])
    resolved, unresolved = [], []
    for row in relations.iter_rows(named=True) if relations is not None else ():
        head, tail = (
            first.get((normalise(row[f"{side}_text"]), row[f"{side}_type"])) for side in ("head", "tail")
        )
        if head is not None and tail is not None:
            resolved.append({"head": head, "tail": tail, "type": row["type"], **_sure(row)})
        else:
            names = ("head_text", "head_type", "tail_text", "tail_type", "type")
            unresolved.append({name: row[name] for name in names if row[name] is not None} | _sure(row))
    document: dict[str, Any] = {"id": doc_id, **({} if text is None else {"text": text}), "split": split}
    document |= {"entities": made, "relations": resolved, BY_STRINGS: True}
    return document | ({"unresolved_relations": unresolved} if unresolved else {})


def _sure(row: Mapping[str, Any]) -> dict[str, float]:
    """Return probability and votes as JSON has them, without those that are not known."""
    found = {} if row["probability"] is None else {"probability": round(row["probability"], 6)}
    return found if row["votes"] is None else found | {"votes": row["votes"]}


@contextmanager
def _whole_file(path: Path, force: bool, root: Path) -> Iterator[Path]:
    """Yield a path to write to; when the block ends well, what is there takes the place of `path`."""
    target = path.expanduser().absolute()
    if target.resolve() == paths.catalogue() or root.resolve() in target.resolve().parents:
        raise MednerError(f"{path}: medner's own files are there: choose another place")
    if "?" in str(target):
        raise MednerError(f"{path}: DuckDB cannot write a path with '?': choose another name")
    if target.is_dir():
        raise MednerError(f"{path}: is a folder: name a file")
    if not target.parent.is_dir():
        raise MednerError(f"{path}: there is no folder {path.parent}: create it first")
    if target.exists() and not force:
        raise MednerError(f"{path}: the file exists already: remove it or use --force")
    # A folder of one's own: DuckDB keeps its log and what does not fit in memory beside the file.
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".unfinished", dir=target.parent))
    try:
        draft = folder / target.name
        yield draft
        draft.chmod(0o600)
        sync(draft)
        if force:
            draft.replace(target)
        else:
            os.link(draft, target)
        sync(target.parent)
    except FileExistsError:
        raise MednerError(f"{path}: another process has created it meanwhile: use --force") from None
    except (OSError, duckdb.IOException, duckdb.TransactionException) as error:
        # On a full disk DuckDB says so of its log beside the file, when it commits.
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        if str(folder) in reason:
            reason = reason.rpartition('": ')[2]
        raise MednerError(f"{path}: cannot be written ({reason}): choose another place") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
