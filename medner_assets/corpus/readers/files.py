"""Open a corpus file: read, unpacked by its suffix, decoded strictly; errors are one line with the remedy."""

import gzip
import io
import lzma
import os
import re
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path

from medner_assets.errors import MednerError

_ALWAYS_UNPACKED, _LARGEST_RATIO = 64 * 2**20, 100
"""Bytes that any packed file may have unpacked, and how many times its own size more. Text packs to between a
third and a fiftieth; zeros pack to a thousandth by gzip."""


class NotUtf8Error(MednerError):
    """A file that is not UTF-8. `line` counts from 1; `where` says byte and line."""

    def __init__(self, file: str, line: int, where: str) -> None:
        super().__init__(f"{file}: {where}: convert the file to UTF-8")
        self.file, self.line, self.where = file, line, where


def read_bytes(path: Path) -> bytes:
    """Return the content of `path`; `.xz` and `.gz` are unpacked. Raise MednerError if it cannot be read."""
    try:
        _refuse_endless(path)
        content = path.read_bytes()
    except FileNotFoundError:
        raise MednerError(f"{path}: there is no such file: check the path, or MEDNER_CORPORA") from None
    except IsADirectoryError:
        raise MednerError(f"{path}: is a folder: name a file of it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise MednerError(f"{path}: cannot be read ({reason}): check path and permissions") from None
    try:
        if path.suffix == ".xz":
            with lzma.open(io.BytesIO(content)) as stream:
                return _bounded(stream, path, len(content))
        if path.suffix == ".gz":
            with gzip.open(io.BytesIO(content)) as stream:
                return _bounded(stream, path, len(content))
    except (lzma.LZMAError, OSError, EOFError, zlib.error):
        raise MednerError(f"{path}: cannot be unpacked as {path.suffix}: get the file again") from None
    return content


def _refuse_endless(path: Path) -> None:
    """Raise MednerError for what may never end: a device, a named pipe. What a shell hands over is read."""
    kind = path.stat().st_mode
    handed_over = str(path).startswith(("/dev/fd/", "/dev/stdin", "/proc/self/fd/"))
    if stat.S_ISREG(kind) or stat.S_ISDIR(kind) or (stat.S_ISFIFO(kind) and handed_over):
        return
    if stat.S_ISCHR(kind) and handed_over and not os.isatty(0):
        return
    raise MednerError(
        f"{path}: is a pipe or a device, not a file: save what it gives as a file, or pipe it in"
    )


def _bounded(stream: io.BufferedIOBase, path: Path, packed: int) -> bytes:
    """Return what is packed; raise MednerError where that is far more than any text packs to."""
    most = _ALWAYS_UNPACKED + packed * _LARGEST_RATIO
    content = stream.read(most + 1)
    if len(content) > most:
        raise MednerError(
            f"{path}: unpacks to more than {most // 2**20} MiB, and no text packs so well: "
            "unpack it yourself if it is sound"
        )
    return content


def read_text(path: Path, *, keep_mark: bool = False) -> str:
    """Return `path` as text with its line ends as they are. Raise MednerError if it is not UTF-8.

    keep_mark: keep a byte order mark at the start, for formats whose offsets count it.
    """
    return decoded(read_bytes(path), str(path), keep_mark=keep_mark)


def decoded(content: bytes, file: str, *, keep_mark: bool = False) -> str:
    """Return `content` decoded as UTF-8; raise MednerError naming file, byte (from 0) and line (from 1)."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        where = f"not valid UTF-8 at byte {error.start} (line {line})"
        raise NotUtf8Error(file, line, where) from None
    return text if keep_mark else text.removeprefix("\ufeff")


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    r"""Yield (number from 1, line without its end). Only \n and \r\n end a line: abstracts hold others."""
    for number, line in enumerate(text.split("\n"), start=1):
        yield number, line.removesuffix("\r")


UNFINISHED = "the last line has no line end: complete the file, or end the line if it is whole"
"""What is said of a line-based file that may have been cut off."""

_WHOLE_NUMBER = re.compile(r"[0-9]{1,12}")


def whole_number(text: str) -> int | None:
    """Return the number that `text` writes in 1 to 12 ASCII digits, else None."""
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else None
