"""The core of `medner score`: what it returns, what it counts, what it refuses."""

import json
import unicodedata
from dataclasses import replace

import pytest

from medner_assets.errors import MednerError
from medner_assets.schema import Document, Entity, Level, Relation
from medner_assets.scoring.external import compared_submissions, score_documents, scored_submission
from medner_assets.scoring.submissions import read_submission
from medner_assets_tests.support.building import document

TEXT = "Aspirin treats headache."
GOLD = document(TEXT, [("Drug", "Aspirin"), ("Disease", "headache")], [("Aspirin", "treats", "headache")])
ASPIRIN = {"id": "a", "type": "Drug", "text": "Aspirin", "start": 0, "end": 7}
HEADACHE = {"id": "b", "type": "Disease", "text": "headache", "start": 15, "end": 23}
TREATS = {"head": "a", "tail": "b", "type": "treats"}


def line(entities=(), relations=(), id="d1", **more):
    return json.dumps({"id": id, "entities": list(entities), "relations": list(relations), **more})


def score(lines, gold=(GOLD,)):
    return score_documents(gold, read_submission(lines, "p.jsonl"))


def tally(result, task, scheme):
    return tuple(result[task][scheme][count] for count in ("tp", "fp", "fn"))


def test_the_result_has_the_form_of_the_contract():
    result = score([line([ASPIRIN, HEADACHE], [TREATS])])
    perfect = {"tp": 1, "fp": 0, "fn": 0, "precision": 1.0, "recall": 1.0, "f1": 1.0}
    for task in ("entity", "relation"):
        for counts in result[task].values():
            assert 0 <= counts.pop("f1_low") < counts.pop("f1_high") <= 1
    two = {**perfect, "tp": 2}
    assert result == {
        "signature": "scheme:strict|unit:text|case:lower|symmetric:none|stage:final|v2",
        "documents": 1,
        "entity": {"text": two, "span": two, "overlap": two},
        "relation": {"strict": perfect, "boundaries": perfect, "span": perfect},
    }
    assert json.loads(json.dumps(result)) == result


def test_counts_are_over_the_distinct_items_of_each_document():
    other = document(TEXT, [("Drug", "Aspirin")], id="d2")
    twice = [
        ASPIRIN,
        {**ASPIRIN, "id": "c"},
        {**HEADACHE, "type": "Effect"},
        {**HEADACHE, "id": "e", "type": "Effect"},
    ]
    result = score([line(twice), line([ASPIRIN], id="d2")], [GOLD, other])
    assert tally(result, "entity", "text") == (2, 1, 1)
    assert tally(result, "entity", "span") == (2, 1, 1)


def test_a_gold_document_without_a_prediction_counts_as_an_empty_one():
    other = document(TEXT, [("Drug", "Aspirin")], id="d2")
    result = score([line([ASPIRIN, HEADACHE], [TREATS])], [GOLD, other])
    assert result["documents"] == 2
    assert tally(result, "entity", "text") == (2, 0, 1)
    assert tally(score([], [GOLD]), "entity", "span") == (0, 0, 2)


def test_offsets_are_optional_and_without_any_there_is_no_span_score():
    bare = [{key: entity[key] for key in ("id", "type", "text")} for entity in (ASPIRIN, HEADACHE)]
    result = score([line(bare, [TREATS])])
    assert result["entity"]["span"] is None
    assert tally(result, "entity", "text") == (2, 0, 0)
    assert tally(result, "relation", "strict") == (1, 0, 0)
    assert tally(score([line([ASPIRIN, bare[1]])]), "entity", "span") == (1, 1, 1)


def test_without_gold_offsets_there_is_no_span_score():
    gold = Document("d1", TEXT, (Entity("T0", "Drug", None, None, "Aspirin"),))
    result = score([line([ASPIRIN])], [gold])
    assert result["entity"]["span"] is None
    assert tally(result, "entity", "text") == (1, 0, 0)


def test_further_keys_are_ignored_and_ids_may_be_numbers():
    gold = document(TEXT, [("Drug", "Aspirin")], id="7")
    assert tally(
        score([line([{**ASPIRIN, "id": 1, "score": 0.9}], id=7, model="x")], [gold]), "entity", "text"
    ) == (1, 0, 0)


def test_types_that_gold_never_saw_are_false_positives():
    assert tally(score([line([{**ASPIRIN, "type": "Poison"}])]), "entity", "text") == (0, 1, 2)


