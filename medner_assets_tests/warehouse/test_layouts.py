"""A data folder that an earlier edition wrote is read as it is, with the scores that it had.

`layouts/<number>/` was written by medner's commands (`support/layouts.py`): an adapter, a registered system,
their tables, and what `medner sql scores` said of them then.
"""

import shutil
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from medner_assets import paths
from medner_assets.cli import main
from medner_assets.commands.doctor import generated
from medner_assets.defs.datasets.data import data_of
from medner_assets.defs.versions.finished import finished_adapter
from medner_assets.errors import MednerError
from medner_assets.scoring.external import scored_submission
from medner_assets.scoring.submissions import read_submission
from medner_assets.sql_files import sql_files
from medner_assets.warehouse.catalogue import connect
from medner_assets.warehouse.data_tables import DataTables
from medner_assets.warehouse.export import export_predictions
from medner_assets.warehouse.store import Store
from medner_assets_tests.support.layouts import FOLDER

MARK = "_layout.json"


@pytest.fixture(params=["marked", "from before marks"])
def kept(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the folder of layout 1, as it is or without the mark that editions before lack."""
    shutil.copytree(FOLDER / "1", tmp_path / "data")
    monkeypatch.setenv("MEDNER_DATA", str(tmp_path / "data"))
    if request.param != "marked":
        (paths.warehouse() / MARK).unlink()
    return tmp_path / "data"


def test_every_view_answers_and_the_scores_are_those_that_were(kept):
    with connect() as session:
        for view in sql_files("views"):
            session.sql(f"from {view.name}").fetchall()
        now = session.sql("from scores order by all").pl()
    then = pl.read_json(kept / "scores.json", schema=now.schema)
    assert now.rows() == then.sort(*then.columns).rows()
    assert {"theirs", "tiny-v1"} == set(now["model_version"])


def test_what_is_exported_of_it_scores_what_it_scored(kept, tmp_path):
    export_predictions(tmp_path / "theirs.jsonl", "theirs")
    with (tmp_path / "theirs.jsonl").open(encoding="utf-8") as lines:
        submitted = read_submission(lines, "theirs.jsonl")
    gold = data_of("miniature", DataTables()).documents_of("test")
    scored = scored_submission(gold, submitted, resamples=20).metrics
    chosen = ("task", "scheme", "tp", "fp", "fn", "f1")
    then = pl.read_json(kept / "scores.json").filter(
        (pl.col("model_version") == "theirs") & (pl.col("stage") == "final")
    )
    assert then["tp"].sum() > 0
    assert set(then.select(chosen).rows()) <= set(scored.select(chosen).rows())


def test_its_adapter_is_whole_and_is_the_one_of_the_tables(kept):
    found = finished_adapter(paths.adapter("tiny-v1"))
    assert found is not None
    assert Store(paths.warehouse()).read("adapters", "tiny-v1")["weights_hash"].to_list() == [
        found.weights_hash
    ]


def test_the_doctor_says_which_layout_it_is_of(kept):
    first = next(iter(generated()))
    assert first.state == "ok"
    assert "has layout 1, which this medner reads; begun by medner " in first.found


def test_a_folder_of_a_later_layout_is_refused_in_one_line_and_left_as_it_is(kept):
    (paths.warehouse() / MARK).write_text('{"layout": 99, "medner": "9.0"}')
    before = {file: file.read_bytes() for file in kept.rglob("*") if file.is_file()}
    ran = CliRunner().invoke(main, ["sql", "scores"])
    assert ran.exit_code == 1
    assert ran.output.startswith("Error: ")
    assert "its layout is 99 (medner 9.0), and this medner reads up to 1: install that medner" in ran.output
    assert {file: file.read_bytes() for file in kept.rglob("*") if file.is_file()} == before
    assert [each.state for each in generated()] == ["missing"]


def test_a_mark_that_is_none_is_one_line(kept):
    (paths.warehouse() / MARK).write_text("[]")
    with pytest.raises(MednerError, match="not a mark of medner's"):
        Store(paths.warehouse()).initialise()
