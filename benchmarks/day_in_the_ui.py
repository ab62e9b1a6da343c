"""The steps of `ui.py`: each a sentence that the pages must bear out."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from medner_assets_tests.support.live import Live, processes_of, within

if TYPE_CHECKING:
    from playwright.sync_api import Page

JOB = "/locations/medner/jobs/{}"
PATIENCE = 240.0
MONITOR = 15.0
"""Seconds in which the daemon would have ended a run that it takes for another's."""


@dataclass
class Person:
    """Someone at the UI: the live project, the page, and where pictures go."""

    live: Live
    page: "Page"
    folder: Path

    def opens(self, path: str) -> None:
        """Open a page of the UI."""
        self.page.goto(f"http://127.0.0.1:{self.live.port}{path}")

    def sees(self, text: str, seconds: float = 60.0) -> None:
        """Wait until the page says `text`; raise AssertionError with what it says instead."""
        if within(seconds, lambda: text in self.text()) is None or text not in self.text():
            raise AssertionError(f"the page does not say {text!r}: {self.text()[-500:]}")

    def text(self) -> str:
        """Return what the page says, without the marks at which names may break."""
        return self.page.inner_text("body").replace("\u200b", "")

    def clicks(self, name: str, last: bool = False) -> None:
        """Click on the button of that name."""
        found = self.page.get_by_role("button", name=name)
        (found.last if last else found.first).click()

    def picture(self, name: str) -> None:
        """Keep what the window shows."""
        self.page.screenshot(path=self.folder / f"{name}.png")

    def starts(self, job: str, version: str) -> str:
        """Start a job for one version by its button; return the new run's id."""
        before = set(self.live.statuses())
        self.opens(JOB.format(job))
        self.clicks("Materialize all")
        confirm = self.page.get_by_role("button", name="Confirm")
        choice = self.page.get_by_text("Select a partition or create one")
        confirm.or_(choice).first.wait_for()
        if confirm.is_visible():  # the dataset is not built yet: the adapter builds it
            confirm.click()
        choice.click()
        names = self.page.locator("[class*=MiddleTruncate]").filter(has_text=version)
        names.locator("visible=true").first.click()
        self.page.keyboard.press("Escape")
        self.page.locator("[role=dialog] button").last.click()
        assert within(60, lambda: bool(set(self.live.statuses()) - before)) is not None, "no run was started"
        (run,) = set(self.live.statuses()) - before
        return run

    def waits(self, run: str, *statuses: str) -> None:
        """Wait until a run is in one of the statuses."""
        reached = within(PATIENCE, lambda: self.live.statuses()[run] in statuses)
        assert reached is not None, f"run {run} is {self.live.statuses()[run]}, not {statuses}"

    def trains(self, version: str) -> bool:
        """Tell whether a training of the version is at work."""
        return bool(processes_of(self.live.checkout, f"work/{version}/training"))

    def edits(self, version: str, before: str, after: str) -> None:
        """Edit a version's file in place."""
        file = self.live.checkout.root / "recipes" / "versions" / f"{version}.yaml"
        content = file.read_text()
        assert before in content, content
        file.write_text(content.replace(before, after))

    def sees_the_graph(self) -> None:
        """Open the graph with all its groups, and wait until it has asked whether anything is unsynced."""
        self.opens("/asset-groups")
        self.sees("Materialize all")
        self.page.locator("[class*=GraphExplorer], svg").first.wait_for()
        for _ in range(4):  # the shortcut is heard once the graph is drawn
            time.sleep(4)
            self.page.keyboard.press("Alt+e")
            within(20, lambda: "comparison_report" in self.text())
            if "comparison_report" in self.text():
                break
        self.sees("comparison_report")
        time.sleep(6)

    def sees_unsynced(self) -> bool:
        """Tell whether the graph marks anything as unsynced: by the word, or from afar by a dot."""
        dots = self.page.locator("[class*=minimalNodeStaleDot]").count()
        return dots > 0 or "Unsynced" in self.text()

    def reloads(self) -> None:
        """Press "Reload definitions" on the graph, and wait until they are there."""
        self.opens("/asset-groups")
        self.clicks("Reload definitions")
        self.sees("Definitions reloaded")


