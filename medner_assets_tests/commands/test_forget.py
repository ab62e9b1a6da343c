"""What `medner forget` lists, removes and leaves; a mark in the texts shows what is left of them."""

import os
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from medner_assets import paths
from medner_assets.cli import main
from medner_assets.defs.reporting.publishing import publish
from medner_assets.defs.shared import keep
from medner_assets.warehouse.store import Store
from medner_assets_tests.support.rows import metric, put

MARK = "Mrs Canary"


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dataset of two documents, versions on it and all that quotes them; a version of another dataset."""
    monkeypatch.setenv("MEDNER_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(paths, "DAGSTER_STORAGE", tmp_path / "data" / "dagster")
    root = paths.warehouse()
    put(root, "documents", "d", {"doc_id": "a", "text": f"{MARK} a"}, {"doc_id": "b", "text": f"{MARK} b"})
    put(root, "gold_entities", "d", {"doc_id": "a", "text": MARK}, {"doc_id": "b", "text": MARK})
    put(root, "documents", "other", {"doc_id": "a", "text": "of another"})
    for version in ("v-gone", "v-gone.r2"):  # their recipes are gone: their rows say what they are of
        put(
            root,
            "completions",
            version,
            {"doc_id": "a", "completion": MARK},
            {"doc_id": "b", "completion": MARK},
        )
        put(root, "metrics", version, metric("entity", 0.5))
        put(root, "annotations", version, {"doc_id": "z"})
    put(root, "completions", "w-gone", {"doc_id": "a", "dataset": "other"})
    for file in (
        paths.work("v-gone", "training") / "documents.jsonl",
        paths.reports() / "v-gone-vs-w-gone.html",
        paths.reports() / "w-gone-vs-v-gone.html",
        paths.adapter("v-gone") / "README.md",
        paths.adapter("v-gone") / "adapter_model.safetensors",
    ):
        paths.private_folder(file.parent)
        file.write_text(MARK)
    return tmp_path / "data"


def forget(*words: str) -> tuple[int, str]:
    ran = CliRunner().invoke(main, ["forget", *words])
    return ran.exit_code, ran.output


def marked(folder: Path) -> list[str]:
    """Return the files in which the mark is, packed or not."""
    found = []
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        if file.suffix == ".parquet":
            texts = pl.read_parquet(file, hive_partitioning=False).select(pl.col(pl.String)).rows()
            holds = MARK in str(texts)
        else:
            holds = MARK.encode() in file.read_bytes()
        found += [str(file.relative_to(folder))] if holds else []
    return found


def test_without_yes_it_is_listed_and_nothing_goes(kept: Path):
    before = marked(kept)
    code, output = forget("d")
    assert code == 1
    assert "nothing was removed: add --yes" in output
    assert "removes  2 rows in" in output
    assert marked(kept) == before


def test_a_dataset_goes_with_all_that_was_made_of_it_but_the_weights(kept: Path):
    code, output = forget("d", "--yes")
    assert code == 0, output
    assert marked(kept) == ["adapters/v-gone/adapter_model.safetensors"]
    assert "weights can repeat what they learned" in output
    store = Store(paths.warehouse())
    assert store.keys("documents") == store.keys("documents") == ["other"]
    assert store.keys("completions") == ["w-gone"]
    assert store.keys("annotations") == ["v-gone", "v-gone.r2"]  # of other corpora


def test_a_version_goes_and_its_dataset_stays(kept: Path):
    assert forget("v-gone", "--yes")[0] == 0
    store = Store(paths.warehouse())
    assert store.keys("documents") == ["d", "other"]
    assert store.keys("completions") == ["v-gone.r2", "w-gone"]
    assert store.keys("annotations") == ["v-gone.r2"]
    assert not (kept / "work" / "v-gone").exists()


def test_a_document_goes_from_every_table_and_the_others_stay(kept: Path):
    code, output = forget("d", "--documents", "a", "--yes")
    assert code == 0, output
    store = Store(paths.warehouse())
    for table, key in (("documents", "d"), ("gold_entities", "d"), ("completions", "v-gone")):
        assert store.read(table, key)["doc_id"].to_list() == ["b"]
    assert store.read("documents", "other")["doc_id"].to_list() == ["a"]
    assert "still count these documents: train and evaluate again" in output
    assert not list(paths.reports().iterdir())
    assert all(file.stat().st_mode & 0o077 == 0 for file in paths.warehouse().rglob("part-0.parquet"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nothing-like-it",), "neither a dataset nor a version"),
        (("../d",), "not a valid name"),
        (("d", "--documents", "zzz"), "no rows of zzz"),
        (("d", "--documents", " , "), "names none"),
    ],
)
def test_what_is_not_there_is_refused_in_one_line(kept: Path, words: tuple[str, ...], message: str):
    before = marked(kept)
    code, output = forget(*words, "--yes")
    assert (code, message in output, output.count("\n")) == (1, True, 1)
    assert marked(kept) == before


def test_work_that_is_under_way_is_not_pulled_away(kept: Path):
    import fcntl

    held = os.open(paths.work("v-gone", "training") / "lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        code, output = forget("v-gone", "--yes")
    finally:
        os.close(held)
    assert (code, "training of v-gone is under way" in output) == (1, True)
    assert (kept / "work" / "v-gone").exists()


def test_in_a_bucket_nothing_is_left_of_a_forgotten_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MEDNER_DATA", f"file://{tmp_path}/bucket")
    monkeypatch.setenv("MEDNER_COPIES", str(tmp_path / "copies"))
    put(paths.warehouse(), "documents", "d", {"doc_id": "a", "text": MARK})
    put(paths.warehouse(), "documents", "other", {"doc_id": "a", "text": "of another"})
    put(paths.warehouse(), "completions", "v-gone", {"doc_id": "a", "completion": MARK, "dataset": "d"})
    publish("v-gone.html", MARK)
    adapter = paths.private_folder(paths.adapter("v-gone"))
    (adapter / "README.md").write_text(MARK)
    (adapter / "weights").write_text("weights")
    keep(adapter)
    code, output = forget("d", "--yes")
    assert code == 0, output
    left = [file for file in (tmp_path / "bucket" / "objects").rglob("*") if file.is_file()]
    parts = [file for file in left if file.read_bytes().startswith(b"PAR1")]
    assert [pl.read_parquet(file)["text"].to_list() for file in parts] == [["of another"]]
    assert [file.read_text() for file in left if file not in parts] == ["weights"]
