"""Which completions that stand are those that a run would make."""

import polars as pl
import pytest

from medner_assets.defs.identity import combined
from medner_assets.defs.versions.completion_rows import existing
from medner_assets.tables import TABLES
from medner_assets.warehouse.data_tables import DataTables
from medner_assets_tests.support.miniature import version

WINDOW = {"start": 0, "end": 9, "completion": "x", "finish_reason": "stop"}
IN_WINDOWS = combined("wanted", "windows")


@pytest.mark.parametrize(
    ("generation", "prompt_tokens", "windows", "system", "stands"),
    [
        ("wanted", 100, None, "lora", True),
        ("another", 100, None, "lora", False),
        ("wanted", 101, None, "lora", False),  # joined before windows were kept
        ("wanted", 101, None, "prompted", True),  # its examples are counted, too
        (IN_WINDOWS, 101, [WINDOW, WINDOW], "lora", True),
        (IN_WINDOWS, 901, [WINDOW, WINDOW], "prompted", True),
        ("wanted", 101, [WINDOW, WINDOW], "lora", False),
    ],
)
def test_completions_stand_unless_they_are_of_another_generation_or_joined_from_windows(
    tmp_path, monkeypatch, generation, prompt_tokens, windows, system, stands
):
    monkeypatch.setenv("MEDNER_DATA", str(tmp_path))
    recipe = version(max_tokens=100).model_copy(update={"system": system})
    assert existing(DataTables(), recipe, "v", "wanted") is None
    row = {"doc_id": "d", "generation_id": generation, "prompt_tokens": prompt_tokens, "windows": windows}
    schema = TABLES["completions"].schema
    frame = pl.DataFrame([dict.fromkeys(schema) | row], schema=schema)
    DataTables().replace({"completions": frame}, "v")
    assert (existing(DataTables(), recipe, "v", "wanted") is not None) == stands


def test_completions_of_before_there_were_windows_stand(tmp_path, monkeypatch):
    monkeypatch.setenv("MEDNER_DATA", str(tmp_path))
    schema = TABLES["completions"].without("windows")
    row = {"doc_id": "d", "generation_id": "wanted", "prompt_tokens": 100}
    file = tmp_path / "warehouse/completions/model_version=v/part-0.parquet"
    file.parent.mkdir(parents=True)
    pl.DataFrame([dict.fromkeys(schema) | row], schema=schema).write_parquet(file)
    found = existing(DataTables(), version(max_tokens=100), "v", "wanted")
    assert found is not None
    assert found["windows"].to_list() == [None]