def one_job_makes_a_version_from_its_recipe_to_its_report(person: Person) -> None:
    """The README's one action; its page says what it does."""
    run = person.starts("train_and_evaluate_version", "tiny-v1")
    person.opens(JOB.format("train_and_evaluate_version"))
    person.sees("Make one version, whole: from its recipe to its report")
    person.waits(run, "SUCCESS", "FAILURE")
    person.opens(f"/runs/{run}")
    person.sees("Success")
    person.sees("comparison_report")


def a_click_on_the_asset_page_opens_the_whole_report(person: Person) -> None:
    """The report is served by the same server."""
    person.opens("/assets/comparison_report?view=partitions&partition=tiny-v1")
    link = person.page.locator("a[href^='/reports/']").first
    link.wait_for()
    with person.page.expect_popup() as opened:
        link.click()
    report = opened.value
    report.wait_for_load_state()
    assert "/reports/tiny-v1" in report.url, report.url
    assert "tiny-v1" in report.inner_text("h1"), report.inner_text("body")[:300]
    report.screenshot(path=person.folder / "02-the-report.png")
    report.close()


def the_run_page_tells_step_and_loss_and_terminate_ends_the_training(person: Person) -> None:
    """Nothing is at work afterwards."""
    run = person.starts("retrain", "long")
    assert within(PATIENCE, lambda: person.trains("long")) is not None, "no training began"
    person.opens(f"/runs/{run}")
    person.sees("loss", PATIENCE)
    person.picture("03-a-run")
    person.clicks("Terminate")
    person.page.get_by_role("button", name="Terminate").last.click()
    person.waits(run, "CANCELED")
    person.opens(f"/runs/{run}")
    person.sees("Canceled")
    assert within(20, lambda: not person.trains("long")) is not None, "the training goes on"


def execute_again_starts_a_run_that_lives_and_can_be_terminated(person: Person) -> None:
    """The case that was broken: the new run was taken for the process that had ended."""
    before = set(person.live.statuses())
    person.clicks("Re-execute all")
    assert within(60, lambda: bool(set(person.live.statuses()) - before)) is not None, "no run was started"
    (run,) = set(person.live.statuses()) - before
    assert within(PATIENCE, lambda: person.trains("long")) is not None, "no training began"
    time.sleep(MONITOR)
    person.opens(f"/runs/{run}")
    person.sees("Started")
    assert person.live.statuses()[run] == "STARTED", person.live.statuses()[run]
    person.picture("04-executed-again")
    person.clicks("Terminate")
    person.page.get_by_role("button", name="Terminate").last.click()
    person.waits(run, "CANCELED")
    assert within(20, lambda: not person.trains("long")) is not None, "the training goes on"


def a_version_file_that_is_deleted_leaves_the_definitions_loaded(person: Person) -> None:
    """Its partition is gone from the picker."""
    (person.live.checkout.root / "recipes" / "versions" / "long.yaml").unlink()
    person.reloads()
    person.opens("/assets/adapter?view=partitions")
    person.sees("tiny-v2")
    assert "long" not in person.text().split("tiny-v1")[-1]


def materialise_all_makes_all_that_can_be_made_here(person: Person) -> None:
    """Champion and leaderboard too; a version without its GPU is no part of it."""
    person.opens("/asset-groups")
    person.clicks("Materialize all")
    dialog = person.page.get_by_role("dialog")
    confirm = person.page.get_by_role("button", name="Confirm")
    launch = dialog.get_by_role("button", name="Launch")
    confirm.or_(launch).first.wait_for()
    if confirm.is_visible():
        confirm.click()
    launch.last.click()
    backfill = _backfill(person)
    ended = within(
        3 * PATIENCE, lambda: person.live.backfill_status(backfill).startswith(("COMPLETED", "FAILED"))
    )
    assert ended is not None, person.live.backfill_status(backfill)
    person.opens(f"/runs/b/{backfill}")
    person.sees("100% completed")
    assert person.live.backfill_status(backfill) == "COMPLETED_SUCCESS"
    assert person.live.made("leaderboard") == {None}
    assert "on-gpu" not in person.live.made("recipe")


