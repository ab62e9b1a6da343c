from hypothesis import given
from hypothesis import strategies as st

from medner_assets.prompting.grounding import predict
from medner_assets.schema import Grounding


def spans(text: str, *mentions: str) -> list[tuple[int | None, int | None, str]]:
    completion = "\n".join(f"[X] {mention}" for mention in mentions)
    return [(e.start, e.end, e.grounding.value) for e in predict("d", text, completion).entities]


def test_the_second_mention_of_a_string_takes_its_second_occurrence():
    assert spans("pain, then pain", "pain", "pain") == [(0, 4, "exact"), (11, 15, "exact")]


def test_a_mention_beyond_the_last_occurrence_takes_the_last():
    assert spans("pain.", "pain", "pain") == [(0, 4, "exact"), (0, 4, "exact")]


def test_an_occurrence_inside_a_word_counts_only_if_there_is_no_other():
    assert spans("painful pain", "pain") == [(8, 12, "exact")]
    assert spans("painful", "pain") == [(0, 4, "exact")]


def test_case_and_white_space_are_forgiven_and_marked():
    assert spans("Acute  renal\nfailure", "acute renal failure") == [(0, 20, "case")]


def test_a_near_match_is_marked_as_fuzzy():
    assert spans("treated with methotrexate", "methotrexat e")[0][2] == "fuzzy"


def test_what_is_not_in_the_text_has_no_span():
    assert spans("Aspirin", "warfarin") == [(None, None, "none")]


def test_an_argument_takes_the_type_of_the_first_entity_with_its_string():
    relation = predict("d", "a b", "[Drug] a\n[Gene] a\na --[causes]--> b").relations[0]
    assert (relation.head_type, relation.tail_type) == ("Drug", None)


def test_case_and_white_space_of_an_argument_decide_nothing():
    relation = predict(
        "d", "aspirin", "[Drug] aspirin\n[Pain] Old  pain\nAspirin --[treats]--> old pain"
    ).relations[0]
    assert (relation.head_type, relation.tail_type) == ("Drug", "Pain")


@given(st.text(max_size=60), st.text(max_size=120))
def test_offsets_are_inside_the_text_and_absent_only_when_ungrounded(text, completion):
    for entity in predict("d", text, completion).entities:
        assert (entity.start is None) == (entity.grounding is Grounding.NONE)
        if entity.start is not None:
            assert 0 <= entity.start < entity.end <= len(text)
        if entity.grounding is Grounding.EXACT:
            assert text[entity.start : entity.end] == entity.text
