"""A text made of tokens, for formats that hold no other: a blank between two, a line break between sentences.

Offsets are exact for that text, not for the one that was tokenised.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TokenText:
    """The text, and (start, end) of each token of all sentences in it."""

    text: str
    places: tuple[tuple[int, int], ...]

    def span(self, first: int, last: int) -> tuple[int, int] | None:
        """Return the span from token `first` to token `last`, both included; None if there are none such."""
        if not 0 <= first <= last < len(self.places):
            return None
        return self.places[first][0], self.places[last][1]


def text_of_tokens(sentences: Iterable[Sequence[str]]) -> TokenText:
    """Return the text of sentences of tokens."""
    parts: list[str] = []
    places: list[tuple[int, int]] = []
    length = 0
    for sentence in sentences:
        for number, token in enumerate(sentence):
            between = "" if not places else ("\n" if number == 0 else " ")
            start = length + len(between)
            length = start + len(token)
            parts += (between, token)
            places.append((start, length))
    return TokenText("".join(parts), tuple(places))


def strings(value: object) -> list[str] | None:
    """Return a list of strings as it is; None if it is none, or holds an empty one."""
    if isinstance(value, list) and all(isinstance(each, str) and each for each in value):
        return value
    return None


def tagged_spans(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """Return (first token, last token, type) of each mention that tags of IOB1, IOB2 or BIOES give.

    An I that continues nothing begins a mention, and so does every B, as in conlleval. A tag without a type
    has the type "".
    """
    found: list[tuple[int, int, str]] = []
    open_ = False
    for number, tag in enumerate(tags):
        prefix, _, kind = tag.replace("_", "-", 1).partition("-") if tag != "O" else ("O", "", "")
        if prefix == "O":
            open_ = False
            continue
        if open_ and prefix not in ("B", "S", "U") and found[-1][2] == kind:
            found[-1] = (found[-1][0], number, kind)
        else:
            found.append((number, number, kind))
        open_ = prefix not in ("E", "S", "L", "U")
    return found
