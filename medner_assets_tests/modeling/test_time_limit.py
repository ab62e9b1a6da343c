"""A process that is told of its time limit keeps what it has done, stops, and is gone on with."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence

import pytest

from medner_assets.corpus.jsonl import write_documents
from medner_assets.errors import MednerError
from medner_assets.modeling.inference.decoding import Completion
from medner_assets.modeling.inference.generate import written
from medner_assets.modeling.job import AskingJob
from medner_assets.modeling.process import process
from medner_assets.modeling.progress import Silence
from medner_assets.modeling.time_limit import OUT_OF_TIME, OutOfTime, listen_for_notice, time_is_up
from medner_assets.modeling.training.train import train
from medner_assets.modeling.windows import Window
from medner_assets.recipes.endpoint import EndpointRecipe
from medner_assets_tests.modeling.test_training import job, weights
from medner_assets_tests.support.miniature import documents


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    before = signal.getsignal(signal.SIGUSR1)
    listen_for_notice()
    yield
    listen_for_notice()
    signal.signal(signal.SIGUSR1, before)


class Told(Silence):
    """A log whose first line about the steps is when the notice comes."""

    def info(self, msg: str) -> None:
        if msg.startswith("training: 1/"):
            os.kill(os.getpid(), signal.SIGUSR1)


def test_a_training_that_stops_within_an_epoch_goes_on_to_the_same_weights(tmp_path, miniature_base):
    train(job(tmp_path / "whole", miniature_base), Silence())
    cut = job(tmp_path / "cut", miniature_base)
    with pytest.raises(OutOfTime):
        train(cut, Told())
    assert [folder.name for folder in (cut.work / "checkpoints").iterdir()] == ["checkpoint-2"]
    assert not cut.output.exists()
    listen_for_notice()
    train(cut, Silence())
    assert weights(tmp_path / "whole") == weights(tmp_path / "cut")


def test_a_limit_that_leaves_no_time_for_two_steps_is_one_line(tmp_path, miniature_base):
    os.kill(os.getpid(), signal.SIGUSR1)
    with pytest.raises(MednerError, match="no time for a second step: ask for more time"):
        train(job(tmp_path, miniature_base), Silence())


class Writer:
    """Completes a text at a time; the notice comes while it completes the second."""

    def __init__(self) -> None:
        self.asked = 0

    def windows(self, text: str) -> Iterator[Window]:
        yield Window(0, text)

    def complete(
        self, texts: Sequence[str], *, named: Callable[[int], str], say: Callable[[str], None]
    ) -> Iterator[dict[int, Completion]]:
        for n in range(len(texts)):
            self.asked += 1
            if self.asked == 2:
                os.kill(os.getpid(), signal.SIGUSR1)
            yield {n: Completion(named(n), f"of {n}", "stop", 1, 1, 0.0)}


def test_a_generation_keeps_what_is_written_and_goes_on_after_it(tmp_path):
    write_documents(tmp_path / "documents.jsonl", documents(4))
    asked = AskingJob(
        version="v", entity_types=(), relation_types=(), documents=tmp_path / "documents.jsonl",
        output=tmp_path / "out.jsonl", work=tmp_path, generation_id="g",
        endpoint=EndpointRecipe(url="http://127.0.0.1:9", model="m"),
    )  # fmt: skip
    writer = Writer()
    with pytest.raises(OutOfTime):
        written(asked, writer, Silence())
    assert (writer.asked, asked.output.exists()) == (2, False)
    listen_for_notice()
    assert written(asked, writer, Silence()) == 4
    assert writer.asked == 4


def test_the_notice_is_told_once_and_before_it_nothing_stops():
    told: list[str] = []
    assert not time_is_up(0, "step", told.append)
    os.kill(os.getpid(), signal.SIGUSR1)
    assert all(time_is_up(2, "step", told.append) for _ in range(2))
    assert len(told) == 1


def test_a_process_that_stops_in_time_says_so_by_its_exit_code(capsys):
    interrupted = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as ended, process(models=False):
            raise OutOfTime
    finally:
        signal.signal(signal.SIGTERM, interrupted)
    assert ended.value.code == OUT_OF_TIME
    assert capsys.readouterr().err == "stopped before its time limit; the same command goes on from here\n"
