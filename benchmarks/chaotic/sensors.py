"""The sensors and the automation conditions in a live daemon: started as in the UI, and what they start."""

from typing import Any

from medner_assets.corpus.jsonl import write_documents
from medner_assets_tests.support.checkout import VERSION, Checkout
from medner_assets_tests.support.live import Live, running, within
from medner_assets_tests.support.miniature import documents

_PATIENCE = 300.0
"""Seconds: a sensor's tick, and a chain on the two-layer base where other programs want the cores too."""


def automated(checkout: Checkout) -> dict[str, dict[str, Any]]:
    """Start each sensor in a new project and return what came of it by name; `held` says whether."""
    (checkout.root / "recipes/versions/long.yaml").unlink()
    (checkout.root / "recipes/versions/tiny-v2.yaml").unlink(missing_ok=True)
    trained = checkout.medner("train", "tiny-v1")
    assert trained.code == 0, trained.err
    evaluated = checkout.medner("evaluate", "tiny-v1")
    assert evaluated.code == 0, evaluated.err
    with running(checkout) as live:
        return {
            "the leaderboard follows new scores": _conditions(checkout, live),
            "a recipe without an adapter appears": _new_recipe(checkout, live),
            "a corpus file changes": _changed_corpus(checkout, live),  # last: now tiny-v1 is of old data
        }


def _new_recipe(checkout: Checkout, live: Live) -> dict[str, Any]:
    checkout.recipe("versions", "tiny-v2", VERSION + "baseline: tiny-v1\n")
    live.reload()  # partitions are read with the definitions
    live.start_sensor("untrained_versions")
    waited = within(_PATIENCE, lambda: _succeeded(live, "tiny-v2"))
    return {"held": waited is not None, "trained_after": waited, "ticks": _told(live, "untrained_versions")}


def _changed_corpus(checkout: Checkout, live: Live) -> dict[str, Any]:
    before = checkout.rows("documents", "miniature").height
    write_documents(checkout.root / "corpora" / "miniature.jsonl", documents(30))
    live.start_sensor("changed_corpora")
    waited = within(_PATIENCE, lambda: checkout.rows("documents", "miniature").height == 30)
    return {
        "held": waited is not None and before == 24,
        "rebuilt_after": waited,
        "ticks": _told(live, "changed_corpora"),
    }


def _conditions(checkout: Checkout, live: Live) -> dict[str, Any]:
    """Score a version anew, and wait for the leaderboard that nobody asked for."""
    live.start_sensor("default_automation_condition_sensor")
    looked = within(_PATIENCE, lambda: bool(live.ticks("default_automation_condition_sensor")))
    known = set(live.statuses())
    run = live.launch("evaluate", "tiny-v1")
    scored = within(_PATIENCE, lambda: live.statuses().get(run) == "SUCCESS")

    def followed() -> bool:
        return any(
            status == "SUCCESS" and each not in known | {run} and not live.partition(each)
            for each, status in live.statuses().items()
        )

    waited = within(_PATIENCE, followed)
    return {"held": None not in (looked, scored, waited), "leaderboard_after": waited}


def _succeeded(live: Live, version: str) -> bool:
    return any(
        status == "SUCCESS" and live.partition(run) == version for run, status in live.statuses().items()
    )


def _told(live: Live, sensor: str) -> list[str]:
    return [tick["skipReason"] or tick["status"] for tick in live.ticks(sensor)][:3]
