"""JSON records of annotation tools, each with the line on which it begins; and their fields, checked.

Exports are an array of records, one record a line, or records over several lines; which of them it is shows
at the beginning. A broken line costs that record, a broken array the file. Records are read one at a time, so
that a file of any size needs the memory of its largest record.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from medner_assets.corpus.readers.files import decoded_chunks
from medner_assets.corpus.readers.sources import Source
from medner_assets.corpus.reading import Problem, ProblemKind
from medner_assets.errors import MednerError

_BLANK = re.compile(r"[ \t\r\n]*")
_HEAD = 65536
_DECODER = json.JSONDecoder()


class NotJsonError(MednerError):
    """The text is not JSON that can be stored again."""


def parsed_json(text: str) -> object:
    r"""Return the value of JSON `text`; raise NotJsonError naming line and column.

    Half a surrogate pair (`\ud83d` alone) is refused: it is no character and cannot be written as UTF-8.
    """
    try:
        value = json.loads(text)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        raise NotJsonError(f"not valid JSON at line {error.lineno}, column {error.colno}") from None
    except UnicodeEncodeError:
        raise NotJsonError("not valid JSON: half a surrogate pair stands alone") from None
    except (ValueError, RecursionError):
        raise NotJsonError("not valid JSON: a number too long or nesting too deep") from None
    return value


def json_records(source: Source) -> Iterator[tuple[int, Mapping[str, Any]] | Problem]:
    """Yield (line from 1, record) of each JSON object of a file, and a problem for what is none.

    Raise MednerError naming file and line when an array cannot be read to its end.
    """
    for line, value in json_values(source):
        if isinstance(value, dict):
            yield line, value
        elif isinstance(value, NotJsonError):
            yield Problem(source.name, line, None, ProblemKind.MALFORMED, "the line is not JSON: left out")
        else:
            message = "the record is no object: left out"
            yield Problem(source.name, line, None, ProblemKind.MALFORMED, message)


def json_values(source: Source) -> Iterator[tuple[int, object]]:
    """Yield (line from 1, value) of each value of an array, of each line, or of values over several lines.

    The value of a line that is not JSON is a NotJsonError.
    """
    source = source.rewindable()
    shape = _shape(source)
    if shape == "lines":
        yield from _of_lines(source)
        return
    with source.stream() as stream:
        yield from _Values(decoded_chunks(stream, source.name), source.name).read(array=shape == "array")


def _shape(source: Source) -> str:
    with source.stream() as stream:
        head = next(decoded_chunks(stream, source.name, _HEAD), "")
    begun = head.lstrip()
    first, _, rest = begun.partition("\n")
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        if begun.startswith("["):
            return "array"
        # An object that goes on in the next line; a line that is broken is no reason to read so.
        return (
            "values"
            if (begun.startswith("{") and first.strip() in ("{", "{}")) or _goes_on(first)
            else "lines"
        )
    return "array" if first.startswith("[") and not rest.strip() else "lines"


def _goes_on(first: str) -> bool:
    """Return whether a line that is no JSON stops between two parts of an object."""
    return first.startswith("{") and first.rstrip().endswith((",", "{", "[", ":"))


def _of_lines(source: Source) -> Iterator[tuple[int, object]]:
    for number, line in source.each_line():
        if line.strip():
            try:
                yield number, parsed_json(line)
            except NotJsonError as error:
                yield number, error


class _Values:
    """Values of JSON, read one at a time from pieces of text."""

    def __init__(self, chunks: Iterator[str], file: str) -> None:
        self._chunks, self._file = chunks, file
        self._text, self._at, self._line = "", 0, 1
        self._ended = False

    def read(self, *, array: bool) -> Iterator[tuple[int, object]]:
        """Yield (line, value) of each; raise MednerError where one cannot be read."""
        if array:
            self.expect("[")
        while (character := self.next_character()) not in ("", "]"):
            if character == ",":
                self._at += 1
                continue
            yield self._line, self.value()
        if array and character == "":
            raise MednerError(
                f"{self._file}:{self._line}: the file ends before its array does: export it again"
            )

    def skip(self, count: int) -> None:
        """Step over the first `count` characters of the file."""
        while len(self._text) < count and self._more():
            pass
        self._at = count
        self._line += self._text.count("\n", 0, count)

    def expect(self, character: str) -> None:
        """Step over one character."""
        if self.next_character() == character:
            self._at += 1

    def next_character(self) -> str:
        """Return the next character that is no blank; "" at the end."""
        while True:
            blanks = _BLANK.match(self._text, self._at)
            end = blanks.end() if blanks else self._at
            self._line += self._text.count("\n", self._at, end)
            self._at = end
            if end < len(self._text):
                return self._text[end]
            if not self._more():
                return ""

    def value(self) -> object:
        """Return the value that begins here; raise MednerError if it is none."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                wants_more = error.pos > len(self._text) - 32 or error.msg.startswith("Unterminated")
                if wants_more and self._more():
                    continue
                raise self._broken() from None
            except (ValueError, RecursionError):
                raise self._broken() from None
            if end == len(self._text) and not isinstance(value, (dict, list)) and self._more():
                continue
            content = self._text[self._at : end]
            if "\\ud" in content or "\\uD" in content:
                try:
                    parsed_json(content)
                except NotJsonError:
                    raise self._broken() from None
            self._line += content.count("\n")
            self._at = end
            return value

    def rest(self) -> str:
        """Return all that follows."""
        while self._more():
            pass
        return self._text[self._at :]

    def _more(self) -> bool:
        """Take as much again as is held, at least a piece; False at the end."""
        if self._ended:
            return False
        held, pieces = self._text[self._at :], []
        self._at = 0
        size = 0
        while size <= len(held):
            piece = next(self._chunks, None)
            if piece is None:
                self._ended = True
                break
            pieces.append(piece)
            size += len(piece)
        self._text = held + "".join(pieces)
        return bool(pieces)

    def _broken(self) -> MednerError:
        return MednerError(
            f"{self._file}:{self._line}: the record that begins here is not valid JSON: export the file again"
        )


def array_after(source: Source, keys: Collection[str]) -> Iterator[tuple[int, object]] | None:
    """Return the values of the array under one of `keys` of the object that a file is; None if it has none.

    The rest of the file is verified to be JSON. Raise MednerError where it is not.
    """
    pattern = re.compile(rf'"(?:{"|".join(map(re.escape, keys))})"\s*:\s*(?=\[)')
    with source.stream() as stream:
        head = next(decoded_chunks(stream, source.name, _HEAD), "")
    match = pattern.search(head)
    if match is None or not head.lstrip().startswith("{"):
        return None
    return _array_at(source, head[: match.end()])


def _array_at(source: Source, before: str) -> Iterator[tuple[int, object]]:
    with source.stream() as stream:
        values = _Values(decoded_chunks(stream, source.name), source.name)
        values.skip(len(before))
        yield from values.read(array=True)
        values.expect("]")
        try:
            json.loads(before + "[]" + values.rest())
        except (ValueError, RecursionError):
            raise MednerError(
                f"{source.name}: not valid JSON after its documents: get the file again"
            ) from None


def objects(value: object) -> list[Mapping[str, Any]]:
    """Return the objects of a list; [] of anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def identifier(value: object) -> str:
    """Return an id as text, also of a number; empty where there is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def offset(value: object) -> int:
    """Return a number of characters; -1, which is no place, where it is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else -1


def string(value: object) -> str:
    """Return a text; empty where it is none."""
    return value if isinstance(value, str) else ""
