"""A served champion under load: speed against one-by-one `predict`, and whether anything is lost or mixed.

    python benchmarks/serve.py --dataset synthetic-small --other tiny-v1

Needs a project in which the dataset has a champion and OTHER, another of its versions, is trained and
evaluated (`medner demo`, `medner promote tiny-v2 …`). OTHER takes over under load and gives back; the history
of promotions has two rows more afterwards. Every answer is held against what `medner predict` says of the
same text with the version that the answer names. The client's own work runs on the same cores.
"""

import asyncio
import json
import os
import platform
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

import click
import psutil

sys.path.insert(0, str(Path(__file__).parent.parent))

from medner_assets.corpus.sentences import sentence_spans
from medner_assets.corpus.synthetic.generator import generate_documents

RESULTS = Path(__file__).parent / "results" / "serve.json"
MEDNER = [sys.executable, "-m", "medner_assets.cli"]
BAD: list[tuple[bytes, str, int]] = [
    (b'{"text": ""}', "application/json", 422),
    (b'{"text": 5}', "application/json", 422),
    (b"{", "application/json", 400),
    (b'{"text": "a"}', "text/plain", 415),
    (json.dumps({"text": "a" * 1_000_000}).encode(), "application/json", 413),
    (b"x" * 5_000_000, "application/json", 413),
]
"""What is sent now and then, its content type, and the status that it must have."""


@dataclass
class Counted:
    """What became of the requests of one load."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    abandoned: int = 0
    items: int = 0
    other_items: int = 0
    """Items that are in one of answer and reference only: last digits of a batch can turn a token."""


class Client:
    """One connection that asks one thing after the other, with as little work as can be."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, body: bytes, kind: str = "application/json") -> tuple[int, Any]:
        """Return status and answer; one that was refused early may have closed the connection."""
        reader, writer = await self._connected()
        with suppress(ConnectionError):
            writer.write(_head(body, kind) + body)
            await writer.drain()
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except (asyncio.IncompleteReadError, ConnectionError):
            await self.leave()
            return 0, None
        length = int(re.search(r"content-length: (\d+)", head.lower())[1])
        content = json.loads(await reader.readexactly(length))
        if "connection: close" in head.lower() or len(body) > 100_000:
            await self.leave()
        return int(head.split(" ", 2)[1]), content

    async def ask_and_go(self, body: bytes) -> None:
        """Ask, and be killed before the answer is there."""
        _, writer = await self._connected()
        writer.write(_head(body, "application/json") + body)
        await writer.drain()
        await asyncio.sleep(random.random() * 0.2)
        writer.transport.abort()
        self._streams = None

    async def leave(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=2**24)
        return self._streams


