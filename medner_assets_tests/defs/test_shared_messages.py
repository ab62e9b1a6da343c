"""Messages through a shared file arrive whole, also from a job that is killed and begins anew."""

import json
import time
from pathlib import Path
from typing import Any

from medner_assets.defs.shared_messages import SharedFileReader


class Heard:
    """What takes messages."""

    def __init__(self) -> None:
        self.methods: list[str] = []

    def handle_message(self, message: dict[str, Any]) -> None:
        self.methods.append(message["method"])


def message(method: str) -> str:
    return json.dumps({"method": method, "params": {}}) + "\n"


def heard(file: Path, *writes: str) -> list[str]:
    handler = Heard()
    with SharedFileReader(file).read_messages(handler):  # type: ignore[arg-type]
        for text in writes:
            with file.open("a") as stream:
                stream.write(text)
    return handler.methods


def test_what_is_written_until_the_end_is_heard_and_nobody_else_can_read_it(tmp_path):
    file = tmp_path / "messages"
    assert heard(file, message("opened"), message("log"), message("closed")) == ["opened", "log", "closed"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_last_word_of_a_job_that_was_queued_again_is_no_end(tmp_path):
    first, second = (
        message("opened") + message("closed"),
        message("opened") + message("log") + message("closed"),
    )
    assert heard(tmp_path / "messages", first, second) == ["opened", "opened", "log", "closed"]


def test_a_line_that_a_kill_has_cut_costs_no_later_message(tmp_path):
    cut = message("opened") + message("log")[:10]
    assert heard(tmp_path / "messages", cut + message("opened"), message("log")) == ["opened", "log"]


def test_a_message_is_heard_while_the_job_goes_on(tmp_path):
    file, handler = tmp_path / "messages", Heard()
    with SharedFileReader(file).read_messages(handler):  # type: ignore[arg-type]
        file.write_text(message("log") + message("log")[:5])
        give_up = time.monotonic() + 10
        while not handler.methods and time.monotonic() < give_up:
            time.sleep(0.02)
        assert handler.methods == ["log"]
