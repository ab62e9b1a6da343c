"""The tables of docs/audit.md are those of the results; writing one never loses the rest of the page."""

import importlib
import json
import sys
from types import ModuleType

import pytest

from medner_assets.paths import PROJECT

BENCHMARKS = PROJECT / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))

    def loaded(name: str) -> ModuleType:
        monkeypatch.delitem(sys.modules, name, raising=False)
        return importlib.import_module(name)

    return loaded


@pytest.mark.parametrize(
    ("name", "key", "mark"),
    [("audit", "datasets", "table"), ("audit_calibration", "sizes", "calibration")],
)
def test_the_page_holds_the_table_of_the_measured_results(benchmark, name, key, mark):
    measured = json.loads((BENCHMARKS / "results" / f"{name}.json").read_text(encoding="utf-8"))[key]
    page = (PROJECT / "docs" / "audit.md").read_text(encoding="utf-8")
    assert f"<!-- {mark} -->\n\n{benchmark(name).shown(measured)}\n\n<!-- end of {mark} -->" in page


def test_a_table_goes_between_its_marks_and_the_rest_of_the_page_stays(benchmark, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- one -->\nold\n<!-- end of one -->\nafter\n", encoding="utf-8")
    pages = benchmark("pages")
    pages.write_between(page, "one", pages.table(("a", "b"), [("1", "2")]))
    wanted = "| a | b |\n| --- | --- |\n| 1 | 2 |"
    assert page.read_text() == f"before\n<!-- one -->\n\n{wanted}\n\n<!-- end of one -->\nafter\n"


@pytest.mark.parametrize("text", ["no marks", "<!-- one -->", "<!-- end of one --><!-- one -->"])
def test_a_page_without_the_marks_is_a_line_and_stays_as_it_was(benchmark, tmp_path, text):
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit, match="has no one place for the table"):
        benchmark("pages").write_between(page, "one", "new")
    assert page.read_text() == text


def test_results_of_a_slice_are_added_to_those_of_other_seeds(benchmark):
    calibration = benchmark("audit_calibration")
    row = calibration.row_of("coin in the sentence", {"11": ("learnable", 2.0), "2": ("undecided", 1.0)})
    assert row["corpora"] == 2
    assert (row["undecided"], row["wrong"], row["share right"]) == (1, 1, 0.0)
    assert row["forbidden"] == {"learnable": 1, "weak": 0}
    assert list(row["by seed"]) == ["2", "11"]
    assert calibration.summary({"coin": row})["learnable on text-blind corpora"]["share"] == 0.5
