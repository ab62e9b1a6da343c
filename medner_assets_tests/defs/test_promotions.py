"""What serves a dataset, and how the history of that grows."""

from datetime import UTC, datetime

import pytest

from medner_assets.defs.reporting.promotions import EMPTY, history_markdown, promoted, serving
from medner_assets.errors import MednerError

NOON = datetime(2026, 2, 8, 12, tzinfo=UTC)


def after(*versions: str, automatic: bool = False):
    history = EMPTY
    for version in versions:
        history = promoted(
            history, version, automatic=automatic, reason="it is better", evaluation_id="e", decided_at=NOON
        )
    return history


def test_nothing_serves_before_the_first_promotion():
    assert serving(EMPTY) is None


def test_the_last_promotion_decides_what_serves_and_the_history_stays():
    history = after("v1", "v2")
    assert serving(history) == "v2"
    assert history.select("sequence", "version", "previous", "kind").rows() == [
        (1, "v1", None, "manual"),
        (2, "v2", "v1", "manual"),
    ]


def test_a_version_that_comes_back_is_a_rollback():
    assert after("v1", "v2", "v1")["kind"].to_list() == ["manual", "manual", "rollback"]


def test_a_promotion_by_the_rule_is_automatic():
    assert after("v1", automatic=True)["kind"].to_list() == ["automatic"]


def test_what_serves_already_is_not_promoted():
    with pytest.raises(MednerError, match="v2 already serves its dataset"):
        after("v1", "v2", "v2")


def test_a_promotion_without_a_reason_is_refused():
    with pytest.raises(MednerError, match="the reason is empty"):
        promoted(EMPTY, "v1", automatic=False, reason="  ", evaluation_id="e", decided_at=NOON)


def test_a_reason_cannot_break_the_table_that_shows_it():
    history = promoted(EMPTY, "v1", automatic=False, reason="a | b\nc", evaluation_id="e", decided_at=NOON)
    last = history_markdown({"ade": history}).splitlines()[-1]
    assert last == "| ade | v1 | – | 2026-02-08 12:00 | manual | a \\| b c |"
