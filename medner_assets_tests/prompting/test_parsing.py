import itertools

from hypothesis import given
from hypothesis import strategies as st

from medner_assets.prompting.parsing import parse_completion
from medner_assets.prompting.templates import render_completion
from medner_assets.schema import Document, Entity, ParsedEntity, ParsedRelation, Relation


def reasons(completion: str) -> list[str]:
    return [line.reason for line in parse_completion(completion).rejected]


def test_a_well_formed_completion_is_read_back():
    parsed = parse_completion(
        "### Entities:\n1. [Drug] aspirin\n2. [Effect] bleeding\n\n"
        "### Relations:\n1. aspirin --[causes]--> bleeding"
    )
    assert parsed.entities == (ParsedEntity(0, "Drug", "aspirin"), ParsedEntity(1, "Effect", "bleeding"))
    assert parsed.relations == (ParsedRelation(0, "causes", "aspirin", "bleeding"),)
    assert parsed.rejected == ()


def test_none_found_is_neither_a_prediction_nor_rejected():
    parsed = parse_completion("### Entities:\nNone found.\n\n### Relations:\nnone")
    assert (parsed.entities, parsed.relations, parsed.rejected) == ((), (), ())


def test_a_cut_relation_line_is_rejected_with_its_line_number():
    parsed = parse_completion("1. [Drug] aspirin\n1. aspirin --[cau")
    assert [(r.line_number, r.reason) for r in parsed.rejected] == [(2, "the arrow is not complete")]


def test_each_malformed_line_has_its_own_reason():
    assert reasons("1. [] aspirin") == ["the type is empty"]
    assert reasons("1. [Drug]") == ["the mention is empty"]
    assert reasons("1. [Drug aspirin") == ["the bracket of the type is not closed"]
    assert reasons("Sure! Here you go") == ["neither '[Type] mention' nor 'head --[type]--> tail'"]
    assert reasons("a --[x]--> b --[y]--> c") == ["more than one arrow"]
    assert reasons("--[causes]--> b") == ["the head is empty"]
    assert reasons("a --[causes]-->") == ["the tail is empty"]
    assert reasons("a --[]--> b") == ["the type is empty"]


def test_a_mention_that_starts_with_a_digit_keeps_it():
    assert parse_completion("1. [Drug] 5-fluorouracil").entities[0].text == "5-fluorouracil"
    assert parse_completion("5-fluorouracil --[causes]--> 2 falls").relations[0].head == "5-fluorouracil"


def test_a_relation_whose_head_is_in_brackets_is_still_a_relation():
    assert parse_completion("1. [3H]-naloxone --[binds]--> receptor").relations[0].head == "[3H]-naloxone"


@given(st.text(max_size=400))
def test_any_text_is_read_without_an_exception(completion):
    parsed = parse_completion(completion)
    lines = completion.replace("\r\n", "\n").split("\n")
    assert len(parsed.entities) + len(parsed.relations) + len(parsed.rejected) <= len(lines)


WORDS = st.text("abcdefghij-(),;5α", min_size=1, max_size=8)
MENTION = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)


@given(st.lists(st.tuples(st.sampled_from(["Drug", "Effect"]), MENTION), max_size=6))
def test_what_a_perfect_model_writes_is_read_back_as_it_was(mentions):
    entities, text = [], ""
    for i, (type_, mention) in enumerate(mentions):
        entities.append(Entity(f"T{i}", type_, len(text), len(text) + len(mention), mention))
        text += mention + " "
    relations = tuple(Relation("causes", f"T{i}", f"T{i + 1}") for i in range(len(mentions) - 1))
    parsed = parse_completion(render_completion(Document("d", text, tuple(entities), relations)))
    assert [(e.type, e.text) for e in parsed.entities] == [(t, m) for t, m in mentions]
    pairs = [(a[1], b[1]) for a, b in itertools.pairwise(mentions)]
    assert [(r.head, r.tail) for r in parsed.relations] == list(dict.fromkeys(pairs))
    assert parsed.rejected == ()