def _head(body: bytes, kind: str) -> bytes:
    return (
        f"POST /extract HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()


async def load(
    port: int, texts: list[str], clients: int, reference: dict[str, dict[str, Any]], spoilt: float = 0.0
) -> Counted:
    """Ask for every text once, `clients` at a time. spoilt: share of more requests, bad or killed ones."""
    counted, waiting = Counted(), iter(texts)
    chance = random.Random(1)

    async def work() -> None:
        client = Client(port)
        for text in waiting:
            if chance.random() < spoilt:
                await client.ask_and_go(json.dumps({"text": text}).encode())
                counted.abandoned += 1
            if chance.random() < spoilt:
                body, kind, expected = chance.choice(BAD)
                status, answer = await client.ask(body, kind)
                counted.statuses[status] += 1
                if status != expected or answer["error"]["status"] != expected:
                    counted.wrong.append(f"a bad body of {len(body)} bytes: {status} for {expected}")
            began = time.perf_counter()
            status, answer = await client.ask(json.dumps({"text": text}).encode())
            counted.seconds.append(time.perf_counter() - began)
            if len(counted.seconds) % 500 == 0:
                say(f"{len(counted.seconds)} answered")
            counted.statuses[status] += 1
            if status != 200:
                counted.wrong.append(f"{status}: {answer}")
                continue
            _hold(counted, text, answer, reference)
        await client.leave()

    await asyncio.gather(*(work() for _ in range(clients)))
    return counted


def _hold(counted: Counted, text: str, answer: dict[str, Any], reference: dict[str, dict[str, Any]]) -> None:
    """Hold an answer against what its version says of the text alone."""
    version, (document,) = answer["served"]["version"], answer["documents"]
    counted.versions[version] += 1
    if document["text"] != text:
        counted.wrong.append("an answer to another text")
        return
    expected = reference.get(version, {}).get(text)
    if expected is None:
        return
    own, theirs = _items(document), _items(expected)
    counted.items += len(own | theirs)
    counted.other_items += len(own ^ theirs)


def _items(document: dict[str, Any]) -> set[tuple[Any, ...]]:
    texts = {each["id"]: each["text"] for each in document["entities"]}
    return {
        *((each["type"], each["text"], each.get("start")) for each in document["entities"]),
        *((each["type"], texts[each["head"]], texts[each["tail"]]) for each in document["relations"]),
    }


@click.command()
@click.option("--dataset", default="synthetic-small", show_default=True)
@click.option("--other", default="tiny-v1", show_default=True, help="The version that takes over.")
@click.option("--requests", default=10_000, show_default=True)
@click.option("--texts", "distinct", default=300, show_default=True, help="Distinct texts of either kind.")
@click.option("--one-by-one", default=5, show_default=True, help="Times that `medner predict` is started.")
@click.option("--part", type=click.Choice(["speed", "soak"]), help="One of the two; both if not given.")
@click.option("--dry", is_flag=True, help="Do not write the results of the project.")
def main(
    dataset: str, other: str, requests: int, distinct: int, one_by_one: int, part: str | None, dry: bool
) -> None:
    """Measure, and exit 1 where anything was lost or mixed.

    Speed is measured on whole notes; the 10,000 requests are short sentences of them, to take minutes.
    """
    notes = list(dict.fromkeys(each.text for each in generate_documents("stated", 27, distinct)))
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    if part != "soak":
        results["speed"] = _speed(dataset, notes, one_by_one)
    if part != "speed":
        results["soak"] = _soak(dataset, notes, other, requests)
    click.echo(json.dumps(results, indent=1))
    if not dry:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    soak = results["soak"]
    whole = soak["requests"] == requests and set(soak["versions"]) == {soak["champion"], other}
    sys.exit(int(bool(soak["wrong"]) or not whole) if part != "speed" else 0)


def _machine() -> dict[str, Any]:
    return {"machine": f"{os.cpu_count()} cores, {platform.machine()}", "load_average": os.getloadavg()[1]}


def _speed(dataset: str, notes: list[str], one_by_one: int) -> dict[str, Any]:
    """Return requests per second and latencies, served and with a process for each."""
    with Server(dataset) as server:
        told = {**_machine(), "champion": server.health()["version"], "loaded_seconds": server.seconds}
        for clients in (1, 8, 32):
            began = time.perf_counter()
            counted = asyncio.run(load(server.port, notes[: 24 * min(clients, 8)], clients, {}))
            told[f"{clients} at a time"] = _told(counted, time.perf_counter() - began)
            say(f"{clients} at a time: {counted.statuses}, {time.perf_counter() - began:.0f} s")
    told["one_by_one"] = _one_by_one(told["champion"], notes[:one_by_one])
    return {**told, "characters": _mean(notes)}


def _soak(dataset: str, notes: list[str], other: str, requests: int) -> dict[str, Any]:
    """Return what became of the requests, with clients that go away, bad bodies, a kill and two takeovers."""
    short = [note[start:end] for note in notes for start, end in sentence_spans(note) if end - start > 20]
    short = sorted(dict.fromkeys(short), key=len)[: len(notes)]
    with Server(dataset) as server:
        champion = server.health()["version"]
        reference = {version: _predicted(version, short) for version in (champion, other)}
        say(f"{len(short)} texts are read by `medner predict` with both versions")
        texts = [short[n % len(short)] for n in range(requests)]
        random.Random(2).shuffle(texts)
        began = time.perf_counter()
        counted = asyncio.run(_under_load(server, texts, champion, other, reference))
        return {
            **_machine(), "champion": champion, "other": other, "characters": _mean(short),
            **_told(counted, time.perf_counter() - began), "metrics": server.metrics(),
        }  # fmt: skip


def say(line: str) -> None:
    """Tell how far it is."""
    click.echo(line, err=True)


def _mean(texts: list[str]) -> float:
    return sum(map(len, texts)) / len(texts)


async def _under_load(
    server: "Server", texts: list[str], champion: str, other: str, reference: dict[str, dict[str, Any]]
) -> Counted:
    """Load it while OTHER takes over, the process that reads is killed, and the champion takes over again."""
    running = asyncio.create_task(load(server.port, texts, 32, reference, spoilt=0.05))
    await asyncio.sleep(server.seconds)
    await _promoted(other, server)
    say(f"{other} took over")
    os.kill(server.reader().pid, signal.SIGKILL)
    await asyncio.sleep(3 * server.seconds)
    await _promoted(champion, server)
    say(f"{champion} took over")
    return await running


async def _promoted(version: str, server: "Server") -> None:
    command = [*MEDNER, "promote", version, "--reason", "benchmarks/serve.py: takes over under load"]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL)
    assert await process.wait() == 0
    for _ in range(600):
        if (await asyncio.to_thread(server.health)).get("version") == version:
            return
        await asyncio.sleep(0.5)
    raise click.ClickException(f"{version} did not take over")


