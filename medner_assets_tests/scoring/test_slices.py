import polars as pl
import pytest

from medner_assets.errors import MednerError
from medner_assets.scoring.slices import compare_slices
from medner_assets.scoring.statistics.multiplicity import benjamini_hochberg
from medner_assets_tests.scoring.test_comparison import scores

HALVES = pl.DataFrame({"doc_id": [f"d{i}" for i in range(40)], "slice": ["first"] * 20 + ["second"] * 20})


def compare(slices):
    return compare_slices(
        scores(20), scores(0, evaluation="e0"), slices, baseline="v1", scheme="strict", seed=3, resamples=400
    )


def test_a_gain_on_one_slice_is_found_there_and_only_there():
    table = compare(HALVES)
    assert table["slice"].to_list() == ["first", "second"]
    assert table["documents"].to_list() == [20, 20]
    assert table["version_f1"].to_list() == [1.0, 0.0]
    assert table["verdict"].to_list() == ["better", "not distinguishable"]


def test_p_values_are_adjusted_over_the_slices():
    table = compare(HALVES)
    assert table["p_adjusted"].to_list() == benjamini_hochberg(table["p_value"].to_numpy()).tolist()
    assert table["p_adjusted"][0] == pytest.approx(2 * table["p_value"][0])


def test_a_slice_without_scored_documents_and_no_slices_are_refused():
    with pytest.raises(MednerError, match="slice 'empty': none of its documents is scored"):
        compare(pl.DataFrame({"doc_id": ["d99"], "slice": ["empty"]}))
    with pytest.raises(MednerError, match="there are none"):
        compare(HALVES.clear())
