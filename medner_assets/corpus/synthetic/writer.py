"""Write patterns into one text and annotate what was written. Offsets are exact by construction."""

from dataclasses import dataclass
from random import Random
from typing import ClassVar, Protocol

from medner_assets.corpus.synthetic.draws import pick
from medner_assets.corpus.synthetic.inventory import ORDINARY_WORDS
from medner_assets.corpus.synthetic.names import ENTITY_TYPE, abbreviation
from medner_assets.corpus.synthetic.patterns import Choice, Pattern, Slot
from medner_assets.corpus.synthetic.style import Style
from medner_assets.schema import Entity, Relation


class NameSource(Protocol):
    """Where names come from."""

    def draw(self, rng: Random, kind: str) -> str:
        """Return a name of `kind`."""


@dataclass(slots=True)
class Known:
    """A thing that the text has named: its kind, its full name, and the short form if one was introduced."""

    kind: str
    name: str
    short: str | None = None


class Writer:
    """The text of one document so far, and its annotations.

    An argument of a relation is the mention that stands in the statement, the last one there: where that is
    `long form (SHORT)` the long form, later the short one.
    """

    USUAL_REUSE = 0.3
    """Chance that a pattern speaks again of something that the text has named."""
    REUSE: ClassVar[dict[str, float]] = {"listed": 0.0, "repeated": 1.0}
    """The same for some devices: what is listed is new, so that "no headache" contradicts nothing."""
    ABBREVIATE = 0.14
    """Chance that the first mention of a condition or procedure introduces its initials."""

    def __init__(self, rng: Random, names: NameSource, style: Style) -> None:
        self.entities: list[Entity] = []
        self.relations: list[Relation] = []
        self._rng = rng
        self._names = names
        self._style = style
        self._parts: list[str] = []
        self._length = 0
        self._known: list[Known] = []
        self._in_use: set[str] = set()

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._parts)

    def write(self, pattern: Pattern, lead: str = "") -> None:
        """Append the sentences of `pattern`, their mentions and what they state.

        lead: words before the first sentence, which must begin with a name.
        """
        cast = self._cast(pattern)
        mentions: dict[str, str] = {}
        if self._parts:
            self._append(" ")
        self._append(lead)
        opening = not lead
        for piece in pattern.pieces:
            if isinstance(piece, str):
                self._append(piece[0].upper() + piece[1:] if opening else piece)
                opening = piece.endswith(". ")
                continue
            if isinstance(piece, Slot):
                mentions[piece.key] = self._mention(cast[piece.key], opening)
            else:
                wording = (
                    pick(self._rng, piece.options)
                    if isinstance(piece, Choice)
                    else self._style.field(piece.name)
                )
                self._append(wording[0].upper() + wording[1:] if opening else wording)
            opening = False
        self._append(".")
        self.relations.extend(
            Relation(type=kind, head=mentions[head], tail=mentions[tail])
            for head, kind, tail in pattern.stated
        )

    def _cast(self, pattern: Pattern) -> dict[str, Known]:
        """Choose what each slot stands for; at most one slot reuses, so no pair is ever spoken of twice."""
        rng = self._rng
        reusing = ""
        chosen: dict[str, Known] = {}
        if self._known and pattern.slots and rng.random() < self.REUSE.get(pattern.device, self.USUAL_REUSE):
            slot = pick(rng, pattern.slots)
            fitting = [known for known in self._known if known.kind == slot.kind]
            if fitting:
                reusing = slot.key
                chosen[reusing] = pick(rng, fitting)
        for slot in pattern.slots:
            if slot.key != reusing:
                chosen[slot.key] = self._new(slot.kind)
        return chosen

    def _new(self, kind: str) -> Known:
        while True:
            name = self._names.draw(self._rng, kind)
            if name.lower() not in self._in_use:
                self._in_use.add(name.lower())
                return Known(kind, name)

    def _mention(self, known: Known, opening: bool) -> str:
        if known.short is not None:
            return self._annotate(known.kind, known.short)
        name = known.name
        entity_id = self._annotate(known.kind, name[0].upper() + name[1:] if opening else name)
        if not any(known is other for other in self._known):
            self._known.append(known)
            if known.kind != "D" and self._rng.random() < self.ABBREVIATE:
                self._introduce_short(known)
        return entity_id

    def _introduce_short(self, known: Known) -> None:
        short = abbreviation(known.name)
        if short is None or short.lower() in self._in_use or short.lower() in ORDINARY_WORDS:
            return
        self._in_use.add(short.lower())
        known.short = short
        self._append(" (")
        self._annotate(known.kind, short)
        self._append(")")

    def _annotate(self, kind: str, mention: str) -> str:
        entity_id = f"T{len(self.entities) + 1}"
        start = self._length
        self._append(mention)
        self.entities.append(Entity(entity_id, ENTITY_TYPE[kind], start, self._length, mention))
        return entity_id

    def _append(self, part: str) -> None:
        self._parts.append(part)
        self._length += len(part)
