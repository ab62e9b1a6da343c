"""Messages of Dagster Pipes through a file of a folder that this machine and another one share."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import dagster as dg

_POLL_SECONDS = 0.25
_CLOSED = "closed"


class SharedFileReader(dg.PipesMessageReader):
    """Reads what one process after the other appends to a file: a job that is queued again starts anew.

    Dagster's own reader keeps the file open, and of one on another machine may then never see the end; it
    stops at a line that a kill has cut; and it takes a process's last word for the last of all.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    @contextmanager
    def read_messages(self, handler: dg.PipesMessageHandler) -> Iterator[dict[str, Any]]:
        """Pass messages on as they come, for the length of the block; yield what a process must know."""
        ended = Event()
        self._file.touch(mode=0o600)
        thread = Thread(target=self._read, args=(handler, ended), daemon=True)
        thread.start()
        try:
            yield {"path": str(self._file), "include_stdio_in_messages": False}
        finally:
            ended.set()
            thread.join()

    def no_messages_debug_text(self) -> str:
        """Return what to say where no message came."""
        return f"Attempted to read messages from {self._file}."

    def _read(self, handler: dg.PipesMessageHandler, ended: Event) -> None:
        place, rest, last_word = 0, b"", None
        while True:
            was_last = ended.is_set()
            # Opened anew each time: only then does a network file system ask how long the file is now.
            read = b""
            with suppress(OSError), self._file.open("rb") as stream:  # a file server may be away for a while
                stream.seek(place)
                read = stream.read()
            place += len(read)
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                try:
                    message = json.loads(line)
                except ValueError:
                    continue  # a kill has cut it
                if message.get("method") == _CLOSED:
                    last_word = message
                else:
                    last_word = None
                    handler.handle_message(message)
            if was_last:
                break
            time.sleep(_POLL_SECONDS)
        if last_word is not None:
            handler.handle_message(last_word)
