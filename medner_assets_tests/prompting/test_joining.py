from medner_assets.prompting.joining import join_completions
from medner_assets.prompting.parsing import parse_completion

FIRST = "### Entities:\n1. [Drug] aspirin\n2. [Effect] rash\n\n### Relations:\n1. aspirin --[causes]--> rash"
NOTHING = "### Entities:\nNone found.\n\n### Relations:\nNone found."
CUT = "### Entities:\n1. [Drug] lithium\n2. [Eff"


def test_one_part_is_returned_as_it_is():
    assert join_completions([CUT]) == CUT


def test_entities_come_first_and_relations_after_them_in_the_order_of_the_parts():
    assert join_completions([FIRST, NOTHING, CUT]) == (
        "### Entities:\n1. [Drug] aspirin\n2. [Effect] rash\n1. [Drug] lithium\n2. [Eff\n\n"
        "### Relations:\n1. aspirin --[causes]--> rash"
    )


def test_parts_that_say_nothing_give_a_completion_that_says_nothing():
    assert join_completions([NOTHING, NOTHING]) == NOTHING


def test_a_line_that_does_not_parse_is_rejected_after_joining_as_before():
    parsed = parse_completion(join_completions([FIRST, CUT]))
    assert [e.text for e in parsed.entities] == ["aspirin", "rash", "lithium"]
    assert [(r.head, r.tail) for r in parsed.relations] == [("aspirin", "rash")]
    assert [line.line for line in parsed.rejected] == ["2. [Eff"]


def test_relations_without_a_heading_stay_readable():
    parsed = parse_completion(join_completions(["a --[causes]--> b", "### Relations:\n1. c --[causes]--> d"]))
    assert [(r.head, r.tail) for r in parsed.relations] == [("a", "b"), ("c", "d")]
