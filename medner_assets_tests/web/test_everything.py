"""Everything at once in a live `medner ui`, and what its graph says after a recipe was edited."""

import time
from collections.abc import Iterator

import pytest

from medner_assets_tests.defs.test_left_out import CORPUS, LARGE
from medner_assets_tests.support.checkout import make_checkout
from medner_assets_tests.support.live import Live, running, within

pytestmark = pytest.mark.slow

OF_A_VERSION = ("recipe", "adapter", "completions", "predictions", "metrics", "comparison_report")
ENDS = ("COMPLETED_SUCCESS", "COMPLETED_FAILED", "FAILED", "COMPLETED", "CANCELED")


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A UI in which all was materialised of a project with versions that cannot be made here."""
    made = make_checkout(tmp_path_factory.mktemp("everything") / "project")
    made.recipe("datasets", "elsewhere", CORPUS)
    made.recipe("base_models", "large", LARGE)
    made.recipe("versions", "on-gpu", "summary: x\nbaseline: tiny-v1\nbase_model: large\n")
    made.recipe("versions", "on-notes", "summary: x\nbaseline: tiny-v1\ndataset: elsewhere\n")
    with running(made) as live:
        backfill = live.materialise_all()
        assert within(900, lambda: live.backfill_status(backfill) in ENDS) is not None
        assert live.backfill_status(backfill) == "COMPLETED_SUCCESS", live.statuses()
        yield live


def test_materialise_all_makes_all_that_can_be_made_here_with_champion_and_leaderboard(everything):
    for asset in (*OF_A_VERSION, "annotations"):
        assert everything.made(asset) == {"tiny-v1", "tiny-v2"}, asset
    assert everything.made("dataset") == {"miniature"}
    assert everything.made("champion") == {None}
    assert everything.made("leaderboard") == {None}
    assert set(everything.statuses().values()) == {"SUCCESS"}


def test_an_edited_recipe_shows_in_the_graph_and_in_the_terminal_before_anything_runs(everything):
    assert {everything.staleness(asset) for asset in OF_A_VERSION} == {("FRESH", ())}
    file = everything.checkout.root / "recipes" / "versions" / "tiny-v2.yaml"
    before = file.read_text()
    file.write_text(before.replace("rank: 8", "rank: 2"))
    everything.reload()
    for asset in OF_A_VERSION:
        status, reasons = everything.staleness(asset)
        assert status == "STALE", asset
        assert "has a new data version: tiny-v2" in reasons, asset
        assert everything.staleness(asset, "tiny-v1")[0] == "FRESH"
    told = everything.checkout.medner("versions").err.splitlines()
    assert "tiny-v2: trained; the recipe changed since: `medner train tiny-v2`" in told
    assert not [line for line in told if line.startswith("tiny-v1: ")]
    file.write_text(before)
    everything.reload()
    assert everything.staleness("adapter")[0] == "FRESH"


def test_a_recipe_that_is_nonsense_leaves_the_definitions_loaded_and_says_its_error(everything):
    file = everything.checkout.root / "recipes" / "versions" / "tiny-v2.yaml"
    before = file.read_text()
    file.write_text("summary: [")
    everything.reload()
    run = everything.launch("retrain", "tiny-v2")
    assert within(60, lambda: everything.statuses()[run] == "FAILURE") is not None
    assert everything.staleness("adapter", "tiny-v1")[0] == "FRESH"
    file.write_text(before)
    everything.reload()
    time.sleep(0.1)
    assert everything.made("adapter") == {"tiny-v1", "tiny-v2"}
