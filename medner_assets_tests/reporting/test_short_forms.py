"""What the terminal, the leaderboard and the model card say."""

from pathlib import Path

import polars as pl
import yaml
from rich.console import Console

from medner_assets.defs.versions.finished import trained_as
from medner_assets.recipes.loading import load_base_model, load_dataset
from medner_assets.recipes.sources import Targets
from medner_assets.reporting.contents import contents_of
from medner_assets.reporting.error_table import errors_markdown
from medner_assets.reporting.inputs import ReportInputs, inputs_from_frames
from medner_assets.reporting.leaderboard import leaderboard_markdown, leaderboard_rows
from medner_assets.reporting.markdown import short_form
from medner_assets.reporting.model_card import model_card
from medner_assets.reporting.numbers import plain
from medner_assets.reporting.terminal import comparison_table
from medner_assets_tests.support.story import DATASET, NEW, OLD, empty, story, table


def inputs(**changed: pl.DataFrame) -> ReportInputs:
    return inputs_from_frames(NEW, OLD, DATASET, story() | changed, Targets())


def printed(report: ReportInputs, path: Path | None = None) -> str:
    console = Console(width=80, record=True, file=open("/dev/null", "w"), force_terminal=False)  # noqa: PTH123, SIM115
    console.print(comparison_table(report, path))
    return console.export_text()


def test_the_terminal_shows_scores_difference_verdict_and_the_whole_path():
    path = Path("/a/rather/long/path/that/does/not/fit/eighty/columns/of/a/terminal/reports/new-vs-old.html")
    text = printed(inputs(), path)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "relations old 0.0 0.0 0.0 0.0–10.0 0 1 2 75.0 missed" in lines
    assert "new 50.0 50.0 50.0 40.0–60.0 1 1 1 75.0 missed" in lines
    assert max(map(len, text.splitlines())) <= 80
    told = " ".join(text.split())
    assert f"Relations: not distinguishable from {OLD} (differences above" in told
    assert "+50.0 points (95 % +30.0 to +70.0, adjusted p" in told
    assert f"report: {path}" in text.replace("\n", "")
    assert f"! {OLD} is below a trivial baseline" in text


def test_terminal_and_short_form_say_how_sure_the_version_is():
    said = inputs_from_frames(NEW, OLD, DATASET, story())
    lines = contents_of(said).sureness
    assert lines == (
        "Entities: at 95 % precision new answers 61.0 % (60.0–63.0); calibration error 5.0 % "
        "(better than 20.0 % of old).",
        "Relations: at 95 % precision new answers 61.0 % (60.0–63.0); calibration error 5.0 % "
        "(better than 20.0 % of old).",
    )
    assert all(" ".join(each.split()) in " ".join(printed(said).split()) for each in lines)
    assert short_form(said)["how sure"] == "\n\n".join(map(plain, lines))


def test_without_probabilities_nothing_is_said_of_them():
    bare = {name: story()[name].clear() for name in ("confidence", "confidence_comparisons")}
    report = inputs(**bare)
    assert contents_of(report).sureness == ()
    assert "how sure" not in short_form(report)


def test_the_terminal_says_what_is_missing():
    text = printed(inputs_from_frames(NEW, OLD, DATASET, empty()))
    assert "not evaluated" in text
    assert f"{NEW} is not evaluated yet." in text


def test_the_leaderboard_orders_by_relation_f1_and_marks_champion_and_trivial_scores():
    promotions = table(
        "promotions",
        [
            {"dataset": DATASET, "sequence": 1, "version": OLD},
            {"dataset": DATASET, "sequence": 2, "version": NEW},
        ],
    )
    text = leaderboard_markdown(leaderboard_rows(story() | {"promotions": promotions}))
    rows = [line for line in text.splitlines() if line.startswith(("| 1 | new", "| 1 | old", "| 2 | old"))]
    assert rows[0].startswith("| 1 | new ★ | 50.0 (40.0–60.0) | 88.9 ")
    assert rows[1].startswith("| 2 | old | 0.0 ↓ (")
    assert "| | *all type-compatible pairs, gold entities* | 40.0 |" in text


def test_the_table_of_errors_counts_items_as_the_scores_do_and_names_its_query():
    own = {name: story()[f"{name}_outcomes"].filter(model_version=NEW) for name in ("entity", "relation")}
    text = errors_markdown(NEW, own["entity"], own["relation"])
    assert text.splitlines()[2:4] == [
        "| ungrounded | 1 | 0 | a string that the text does not hold |",
        "| direction | 0 | 1 | head and tail exchanged |",
    ]
    assert "from error_counts where model_version = 'new' and stage = 'final'" in text
    right = {name: rows.filter(error="correct") for name, rows in own.items()}
    assert errors_markdown(NEW, right["entity"], right["relation"]) == "No errors."


def test_the_leaderboard_counts_the_trainings_that_the_recipe_declares():
    made = story()
    others = [
        made["metrics"]
        .filter(model_version=NEW)
        .with_columns(model_version=pl.lit(f"{NEW}.r{at}"), f1=pl.lit(f1))
        for at, f1 in ((2, 0.7), (3, 0.0))
    ]
    metrics = pl.concat([made["metrics"], *others])
    stated = [{"model_version": NEW, "setting": "replicates", "value": "2", "recipe_hash": "hash-new"}]
    declared = {"metrics": metrics, "recipes": pl.concat([made["recipes"], table("recipes", stated)])}
    assert "2: relations 60.0 ± 14.1" in leaderboard_markdown(leaderboard_rows(made | declared))
    assert "3: relations 40.0 ± 36.1" in leaderboard_markdown(leaderboard_rows(made | {"metrics": metrics}))


def test_a_leaderboard_without_versions_says_so():
    assert leaderboard_markdown(leaderboard_rows(empty())) == "No version is evaluated yet."


def test_the_model_card_has_front_matter_that_reads_back_and_the_same_scores():
    card = model_card(inputs(), load_base_model("mistral-7b"), load_dataset("synthetic-small"))
    _, front, body = card.split("---\n", 2)
    matter = yaml.safe_load(front)
    assert matter["library_name"] == "peft"
    assert matter["base_model"] == load_base_model("mistral-7b").hub_id
    results = matter["model-index"][0]["results"][0]
    assert {each["name"]: each["value"] for each in results["metrics"]} == {
        "Entity F1": 8 / 9,
        "Relation F1": 0.5,
    }
    assert "| relations | new | 50.0 | 50.0 | **50.0** |" in body
    assert "not a medical device" in body
    assert load_dataset("synthetic-small").licence in body


def test_the_card_says_which_layers_were_adapted_and_by_which_path():
    description = {
        "adapted_layers": {"up_proj": 2, "q_proj": 2},
        "path": "padded batches",
        "equality": [{"loss": None}, {"loss": 2e-7, "gradients": 1e-6, "compute": "float32", "samples": 4}],
    }
    card = model_card(inputs(), trained_as=trained_as(description))
    assert "| adapted layers | 2 q_proj, 2 up_proj |" in card
    assert "| path of training | padded batches |" in card
    assert "| loss differs by 2.0e-07 nats a token, gradients by 1.0e-06 (float32, 4 samples) |" in card
    assert trained_as({"equality": [{"loss": None}]}) == {}  # nothing was compared


def test_the_card_of_a_version_that_is_not_evaluated_says_so():
    card = model_card(inputs_from_frames(NEW, OLD, DATASET, empty()))
    assert "not evaluated" in card
    assert "model-index" not in card
    assert "Neither recipe nor adapter is in the warehouse." in card
