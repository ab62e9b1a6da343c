"""The report as a whole: its sections, its numbers against their SQL, what it says of missing parts."""

import html
import json
import re
from datetime import UTC, datetime
from functools import cache
from html.parser import HTMLParser

import duckdb
import polars as pl
import pytest

from medner_assets.errors import MednerError
from medner_assets.paths import SQL
from medner_assets.recipes.sources import Targets
from medner_assets.reporting.inputs import ReportInputs, inputs_from_frames
from medner_assets.reporting.report import render_html, render_markdown, report_name
from medner_assets.warehouse.definitions import define, native_definitions
from medner_assets_tests.support.story import DATASET, NEW, OLD, empty, story, table

HEADINGS = (
    "Configuration", "Loss", "Precision and Recall", "Expectation", "Duplicates", "Type bias", "Direction",
    "How sure", "Artifacts", "Stability", "Targets", "Cost", "Timeline", "Next steps", "Baselines",
)  # fmt: skip


@cache
def standard_page() -> str:
    return render_html(inputs())


def inputs(
    without: tuple[str, ...] = (), baseline: str | None = OLD, **changed: pl.DataFrame
) -> ReportInputs:
    tables = story() | changed | {name: empty()[name] for name in without}
    return inputs_from_frames(NEW, baseline, DATASET, tables, Targets())


def only(name: str, version: str) -> pl.DataFrame:
    return story()[name].filter(pl.col("model_version") == version)


