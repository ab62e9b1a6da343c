"""Open a corpus file: read as a stream, unpacked, decoded strictly; errors are one line with the remedy.

How a file is packed shows at its first bytes, whatever it is called. What it may unpack to is bounded, since
a few bytes can be written that unpack to more than any machine has.
"""

import bz2
import codecs
import gzip
import io
import lzma
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

from medner_assets.errors import MednerError

_ALWAYS_UNPACKED, _LARGEST_RATIO = 64 * 2**20, 100
"""Bytes that any packed file may have unpacked, and how many times its own size more. Text packs to between a
third and a fiftieth; zeros pack to a thousandth by gzip."""

_TAR_AT, _TAR = 257, b"ustar"


class NotUtf8Error(MednerError):
    """A file that is not UTF-8. `line` counts from 1; `where` says byte and line."""

    def __init__(self, file: str, line: int, where: str) -> None:
        super().__init__(f"{file}: {where}: convert the file to UTF-8")
        self.file, self.line, self.where = file, line, where


def read_bytes(path: Path) -> bytes:
    """Return the content of `path`, unpacked. Raise MednerError if it cannot be read."""
    with opened(path) as stream:
        return stream.read()


def read_text(path: Path, *, keep_mark: bool = False) -> str:
    """Return `path` as text with its line ends as they are. Raise MednerError if it is not UTF-8.

    keep_mark: keep a byte order mark at the start, for formats whose offsets count it.
    """
    return decoded(read_bytes(path), str(path), keep_mark=keep_mark)


@contextmanager
def opened(path: Path, member: str | None = None) -> Iterator[BinaryIO]:
    """Open `path`, or a member of the archive that it is, unpacked; raise MednerError where it cannot be."""
    name = f"{path}/{member}" if member else str(path)
    with ExitStack() as stack:
        try:
            _refuse_endless(path)
            file: Any = stack.enter_context(path.open("rb"))
            size = path.stat().st_size
            if member is not None:
                archive = stack.enter_context(zipfile.ZipFile(file))
                about = archive.getinfo(member)
                packed = stack.enter_context(archive.open(member))
                file = io.BufferedReader(_Bounded(packed, name, about.compress_size))
                size = about.file_size
            stream = stack.enter_context(_unpacked(file, name, size))
        except FileNotFoundError:
            raise MednerError(f"{path}: there is no such file: check the path, or MEDNER_CORPORA") from None
        except IsADirectoryError:
            raise MednerError(f"{path}: is a folder: name a file of it") from None
        except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError) as error:
            why = "it has a password" if "password" in str(error) else "broken, or packed in an unusual way"
            raise MednerError(f"{name}: cannot be unpacked ({why}): unpack it yourself") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a path"
            raise MednerError(f"{path}: cannot be read ({reason}): check path and permissions") from None
        yield stream


def archive_members(path: Path) -> list[str] | None:
    """Return the files in a ZIP archive, by name; None if `path` is none. Raise MednerError if it is broken.

    Folders and what systems add of their own (`__MACOSX`, names that begin with a dot) are not counted.
    """
    try:
        _refuse_endless(path)
        with path.open("rb") as file:
            if not file.seekable() or file.read(4) not in (b"PK\x03\x04", b"PK\x05\x06"):
                return None
            file.seek(0)
            with zipfile.ZipFile(file) as archive:
                names = [each.filename for each in archive.infolist() if not each.is_dir()]
    except (OSError, ValueError):
        return None  # said when it is opened
    except zipfile.BadZipFile:
        raise MednerError(f"{path}: cannot be unpacked as ZIP: get the file again") from None
    return sorted(each for each in names if not any(map(_is_hidden, each.split("/"))))


def _is_hidden(part: str) -> bool:
    return part.startswith(".") or part == "__MACOSX"


@contextmanager
def _unpacked(file: Any, name: str, packed: int) -> Iterator[BinaryIO]:
    """Open what is in `file`, if it is packed; `packed` is its size in bytes."""
    head = file.peek(512)[:512]
    for magic, kind, opener in _PACKERS:
        if head.startswith(magic):
            with opener(file) as packed_stream:
                stream: Any = io.BufferedReader(_Bounded(packed_stream, name, packed, kind))
                _refuse_archive(stream.peek(512)[:512], name)
                yield stream
            return
    _refuse_archive(head, name)
    yield file


def _refuse_archive(head: bytes, name: str) -> None:
    if head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        raise MednerError(f"{name}: is a tar archive: unpack it and name its folder")
    if head.startswith(b"PK\x03\x04"):
        raise MednerError(f"{name}: is a ZIP archive within another file: unpack it first")


def _zst(file: IO[bytes]) -> Any:
    import pyarrow as pa

    return pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd")


_PACKERS: tuple[tuple[bytes, str, Callable[[IO[bytes]], Any]], ...] = (
    (b"\x1f\x8b", "gzip", lambda file: gzip.GzipFile(fileobj=file)),
    (b"\xfd7zXZ\x00", "xz", lzma.LZMAFile),
    (b"BZh", "bzip2", bz2.BZ2File),
    (b"\x28\xb5\x2f\xfd", "zstd", _zst),
)


