import json
import lzma
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medner_assets.modeling.inference.decoding import Written
from medner_assets.schema import Document, Entity, Relation
from tools.embedded_base.augment import Task, swap_names, vary
from tools.embedded_base.extraction import CORPORA, read_corpora
from tools.embedded_base.overlap import HeldOut
from tools.embedded_base.rows import pack
from tools.embedded_base.silver import abbreviations, quantities
from tools.embedded_base.teacher import is_sure, read

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


@given(st.integers(0, 10_000))
def test_a_source_with_many_types_asks_for_six_at_most_and_keeps_relations_between_them_only(seed):
    types = ("Drug", "Effect", *(f"T{i}" for i in range(20)))
    task = vary(NOTE, types, ("causes",), {}, random.Random(seed))
    assert 1 <= len(task.entity_types) <= 6
    kept = {e.id for e in task.document.entities}
    assert {end for r in task.document.relations for end in (r.head, r.tail)} <= kept


COMAGC = next(corpus for corpus in CORPORA if corpus.name == "comagc")
SENTENCE = {
    "id": "c1",
    "text": "BRCA1 rises in cancers.",
    "entities": [
        {"id": "T1", "type": "Gene", "start": 0, "end": 5, "text": "BRCA1"},
        {"id": "T2", "type": "Cancer", "start": 15, "end": 21, "text": "cancer"},
    ],
    "relations": [{"type": "observed_in", "head": "T1", "tail": "T2"}],
}


def extraction(folder, *, licence="CC BY 2.0", content=None):
    (folder / "comagc.md").write_text(f"# comagc\n\n- Licence as stated: {licence} by its card\n")
    whole = lzma.compress((json.dumps(SENTENCE) + "\n").encode())
    (folder / "comagc.jsonl.xz").write_bytes(whole if content is None else content(whole))
    counts: Counter[str] = Counter()
    read = {corpus.name: documents for corpus, documents in read_corpora(folder, counts)}
    return read.get("comagc"), [name for name in counts if "comagc" in name and counts[name]]


def test_a_mention_that_ends_within_a_word_goes_with_its_relations_and_is_counted(tmp_path):
    (document,), counted = extraction(tmp_path)
    assert [e.text for e in document.entities] == ["BRCA1"]
    assert document.relations == ()
    assert counted == ["comagc annotations that were left out"]


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ({"licence": "CC BY-NC 4.0"}, "its page does not state the licence CC BY 2.0"),
        ({"content": lambda whole: whole[:-9]}, "its file is cut or damaged"),
        ({"content": lambda whole: b"no archive"}, "its file is cut or damaged"),
        ({"content": lambda whole: lzma.compress(b'{"id": 1')}, "its file is cut or damaged"),
    ],
)
def test_a_corpus_that_is_cut_or_of_another_licence_is_left_out_and_named(tmp_path, made, told):
    documents, counted = extraction(tmp_path, **made)
    assert documents is None
    assert len(counted) == 1
    assert told in counted[0]


def test_a_corpus_that_is_missing_is_left_out_and_named(tmp_path):
    counts: Counter[str] = Counter()
    assert list(read_corpora(tmp_path, counts)) == []
    assert len(counts) == len(CORPORA)
    assert any("comagc: its file or its page is missing" in name for name in counts)


ASKED = Task(Document("s", "Aspirin causes rash."), ("Drug", "Effect"), ("causes",))


def test_what_a_teacher_says_becomes_an_example():
    entities = "### Entities:\n1. [Drug] Aspirin\n2. [Effect] rash\n"
    document = read(ASKED, f"{entities}\n### Relations:\n1. Aspirin --[causes]--> rash\n")
    assert document is not None
    assert [(e.type, e.text, e.start) for e in document.entities] == [
        ("Drug", "Aspirin", 0),
        ("Effect", "rash", 15),
    ]
    assert document.relations == (Relation("causes", "T0", "T1"),)


@pytest.mark.parametrize("line", ["[Drug] ibuprofen", "[Gene] rash", "[Drug] Aspirin", "no line"])
def test_a_sentence_of_which_a_teacher_says_what_is_not_there_or_not_asked_or_twice_is_no_example(line):
    assert (
        read(ASKED, f"### Entities:\n1. [Drug] Aspirin\n2. {line}\n\n### Relations:\nNone found.\n") is None
    )


@pytest.mark.parametrize(
    ("answer", "sure"),
    [
        (Written([5], ended=True, log_probabilities=[-0.1, -0.69]), True),
        (Written([5], ended=True, log_probabilities=[-0.1, -0.7]), False),
        (Written([5], ended=False, log_probabilities=[-0.1]), False),
    ],
)
def test_a_teacher_is_sure_where_it_ended_and_each_token_is_at_least_one_half_likely(answer, sure):
    assert is_sure(answer) is sure
