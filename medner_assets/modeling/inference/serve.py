"""Read texts that others ask for: `python -m medner_assets.modeling.inference.serve`, a process of its own.

The first line of standard input is the job. When the version is loaded and has read a word, `{"ready": true}`
is told; from then on each line asks for texts, `{"ask": [[number, text], …]}`, or drops some,
`{"drop": [number, …]}`. Texts are answered as they are done: `{"number", "document"}`, or
`{"number", "error"}` for one that cannot be read, and `{"batch": windows}` for each batch. Where standard
input ends, the process ends when what was asked for is answered.

The windows of all texts that wait are read together, one window of each in turn: a text that came while
others are read joins the next batch, and a long one delays no short one by more than a batch.
"""

import json
import os
import sys
import threading
import traceback
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import IO, Any, Protocol

from medner_assets.errors import MednerError
from medner_assets.modeling.inference.extractor import Extractor, ReadWindow
from medner_assets.modeling.inference.parts import documents, part_of
from medner_assets.modeling.job import ReadingJob
from medner_assets.modeling.process import process
from medner_assets.modeling.windows import Window

MOST_WINDOWS = 32
"""In a batch: more are hardly faster on a CPU, and whoever comes next waits for all of them."""

Line = dict[str, Any]
Lines = SimpleQueue[Line | None]
"""What was asked for; None is the end."""


class Reads(Protocol):
    """What reads windows: an `Extractor`."""

    @property
    def batch_size(self) -> int: ...  # noqa: D102

    def windows(self, text: str) -> Iterator[Window]: ...  # noqa: D102

    def read(self, windows: Sequence[Window]) -> list[ReadWindow]: ...  # noqa: D102


@dataclass(slots=True)
class _Asked:
    """A text that waits: what was read of it so far, and the windows that are to come."""

    number: int
    text: str
    windows: Iterator[Window]
    ahead: Window | None
    read: list[ReadWindow] = field(default_factory=list)


class Desk:
    """The texts that wait, and how batches are made of them."""

    def __init__(self, extractor: Reads) -> None:
        self._extractor = extractor
        self._size = min(extractor.batch_size, MOST_WINDOWS)
        self._waiting: deque[_Asked] = deque()

    @property
    def is_empty(self) -> bool:
        """Whether no text waits."""
        return not self._waiting

    def take(self, line: Line) -> None:
        """Let texts wait, or forget some that wait."""
        if "drop" in line:
            self._waiting = deque(each for each in self._waiting if each.number not in line["drop"])
        for number, text in line.get("ask", ()):
            windows = self._extractor.windows(text)
            self._waiting.append(_Asked(number, text, windows, next(windows, None)))

    def step(self) -> Iterator[Line]:
        """Read one batch, and yield what is to be told of it."""
        batch = self._batch()
        read = self._read(batch)
        if batch:
            yield {"batch": sum(map(len, batch.values()))}
        for number, reason in read.items():
            if isinstance(reason, str):
                yield {"number": number, "error": reason}
        unserved: list[_Asked] = []
        served: list[_Asked] = []
        for asked in self._waiting:
            windows = read.get(asked.number, [])
            if isinstance(windows, str):
                continue
            asked.read += windows
            if asked.ahead is None:
                yield {"number": asked.number, "document": _document(asked)}
            else:
                (served if windows else unserved).append(asked)
        # More texts than a batch holds take turns.
        self._waiting = deque([*unserved, *served])

    def _batch(self) -> dict[int, list[Window]]:
        """Return the windows to be read at once, by the number of their text: one of each text in turn."""
        batch: dict[int, list[Window]] = {}
        room, turn = self._size, deque(self._waiting)
        while turn and room:
            asked = turn.popleft()
            if asked.ahead is None:
                continue
            batch.setdefault(asked.number, []).append(asked.ahead)
            room -= 1
            asked.ahead = next(asked.windows, None)
            turn.append(asked)
        return batch

    def _read(self, batch: dict[int, list[Window]]) -> dict[int, list[ReadWindow] | str]:
        """Return what was read of each text, or why it cannot be: one text fails alone."""
        windows = [window for each in batch.values() for window in each]
        try:
            read = iter(self._extractor.read(windows) if windows else [])
        except MednerError as error:
            if len(batch) == 1:
                return dict.fromkeys(batch, str(error))
            apart = [self._read({number: each}) for number, each in batch.items()]
            return {number: each for one in apart for number, each in one.items()}
        return {number: [next(read) for _ in each] for number, each in batch.items()}


def _document(asked: _Asked) -> Line:
    part = part_of("", asked.text, 0, len(asked.text), asked.read, is_last=True)
    (document,) = documents([part])
    return {**document, "cut": part["cut"]}


def answer(desk: Desk, lines: Lines, out: IO[str]) -> None:
    """Answer until the lines end and nothing waits."""
    ended = False
    while not (ended and desk.is_empty):
        try:
            line = lines.get(block=desk.is_empty and not ended, timeout=None)
        except Empty:
            for told in desk.step():
                out.write(json.dumps(told) + "\n")
            out.flush()
            continue
        if line is None:
            ended = True
        else:
            desk.take(line)


def _listen(stream: Iterable[str], lines: Lines) -> None:
    for line in stream:
        lines.put(json.loads(line))
    lines.put(None)


def main() -> None:
    """Serve the job on standard input."""
    # Libraries that print must not spoil the results.
    results = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        with process(compiles=False):
            extractor = Extractor(ReadingJob.parsed(sys.stdin.readline(), "the job"))
            extractor.read([Window(0, "Aspirin.")])  # what cannot write must not be handed requests
            results.write('{"ready": true}\n')
            results.flush()
            lines: Lines = SimpleQueue()
            threading.Thread(target=_listen, args=(sys.stdin, lines), daemon=True).start()
            answer(Desk(extractor), lines, results)
    except Exception as error:  # noqa: BLE001
        # Its own words may quote a text, and they would stand in a log.
        traceback.print_tb(error.__traceback__)
        sys.exit(f"{type(error).__name__} while texts were read")


if __name__ == "__main__":
    main()
