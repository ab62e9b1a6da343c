"""Corpora whose truth is known because they are built for it: what the audit must say of each.

Each construction draws documents from a seed. `blind`: the text says nothing of what is related, so a verdict
`learnable` is wrong; `driven`: the text says it, so `labels-do-not-follow-text` is wrong. `right` holds the
verdicts that are true of it; `undecided` is never wrong, it is what a small corpus has to say.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from medner_assets.schema import Document, Entity, Relation

_FILLER = (
    "then", "over", "this", "visit", "course", "again", "some", "more", "days", "of", "care", "after", "rest",
    "and", "with", "usual", "mild", "notes",
)  # fmt: skip
_DRUGS = [
    f"{a}{b}" for a in ("al", "be", "co", "du", "en", "fi") for b in ("nol", "pril", "stat", "zole", "min")
]
_CONDITIONS = [
    f"{a}{b}" for a in ("gas", "hep", "neur", "card", "derm", "oste") for b in ("itis", "oma", "algia")
]

Mention = tuple[str, str, str]
"""(type, name, key within the document)."""
Sentence = Sequence[str | Mention]
Told = tuple[list[Sentence], list[tuple[str, str, str]]]
"""Sentences, and relations as (type, key of the head, key of the tail)."""


@dataclass(frozen=True, slots=True)
class Construction:
    """One kind of corpus."""

    make: Callable[[Random], Callable[[Random, int], Told]]
    """From a corpus's random source, a function (random source, number) → one document."""
    truth: str
    """`blind` or `driven`."""
    right: frozenset[str]
    says: str


def documents(construction: Construction, seed: int, count: int) -> list[Document]:
    """Return `count` documents of a corpus drawn with `seed`."""
    rng = Random(seed)
    told = construction.make(rng)
    return [_document(f"d{number}", *told(rng, number)) for number in range(count)]


def _document(name: str, sentences: list[Sentence], relations: list[tuple[str, str, str]]) -> Document:
    words: list[str] = []
    entities, ids, place = [], {}, 0
    for sentence in sentences:
        for index, each in enumerate(sentence):
            written = each if isinstance(each, str) else each[1]
            if index == 0 and isinstance(each, str):
                written = written.capitalize()
            if not isinstance(each, str):
                ids[each[2]] = f"T{len(entities)}"
                entities.append(Entity(ids[each[2]], each[0], place, place + len(written), written))
            if index == len(sentence) - 1:
                written += "."
            words.append(written)
            place += len(written) + 1
    found = tuple(Relation(kind, ids[head], ids[tail]) for kind, head, tail in relations)
    return Document(name, " ".join(words), tuple(entities), found)


def _some(rng: Random, count: int) -> list[str]:
    return [rng.choice(_FILLER) for _ in range(count)]


def _drug(rng: Random, key: str) -> Mention:
    return "Drug", rng.choice(_DRUGS), key


def _condition(rng: Random, key: str) -> Mention:
    return "Condition", rng.choice(_CONDITIONS), key


def _sentences(
    label: Callable[[Random, int, int], tuple[list[str], list[str], str | None]], low: int = 2, high: int = 6
) -> Callable[[Random], Callable[[Random, int], Told]]:
    """A drug and a condition in each sentence. label: (random, place, sentences) → (words between, words at
    the end, relation type or None)."""

    def told(rng: Random, number: int) -> Told:
        sentences: list[Sentence] = []
        relations = []
        count = rng.randint(low, high)
        for place in range(count):
            between, after, kind = label(rng, place, count)
            one, other = _drug(rng, f"d{place}"), _condition(rng, f"c{place}")
            sentences.append([*_some(rng, rng.randint(1, 3)), one, *between, other, *_some(rng, 2), *after])
            if kind:
                relations.append((kind, one[2], other[2]))
        return sentences, relations

    return lambda _: told


def _cue(rng: Random, place: int, count: int) -> tuple[list[str], list[str], str | None]:
    related = rng.random() < 0.5
    word = "eased" if related else "alongside"
    return [*_some(rng, 1), word], [], "treats" if related != (rng.random() < 0.25) else None


def _far_cue(rng: Random, place: int, count: int) -> tuple[list[str], list[str], str | None]:
    related = rng.random() < 0.5
    words = [*_some(rng, 7), "successfully" if related else "regardless", *_some(rng, 2)]
    return _some(rng, 3), words, "treats" if related else None


def _coin(rng: Random, place: int, count: int) -> tuple[list[str], list[str], str | None]:
    return _some(rng, 3), [], "treats" if rng.random() < 0.4 else None


def _by_verb(rng: Random, place: int, count: int) -> tuple[list[str], list[str], str | None]:
    verb = rng.choice(("treats", "causes", "prevents"))
    return [*_some(rng, 1), {"treats": "eased", "causes": "brought", "prevents": "averted"}[verb]], [], verb


def _chance_type(rng: Random, place: int, count: int) -> tuple[list[str], list[str], str | None]:
    between, after, kind = _cue(rng, place, count)
    return between, after, rng.choice(("treats", "causes", "prevents")) if kind else None


def _partly(rng: Random, place: int, count: int) -> tuple[list[str], list[str], str | None]:
    return _some(rng, 3), [], "treats" if rng.random() < (0.75 if place < 2 else 0.15) else None


def _first_half(rng: Random, place: int, count: int) -> tuple[list[str], list[str], str | None]:
    between, after, kind = _cue(rng, place, count)
    return between, after, kind if place >= count / 2 else None


def _first_five(rng: Random, place: int, count: int) -> tuple[list[str], list[str], str | None]:
    return [*_some(rng, 1), "eased"], [], "treats" if place < 3 else None


