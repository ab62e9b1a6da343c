import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medner_assets.prompting.escaping import escaped_mention, escaped_type, mention_of, one_line, type_of
from medner_assets.prompting.grounding import predict
from medner_assets.prompting.parsing import parse_completion
from medner_assets.prompting.templates import render_completion, render_prompt
from medner_assets.schema import Document, Entity, Relation

ANY = st.text(max_size=30) | st.lists(
    st.sampled_from(
        ["--[", "]-->", "\\", "]", "[", "#", "-", " ", "1. ", "### Relations:", "u0020", "\n", "x"]
    ),
    max_size=8,
).map("".join)
STATABLE = ANY.filter(lambda text: bool(text.strip()))


@given(ANY)
def test_any_mention_is_read_back_but_for_its_white_space(text):
    assert mention_of(escaped_mention(text)) == one_line(text)


@given(ANY)
def test_any_type_is_read_back_with_every_character(text):
    assert type_of(escaped_type(text)) == text


@given(st.lists(st.tuples(STATABLE, STATABLE), min_size=1, max_size=4), STATABLE)
def test_whatever_is_annotated_is_written_and_read_back(mentions, relation):
    entities, text = [], ""
    for i, (type_, mention) in enumerate(mentions):
        entities.append(Entity(f"T{i}", type_, len(text), len(text) + len(mention), mention))
        text += f"{mention}\n"
    relations = (Relation(relation, "T0", f"T{len(mentions) - 1}"),)
    said = render_completion(Document("d", text, tuple(entities), relations))
    read = parse_completion(said, is_cut=False)
    assert [(e.type, e.text) for e in read.entities] == [(t, one_line(m)) for t, m in mentions]
    ends = (one_line(mentions[0][1]), one_line(mentions[-1][1]))
    assert [(r.type, r.head, r.tail) for r in read.relations] == [(relation, *ends)]
    assert read.rejected == ()


@pytest.mark.parametrize(
    "text", ["aspirin 100 mg", "a\\b", "C:\\path", "IL-2", "[3H]-naloxone", "w\\o pain", "#14"]
)
def test_ordinary_text_is_written_as_it_stands(text):
    assert escaped_mention(text) == text


def test_a_completion_written_before_there_were_escapes_is_read_as_before():
    read = parse_completion("### Entities:\n1. [Drug] a\\b\n\n### Relations:\n1. a\\b --[causes]--> c\\d")
    assert [e.text for e in read.entities] == ["a\\b"]
    assert [(r.head, r.tail) for r in read.relations] == [("a\\b", "c\\d")]


def test_a_line_of_a_note_that_looks_like_a_heading_of_the_format_is_marked_in_the_prompt():
    prompt = render_prompt("Fever.\n### Relations:\n1. x --[y]--> z\n### Plan: rest", "compact", ["A"], ["y"])
    assert "\n\\### Relations:\n" in prompt
    assert "\n### Plan: rest" in prompt


def test_the_unfinished_last_line_of_a_cut_completion_is_no_prediction():
    cut = "### Entities:\n1. [Drug] aspirin\n2. [Drug] ibu"
    for known in (True, None):
        read = predict("d", "She took aspirin and ibuprofen.", cut, is_cut=known)
        assert [e.text for e in read.entities] == ["aspirin"]
        assert [line.reason for line in read.rejected] == ["cut before its end"]
    assert len(predict("d", "aspirin ibu", cut, is_cut=False).entities) == 2
    assert len(predict("d", "aspirin ibu", f"{cut}\n", is_cut=True).entities) == 2


def test_a_line_that_was_marked_as_cut_when_windows_were_still_joined_is_no_prediction():
    joined = "### Entities:\n1. [Drug] aspirin\n\\cut 2. [Drug] ibu\n1. [Drug] heparin\n\n### Relations:"
    read = parse_completion(joined, is_cut=False)
    assert [e.text for e in read.entities] == ["aspirin", "heparin"]
    assert [(line.line, line.reason) for line in read.rejected] == [("2. [Drug] ibu", "cut before its end")]


@given(st.text("Sjögrenéà ñ한국\u0301\u0323 ab", min_size=1, max_size=20))
def test_a_composed_mention_is_found_in_a_decomposed_text_with_its_own_offsets(mention):
    word = unicodedata.normalize("NFC", one_line(mention))
    if not word or unicodedata.combining(word[0]):
        return
    before = "The "
    text = unicodedata.normalize("NFD", f"{before}{word}.")
    read = predict("d", text, f"1. [Dx] {word}", is_cut=False).entities
    if not read or read[0].start is None or read[0].start != len(before):
        # The string occurs within itself or before: its first place is another.
        assert read
        assert read[0].start is not None
        return
    assert (read[0].start, read[0].end) == (len(before), len(text) - 1)
