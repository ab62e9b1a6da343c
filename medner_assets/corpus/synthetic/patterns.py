"""The small language that sentences are written in, and its parser.

`"[D1] <relieved|eased> the [S1] within {days} => D1>S1"` is a pattern: `[D1]` stands for a name of kind D
(see `names.py`), the same slot twice for the same name; `<a|b>` for one of the alternatives; `{days}` for
a field that the document's style fills; what follows `=>` is what the text states: the relation of the
pattern's group from D1 to S1, or another one where it is named (`D1>S1:causes`). A pattern without `=>`
relates nothing. It may hold several sentences and has no full stop at its end.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from medner_assets.errors import MednerError

_PIECE = re.compile(r"\[([DCSPT])(\d)\]|<([^>]*)>|\{(\w+)\}")
_STATED = re.compile(r"([DCSPT]\d)>([DCSPT]\d)(?::(\w+))?")


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a name stands. `key` tells slots of one pattern apart, `kind` is a kind of name."""

    key: str
    kind: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Where one of several wordings stands."""

    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """Where the document's style decides."""

    name: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """One or more sentences with slots, and the relations (head slot, type, tail slot) that they state."""

    pieces: tuple[str | Slot | Choice | Field, ...]
    stated: tuple[tuple[str, str, str], ...]
    device: str
    """How the sentences speak, e.g. passive, negated: what `docs/synthetic.md` counts."""
    slots: tuple[Slot, ...]
    """The distinct slots in order of appearance."""


def parse(source: str, device: str, relation: str = "") -> Pattern:
    """Return the pattern that `source` writes; `relation` is the type of what it states.

    Raises MednerError where it relates a slot that it lacks, or states something without a type.
    """
    text, _, stated = source.partition(" => ")
    pieces: list[str | Slot | Choice | Field] = []
    position = 0
    for match in _PIECE.finditer(text):
        if match.start() > position:
            pieces.append(text[position : match.start()])
        kind, number, options, field = match.groups()
        if kind is not None:
            pieces.append(Slot(kind + number, kind))
        elif options is not None:
            pieces.append(Choice(tuple(options.split("|"))))
        else:
            pieces.append(Field(field))
        position = match.end()
    if position < len(text):
        pieces.append(text[position:])
    slots = tuple({piece.key: piece for piece in pieces if isinstance(piece, Slot)}.values())
    keys = [slot.key for slot in slots]
    relations = []
    for part in stated.split():
        found = _STATED.fullmatch(part)
        stated_type = (found[3] or relation) if found else ""
        if found is None or not stated_type or not {found[1], found[2]} <= set(keys):
            raise MednerError(f"pattern {source!r}: cannot read {part!r}: write D1>C1 or D1>C1:treats")
        relations.append((found[1], stated_type, found[2]))
    return Pattern(tuple(pieces), tuple(relations), device, slots)


def parse_all(sources: Mapping[str, Sequence[str]], relation: str = "") -> dict[str, tuple[Pattern, ...]]:
    """Parse patterns grouped by device; `relation` is the type of what they state."""
    return {
        device: tuple(parse(source, device, relation) for source in group)
        for device, group in sources.items()
    }