def _names_decide(rng: Random) -> Callable[[Random, int], Told]:
    good = set(rng.sample(_DRUGS, len(_DRUGS) // 2))

    def told(rng: Random, number: int) -> Told:
        count = rng.randint(2, 4)
        drugs, conditions = rng.sample(_DRUGS, count), rng.sample(_CONDITIONS, count)
        sentences: list[Sentence] = [
            [
                *_some(rng, 2),
                ("Drug", drugs[n], f"d{n}"),
                *_some(rng, 3),
                ("Condition", conditions[n], f"c{n}"),
            ]
            for n in range(count)
        ]
        related = [
            ("treats", f"d{a}", f"c{b}") for a in range(count) for b in range(count) if drugs[a] in good
        ]
        return sentences, related

    return told


def _random_pairs(_: Random) -> Callable[[Random, int], Told]:
    def told(rng: Random, number: int) -> Told:
        count = rng.randint(2, 4)
        sentences: list[Sentence] = [
            [*_some(rng, 2), _drug(rng, f"d{n}"), *_some(rng, 3), _condition(rng, f"c{n}")]
            for n in range(count)
        ]
        pairs = [("treats", f"d{a}", f"c{b}") for a in range(count) for b in range(count)]
        return sentences, rng.sample(pairs, count)

    return told


def _directed(*, by_text: bool) -> Callable[[Random], Callable[[Random, int], Told]]:
    def told(rng: Random, number: int) -> Told:
        sentences: list[Sentence] = []
        relations = []
        for place in range(rng.randint(2, 5)):
            one, other = _condition(rng, f"a{place}"), _condition(rng, f"b{place}")
            related, forward = rng.random() < 0.6, rng.random() < 0.5
            words = ["beside"]
            if related:
                words = (["leading"] if forward else ["following"]) if by_text else ["involving"]
                ends = (one[2], other[2])
                relations.append(("causes", *(ends if forward else ends[::-1])))
            sentences.append([*_some(rng, 2), one, *_some(rng, 1), *words, other, *_some(rng, 2)])
        return sentences, relations

    return lambda _: told


def _templates(rng: Random) -> Callable[[Random, int], Told]:
    shapes = []
    for _ in range(30):
        related = rng.random() < 0.5
        shapes.append(
            ([*_some(rng, 4)], [*_some(rng, 2), "for" if related else "not", *_some(rng, 1)], related)
        )

    def told(rng: Random, number: int) -> Told:
        sentences: list[Sentence] = []
        relations = []
        for place in range(3):
            before, between, related = rng.choice(shapes)
            sentences.append([*before, _drug(rng, f"d{place}"), *between, _condition(rng, f"c{place}")])
            if related:
                relations.append(("treats", f"d{place}", f"c{place}"))
        return sentences, relations

    return told


def _rare_cue(_: Random) -> Callable[[Random, int], Told]:
    def told(rng: Random, number: int) -> Told:
        related = rng.randrange(2)
        sentence: list[str | Mention] = [*_some(rng, 1), _condition(rng, "c")]
        for n in range(2):
            said = n == related and rng.random() < 0.25
            sentence += ["on", *(["working"] if said else _some(rng, 1)), _drug(rng, f"d{n}")]
        return [sentence], [("treats", f"d{related}", "c")]

    return told


def _set(*verdicts: str) -> frozenset[str]:
    return frozenset(verdicts)


_NOT = "labels-do-not-follow-text"
CONSTRUCTIONS: dict[str, Construction] = {
    "cue with noise": Construction(
        _sentences(_cue), "driven", _set("learnable"),
        "a word between says it, a quarter of the labels is flipped",
    ),
    "cue far away": Construction(
        _sentences(_far_cue), "driven", _set("learnable"),
        "a word ten words behind the pair says it",
    ),
    "rare cue": Construction(
        _rare_cue, "driven", _set("learnable", "weak"), "a word says it in a quarter of the documents"
    ),
    "templates": Construction(
        _templates, "driven", _set("learnable"), "thirty phrases, each of which is related or not"
    ),
    "position and cue": Construction(
        _sentences(_first_half), "driven", _set("learnable"),
        "a word says it, in the second half only",
    ),
    "one pair, cue": Construction(
        _sentences(_cue, 1, 1), "driven", _set("learnable"),
        "one pair a document, a word says it",
    ),
    "type by a verb": Construction(
        _sentences(_by_verb), "driven", _set("learnable"),
        "position says which pair, a verb which of three types",
    ),
    "direction by a word": Construction(
        _directed(by_text=True), "driven", _set("learnable"), "one word says which pair and which is the head"
    ),
    "coin in the sentence": Construction(
        _sentences(_coin), "blind", _set(_NOT),
        "a coin toss for the pair of each sentence",
    ),
    "random pairs": Construction(_random_pairs, "blind", _set(_NOT), "pairs of a document drawn at random"),
    "position in part": Construction(
        _sentences(_partly), "blind", _set(_NOT),
        "early sentences more often than late ones",
    ),
    "first three": Construction(
        _sentences(_first_five), "blind", _set("follows-without-reading"),
        "the first three pairs, all worded alike",
    ),
    "one pair, coin": Construction(
        _sentences(_coin, 1, 1), "blind", _set(_NOT), "one pair a document, a coin toss"
    ),
    "names decide": Construction(
        _names_decide, "blind", _set("follows-without-reading"),
        "half of the drugs treat everything",
    ),
    "type at random": Construction(
        _sentences(_chance_type), "blind", _set("types-do-not-follow-text"),
        "a word says which pair, chance the type",
    ),
    "direction at random": Construction(
        _directed(by_text=False), "blind", _set("directions-do-not-follow-text"),
        "a word says which pair, chance which is the head",
    ),
}  # fmt: skip
