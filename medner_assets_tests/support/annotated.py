"""Notes whose annotations are nested, adjacent, discontinuous and across sentences, some with attributes."""

import random

from medner_assets.schema import Document, Entity, Relation

WORDS = [
    "severe",
    "heparin",
    "aspirin",
    "pain",
    "left",
    "right",
    "knee",
    "bleeding",
    "née",
    "β-blocker",
    "😀",
    "rash",
    "nausea",
    "dose",
    "given",
    "stopped",
]
SAID = ((), (("negation", "true"),), (("certainty", "rather low"), ("negation", "true")))
TYPES = ("Drug", "Effect", "Dose")


def annotated_documents(count: int, seed: int = 0) -> list[Document]:
    """Return `count` documents; every fourth mention is in pieces, one in three follows the one before."""
    draw = random.Random(seed)
    return [_document(f"note/{number}", draw) for number in range(count)]


def _document(doc_id: str, draw: random.Random) -> Document:
    sentences = [[draw.choice(WORDS) for _ in range(draw.randint(6, 12))] for _ in range(draw.randint(2, 5))]
    text = "\n".join(" ".join((*sentence, ".")) for sentence in sentences)
    starts = [0, *(i + 1 for i, character in enumerate(text) if character in " \n")]
    ends = [*(start - 1 for start in starts[1:]), len(text)]
    entities: list[Entity] = []
    for number in range(1, draw.randint(3, 8)):
        first = draw.randrange(len(starts) - 3)
        if entities and number % 3 == 0:  # adjacent: it begins where the one before ends
            first = min(len(starts) - 4, 1 + next(i for i, end in enumerate(ends) if end >= entities[-1].end))
        last = first + draw.randint(0, 3)  # may nest, overlap, or cross a sentence
        start, end = starts[first], ends[last]
        pieces = ((start, ends[first]), (starts[last], end)) if number % 4 == 0 and last > first + 1 else ()
        kind = draw.choice(TYPES)
        if all((each.start, each.end, each.type) != (start, end, kind) for each in entities):
            said = SAID[number % len(SAID)]
            entities.append(Entity(f"T{number}", kind, start, end, text[start:end], (), pieces, said))
    pairs = [(head, tail) for head in entities for tail in entities if head is not tail]
    relations = dict.fromkeys(
        Relation("causes", head.id, tail.id, attributes=head.attributes)
        for head, tail in draw.sample(pairs, min(2, len(pairs)))
    )
    return Document(doc_id, text, tuple(entities), tuple(relations))