def test_a_concept_level_file_scores_one_against_itself():
    gold = Document(
        "d1",
        TEXT,
        (
            Entity("T0", "Drug", 0, 7, "Aspirin", ("D1",)),
            Entity("T1", "Disease", 15, 23, "headache", ("S1", "S2")),
        ),
        (
            Relation("treats", head_concept="D1", tail_concept="S1"),
            Relation("treats", head_concept="D1", tail_concept="S2"),
        ),
        level=Level.CONCEPT,
    )
    concepts = [{"type": "treats", "head_concept": "D1", "tail_concept": each} for each in ("S1", "S2", "S2")]
    by_concept = score([line([ASPIRIN, HEADACHE], concepts)], [gold])
    by_string = score([line([ASPIRIN, HEADACHE], [TREATS])], [gold])
    for result in (by_concept, by_string):
        assert tally(result, "relation", "strict") == tally(result, "relation", "boundaries") == (2, 0, 0)
    assert by_concept["signature"] == "scheme:strict|unit:concept|case:lower|symmetric:none|stage:final|v2"
    unknown = [{"type": "treats", "head_concept": "D9", "tail_concept": "S1"}]
    assert tally(score([line([ASPIRIN], unknown)], [gold]), "relation", "strict") == (0, 1, 2)


@pytest.mark.parametrize(
    ("text", "mention"),
    [
        ("Take 💊💊 aspirin\r\nfor pain.", "aspirin\r\nfor"),
        ("المريض يشكو من ألم شديد", "ألم شديد"),
        ("Na\u00efve caf\u00e9 patient", "caf\u00e9"),
        ("x" * 1_000_000 + " aspirin", "aspirin"),
    ],
)
def test_emoji_line_ends_right_to_left_and_long_texts_are_scored_by_code_points(text, mention):
    gold = document(text, [("Drug", mention)])
    start = text.index(mention)
    entity = {"id": "a", "type": "Drug", "text": mention, "start": start, "end": start + len(mention)}
    result = score([line([entity])], [gold])
    assert tally(result, "entity", "span") == tally(result, "entity", "text") == (1, 0, 0)


def test_composed_and_decomposed_strings_and_line_ends_are_one_string():
    gold = document("Caf\u00e9 au lait\r\nspots", [("Sign", "Caf\u00e9 au lait\r\nspots")])
    entity = {"id": "a", "type": "Sign", "text": unicodedata.normalize("NFD", "Caf\u00e9 au lait spots")}
    assert tally(score([line([entity])], [gold]), "entity", "text") == (1, 0, 0)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([line(id="d9")], r"^p.jsonl:1: document 'd9' is not in the gold file"),
        ([line(), "", line()], r"^p.jsonl:3: document 'd1' stands here and at p.jsonl:1"),
        ([line([ASPIRIN], [TREATS])], r"^p.jsonl:1: relation 1: tail 'b' is not an entity of this document"),
        ([line([ASPIRIN, ASPIRIN])], r"^p.jsonl:1: entity id 'a' occurs twice"),
        ([line([{**ASPIRIN, "end": 99}])], r"^p.jsonl:1: entity 'a': span 0-99 is not within the text"),
        ([line([{**ASPIRIN, "start": -7, "end": 7}])], r"span -7-7 is not within"),
        ([line([{**ASPIRIN, "start": 7, "end": 7}])], r"span 7-7 is not within"),
        ([line([{**ASPIRIN, "start": 1, "end": 8}])], r"gold has another string at 1-8"),
        ([line([{**ASPIRIN, "start": None}])], r"give both or neither"),
        ([line([{**ASPIRIN, "start": 0.0}])], r"two whole numbers"),
        ([line([{**ASPIRIN, "start": True}])], r"two whole numbers"),
        ([line([{"id": "a", "type": "Drug"}])], r"^p.jsonl:1: entity 1: 'text' must be text, not null"),
        ([line([{**ASPIRIN, "type": 3}])], r"'type' must be text, not number"),
        ([line([{**ASPIRIN, "text": "\ud83d"}])], r"half a surrogate pair"),
        ([line(["aspirin"])], r"'entities' is a list of objects"),
        (['{"id": "d1"}'], r"'entities' is a list of objects"),
        (['{"entities": []}'], r"the document: 'id' must be text"),
        (["[1]"], r"a line is one object .* not a list"),
        (["{'id': 1}"], r"^p.jsonl:1: not valid JSON"),
        (["[" * 100_000], r"^p.jsonl:1: (JSON nested too deeply|not valid JSON)"),
        (
            [line([ASPIRIN], [{"type": "t", "head_concept": "C1", "tail_concept": "C2"}])],
            r"gold document 'd1' is at",
        ),
        ([line([ASPIRIN], [{"type": "t", "head": "a"}])], r"relation 1: 'tail' must be text, not null"),
    ],
)
def test_a_mistake_in_the_predictions_is_an_error_that_names_file_and_line(lines, message):
    with pytest.raises(MednerError, match=message) as caught:
        score(lines)
    assert "\n" not in str(caught.value)
    assert "Aspirin" not in str(caught.value)  # errors never show text


