"""Who answers while versions come and go: processes that speak as the real ones and load nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from medner_assets.errors import MednerError
from medner_assets.serving import reader, service
from medner_assets.serving.metrics import Metrics
from medner_assets.serving.served import Served
from medner_assets.serving.service import Service, Unavailable, serving

LONGEST = 20.0


class World:
    """What the name stands for; `stamp` changes with it."""

    def __init__(self, lives: Path) -> None:
        self.lives = lives
        self.gone = False
        self.stands_for("v1")

    def stands_for(self, version: str, **job: Any) -> None:
        job = {"version": version, "lives": str(self.lives), **job}
        self.served: Served | str = Served(version, "d", f"weights of {version}", "e", None, "", job)

    def stands_for_none(self, reason: str) -> None:
        self.served = reason

    def resolved(self, name: str, least: float | None) -> Served:
        if isinstance(self.served, str):
            raise MednerError(self.served)
        return self.served


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    monkeypatch.setenv("MEDNER_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(reader, "_MODULE", "medner_assets_tests.support.echo_reader")
    monkeypatch.setattr(service, "LOOK_SECONDS", 0.05)
    made = World(tmp_path / "lives")
    made.lives.write_text("0")
    monkeypatch.setattr(service, "resolved", made.resolved)
    monkeypatch.setattr(service, "stamp", lambda name, version: (repr(made.served), version))
    monkeypatch.setattr(service, "is_gone", lambda name, version: made.gone)
    return made


def served(play: Callable[[Service], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(LONGEST), serving("d", None, Metrics()) as made:
            await play(made)

    asyncio.run(run())


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.01)


async def by(made: Service, text: str = "a") -> str:
    version, (document,) = await made.read([text])
    assert document["by"] == version.version
    assert document["text"] == text
    return version.version


def test_a_new_champion_takes_over_and_what_the_old_one_was_asked_it_answers(world):
    world.stands_for("v1", seconds=0.05)

    async def play(made: Service) -> None:
        before = [asyncio.create_task(by(made, f"text {n}")) for n in range(20)]
        await asyncio.sleep(0)
        world.stands_for("v2")
        await until(lambda: made.served is not None and made.served.version == "v2")
        assert await by(made) == "v2"
        assert await asyncio.gather(*before) == ["v1"] * 20

    served(play)


def test_all_texts_of_a_request_are_read_by_one_version_in_their_order(world):
    world.stands_for("v1", seconds=0.02)

    async def play(made: Service) -> None:
        texts = [f"text {n}" for n in range(20)]
        asked = asyncio.create_task(made.read(texts))
        await asyncio.sleep(0)
        world.stands_for("v2")
        version, documents = await asked
        assert version.version == "v1"
        assert [(each["text"], each["by"]) for each in documents] == [(text, "v1") for text in texts]

    served(play)


def test_a_champion_that_cannot_be_loaded_takes_nothing_over_and_says_why(world):
    async def play(made: Service) -> None:
        world.stands_for("v2", fails="no weights")
        await until(lambda: bool(made.problem))
        assert made.problem == "v2 cannot be served: no weights"
        assert await by(made) == "v1"
        world.stands_for_none("v3 is not evaluated")
        await until(lambda: made.problem == "v3 is not evaluated")
        assert await by(made) == "v1"
        world.stands_for("v4")
        await until(lambda: not made.problem)
        assert await by(made) == "v4"

    served(play)


def test_a_promotion_with_another_reason_is_told_without_loading_anything(world):
    async def play(made: Service) -> None:
        process = made._reader
        assert isinstance(world.served, Served)
        reason = {"kind": "manual", "reason": "another", "since": ""}
        old = world.served
        world.served = Served(old.version, "d", old.weights, "e", reason, "", old.job)
        await until(lambda: made.served is not None and made.served.promotion == reason)
        assert made._reader is process

    served(play)


def test_a_champion_that_is_gone_reads_nothing_until_one_serves_again(world):
    world.stands_for("v1", seconds=0.1)

    async def play(made: Service) -> None:
        before = asyncio.create_task(by(made))
        await asyncio.sleep(0)
        world.gone = True
        world.stands_for_none("v1 has no adapter yet")
        await until(lambda: made.served is None)
        with pytest.raises(Unavailable) as refused:
            await made.read(["a"])
        assert refused.value.code == "champion-gone"
        assert await before == "v1"
        world.gone = False
        world.stands_for("v2")
        await until(lambda: made.served is not None)
        assert await by(made) == "v2"

    served(play)


def test_what_a_process_that_died_had_not_answered_is_asked_again(world):
    world.lives.write_text("1")

    async def play(made: Service) -> None:
        assert await asyncio.gather(by(made, "die"), by(made, "b"), by(made, "c")) == ["v1"] * 3

    served(play)


def test_a_text_that_ends_every_process_is_refused_and_others_are_read_afterwards(world):
    world.lives.write_text("2")

    async def play(made: Service) -> None:
        with pytest.raises(Unavailable) as refused:
            await made.read(["die"])
        assert refused.value.code == "reader-lost"
        assert await by(made) == "v1"

    served(play)


def test_too_much_at_once_is_refused_and_one_long_request_is_not(world, monkeypatch):
    monkeypatch.setattr(service, "MOST_WAITING", 10)
    world.stands_for("v1", seconds=0.05)

    async def play(made: Service) -> None:
        long = asyncio.create_task(by(made, "a" * 20))
        await asyncio.sleep(0)
        with pytest.raises(Unavailable, match="20 characters wait already"):
            await made.read(["b"])
        assert await long == "v1"
        assert await by(made) == "v1"

    served(play)


def test_a_version_that_cannot_be_loaded_at_the_start_is_one_line(world):
    world.stands_for("v1", fails="no weights")
    with pytest.raises(MednerError, match=r"^v1 cannot be served: no weights$"):
        served(lambda made: asyncio.sleep(0))
