import random

from hypothesis import given
from hypothesis import strategies as st

from medner_assets.schema import Document, Entity, Relation
from tools.embedded_base.augment import swap_names, vary
from tools.embedded_base.overlap import HeldOut
from tools.embedded_base.rows import pack
from tools.embedded_base.silver import abbreviations, quantities

HELD = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"


def test_a_text_that_shares_thirteen_words_in_a_row_with_a_test_text_overlaps():
    assert HeldOut([HELD]).overlaps(
        "Before, TWO three four five six seven eight nine ten, eleven twelve thirteen fourteen!"
    )


def test_a_text_that_shares_twelve_words_in_a_row_does_not():
    assert not HeldOut([HELD]).overlaps(
        "three four five six seven eight nine ten eleven twelve thirteen fourteen"
    )


def test_a_held_out_identifier_is_refused_whatever_its_text():
    assert HeldOut([], ["123"]).refuses("123")


def test_a_defined_abbreviation_is_related_to_its_long_form():
    document = abbreviations("s", "He had deep vein thrombosis (DVT) twice.")
    assert document is not None
    assert [(e.type, e.text) for e in document.entities] == [
        ("Term", "deep vein thrombosis"),
        ("Abbreviation", "DVT"),
    ]
    assert document.relations == (Relation("stands_for", "T1", "T0"),)


def test_a_bracket_that_abbreviates_nothing_gives_no_example():
    assert abbreviations("s", "It was high (see Table).") is None


def test_quantities_are_found_with_their_unit():
    document = quantities("s", "Of 20 mg/kg daily for 3 weeks, 12.5% were lost (p < 0.05).")
    assert document is not None
    assert [(e.type, e.text) for e in document.entities] == [
        ("Dose", "20 mg/kg"), ("Duration", "3 weeks"), ("Percentage", "12.5%"), ("PValue", "p < 0.05"),
    ]  # fmt: skip


TEXT = "Aspirin and aspirin cause rash."
NOTE = Document(
    "d",
    TEXT,
    (
        Entity("1", "Drug", 0, 7, "Aspirin"),
        Entity("2", "Drug", 12, 19, "aspirin"),
        Entity("3", "Effect", 26, 30, "rash"),
    ),
    (Relation("causes", "1", "3"),),
)


@given(st.integers(0, 10_000))
def test_swapped_names_stay_where_their_offsets_say(seed):
    swapped = swap_names(NOTE, {"Drug": ["x-mab", "very long name"], "Effect": ["ill"]}, random.Random(seed))
    assert all(swapped.text[e.start : e.end] == e.text for e in swapped.entities)
    assert len({e.text.lower() for e in swapped.entities if e.type == "Drug"}) == 1


@given(st.integers(0, 10_000))
def test_a_variant_holds_only_types_that_its_prompt_asks_for(seed):
    task = vary(NOTE, ("Drug", "Effect"), ("causes",), {}, random.Random(seed))
    assert {e.type for e in task.document.entities} <= set(task.entity_types)
    assert {r.type for r in task.document.relations} <= set(task.relation_types)


def test_packed_rows_hold_every_token_once_and_learn_completions_only():
    rows = pack([([1, 2], [3]), ([4], [5, 6]), ([7] * 5, [8] * 3)], length=8)
    assert sorted(rows.tokens[rows.segments > 0].tolist()) == [1, 2, 3, 4, 5, 6, *[7] * 5, *[8] * 3]
    assert sorted(rows.tokens[rows.learned == 1].tolist()) == [3, 5, 6, 8, 8, 8]
