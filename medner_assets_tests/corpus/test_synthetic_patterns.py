from random import Random

import pytest

from medner_assets.corpus.synthetic.inventory import (
    ADULT_ASIDE_PATTERNS,
    CHILD_ASIDE_PATTERNS,
    MENTIONED,
    MIXED_PATTERNS,
    OPENING_PATTERNS,
    REFUSED,
    STATED,
)
from medner_assets.corpus.synthetic.names import WORDS
from medner_assets.corpus.synthetic.patterns import parse
from medner_assets.corpus.synthetic.style import Style
from medner_assets.corpus.synthetic.writer import Writer
from medner_assets.errors import MednerError
from medner_assets.schema import Document


class GivenNames:
    """Names in a given order, whatever their kind."""

    def __init__(self, *names: str) -> None:
        self._names = list(names)

    def draw(self, _: Random, kind: str) -> str:
        return self._names.pop(0)


def written(*sources: str, names: tuple[str, ...], relation: str = "treats", lead: str = "") -> Document:
    rng = Random("a test")
    writer = Writer(rng, GivenNames(*names), Style(rng))
    for source in sources:
        # Device `listed` never speaks again of something that was named, so that names come as given.
        writer.write(parse(source, "listed", relation), lead)
    return Document("1", writer.text, tuple(writer.entities), tuple(writer.relations))


def stated(document: Document) -> list[tuple[str, str, str]]:
    mention = {entity.id: entity.text for entity in document.entities}
    return [(mention[str(r.head)], r.type, mention[str(r.tail)]) for r in document.relations]


def test_a_pattern_states_what_stands_behind_its_arrow():
    document = written("[D1] was given for [C1], not [C2] => D1>C1", names=("zavomab", "gout", "asthma"))
    assert document.text == "Zavomab was given for gout, not asthma."
    assert stated(document) == [("Zavomab", "treats", "gout")]


def test_a_pattern_can_state_relations_of_several_types():
    document = written(
        "[D1], given for [C1], caused [S1] => D1>C1 D1>S1:causes", names=("zavomab", "gout", "nausea")
    )
    assert stated(document) == [("Zavomab", "treats", "gout"), ("Zavomab", "causes", "nausea")]


def test_a_pattern_without_an_arrow_relates_nothing():
    assert stated(written("[D1] did not help the [C1]", names=("zavomab", "gout"))) == []


def test_offsets_are_those_of_the_text_also_in_a_second_sentence():
    document = written(
        "The [C1] was known",
        "[D1] was begun. It eased the [S1] => D1>S1",
        names=("gout", "zavomab", "nausea"),
    )
    assert document.text == "The gout was known. Zavomab was begun. It eased the nausea."
    assert [(e.start, e.end, e.text) for e in document.entities] == [
        (4, 8, "gout"), (20, 27, "Zavomab"), (52, 58, "nausea"),
    ]  # fmt: skip


def test_a_name_behind_a_lead_is_not_capitalised():
    document = written("[D1] helped", names=("zavomab",), lead="On review, ")
    assert document.text == "On review, zavomab helped."


def test_a_slot_that_stands_twice_is_annotated_twice_and_the_last_mention_is_the_argument():
    document = written(
        "[D1] was blamed, and it was [D1] that caused [S1] => D1>S1", names=("zavomab", "nausea")
    )
    assert [entity.text for entity in document.entities] == ["Zavomab", "zavomab", "nausea"]
    assert document.relations[0].head == document.entities[1].id


def test_a_relation_without_a_type_or_with_a_missing_slot_is_refused():
    with pytest.raises(MednerError, match="D1>C1"):
        parse("[D1] for [C1] => D1>C1", "active")
    with pytest.raises(MednerError, match="D1>C2"):
        parse("[D1] for [C1] => D1>C2", "active", "treats")


def test_every_pattern_of_a_relation_type_states_it_and_no_refusal_or_aside_states_anything():
    for relation, devices in STATED.items():
        for patterns in devices.values():
            assert all({kind for _, kind, _ in pattern.stated} == {relation} for pattern in patterns)
    assert all(len({kind for _, kind, _ in pattern.stated}) > 1 for pattern in MIXED_PATTERNS)
    for devices in (REFUSED, MENTIONED):
        assert not any(pattern.stated for patterns in devices.values() for pattern in patterns)


def test_asides_name_nothing_that_would_have_to_be_annotated():
    names = {word for words in WORDS.values() for word in words}
    for pattern in (*ADULT_ASIDE_PATTERNS, *CHILD_ASIDE_PATTERNS):
        assert not pattern.slots
        wording = "".join(piece for piece in pattern.pieces if isinstance(piece, str)).lower()
        assert not [name for name in names if f" {name} " in f" {wording} "]
    assert not any(pattern.stated for pattern in OPENING_PATTERNS)


def test_every_field_of_every_pattern_can_be_filled():
    rng = Random("fields")
    groups = [ADULT_ASIDE_PATTERNS, CHILD_ASIDE_PATTERNS, OPENING_PATTERNS, MIXED_PATTERNS]
    for devices in (*STATED.values(), REFUSED, MENTIONED):
        groups += devices.values()
    for group in groups:
        for pattern in group:
            writer = Writer(rng, GivenNames(*"abcdefghijklmnop"), Style(rng))
            writer.write(pattern)
            assert "{" not in writer.text
            assert "<" not in writer.text
            assert "[" not in writer.text
