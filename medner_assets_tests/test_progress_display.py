"""What the command line shows while a run goes on, where nobody watches a terminal."""

import io
import json
import time
from pathlib import Path

from rich.console import Console

from medner_assets.progress_display import Display, described

STEP = {"phase": "training", "done": 12, "total": 300, "unit": "steps", "loss": 0.51234, "eta_seconds": 75.4}


def test_progress_is_counted_with_loss_and_time_to_go():
    assert described(STEP) == "12/300 steps, loss 0.512, 1:15 to go"


def test_progress_without_loss_or_estimate_is_a_count():
    assert described(STEP | {"loss": None, "eta_seconds": None}) == "12/300 steps"


def shown(lines: list[str], watched: list[Path] | None = None) -> str:
    out = io.StringIO()
    display = Display(Console(file=out, width=40), watched or [])
    with display.shown():
        for line in lines:
            display.started("a step")
            display.finished(line)
    return out.getvalue()


def test_a_log_file_gets_one_unbroken_line_a_step_and_no_control_characters():
    line = "✓ a step whose name is longer than the console is wide (1.0 s)"
    assert shown([line, "✓ next"]) == f"{line}\n✓ next\n"


def test_before_the_process_reports_a_log_says_what_it_waits_for_and_how_long():
    display = Display(Console(file=io.StringIO()), [])
    display.started("adapter")
    display._began -= 75
    assert display._waited() == "adapter: 1:15 so far, loading libraries, base and data"
    display.started("dataset audit")
    assert display._waited() == "dataset audit: 0:00 so far"


def test_what_an_earlier_process_left_is_not_shown_as_progress_of_this_one(tmp_path):
    file = tmp_path / "progress.json"
    file.write_text(json.dumps(STEP))
    display = Display(Console(file=io.StringIO()), [file])
    time.sleep(0.02)
    display.started("a step")
    assert display._latest() is None
    file.write_text(json.dumps(STEP | {"done": 13}))
    assert display._latest()["done"] == 13
