"""Split a mention's identifier into concept ids. Pure; the rules were measured on BC5CDR and BioRED."""

import re
from collections.abc import Collection

_SEPARATORS = re.compile(r"[,;|]")
_LISTS_ONLY = re.compile(r"[,;]")
# Variants are written with bars: c|SUB|G|310|T, p|FS|A|27||132, also behind a tool's prefix.
_VARIANT = re.compile(r"\s*(?:\w+:)?[a-z]\|")
_NONE = frozenset(("", "-", "-1"))


def split_concepts(identifier: str, named: Collection[str]) -> tuple[str, ...]:
    """Return the concept ids of one mention, in order and distinct; empty where the source could assign none.

    identifier: the column as written. named: what the document's relations name as arguments.
    - `-1`, `-` and an empty column mean "no concept".
    - An identifier that a relation names whole is one concept: BioRED relates `D007859|D008569` as such.
    - `,` and `;` separate ids (BioRED: `836,841`), `|` does too (BC5CDR: `D001943|D010051`) unless the
      identifier is a variant (`c|DEL|4153|A`), whose bars belong to the id.
    """
    whole = identifier.strip()
    if not ("|" in whole or "," in whole or ";" in whole):
        return () if whole in _NONE else (whole,)
    if whole in named and whole not in _NONE:
        return (whole,)
    separators = _LISTS_ONLY if _VARIANT.match(whole) else _SEPARATORS
    parts = (part.strip() for part in separators.split(whole))
    return tuple(dict.fromkeys(part for part in parts if part not in _NONE))
