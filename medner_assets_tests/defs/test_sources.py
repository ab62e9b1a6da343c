"""When a dataset is made from something else than it was."""

import os
from pathlib import Path

import pytest

from medner_assets.defs.sources import is_current, remember, source_state
from medner_assets.recipes.sources import DatasetRecipe, FilesSource, SyntheticSource

FILES = DatasetRecipe(
    summary="files",
    source=FilesSource(kind="files", format="jsonl", files={"train": ("a.jsonl",), "test": ("b.jsonl",)}),
    licence="MIT",
)
GENERATED = DatasetRecipe(
    summary="generated",
    source=SyntheticSource(kind="synthetic", seed=1, documents={"train": 1}),
    licence="MIT",
)


@pytest.fixture
def corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEDNER_DATA", str(tmp_path / "data"))
    folder = tmp_path / "corpora"
    folder.mkdir()
    (folder / "a.jsonl").write_text("one")
    (folder / "b.jsonl").write_text("two")
    return folder


def test_a_dataset_that_was_never_built_is_not_current(corpora):
    assert not is_current("d", source_state(FILES, corpora), "version1")


def test_a_dataset_is_current_while_its_recipe_and_files_are_as_they_were(corpora):
    remember("d", source_state(FILES, corpora), "version1")
    assert is_current("d", source_state(FILES, corpora), "version1")


def test_a_changed_file_makes_it_outdated_also_at_the_same_size(corpora):
    remember("d", source_state(FILES, corpora), "version1")
    (corpora / "b.jsonl").write_text("2wo")
    os.utime(corpora / "b.jsonl", ns=(1, 1))
    assert not is_current("d", source_state(FILES, corpora), "version1")


def test_a_changed_recipe_makes_it_outdated(corpora):
    remember("d", source_state(GENERATED, corpora), "version1")
    changed = GENERATED.model_copy(update={"symmetric_relations": ("binds",)})
    assert not is_current("d", source_state(changed, corpora), "version1")


def test_files_that_were_moved_away_do_not_make_it_outdated(corpora):
    remember("d", source_state(FILES, corpora), "version1")
    (corpora / "a.jsonl").unlink()
    state = source_state(FILES, corpora)
    assert state.missing == ("a.jsonl",)
    assert is_current("d", state, "version1")


def test_another_dataset_in_the_warehouse_than_the_one_that_was_made_is_not_current(corpora):
    remember("d", source_state(FILES, corpora), "version1")
    assert not is_current("d", source_state(FILES, corpora), "version2")


def test_a_note_that_was_cut_short_counts_as_none(corpora, tmp_path):
    remember("d", source_state(FILES, corpora), "version1")
    note = next((tmp_path / "data").rglob("source.json"))
    note.write_text(note.read_text()[:10])
    assert not is_current("d", source_state(FILES, corpora), "version1")
