"""What a line of a completion cannot hold as it is, and how it is written: with a backslash before it.

Only what would be read as something else is escaped, so that a model copies ordinary text as it stands:

    mention   `--[` and `]-->` as `\\--[` and `\\]-->`
    type      also `]` as `\\]`, and white space but for single blanks within as `\\u` and four digits
    backslash doubled in a type; in a mention where it would be taken for one of these

A backslash before anything else is itself: models that never learned this are read as before.
"""

from collections.abc import Iterator

ARROW_OPENS, ARROW_CLOSES = "--[", "]-->"
_MENTION, _TYPE = "\\]-", "\\]-u"
"""Characters before which a backslash is an escape."""


def one_line(text: str) -> str:
    """Return `text` with each run of white space as one blank."""
    return " ".join(text.split())


def escaped_mention(text: str) -> str:
    """Return a mention as a line holds it; white space becomes single blanks."""
    return _arrows(_backslashes(one_line(text)))


def escaped_type(text: str) -> str:
    """Return a type as its brackets hold it; no character of it is lost."""
    doubled = text.replace("\\", "\\\\").replace("]", "\\]").replace(ARROW_OPENS, f"\\{ARROW_OPENS}")
    written = []
    for i, character in enumerate(doubled):
        inside = 0 < i < len(doubled) - 1 and not (doubled[i - 1].isspace() or doubled[i + 1].isspace())
        plain = not character.isspace() or (character == " " and inside)
        written.append(character if plain else f"\\u{ord(character):04x}")
    return "".join(written)


def mention_of(written: str) -> str:
    """Return the mention that was written so."""
    return _unescaped(one_line(written), _MENTION)


def type_of(written: str) -> str:
    """Return the type that was written so."""
    return _unescaped(one_line(written), _TYPE)


def places(line: str, sign: str) -> Iterator[int]:
    """Yield where `sign` stands in `line` without a backslash before it."""
    at = line.find(sign)
    while at != -1:
        before = at
        while before and line[before - 1] == "\\":
            before -= 1
        if (at - before) % 2 == 0:
            yield at
        at = line.find(sign, at + 1)


def _backslashes(text: str) -> str:
    """Double each backslash that stands before an escapable character or at the end."""
    return "".join(
        "\\\\" if each == "\\" and (i + 1 == len(text) or text[i + 1] in _MENTION) else each
        for i, each in enumerate(text)
    )


def _arrows(text: str) -> str:
    return text.replace(ARROW_CLOSES, f"\\{ARROW_CLOSES}").replace(ARROW_OPENS, f"\\{ARROW_OPENS}")


def _unescaped(text: str, escapes: str) -> str:
    if "\\" not in text:
        return text
    found, i = [], 0
    while i < len(text):
        following = text[i + 1 : i + 2]
        if text[i] != "\\" or not following or following not in escapes:
            found.append(text[i])
            i += 1
        elif following != "u":
            found.append(following)
            i += 2
        else:
            digits = text[i + 2 : i + 6]
            if len(digits) == 4 and all(digit in "0123456789abcdef" for digit in digits):
                found.append(chr(int(digits, 16)))
                i += 6
            else:
                found.append("\\")
                i += 1
    return "".join(found)
