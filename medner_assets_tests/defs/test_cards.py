"""Steps that need one GPU each get one each, and share only when there are more steps than cards."""

import subprocess
import sys

from medner_assets.defs.cards import own_card


def test_two_steps_on_two_cards_get_one_each_and_a_third_sees_both(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    with own_card(tmp_path) as first, own_card(tmp_path) as second, own_card(tmp_path) as third:
        assert first.environment == {"CUDA_VISIBLE_DEVICES": "0"}
        assert second.environment == {"CUDA_VISIBLE_DEVICES": "1"}
        assert (third.environment, third.held) == ({}, ())
    with own_card(tmp_path) as again:
        assert again.environment == {"CUDA_VISIBLE_DEVICES": "0"}


def test_a_card_stays_taken_while_a_process_of_a_killed_step_still_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5")
    with own_card(tmp_path) as card:
        orphan = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=card.held
        )
    try:
        with own_card(tmp_path) as other:
            assert other.environment == {"CUDA_VISIBLE_DEVICES": "5"}
    finally:
        orphan.communicate(b"\n")
    with own_card(tmp_path) as free:
        assert free.environment == {"CUDA_VISIBLE_DEVICES": "4"}


def test_with_one_card_or_none_nothing_is_chosen_and_nothing_is_written(tmp_path, monkeypatch):
    for visible in ("", "-1", "0"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        with own_card(tmp_path / "locks") as card:
            assert (card.environment, card.held) == ({}, ())
    assert not (tmp_path / "locks").exists()