class _Bounded(io.RawIOBase):
    """What a packed file holds, up to what a text can pack to."""

    def __init__(self, stream: IO[bytes], name: str, packed: int, kind: str = "ZIP") -> None:
        self._stream, self._name, self._kind = stream, name, kind
        self._most = self._left = _ALWAYS_UNPACKED + packed * _LARGEST_RATIO

    def readable(self) -> bool:
        """Return True: it is there to be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read up to the length of `buffer`; raise MednerError past the bound or at a broken file."""
        try:
            content = self._stream.read(len(buffer))
        except (lzma.LZMAError, OSError, EOFError, zlib.error, zipfile.BadZipFile):
            raise _broken(self._name, self._kind) from None
        self._left -= len(content)
        if self._left < 0:
            raise MednerError(
                f"{self._name}: unpacks to more than {self._most // 2**20} MiB, and no text packs so well: "
                "unpack it yourself if it is sound"
            )
        buffer[: len(content)] = content
        return len(content)


def _broken(name: str, kind: str) -> MednerError:
    return MednerError(f"{name}: cannot be unpacked as {kind}: get the file again")


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


def decoded(content: bytes, file: str, *, keep_mark: bool = False) -> str:
    """Return `content` decoded as UTF-8; raise MednerError naming file, byte (from 0) and line (from 1)."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8(file, error.start, content.count(b"\n", 0, error.start) + 1) from None
    return text if keep_mark else text.removeprefix("\ufeff")


def _not_utf8(file: str, byte: int, line: int) -> NotUtf8Error:
    return NotUtf8Error(file, line, f"not valid UTF-8 at byte {byte} (line {line})")


_PIECE = 2**20


class Lines:
    r"""The lines of a stream, each with its number from 1, without its end; only \n and \r\n end a line.

    A byte order mark at the start is left out. Raises MednerError at the first line that is not UTF-8.
    `unended` is True from a last line on that has no end.
    """

    def __init__(self, stream: BinaryIO, file: str) -> None:
        self._stream, self._file = stream, file
        self.unended = False

    def __iter__(self) -> Iterator[tuple[int, str]]:
        number, before, rest = 0, 0, b""
        while piece := self._stream.read(_PIECE):
            whole, end, last = piece.rpartition(b"\n")
            if not end:
                rest += piece
                continue
            content = rest + whole
            text = self._decoded(content, number, before)
            lines = text.split("\n")
            if "\r" in text:
                lines = [line.removesuffix("\r") for line in lines]
            yield from enumerate(lines, start=number + 1)
            number += len(lines)
            before += len(content) + 1
            rest = last
        if rest:
            self.unended = True
            yield number + 1, self._decoded(rest, number, before).removesuffix("\r")

    def _decoded(self, content: bytes, number: int, before: int) -> str:
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = number + 1 + content.count(b"\n", 0, error.start)
            raise _not_utf8(self._file, before + error.start, line) from None
        return text if before else text.removeprefix("\ufeff")


def decoded_chunks(stream: BinaryIO, file: str, size: int = 2**20) -> Iterator[str]:
    """Yield the text of a stream in pieces; raise MednerError where it is not UTF-8."""
    checked, decoder = Utf8Stream(stream, file), codecs.getincrementaldecoder("utf-8-sig")()
    while content := checked.read(size):
        yield decoder.decode(content)


class Utf8Stream(io.RawIOBase):
    """A stream that raises NotUtf8Error where its bytes are none, for parsers that read bytes."""

    def __init__(self, stream: BinaryIO, file: str, *, check: bool = True) -> None:
        self._stream, self._file = stream, file
        self._decoder = codecs.getincrementaldecoder("utf-8")() if check else None
        self._bytes, self._lines, self._pending = 0, 1, b""

    def readable(self) -> bool:
        """Return True: it is there to be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, verified."""
        content = self._stream.read(size)
        if self._decoder is not None:
            try:
                self._decoder.decode(content, final=not content)
            except UnicodeDecodeError as error:
                at = self._bytes - (len(error.object) - len(content)) + error.start
                line = self._lines + content.count(b"\n", 0, max(0, error.start))
                raise _not_utf8(self._file, at, line) from None
        self._bytes += len(content)
        self._lines += content.count(b"\n")
        return content


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    r"""Yield (number from 1, line without its end). Only \n and \r\n end a line: abstracts hold others."""
    for number, line in enumerate(text.split("\n"), start=1):
        yield number, line.removesuffix("\r")


UNFINISHED = "the last line has no line end: complete the file, or end the line if it is whole"
"""What is said of a line-based file that may have been cut off."""

MOST_DIGITS = 12


def whole_number(text: str) -> int | None:
    """Return the number that `text` writes in 1 to 12 ASCII digits, else None."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None
