"""The report in a headless Chromium: it opens quietly, filters, obeys the keyboard and harms nobody."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from medner_assets.recipes.sources import Targets
from medner_assets.reporting.inputs import inputs_from_frames
from medner_assets.reporting.report import render_html
from medner_assets_tests.support.story import DATASET, NEW, OLD, story

pytest.importorskip("websockets")
from medner_assets_tests.support.chromium import BINARY, Chromium

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BINARY is None, reason="no Chromium on this machine"),
]
READY = "document.querySelector('#browser').dataset.ready"
LISTED = "[...document.querySelectorAll('.list .id')].map(each => each.textContent)"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with Chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("report") / "new-vs-old.html")


def written(file: Path, **changed: pl.DataFrame) -> Path:
    inputs = inputs_from_frames(NEW, OLD, DATASET, story() | changed, Targets())
    file.write_text(render_html(inputs), "utf-8")
    return file


def opened(chromium: Chromium, file: Path, width: int = 1440, dark: bool = False) -> Chromium:
    chromium.open(file, width, dark=dark)
    chromium.wait(READY)
    return chromium


def choose(chromium: Chromium, **values: str) -> list[str]:
    """Set filters as a person would, and return the ids of the documents that are listed."""
    for name, value in values.items():
        chromium.evaluate(f"document.querySelector('[name={name}]').value = {value!r}")
    chromium.evaluate("document.querySelector('#browser form').dispatchEvent(new Event('input'))")
    return chromium.evaluate(LISTED)


def press(chromium: Chromium, key: str) -> None:
    for kind in ("keyDown", "keyUp"):
        chromium.call(
            "Input.dispatchKeyEvent",
            type=kind,
            key=key,
            text=key if kind == "keyDown" and len(key) == 1 else "",
        )


@pytest.mark.parametrize("width", [1440, 768, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_the_report_opens_without_complaint_or_request_and_fits_the_screen(
    chromium: Chromium, report: Path, width: int, dark: bool
):
    page = opened(chromium, report, width, dark)
    assert page.complaints() == []
    assert page.requests() == [report.resolve().as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_documents_are_listed_with_most_errors_first(chromium: Chromium, report: Path):
    assert opened(chromium, report).evaluate(LISTED) == ["d3", "d1", "d2"]


@pytest.mark.parametrize(
    ("values", "listed"),
    [
        ({"search": "BLEEDING"}, ["d1"]),
        ({"search": "d2"}, ["d2"]),
        ({"change": "fix"}, ["d3", "d1"]),
        ({"change": "neither"}, ["d3"]),
        ({"change": "regression"}, []),
        ({"version": "0", "task": "0", "error": "8"}, ["d2"]),
        ({"version": "1", "task": "1"}, ["d3"]),
        ({"order": "id"}, ["d1", "d2", "d3"]),
    ],
)
def test_each_filter_lists_what_it_names(
    chromium: Chromium, report: Path, values: dict[str, str], listed: list[str]
):
    assert choose(opened(chromium, report), **values) == listed


def test_a_document_shows_gold_and_both_versions_with_what_became_of_each_item(
    chromium: Chromium, report: Path
):
    shown = opened(chromium, report).evaluate("document.querySelector('.case').innerText")
    for told in ("Insulin", "✗ type: Effect", "▲ fixed", "✗ direction: diabetes → Insulin", "✗ cascaded"):
        assert told in shown


def test_offsets_behind_an_emoji_still_mark_the_right_characters(chromium: Chromium, report: Path):
    marked = opened(chromium, report).evaluate(
        "[...document.querySelectorAll('.case .text span')].map(each => each.lastChild.textContent)"
    )
    assert marked == ["Insulin", "diabetes"]


def test_the_keyboard_goes_through_the_documents_and_the_address_follows(chromium: Chromium, report: Path):
    page = opened(chromium, report)
    page.evaluate("document.querySelector('.list button').focus()")
    press(page, "j")
    assert page.evaluate("document.querySelector('.case h3').textContent") == "d1"
    assert page.evaluate("location.hash") == "#document=d1"
    press(page, "k")
    assert page.evaluate("document.activeElement.textContent").startswith("d3")
    press(page, "/")
    assert page.evaluate("document.activeElement.name") == "search"


def test_a_number_shows_the_sql_behind_it(chromium: Chromium, report: Path):
    page = opened(chromium, report)
    page.evaluate("document.querySelector('.figure data').click()")
    assert "from metrics" in page.evaluate("document.querySelector('#provenance').innerText")
    press(page, "Escape")
    assert page.evaluate("document.querySelector('#provenance').hidden")


def test_markup_in_texts_names_and_ids_neither_runs_nor_changes_the_page(chromium: Chromium, tmp_path: Path):
    nasty = "</script><script>window.hurt = 1</script><img src=x onerror='window.hurt = 2'>"
    tables = story()
    changed = {
        name: tables[name].with_columns(pl.col("doc_id") + nasty)
        for name in ("documents", "gold_entities", "gold_relations", "relation_outcomes", "document_scores")
    }
    changed["documents"] = changed["documents"].with_columns(text=pl.lit(nasty * 100 + "x" * 10_000))
    changed["entity_outcomes"] = tables["entity_outcomes"].with_columns(
        pl.col("doc_id") + nasty, predicted_text=pl.lit(nasty), predicted_type=pl.lit(nasty)
    )
    page = opened(chromium, written(tmp_path / "nasty.html", **changed))
    choose(page, search="onerror")
    assert page.evaluate("window.hurt === undefined")
    assert page.evaluate("document.images.length") == 0
    assert nasty in page.evaluate("document.querySelector('.case').textContent")
    assert page.complaints() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440


def test_the_report_prints(chromium: Chromium, report: Path, tmp_path: Path):
    opened(chromium, report).pdf(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
