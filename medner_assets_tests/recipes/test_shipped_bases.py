"""The memory that the recipes of shipped bases ask for, held against what was computed and measured."""

import json
from pathlib import Path

import pytest

from medner_assets.recipes.loading import load_base_model

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results" / "base_memory.json"
KNOWN = json.loads(RESULTS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_a_shipped_base_asks_for_a_twentieth_more_memory_than_is_computed_and_no_less_than_was_measured(name):
    asked, found = load_base_model(name).minimum_gpu_gib, KNOWN[name]
    assert asked >= 1.05 * found["computed_gib"]["total"]
    measured = found.get("measured", {})
    if "peak_gib" in measured and not measured.get("shared_process"):
        assert measured["peak_gib"] <= found["computed_gib"]["total"]