def an_edited_recipe_shows_as_unsynced_in_the_graph(person: Person) -> None:
    """Before anything runs; so does the page of the version's adapter, and nothing else's."""
    person.sees_the_graph()
    assert not person.sees_unsynced(), "the graph calls something unsynced"
    person.edits("tiny-v2", "rank: 8", "rank: 2")
    person.reloads()
    person.sees_the_graph()
    assert within(60, person.sees_unsynced) is not None, "the graph calls nothing unsynced"
    person.picture("07-unsynced")
    # On an asset's page once for the asset as a whole, and once more for the partition that is.
    for version, times in (("tiny-v2", 2), ("tiny-v1", 1)):
        person.opens(f"/assets/adapter?view=partitions&partition={version}")
        person.sees("Unsynced")
        time.sleep(6)
        assert person.text().count("Unsynced") == times, f"{version}: {person.text().count('Unsynced')}"


def a_recipe_that_is_nonsense_shows_its_error_and_the_rest_goes_on(person: Person) -> None:
    """The code location loads."""
    person.edits("tiny-v2", "summary:", "summary: [")
    person.reloads()
    person.opens("/deployment/locations")
    person.sees("Loaded")
    person.opens("/assets/version_files?view=partitions&partition=tiny-v2")
    person.sees("tiny-v2.yaml")
    person.picture("08-its-error")
    person.edits("tiny-v2", "summary: [", "summary:")
    person.edits("tiny-v2", "rank: 2", "rank: 8")
    person.reloads()
    person.sees_the_graph()
    assert not person.sees_unsynced(), "the graph calls something unsynced"


def a_schedule_that_is_turned_on_ticks_and_says_why_it_starts_nothing(person: Person) -> None:
    """Here it is due every minute; nothing changed since the trainings."""
    person.opens("/locations/medner/schedules/weekly_retrain")
    person.sees("recipe, data or base changed since")
    # The switch itself is drawn by its label and has no place of its own.
    person.page.locator("input[type=checkbox]").first.evaluate("each => each.click()")
    told = within(
        150, lambda: any(tick["status"] == "SKIPPED" for tick in person.live.ticks("weekly_retrain"))
    )
    assert told is not None, person.live.ticks("weekly_retrain")
    person.opens("/locations/medner/schedules/weekly_retrain")
    person.sees("0 runs requested")


def the_leaderboard_shows_f1_by_version(person: Person) -> None:
    """A picture and a table on the asset's page."""
    person.opens("/assets/leaderboard?view=overview")
    person.sees("relation F1 by version, miniature")


def _backfill(person: Person) -> str:
    """Return the id of the backfill that was started last."""
    query = "{ partitionBackfillsOrError(limit: 1) { ... on PartitionBackfills { results { id } } } }"
    found: list[dict[str, str]] = []

    def there() -> bool:
        found[:] = person.live.ask(query).get("results", [])
        return bool(found)

    assert within(60, there) is not None, "no backfill was started"
    return found[0]["id"]


STEPS: tuple[Callable[[Person], None], ...] = (
    one_job_makes_a_version_from_its_recipe_to_its_report,
    a_click_on_the_asset_page_opens_the_whole_report,
    the_run_page_tells_step_and_loss_and_terminate_ends_the_training,
    execute_again_starts_a_run_that_lives_and_can_be_terminated,
    a_version_file_that_is_deleted_leaves_the_definitions_loaded,
    materialise_all_makes_all_that_can_be_made_here,
    an_edited_recipe_shows_as_unsynced_in_the_graph,
    a_recipe_that_is_nonsense_shows_its_error_and_the_rest_goes_on,
    a_schedule_that_is_turned_on_ticks_and_says_why_it_starts_nothing,
    the_leaderboard_shows_f1_by_version,
)
