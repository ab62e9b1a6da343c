"""What leaves the warehouse as a file: whole, private, and never in another file's place unasked."""

import json
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from medner_assets.corpus.readers.jsonl import read_jsonl
from medner_assets.errors import MednerError
from medner_assets.sql_files import sql_files
from medner_assets.tables import TABLES
from medner_assets.warehouse.export import export_predictions, export_tables
from medner_assets_tests.support.rows import entity, metric, opened, put


def line(n: int, kind: str, text: str, start: int | None, grounding: str, **more: Any) -> dict[str, Any]:
    """Return a row of `predicted_entities`."""
    end = None if start is None else start + len(text)
    row = {"ordinal": n, "type": kind, "text": text, "start": start, "end": end, "grounding": grounding}
    return {"doc_id": "a", **row, **more}


@pytest.fixture
def filled(root: Path) -> Path:
    """A warehouse with one evaluated version."""
    put(root, "metrics", "v1", metric("entity", 0.9), metric("relation", 0.5))
    put(root, "metrics", "v2", metric("entity", 0.9), metric("relation", 0.6))
    put(root, "entity_outcomes", "v1", entity("correct", "Drug a", "Drug a", entity_id="T1"))
    put(root, "entity_outcomes", "v2", entity("missing", None, "Drug a", entity_id="T1"))
    put(
        root, "completions", "v1",
        {"doc_id": "b", "completion": "…"}, {"doc_id": "a"}, {"doc_id": "of-dev", "split": "dev"},
    )  # fmt: skip
    put(
        root, "predicted_entities", "v1",
        line(0, "Drug", "aspirin", 4, "exact"),
        line(1, "Drug", "asprin", 4, "fuzzy"),
        line(2, "Symptom", "Pain", 20, "case"),
        line(3, "Symptom", "Pain", 20, "case"),
        line(0, "Drug", "raw", None, "none", stage="raw"),
        line(0, "Drug", "x", None, "none", doc_id="of-dev", split="dev"),
    )  # fmt: skip
    arguments = {"head_text": "aspirin", "head_type": "Drug", "tail_text": "Pain", "tail_type": "Symptom"}
    put(
        root, "predicted_relations", "v1",
        {"doc_id": "a", "ordinal": 0, "type": "treats", **arguments},
        {"doc_id": "a", "ordinal": 1, "type": "treats", **arguments, "tail_text": "fever", "tail_type": None},
    )  # fmt: skip
    return root


def test_the_duckdb_file_holds_all_rows_views_and_macros_without_the_warehouse(filled: Path, tmp_path: Path):
    copy = tmp_path / "moved"
    shutil.copytree(filled, copy)
    exported = export_tables(tmp_path / "all.duckdb", root=copy)
    shutil.rmtree(copy)
    assert exported.rows == 17
    with opened(tmp_path / "all.duckdb") as file:
        tables = {row[0] for row in file.sql("select table_name from duckdb_tables()").fetchall()}
        assert tables == TABLES.keys()
        scores = "select model_version, f1 from scores where task = 'relation' order by all"
        assert file.sql(scores).fetchall() == [("v1", 0.5), ("v2", 0.6)]
        assert file.sql("select gold from regressions('v1', 'v2')").fetchall() == [("a",)]
        for view in sql_files("views"):
            file.sql(f"from {view.name}").fetchall()


def test_tables_of_the_duckdb_file_have_the_declared_columns_and_their_meaning(filled: Path, tmp_path: Path):
    export_tables(tmp_path / "all.duckdb", root=filled)
    with opened(tmp_path / "all.duckdb") as file:
        for table in TABLES.values():
            columns = file.sql(f"select column_name from (describe {table.name})").fetchall()
            assert [row[0] for row in columns] == [table.partition, *table.schema]
        comments = "select distinct comment is null from duckdb_columns() where table_name = 'metrics'"
        assert file.sql(comments).fetchall() == [(False,)]
        tags = file.sql("select tags from duckdb_databases() where database_name = 'all'").fetchall()
        assert tags == [({"storage_version": "v1.0.0+"},)]


def test_a_file_is_its_owners_only_and_nothing_is_left_beside_it(filled: Path, tmp_path: Path):
    export_tables(tmp_path / "all.duckdb", root=filled)
    export_predictions(tmp_path / "v1.jsonl", "v1", root=filled)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.duckdb", "v1.jsonl"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_a_file_that_is_there_stays_unless_force_is_given(filled: Path, tmp_path: Path):
    path = tmp_path / "v1.jsonl"
    path.write_text("mine")
    with pytest.raises(MednerError, match="the file exists already: remove it or use --force"):
        export_predictions(path, "v1", root=filled)
    assert path.read_text() == "mine"
    assert export_predictions(path, "v1", root=filled, force=True).rows == 2
    assert path.read_text() != "mine"


