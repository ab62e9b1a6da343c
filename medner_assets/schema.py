"""The values that travel between layers: documents, gold annotations, parsed predictions. Frozen, no I/O.

Character offsets count Unicode code points of `Document.text`, start inclusive, end exclusive. Token offsets
never appear here.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self


class Level(StrEnum):
    """Between what a document's relations hold."""

    MENTION = "mention"
    """Between two entity mentions: `Relation.head` and `.tail` are entity ids."""
    CONCEPT = "concept"
    """Between two concepts: `Relation.head_concept` and `.tail_concept` are concept ids of the entities."""


class Grounding(StrEnum):
    """How a predicted string was found in the text; the first that applies."""

    EXACT = "exact"
    CASE = "case"
    """Found when case is ignored and runs of white space count as one blank."""
    FUZZY = "fuzzy"
    """A near match, kept for error analysis; never counts as strict."""
    NONE = "none"
    """Not in the text: the prediction is ungrounded."""


Attributes = tuple[tuple[str, str], ...]
"""(name, value) of what is said of a mention or relation besides its type (negation, certainty, experiencer,
time), sorted, names and values as the source has them; a flag has the value "true"."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One gold mention. `start` and `end` are None only where the source gives no offsets."""

    id: str
    type: str
    start: int | None
    end: int | None
    text: str
    concepts: tuple[str, ...] = ()
    """Concept ids (MeSH, NCBI Gene, …) at concept level; several for a composite mention; empty else."""
    pieces: tuple[tuple[int, int], ...] = ()
    """(start, end) of each piece of a discontinuous mention, in its source's order; empty for one in a piece.
    `start`, `end` and `text` are then those of the span that covers them."""
    attributes: Attributes = ()


@dataclass(frozen=True, slots=True)
class Relation:
    """One gold relation. At mention level `head`/`tail` are set, at concept level
    `head_concept`/`tail_concept`."""

    type: str
    head: str | None = None
    tail: str | None = None
    head_concept: str | None = None
    tail_concept: str | None = None
    attributes: Attributes = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One text with its gold annotations.

    Invariants, checked by `corpus.validation`: ids of entities are distinct; `text[start:end] ==
    entity.text`; each relation refers to an entity (or a concept of one) of this document.
    """

    id: str
    text: str
    entities: tuple[Entity, ...] = ()
    relations: tuple[Relation, ...] = ()
    group: str | None = None
    """What must not be split and is resampled as one (a patient, an abstract); None: the document itself."""
    split: str | None = None
    directed: bool = True
    """False: (a, b) and (b, a) are the same relation, for every type of this document."""
    level: Level = Level.MENTION

    def with_split(self, split: str) -> Self:
        """Return the same document in another split."""
        return replace(self, split=split)


Place = tuple[int, int]
"""Characters of a completion: start inclusive, end exclusive."""


@dataclass(frozen=True, slots=True)
class ParsedEntity:
    """One entity line of a completion. `ordinal` counts entity lines of the completion from 0."""

    ordinal: int
    type: str
    text: str
    place: Place = field(default=(0, 0), compare=False)
    """Where the line says it, behind its number; an empty one where it is in no completion."""


@dataclass(frozen=True, slots=True)
class ParsedRelation:
    """One relation line of a completion. `ordinal` counts relation lines of the completion from 0."""

    ordinal: int
    type: str
    head: str
    tail: str
    place: Place = field(default=(0, 0), compare=False)
    """As of a `ParsedEntity`."""


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """A line that is neither an entity nor a relation. `line_number` counts lines of the completion from
    1."""

    line_number: int
    line: str
    reason: str


@dataclass(frozen=True, slots=True)
class ParsedCompletion:
    """What one completion says: each non-blank, non-heading line is in exactly one of the three."""

    entities: tuple[ParsedEntity, ...] = ()
    relations: tuple[ParsedRelation, ...] = ()
    rejected: tuple[RejectedLine, ...] = ()


@dataclass(frozen=True, slots=True)
class PredictedEntity:
    """A predicted mention, grounded in the text: offsets are None iff `grounding` is NONE."""

    ordinal: int
    type: str
    text: str
    start: int | None
    end: int | None
    grounding: Grounding
    probability: float | None = None
    """What its line's tokens had, see `prompting/probability.py`; None: it is not known."""
    votes: int | None = None
    """Replicates that say so; None: not of an ensemble."""


@dataclass(frozen=True, slots=True)
class PredictedRelation:
    """A predicted relation between strings; types are those of the first predicted entity with that string,
    else None."""

    ordinal: int
    type: str
    head_text: str
    head_type: str | None
    tail_text: str
    tail_type: str | None
    probability: float | None = None
    """As of a `PredictedEntity`."""
    votes: int | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a version says of one document, before any post-processing."""

    doc_id: str
    entities: tuple[PredictedEntity, ...] = ()
    relations: tuple[PredictedRelation, ...] = ()
    rejected: tuple[RejectedLine, ...] = ()