def test_offsets_of_another_copy_of_the_text_are_refused_and_not_scored_wrongly():
    text = "💊 Aspirin\r\nhelps"
    gold = document(text, [("Drug", "Aspirin")])
    for start in (len("💊 ".encode()), len("💊 ".encode("utf-16-le")) // 2):
        entity = {**ASPIRIN, "start": start, "end": start + 7}
        with pytest.raises(MednerError, match="offsets count Unicode code points"):
            score([line([entity])], [gold])


def test_no_gold_and_broken_gold_are_refused():
    with pytest.raises(MednerError, match="no gold documents"):
        score([], [])
    with pytest.raises(MednerError, match="'d1' occurs twice"):
        score([], [GOLD, GOLD])
    broken = Document("d1", TEXT, (), (Relation("treats", head="T0", tail="T1"),))
    with pytest.raises(MednerError, match="relation 0 has a head that is not in the document"):
        score([], [broken])


def test_a_byte_order_mark_and_blank_lines_say_nothing():
    assert tally(score(["\ufeff" + line([ASPIRIN, HEADACHE]) + "\r\n", " \n"]), "entity", "text") == (2, 0, 0)


def test_a_spanless_prediction_beside_a_placed_one_is_an_item_that_no_gold_mention_equals():
    bare = {key: ASPIRIN[key] for key in ("type", "text")} | {"id": "c"}
    for said in ([ASPIRIN, bare], [bare, ASPIRIN]):
        result = score([line([*said, HEADACHE])])
        assert tally(result, "entity", "span") == (2, 1, 0)
        assert tally(result, "entity", "text") == (2, 0, 0)


def test_a_relation_with_an_unlisted_argument_is_wrong_under_strict_and_may_be_right_under_boundaries():
    unlisted = {
        "id": "d1",
        "entities": [ASPIRIN],
        "relations": [{"head": "a", "tail_text": "headache", "type": "treats"}],
    }
    aside = {"head_text": "Aspirin", "head_type": "Drug", "tail_text": "headache", "type": "treats"}
    for content in (unlisted, {**unlisted, "relations": [], "unresolved_relations": [aside]}):
        result = score([json.dumps(content)])
        assert tally(result, "relation", "strict") == (0, 1, 1)
        assert tally(result, "relation", "boundaries") == (1, 0, 0)


def test_symmetric_types_are_stated_and_stand_in_the_signature():
    turned = read_submission([line([ASPIRIN, HEADACHE], [{"head": "b", "tail": "a", "type": "treats"}])], "p")
    assert tally(scored_submission([GOLD], turned).to_json(), "relation", "strict") == (0, 1, 1)
    stated = scored_submission([GOLD], turned, symmetric=["treats", "meets"]).to_json()
    assert tally(stated, "relation", "strict") == (1, 0, 0)
    assert "|symmetric:meets,treats|" in stated["signature"]


def test_an_undirected_document_says_so_in_the_signature():
    gold = replace(GOLD, directed=False)
    assert "|symmetric:all|" in score([line([ASPIRIN])], [gold])["signature"]
    mixed = score([line([ASPIRIN])], [gold, replace(GOLD, id="d2")])["signature"]
    assert "|symmetric:undirected documents|" in mixed


def test_two_systems_are_compared_on_the_same_documents():
    gold = [replace(GOLD, id=f"d{i}") for i in range(30)]
    good = read_submission([line([ASPIRIN, HEADACHE], [TREATS], id=each.id) for each in gold], "good")
    poor = read_submission([line([ASPIRIN], id=each.id) for each in gold[:29]], "poor")
    compared = compared_submissions(scored_submission(gold, good), scored_submission(gold, poor), "poor")
    assert {task: row["verdict"] for task, row in compared.items()} == {
        "entity": "better",
        "relation": "better",
    }
    assert compared["relation"]["difference"] == 1.0


def test_overlap_pairs_each_gold_mention_once_the_exact_span_first():
    """Gold: Aspirin, headache. A longer span of the first, and the exact one: one of the two is wrong."""
    longer = {"id": "l", "type": "Drug", "text": "Aspirin treats", "start": 0, "end": 14}
    for said in ([longer, ASPIRIN], [ASPIRIN, longer]):
        result = score([line(said)])
        assert tally(result, "entity", "overlap") == tally(result, "entity", "span") == (1, 1, 1)
    assert tally(score([line([longer])]), "entity", "overlap") == (1, 0, 1)
    assert tally(score([line([{**longer, "type": "Disease"}])]), "entity", "overlap") == (0, 1, 2)