def test_a_failed_export_leaves_the_old_file_and_no_half_of_a_new_one(filled: Path, tmp_path: Path):
    (tmp_path / "all.duckdb").write_text("mine")
    broken = tmp_path / "sql"
    (broken / "views").mkdir(parents=True)
    (broken / "views" / "bad.sql").write_text("create or replace view bad as select nothing from nowhere;")
    with pytest.raises(MednerError, match="view bad"):
        export_tables(tmp_path / "all.duckdb", root=filled, sql=broken, force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.duckdb", "sql"]
    assert (tmp_path / "all.duckdb").read_text() == "mine"


def test_a_place_that_medner_lives_in_is_refused_even_with_force(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MEDNER_DATA", str(tmp_path))
    for path in (tmp_path / "medner.duckdb", filled / "metrics" / "all.duckdb"):
        with pytest.raises(MednerError, match="medner's own files are there"):
            export_tables(path, root=filled, force=True)


@pytest.mark.parametrize(
    ("place", "message"), [("nowhere/a", "no folder"), ("", "is a folder"), ("a?b", "with '\\?'")]
)
def test_a_place_that_cannot_be_written_is_refused_first(
    filled: Path, tmp_path: Path, place: str, message: str
):
    with pytest.raises(MednerError, match=message):
        export_tables(tmp_path / place, root=filled)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_predictions_have_a_line_for_every_document_with_a_completion(filled: Path, tmp_path: Path):
    exported = export_predictions(tmp_path / "v1.jsonl", "v1", root=filled)
    assert exported.rows == 2
    first, second = lines(tmp_path / "v1.jsonl")
    assert first == {
        "id": "b",
        "split": "test",
        "entities": [],
        "relations": [],
        "relations_by_strings": True,
    }
    assert second["entities"] == [
        {"id": "E0", "type": "Drug", "text": "aspirin", "start": 4, "end": 11},
        {"id": "E1", "type": "Drug", "text": "asprin"},  # a near match is no span
        {"id": "E2", "type": "Symptom", "text": "Pain", "start": 20, "end": 24},
        {"id": "E3", "type": "Symptom", "text": "Pain", "start": 20, "end": 24},
    ]
    assert second["relations"] == [{"head": "E0", "tail": "E2", "type": "treats"}]


def test_with_its_text_a_document_imports_as_it_was_exported(filled: Path, tmp_path: Path):
    text = "the aspirin for old pain"
    put(filled, "documents", "d", {"doc_id": "a", "text": text}, {"doc_id": "b", "text": "none"})
    export_predictions(tmp_path / "v1.jsonl", "v1", root=filled)
    reading = read_jsonl(tmp_path / "v1.jsonl")
    assert reading.problems == ()
    assert [(each.id, each.text) for each in reading.documents] == [("b", "none"), ("a", text)]
    assert [(each.text, each.start) for each in reading.documents[1].entities] == [
        ("aspirin", 4), ("asprin", None), ("pain", 20), ("pain", 20)
    ]  # fmt: skip
    assert [(each.head, each.tail) for each in reading.documents[1].relations] == [("E0", "E2")]


def test_a_relation_whose_argument_is_no_entity_is_kept_aside_and_counted(filled: Path, tmp_path: Path):
    exported = export_predictions(tmp_path / "v1.jsonl", "v1", root=filled)
    assert lines(tmp_path / "v1.jsonl")[1]["unresolved_relations"] == [
        {"head_text": "aspirin", "head_type": "Drug", "tail_text": "fever", "type": "treats"}
    ]
    assert exported.note.startswith("1 relations have an argument that is no predicted entity")


def test_another_stage_or_split_can_be_asked_for(filled: Path, tmp_path: Path):
    put(filled, "metrics", "v1", metric("entity", 0.9), metric("entity", 0.9, stage="raw"))
    export_predictions(tmp_path / "raw.jsonl", "v1", stage="raw", root=filled)
    assert [entity["text"] for entity in lines(tmp_path / "raw.jsonl")[1]["entities"]] == ["raw"]
    export_predictions(tmp_path / "dev.jsonl", "v1", split="dev", root=filled)
    assert [line["id"] for line in lines(tmp_path / "dev.jsonl")] == ["of-dev"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"version": "v9"}, "no rows of model_version 'v9'"),
        ({"version": "v1", "stage": "fnal"}, "unknown stage 'fnal': choose one of final"),
        ({"version": "v1", "split": "train"}, "no completions of split 'train'"),
    ],
)
def test_what_a_version_never_predicted_is_an_error_and_no_file(
    filled: Path, tmp_path: Path, asked: dict[str, str], message: str
):
    with pytest.raises(MednerError, match=message):
        export_predictions(tmp_path / "out.jsonl", root=filled, **asked)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
