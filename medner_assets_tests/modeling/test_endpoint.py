"""Completions of a server: asked together, tried again, refused, broken off, resumed; over real HTTP."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medner_assets.errors import MednerError
from medner_assets.modeling.inference.endpoint import Endpoint
from medner_assets.modeling.inference.generate import written
from medner_assets.modeling.job import AskingJob
from medner_assets_tests.support.server import HTML, Reply, Server, answered, serving

TEXTS = [f"Text {n}." for n in range(12)]


class Lines:
    def __init__(self) -> None:
        self.said: list[str] = []

    def info(self, msg: str) -> None:
        self.said.append(msg)


def job(folder: Path, url: str, **endpoint: Any) -> AskingJob:
    documents = folder / "documents.jsonl"
    documents.write_text(
        "".join(
            json.dumps({"id": f"d{n}", "text": text, "entities": [], "relations": []}) + "\n"
            for n, text in enumerate(TEXTS)
        )
    )
    return AskingJob.model_validate(
        {
            "version": "v", "entity_types": ["Drug"], "relation_types": ["causes"],
            "documents": str(documents), "output": str(folder / "completions.jsonl"),
            "generation_id": "g", "shots": {"pool": str(documents), "count": 0, "choice": "seed", "seed": 1},
            "endpoint": {"url": url, "model": "m", "timeout": 5, **endpoint},
        }
    )  # fmt: skip


def text_of(prompt: str) -> str:
    return prompt.rsplit("### Text:\n", 1)[1].split("\n")[0]


def echo(prompt: str, before: int) -> Reply:
    return Reply(answered(f"About {text_of(prompt)}"))


def run(asked: AskingJob) -> tuple[list[dict[str, Any]], list[str]]:
    log = Lines()
    assert written(asked, Endpoint(asked, first_wait=0.01), log) == len(TEXTS)
    return [json.loads(line) for line in asked.output.read_text().splitlines()], log.said


def test_each_text_has_its_answer_whatever_the_order_in_which_they_come(tmp_path: Path):
    def later_first(prompt: str, before: int) -> Reply:
        reply = echo(prompt, before)
        reply.seconds = 0.01 * (12 - int(text_of(prompt)[5:-1]))
        return reply

    with serving(later_first) as server:
        rows, _ = run(job(tmp_path, server.url, concurrency=6))
    assert [row["doc_id"] for row in rows] == [f"d{n}" for n in range(12)]
    assert [row["completion"] for row in rows] == [f"About {text}" for text in TEXTS]
    assert (rows[0]["finish_reason"], rows[0]["prompt_tokens"], rows[0]["completion_tokens"]) == (
        "stop",
        7,
        3,
    )
    assert 1 < server.most_at_once <= 6


def test_the_prompt_is_that_of_a_local_base_and_the_key_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MY_KEY", "s3cret")
    with serving(
        lambda prompt, _: Reply({"choices": [{"text": "said", "finish_reason": "length"}]})
    ) as server:
        rows, _ = run(job(tmp_path, server.url, api="completions", key="MY_KEY", max_new_tokens=9))
    assert {row["finish_reason"] for row in rows} == {"length"}
    body = server.asked[0]
    assert (body["model"], body["max_tokens"], body["temperature"]) == ("m", 9, 0.0)
    assert body["prompt"].startswith("### Instruction:\nExtract the medical entities")
    assert server.headers[0]["path"] == "/v1/completions"
    assert server.headers[0]["authorization"] == "Bearer s3cret"
    monkeypatch.delenv("MY_KEY")
    with pytest.raises(MednerError, match="MY_KEY holds no key"):
        Endpoint(job(tmp_path, server.url, key="MY_KEY"))


def test_what_may_pass_is_tried_again_and_counted_with_the_row(tmp_path: Path):
    trouble = {
        "Text 1.": Reply("slow down", 429, {"Retry-After": "0"}),
        "Text 2.": Reply("broken", 500),
        "Text 3.": Reply(HTML),
        "Text 4.": Reply(answered("late"), seconds=1.0),
        "Text 5.": Reply({"choices": []}),
    }

    def once(prompt: str, before: int) -> Reply:
        return (
            trouble.get(text_of(prompt), Reply())
            if before == 0 and text_of(prompt) in trouble
            else echo(prompt, before)
        )

    with serving(once) as server:
        rows, said = run(job(tmp_path, server.url, timeout=0.5))
    assert [row["completion"] for row in rows] == [f"About {text}" for text in TEXTS]
    assert [row.get("retries") for row in rows[:7]] == [
        None, {"HTTP 429": 1}, {"HTTP 500": 1}, {"an answer that is not JSON": 1}, {"no answer in 0.5 s": 1},
        {"an answer of another form": 1}, None,
    ]  # fmt: skip
    assert any(line.startswith("tried again: 1 × HTTP 429, 1 × HTTP 500") for line in said)


def test_refused_and_cut_answers_are_rows(tmp_path: Path):
    refused: dict[str, Reply] = {
        "Text 1.": Reply('{"error": {"message": "Text 1. is too long"}}', 400),
        "Text 2.": Reply(answered("no", finish_reason="content_filter")),
        "Text 3.": Reply({"choices": [{"message": {"content": None, "refusal": "I can't"}}]}),
        "Text 4.": Reply(answered("half", finish_reason="length")),
    }
    with serving(lambda prompt, before: refused.get(text_of(prompt)) or echo(prompt, before)) as server:
        rows, said = run(job(tmp_path, server.url))
    reasons = [row["finish_reason"] for row in rows]
    assert reasons == ["stop", "refused", "refused", "refused", "length", *["stop"] * 7]
    assert [row["completion"] for row in rows[1:5]] == ["", "", "", "half"]
    assert "3 of 12 texts were refused: each counts as an empty answer" in said
    assert len(server.asked) == 12


def broken_off(server: Server, folder: Path) -> None:
    with pytest.raises(MednerError, match="of 12 texts have no answer after 2 tries"):
        run(job(folder, server.url, tries=2, concurrency=1))


def test_a_run_that_breaks_off_keeps_what_it_has_and_asks_for_the_rest_only(tmp_path: Path):
    down = {f"Text {n}." for n in range(5, 9)}
    with serving(lambda prompt, _: Reply("", 503) if text_of(prompt) in down else echo(prompt, 0)) as server:
        broken_off(server, tmp_path)
        assert not (tmp_path / "completions.jsonl").exists()
        down.clear()
        before = len(server.asked)
        rows, said = run(job(tmp_path, server.url))
    again = sorted(text_of(body["messages"][0]["content"]) for body in server.asked[before:])
    assert len(again) < 12
    assert {"Text 5.", "Text 6.", "Text 7."} <= set(again)
    assert any("documents were already done" in line for line in said)
    assert [row["completion"] for row in rows] == [f"About {text}" for text in TEXTS]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (lambda: Reply(HTML), "an answer that is not JSON"),
        (lambda: Reply(answered("late"), seconds=0.5), "no answer in 0.1 s"),
        (lambda: Reply("", 401), "HTTP 401: the key is wrong or missing"),
        (lambda: Reply("", 404), "HTTP 404: it has no such model or address"),
        (lambda: Reply("", 302, {"Location": "http://elsewhere.example/"}), "HTTP 302: it sends elsewhere"),
        (lambda: Reply("secret text", 400), "it refuses all 12 texts"),
        (lambda: Reply("[" * 100_000), "an answer that is not JSON"),
    ],
)
def test_a_server_that_never_answers_is_one_line_and_no_score(
    tmp_path: Path, reply: Callable[[], Reply], reason: str
):
    with serving(lambda prompt, before: reply()) as server, pytest.raises(MednerError) as error:
        run(job(tmp_path, server.url, tries=2, timeout=0.1 if "0.1" in reason else 5))
    assert reason in str(error.value)
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)
    assert not (tmp_path / "completions.jsonl").exists()
    assert len(server.asked) <= 24


def test_a_killed_process_goes_on_where_it_stopped_and_writes_the_same_rows(tmp_path: Path):
    reached = threading.Event()
    killed: list[bool] = []

    def slowly(prompt: str, before: int) -> Reply:
        if not killed and int(text_of(prompt)[5:-1]) >= 6:
            reached.set()
            return Reply(answered("never read"), seconds=0.5)
        return echo(prompt, before)

    with serving(slowly) as server:
        (tmp_path / "whole").mkdir()
        killed.append(True)
        whole, _ = run(job(tmp_path / "whole", server.url))
        killed.clear()
        server.asked.clear()
        asked = job(tmp_path, server.url, concurrency=1)
        file = tmp_path / "job.json"
        file.write_text(asked.model_dump_json())
        command = [sys.executable, "-m", "medner_assets.modeling.inference.ask", "--job", str(file)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        assert reached.wait(60)
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed.append(True)
        first = len(server.asked)
        rows, said = run(asked)
    assert first == 7
    assert len(server.asked) == first + 6
    assert "6 of 12 documents were already done" in said
    same = ("doc_id", "completion", "finish_reason", "prompt_tokens", "completion_tokens")
    assert [[row[key] for key in same] for row in rows] == [[row[key] for key in same] for row in whole]


def test_no_server_at_all_is_one_line(tmp_path: Path):
    with pytest.raises(MednerError, match="4 × no connection"):
        run(job(tmp_path, "http://127.0.0.1:9/v1", tries=1))