class Page(HTMLParser):
    """The tags of a page, its headings, its numbers with their SQL."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[str] = []
        self.numbers: list[tuple[str, str, str]] = []
        self.text = ""
        self._inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        tag = self._inside[-1] if self._inside else ""
        if tag in ("script", "style"):
            return
        self.text += data
        if tag == "h2":
            self.headings.append(data.strip())
        if tag == "data":
            attributes = self.tags[-1][1]
            if attributes.get("data-sql"):
                self.numbers.append((str(attributes["data-sql"]), attributes["value"] or "", data))


def test_every_section_of_the_comparison_document_has_its_heading():
    headings = Page(standard_page()).headings
    assert [heading for heading in HEADINGS if heading not in headings] == []


def test_every_number_equals_the_sql_that_the_report_names_beside_it():
    tables = story()
    # Rows of another version and another dataset must not change what a query yields.
    for name, frame in tables.items():
        key = "model_version" if "model_version" in frame.columns else "dataset"
        tables[name] = pl.concat([frame, frame.with_columns(pl.lit("other").alias(key))])
    warehouse = duckdb.connect()
    for name, frame in tables.items():
        warehouse.from_arrow(frame.to_arrow()).create(name)
    define(warehouse, native_definitions(SQL), described=False)
    numbers = Page(standard_page()).numbers
    assert len(numbers) > 300
    for sql, exact, shown in numbers:
        row = warehouse.execute(sql).fetchone()
        found = None if row is None else row[0]
        if exact == "":
            assert found is None, f"{shown}: {sql}"
        else:
            assert found == pytest.approx(float(exact), rel=1e-12), f"{shown}: {sql}"


def test_the_headline_scores_stand_in_the_report_as_they_were_given():
    page = Page(standard_page())
    f1 = [
        (exact, shown)
        for sql, exact, shown in page.numbers
        if sql.startswith("select f1 from")
        and "'relation'" in sql
        and f"model_version is not distinct from '{NEW}'" in sql
    ]
    assert ("0.5", "50.0") in f1


def test_the_first_screen_says_better_on_what_and_how_sure():
    page = Page(standard_page()).text
    assert f"This adapter of {NEW}, against this adapter of {OLD}: scores higher on entities, " in page
    assert "not distinguishable on relations." in page
    assert "One training each: it says nothing of the recipes." in page
    assert re.search(
        r"\+38\.9 points, 95 % interval \+18\.9 to \+58\.9; adjusted p\s+=\s+0\.004; 3 documents",
        page,
    )


def test_a_version_below_a_trivial_baseline_says_so_before_everything_else():
    page = Page(standard_page()).text
    warning = page.index(f"{OLD} is below a trivial baseline: relation F1 0.0 %")
    assert warning < page.index("Configuration", page.index("Verdict") + 400)
    assert f"{NEW} is below a trivial baseline" not in page


def test_what_is_answered_at_a_precision_and_which_version_knows_better_is_said():
    text = re.sub(r"\s+", " ", re.sub("<[^>]+>", "", standard_page()))
    assert "at 95 % precision it answers 61.0 % of the relations that it predicts" in text
    assert "no threshold gives 95 % precision on relations of dev" in text
    assert text.count("calibration error20.05.0−15.0−20.0 to −10.0better") == 2
    assert text.count("area under risk20.05.0−15.0−20.0 to +5.0not distinguishable") == 2


def test_versions_without_probabilities_are_said_to_have_none():
    page = render_html(inputs(without=("confidence", "confidence_comparisons")))
    assert "No probabilities: the completions are of a system or an edition" in page


def test_a_missing_training_log_is_said_and_the_rest_is_shown():
    page = Page(render_html(inputs(training_log=only("training_log", NEW))))
    assert f"The training log of {OLD} is missing; its adapter is there." in page.text
    assert "converged" in page.text
    assert "Duplicates" in page.headings


def test_an_evaluation_that_is_half_done_is_said_and_its_scores_are_shown():
    scores = story()["document_scores"].filter((pl.col("model_version") == OLD) | (pl.col("doc_id") == "d1"))
    page = Page(render_html(inputs(document_scores=scores)))
    assert f"The evaluation of {NEW} is half done: 1/3 evaluated." in page.text
    assert "1/3 evaluated" in page.text[page.text.index("Timeline") :]


def test_an_evaluation_that_has_only_begun_is_said_in_documents():
    done = story()["completions"].filter((pl.col("model_version") == OLD) | (pl.col("doc_id") == "d1"))
    changed = {
        name: only(name, OLD)
        for name in ("metrics", "document_scores", "entity_outcomes", "relation_outcomes")
    }
    page = Page(render_html(inputs(without=("comparisons",), completions=done, **changed))).text
    assert f"{NEW} is not evaluated yet." in page
    assert "1/3 documents have a completion" in page


def test_a_baseline_that_was_never_trained_is_said_and_the_version_is_shown():
    names = ("adapters", "training_log", "completions", "rejected_lines", "metrics", "document_scores",
             "entity_outcomes", "relation_outcomes")  # fmt: skip
    page = Page(render_html(inputs(without=("comparisons",), **{name: only(name, NEW) for name in names})))
    assert f"{OLD} was never trained: {NEW} stands alone." in page.text
    assert "88.9" in page.text
    assert [heading for heading in HEADINGS if heading not in page.headings] == []


def test_a_version_without_a_baseline_has_a_report_of_its_own():
    page = Page(render_html(inputs(baseline=None)))
    assert f"{NEW} names no baseline" in page.text
    assert [heading for heading in HEADINGS if heading not in page.headings] == []
    assert report_name(NEW, None) == "new.html"
    assert report_name(NEW, OLD) == "new-vs-old.html"


@pytest.mark.parametrize("baseline", [OLD, None])
def test_a_report_from_empty_tables_still_has_every_section(baseline: str | None):
    page = Page(render_html(inputs_from_frames(NEW, baseline, DATASET, empty())))
    assert [heading for heading in HEADINGS if heading not in page.headings] == []
    assert f"{NEW} is not evaluated yet." in page.text


@pytest.mark.parametrize("name", [name for name, frame in story().items() if frame.height])
def test_a_report_without_any_one_table_still_has_every_section(name: str):
    page = Page(render_html(inputs(without=(name,))))
    assert [heading for heading in HEADINGS if heading not in page.headings] == []


def test_a_table_that_is_not_passed_at_all_is_an_error_that_names_it():
    tables = story()
    del tables["metrics"], tables["audits"]
    with pytest.raises(MednerError, match="no frame for audits, metrics"):
        inputs_from_frames(NEW, OLD, DATASET, tables)


def test_tables_of_two_evaluations_are_not_believed():
    mixed = story()["metrics"].with_columns(pl.lit("eval-older").alias("evaluation_id"))
    page = Page(render_html(inputs(metrics=mixed))).text
    assert f"The tables of {NEW} belong to 2 evaluations (eval-new, eval-older)" in page


def test_a_recipe_that_was_changed_after_training_casts_doubt_on_its_expectation():
    later = story()["recipes"].with_columns(pl.lit("hash-later").alias("recipe_hash"))
    assert "The recipe was changed after training" in Page(render_html(inputs(recipes=later))).text
    assert "The recipe was changed after training" not in Page(standard_page()).text


def test_labels_that_do_not_follow_the_text_come_before_the_next_steps():
    audits = story()["audits"].with_columns(
        detail=pl.when(pl.col("figure") == "verdict")
        .then(pl.lit("labels-do-not-follow-text"))
        .otherwise("detail")
    )
    page = Page(render_html(inputs(audits=audits))).text
    assert "no training can learn them" in page
    assert "The target, relation F1 75.0 %, cannot be reached by training" in page
    assert "change the data before anything else" in page


def test_equal_inputs_give_the_same_page():
    assert render_html(inputs()) == standard_page()


def test_nothing_is_loaded_from_elsewhere():
    page = standard_page()
    for tag, attributes in Page(page).tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "form[action]")
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", page)


def test_the_page_allows_no_script_but_its_own():
    page = standard_page()
    policy = next(
        attributes["content"] for tag, attributes in Page(page).tags if attributes.get("http-equiv")
    )
    assert policy is not None
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/]{43}='", policy)
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]


NASTY = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
    " \"quoted\" 'single' & {{ 7 * 7 }} \N{PILL}"
)


def test_medical_text_and_type_names_with_markup_are_harmless():
    tables = story()
    documents = tables["documents"].with_columns(text=pl.lit(NASTY), doc_id=pl.col("doc_id") + NASTY)
    changed = {"documents": documents}
    for name in ("entity_outcomes", "relation_outcomes"):
        changed[name] = tables[name].with_columns(
            predicted_type=pl.lit(NASTY), doc_id=pl.col("doc_id") + NASTY
        )
    changed["recipes"] = tables["recipes"].with_columns(
        value=pl.when(pl.col("setting") == "summary").then(pl.lit(NASTY)).otherwise("value")
    )
    changed["audits"] = tables["audits"].with_columns(detail=pl.lit(NASTY))
    page = render_html(inputs(**changed))
    parsed = Page(page)
    assert [tag for tag, _ in parsed.tags].count("script") == 3
    assert not any(tag == "img" for tag, _ in parsed.tags)
    assert "<script>alert" not in page
    assert "{{ 7 * 7 }}" in html.unescape(page)
    for sql, exact, _ in parsed.numbers[:50]:
        assert sql
        assert exact is not None


def test_the_short_form_for_dagster_is_short_and_has_the_scores():
    parts = render_markdown(inputs())
    text = "\n\n".join(parts.values())
    assert text.startswith(
        f"**This adapter of {NEW}, against this adapter of {OLD}: scores higher on entities"
    )
    assert "| relations | new | 50.0 | 50.0 | **50.0** | 40.0–60.0 | 1 | 1 | 1 | 75.0: missed |" in text
    assert "<" not in text.replace("< 0.001", "")
    assert len(parts["how sure"]) < 250
    assert len("\n\n".join(part for name, part in parts.items() if name != "how sure")) < 1550


def test_the_short_form_of_a_version_that_is_not_evaluated_says_so():
    text = render_markdown(inputs_from_frames(NEW, OLD, DATASET, empty()))["scores"]
    assert "| relations | new | not evaluated |" in text


def test_recall_on_negated_mentions_stands_in_the_report_where_the_corpus_says_what_is_negated():
    gold = inputs().tables["gold_entities"]
    told = [["negation=true"] if number == 0 else [] for number in range(gold.height)]
    page = render_html(inputs(gold_entities=gold.with_columns(pl.Series("attributes", told))))
    assert "Recall by what is said of a mention or relation" in page
    assert re.search(r'<th scope="row">negation = true</th><td>mentions</td>', page)
    assert "Recall by what is said" not in render_html(inputs())
    assert "Recall by what is said" not in render_html(inputs(gold_entities=gold.drop("attributes")))


def test_the_report_says_when_the_later_of_both_was_first_scored_and_nothing_where_no_table_does():
    reads = [
        (OLD, "evaluation", "eval-old", 5), (NEW, "evaluation", "eval-new", 9),
        (NEW, "evaluation", "eval-new", 11), (NEW, "evaluation", "an-earlier-one", 3),
        (NEW, "promotion", "eval-new", 2),
    ]  # fmt: skip
    rows = [
        {"model_version": name, "purpose": purpose, "evaluation_id": evaluation,
         "read_at": datetime(2026, 3, 1, hour, tzinfo=UTC)}
        for name, purpose, evaluation, hour in reads
    ]  # fmt: skip
    page = render_html(inputs(test_reads=table("test_reads", rows)))
    assert "· scored 2026-03-01 09:00 UTC</p>" in page
    timeline = page[page.index('id="timeline"') :]
    assert ">2026-03-01 05:00</td>" in timeline
    assert "· scored" not in standard_page()


def test_the_browser_gets_names_that_cannot_end_its_script():
    names = table("gold_entities", [{"dataset": DATASET, "doc_id": "d1", "split": "test", "entity_id": "T0",
                                     "type": "</script>", "start": 0, "end": 7, "text": "Aspirin",
                                     "concepts": []}])  # fmt: skip
    page = render_html(inputs(gold_entities=names))
    block = re.search(r'id="browser-names">(.*?)</script>', page, re.S)
    assert block is not None
    assert "</script>" in json.loads(block[1])["entityTypes"]
