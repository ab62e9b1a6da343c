"""The probability of a line: its tokens behind the number, multiplied."""

from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medner_assets.prompting.grounding import predict
from medner_assets.prompting.parsing import parse_completion
from medner_assets.prompting.probability import TokenProbabilities
from medner_assets.scoring.tabulation import prediction_frames

COMPLETION = (
    "### Entities:\n1. [Drug] aspirin\n2. [Effect] rash\n\n### Relations:\n1. aspirin --[causes]--> rash"
)


def tokens(*pieces: tuple[str, float]) -> TokenProbabilities:
    starts, written = [], ""
    for piece, _ in pieces:
        starts.append(len(written))
        written += piece
    assert written == COMPLETION
    return TokenProbabilities(starts, [log(probability) for _, probability in pieces])


def test_a_line_has_the_product_of_its_type_and_mention_and_not_of_its_number_or_its_end():
    said = tokens(
        ("### Entities:\n1.", 0.5), (" [", 0.9), ("Drug", 0.8), ("]", 0.99), (" aspirin", 0.7), ("\n", 0.1),
        ("2", 0.1), (".", 0.1), (" [Effect] rash", 0.6), ("\n\n### Relations:\n1.", 0.2), (" aspirin", 0.5),
        (" --[", 0.9), ("causes]--> rash", 0.4),
    )  # fmt: skip
    prediction = predict("d", "aspirin rash", COMPLETION, tokens=said)
    assert [each.probability for each in prediction.entities] == pytest.approx([0.9 * 0.8 * 0.99 * 0.7, 0.6])
    assert [each.probability for each in prediction.relations] == pytest.approx([0.5 * 0.9 * 0.4])


def test_a_token_that_crosses_a_border_counts_where_it_begins():
    said = tokens(
        ("### Entities:\n1. [", 0.5), ("Drug] aspirin\n2. [Ef", 0.25), ("fect] rash\n\n### Rel", 0.5),
        ("ations:\n1. aspirin --[causes]--> rash", 0.125),
    )  # fmt: skip
    prediction = predict("d", "aspirin rash", COMPLETION, tokens=said)
    assert [each.probability for each in prediction.entities] == pytest.approx([0.25, 0.5])
    assert [each.probability for each in prediction.relations] == [1.0]  # none begins in it


def test_a_completion_whose_tokens_were_not_kept_has_no_probability():
    prediction = predict("d", "aspirin rash", COMPLETION)
    assert {each.probability for each in (*prediction.entities, *prediction.relations)} == {None}
    frames = prediction_frames([prediction], evaluation_id="e", dataset="s", split="test")
    assert frames["predicted_entities"]["model_probability"].to_list() == [None, None]
    assert frames["predicted_relations"]["probability"].to_list() == [None]


def test_lines_that_say_the_same_have_the_largest_of_their_probabilities():
    text = "### Entities:\n1. [Drug] Aspirin\n2. [Drug] aspirin\n3. [Effect] aspirin"
    starts = [text.index("[Drug] A"), text.index("[Drug] a"), text.index("[Effect]")]
    said = TokenProbabilities(starts, [log(0.3), log(0.6), log(0.2)])
    frames = prediction_frames(
        [predict("d", "aspirin", text, is_cut=False, tokens=said)],
        evaluation_id="e",
        dataset="s",
        split="test",
    )
    assert frames["predicted_entities"]["probability"].to_list() == pytest.approx([0.6, 0.6, 0.2])


@given(st.text(alphabet="1.[]-> Dn\r\n\t\x0c#\\", max_size=60))
def test_a_place_holds_what_was_read_from_it(completion):
    parsed = parse_completion(completion)
    for entity in parsed.entities:
        start, end = entity.place
        again = parse_completion(completion[start:end])
        assert [(each.type, each.text) for each in again.entities] == [(entity.type, entity.text)]
        assert "\n" not in completion[start:end]


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-3, 0)), max_size=12), st.data())
def test_probabilities_of_neighbouring_places_multiply(pieces, data):
    starts = [sum(length for length, _ in pieces[:n]) for n in range(len(pieces))]
    offset = data.draw(st.integers(0, 5))  # of a later window
    said = TokenProbabilities([offset + each for each in starts], [value for _, value in pieces], offset)
    size = sum(length for length, _ in pieces) + 1
    middle = data.draw(st.integers(0, size))
    assert said.at((0, middle)) * said.at((middle, size)) == pytest.approx(
        exp(sum(value for _, value in pieces))
    )
