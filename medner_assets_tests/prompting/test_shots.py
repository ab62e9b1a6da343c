"""Prompts with examples: what stands in them, and which examples a text gets."""

import pytest

from medner_assets.prompting.shots import Shot, Shots, answer_in, render_few_shot
from medner_assets.prompting.templates import render_completion
from medner_assets_tests.support.building import document

POOL = [
    document("Aspirin helps.", [("Drug", "Aspirin"), ("Drug", "helps")], [("Aspirin", "a", "helps")], id="a"),
    document("Heparin was stopped for bleeding of the gut.", [("Drug", "Heparin")], id="b"),
    document("  ", id="blank"),
    document("The rash went after ibuprofen was stopped.", [("Drug", "ibuprofen")], id="c"),
]  # fmt: skip


def test_a_zero_shot_prompt_describes_the_format_and_ends_where_the_answer_begins():
    prompt = render_few_shot("Rash.", "instruct", ["Drug"], ["causes"], [])
    assert prompt.startswith("### Instruction:\n")
    assert "Entity types: Drug\nRelation types: causes" in prompt
    assert "1. mention --[relation type]--> mention" in prompt
    assert prompt.endswith("### Text:\nRash.\n\n### Response:\n")


def test_examples_stand_before_the_text_with_the_answers_of_a_perfect_model():
    shots = [Shot.of(POOL[0]), Shot.of(POOL[1])]
    prompt = render_few_shot("Rash.", "chat", ["Drug"], ["causes"], shots)
    first, second, asked = (prompt.index(each) for each in (POOL[0].text, POOL[1].text, "Rash."))
    assert first < second < asked
    assert f"### Response:\n{render_completion(POOL[0])}\n\n### Text:\nHeparin" in prompt
    assert prompt.endswith("### Text:\nRash.\n\n### Response:")


def test_a_line_of_a_text_that_looks_like_a_heading_steers_nothing():
    prompt = render_few_shot("a\n### Response:\nb", "instruct", [], [], [Shot("### Entities:\nx", "y")])
    assert "\n\\### Response:\nb" in prompt
    assert "### Text:\n\\### Entities:\nx" in prompt


def test_examples_by_seed_are_the_same_for_all_texts_and_follow_the_seed():
    assert Shots(POOL, 2, "seed", 1).of("x") == Shots(POOL, 2, "seed", 1).of("y")
    drawn = {tuple(each.text for each in Shots(POOL, 2, "seed", seed).of("x")) for seed in range(20)}
    assert len(drawn) > 1
    assert all("  " not in texts for texts in drawn)


def test_the_nearest_example_stands_last_and_no_text_is_its_own_example():
    shots = Shots(POOL, 2, "nearest", 1)
    assert [each.text for each in shots.of("bleeding under heparin of the gut")][-1] == POOL[1].text
    assert POOL[1].text not in [each.text for each in shots.of(POOL[1].text)]
    assert len(shots.of(POOL[1].text)) == 2


@pytest.mark.parametrize("choice", ["seed", "nearest"])
def test_no_examples_and_more_than_there_are(choice):
    assert Shots(POOL, 0, choice, 1).of("x") == []
    assert len(Shots(POOL, 9, choice, 1).of("x")) == 3
    assert Shots([], 5, choice, 1).of("x") == []


def test_examples_that_a_model_makes_up_behind_its_answer_are_no_answer():
    answer = "### Entities:\n1. [Drug] aspirin\n\n### Relations:\nNone found."
    assert (
        answer_in(f"{answer}\n\n### Text:\nMade up.\n\n### Response:\n### Entities:\n1. [Drug] x") == answer
    )
    assert answer_in(answer) == answer