class Server:
    """`medner serve` on a free port."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> "Server":
        began = time.perf_counter()
        self._process = subprocess.Popen(
            [*MEDNER, "serve", self._name, "--port", "0"], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = int(re.search(r":(\d+) ", self._process.stdout.readline())[1])
        self.seconds = time.perf_counter() - began
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(90)

    def reader(self) -> psutil.Process:
        """Return the process that reads now."""
        found = [
            each
            for each in psutil.Process(self._process.pid).children(recursive=True)
            if "medner_assets.modeling.inference.serve" in each.cmdline()
        ]
        # The one before may not have answered all that it was asked.
        return max(found, key=lambda each: each.create_time())

    def health(self) -> dict[str, Any]:
        """Return what /health says."""
        return json.loads(self._get("/health"))

    def metrics(self) -> dict[str, float]:
        """Return the counts of /metrics."""
        lines = [each.rpartition(" ") for each in self._get("/metrics").splitlines() if each[:1] != "#"]
        return {
            name: float(value) for name, _, value in lines if "_bucket" not in name and "_created" not in name
        }

    def _get(self, path: str) -> str:
        import httpx

        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=60).text


def _predicted(version: str, texts: list[str]) -> dict[str, Any]:
    """Return text → what `medner predict` says of it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "notes.jsonl"
        file.write_text(
            "".join(json.dumps({"id": str(n), "text": each}) + "\n" for n, each in enumerate(texts))
        )
        ran = subprocess.run(
            [*MEDNER, "predict", version, str(file), "--json"],
            capture_output=True,
            text=True,
            check=True,
        )
    return {each["text"]: each for each in map(json.loads, ran.stdout.splitlines())}


def _one_by_one(version: str, texts: list[str]) -> dict[str, float]:
    """Return the speed of a process for each text."""
    seconds = []
    for text in texts:
        began = time.perf_counter()
        subprocess.run(
            [*MEDNER, "predict", version, "--json"], input=text, capture_output=True, text=True, check=True,

        )  # fmt: skip
        seconds.append(time.perf_counter() - began)
    return {"requests_per_second": len(seconds) / sum(seconds), **_quantiles(seconds)}


def _quantiles(seconds: list[float]) -> dict[str, float]:
    cuts = quantiles(seconds, n=20, method="inclusive")
    return {"p50_seconds": cuts[9], "p95_seconds": cuts[18]}


def _told(counted: Counted, seconds: float) -> dict[str, Any]:
    return {
        "requests": len(counted.seconds), "seconds": seconds,
        "requests_per_second": len(counted.seconds) / seconds, **_quantiles(counted.seconds),
        "statuses": {str(status): count for status, count in sorted(counted.statuses.items())},
        "abandoned": counted.abandoned, "versions": dict(counted.versions), "wrong": counted.wrong[:20],
        "items": counted.items, "items_unlike_predict": counted.other_items,
    }  # fmt: skip


if __name__ == "__main__":
    main()
