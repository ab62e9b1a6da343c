"""How a file is spoilt: cut, torn, repeated, spliced, re-encoded, and fed the tokens of its format."""

import json
from random import Random
from typing import Any

TOKENS: tuple[bytes, ...] = tuple(
    token if isinstance(token, bytes) else token.encode()
    for token in (
        "\t", "\n", "\r", "\r\n", "|", ";", '"', "'", "{", "}", "[", "]", "<", ">", "&", "#", ":", ",", "- ",
        "-1", "0", "1", "99", "999999999999999999999", "9" * 5000, "1e9", "1e400", "NaN", "Infinity", "0x1F",
        "null", "true", "~", "2024-13-45", "12:61:61", ".inf", "\ufeff", "\u2028", "\u0000", "😀", "İ", " ",
        "T1", "T2", "Arg1:T1", "R1", "E1", "<document>", "]]>", "<!DOCTYPE x [<!ENTITY a 'b'>]>", "&a;",
        "<!ENTITY x SYSTEM 'file:///etc/passwd'>", "\\ud83d", "\\u0000", "../../etc/passwd", "/dev/zero",
        "[" * 3000, "{" * 3000, '{"a":' * 3000, "<a>" * 3000, "&a ", "*a", "<<: *a", "!!python/object/apply:",
        "!!python/name:os.system ", "!!binary ", "!!timestamp ", "!!int ", "? ", "| \n", "%YAML 1.1\n",
        b"\xff", b"\xfe\xff", b"\xed\xa0\xbd", b"\xc0\x80", b"\x80",
    )
)  # fmt: skip

_VALUES = (
    None, True, False, 0, -1, 1.5, 10**30, 1e300, float("nan"), float("inf"), "", " ", "a\nb", "\ud83d",
    "\x00", [], {}, [[]], [None], [1, "a"], {"id": 1}, {"": None},
)  # fmt: skip

_LARGEST = 1 << 17
"""No mutant is longer, in bytes: what is wanted are odd files, not long ones."""


def mutant(rng: Random, seeds: list[bytes]) -> bytes:
    """Return one of the seeds after one to five mutations; some are only noise."""
    if rng.random() < 0.02:
        return rng.randbytes(rng.randrange(200))
    content = rng.choice(seeds)
    for _ in range(1 + min(4, int(rng.expovariate(0.9)))):
        content = rng.choice(_MUTATIONS)(rng, content, seeds)
    return content[:_LARGEST]


def _place(rng: Random, content: bytes, longest: int = 16) -> tuple[int, int]:
    start = rng.randrange(len(content) + 1)
    return start, min(len(content), start + rng.randrange(longest + 1))


def _replaced_by_token(rng: Random, content: bytes, seeds: list[bytes]) -> bytes:
    start, end = _place(rng, content)
    return content[:start] + rng.choice(TOKENS) + content[end:]


def _inserted_token(rng: Random, content: bytes, seeds: list[bytes]) -> bytes:
    start, _ = _place(rng, content)
    return content[:start] + rng.choice(TOKENS) + content[start:]


def _flipped(rng: Random, content: bytes, seeds: list[bytes]) -> bytes:
    if not content:
        return content
    changed = bytearray(content)
    for _ in range(rng.randrange(1, 4)):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _cut(rng: Random, content: bytes, seeds: list[bytes]) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def _torn(rng: Random, content: bytes, seeds: list[bytes]) -> bytes:
    start, end = _place(rng, content, 200)
    return content[:start] + content[end:]


def _repeated(rng: Random, content: bytes, seeds: list[bytes]) -> bytes:
    start, end = _place(rng, content, 60)
    return content[:start] + content[start:end] * rng.choice((2, 2, 2, 3, 50, 400)) + content[end:]


def _other_lines(rng: Random, content: bytes, seeds: list[bytes]) -> bytes:
    lines = content.split(b"\n")
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    how = rng.randrange(4)
    if how == 0:
        lines[a], lines[b] = lines[b], lines[a]
    elif how == 1:
        lines.insert(a, lines[b])
    elif how == 2:
        del lines[a]
    else:
        lines[a] += lines[b]
    return b"\n".join(lines)


def _other_number(rng: Random, content: bytes, seeds: list[bytes]) -> bytes:
    digits = [i for i, byte in enumerate(content[:4000]) if 48 <= byte <= 57]
    if not digits:
        return content
    at = rng.choice(digits)
    number = rng.choice((b"", b"-", b"9", b"00", b"1.5", b"1e3", str(rng.randrange(10**6)).encode()))
    return content[:at] + number + content[at + 1 :]


def _spliced(rng: Random, content: bytes, seeds: list[bytes]) -> bytes:
    other = rng.choice(seeds)
    start, end = _place(rng, content, 40)
    a, b = _place(rng, other, 200)
    return content[:start] + other[a:b] + content[end:]


def _other_value(rng: Random, content: bytes, seeds: list[bytes]) -> bytes:
    """Replace one value of JSON by one of another kind; what is no JSON stays as it is."""
    lines = content.split(b"\n") if content.count(b"\n{") else [content]
    at = rng.randrange(len(lines))
    try:
        value = json.loads(lines[at])
    except (ValueError, RecursionError):
        return content
    places: list[tuple[Any, Any]] = []

    def walk(inner: Any) -> None:
        keys = range(len(inner)) if isinstance(inner, list) else list(inner)
        for key in keys:
            places.append((inner, key))
            if isinstance(inner[key], (list, dict)):
                walk(inner[key])

    if isinstance(value, (list, dict)):
        walk(value)
    if places:
        holder, key = rng.choice(places)
        if rng.random() < 0.2:
            del holder[key]
        else:
            holder[key] = rng.choice(_VALUES)
    lines[at] = json.dumps(value, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    return b"\n".join(lines)


def _encoded_otherwise(rng: Random, content: bytes, seeds: list[bytes]) -> bytes:
    how = rng.randrange(4)
    if how == 0:
        return content.replace(b"\n", b"\r\n")
    if how == 1:
        return b"\xef\xbb\xbf" + content
    if how == 2:
        return content.replace(b"\n", b"\r")
    return content.decode("utf-8", "replace").encode(rng.choice(("utf-16", "latin-1", "cp1252")), "replace")


_MUTATIONS = (
    _replaced_by_token, _replaced_by_token, _inserted_token, _inserted_token, _flipped, _cut, _torn,
    _repeated, _other_value, _other_value, _other_lines, _other_lines, _other_number, _other_number,
    _spliced, _encoded_otherwise,
)  # fmt: skip
