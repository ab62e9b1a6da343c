"""Concept level: relations hold between concepts, predictions name strings."""

from medner_assets.scoring.schemes import unit
from medner_assets_tests.support.building import counts, document, errors, evaluate, says

TEXT = "Aspirin (ASA) may cause bleeding or haemorrhage. ASA relieved liver and kidney pain."
CONCEPTS = {
    "Aspirin": ["D1"], "ASA": ["D1"], "bleeding": ["S1"], "haemorrhage": ["S1"],
    "liver and kidney pain": ["S2", "S3"],
}  # fmt: skip
ENTITIES = [
    ("Drug", "Aspirin"), ("Drug", "ASA"), ("Effect", "bleeding"), ("Effect", "haemorrhage"), ("Drug", "ASA"),
    ("Effect", "liver and kidney pain"),
]  # fmt: skip
GOLD = document(TEXT, ENTITIES, [("D1", "causes", "S1"), ("D1", "treats", "S2")], concepts=CONCEPTS)


def test_each_concept_pair_counts_once_whatever_strings_name_it():
    lines = [("Aspirin", "causes", "bleeding"), ("ASA", "causes", "haemorrhage")]
    tables = evaluate([GOLD], [says(TEXT, ENTITIES, lines)])
    assert counts(tables, "strict") == counts(tables, "strict", "raw") == (1, 0, 1)
    assert errors(tables, "relation") == ["correct", "correct", "missing"]


def test_a_string_with_several_concepts_stands_for_each_of_them():
    tables = evaluate([GOLD], [says(TEXT, ENTITIES, [("ASA", "treats", "liver and kidney pain")])])
    assert counts(tables, "strict") == (1, 1, 1)
    assert errors(tables, "relation") == ["correct", "spurious", "missing"]


def test_a_string_takes_the_concepts_of_the_mentions_with_its_type_only():
    entities = [("Drug", "Aspirin"), ("Drug", "bleeding")]
    tables = evaluate([GOLD], [says(TEXT, entities, [("Aspirin", "causes", "bleeding")])])
    assert counts(tables, "strict") == (0, 1, 2)
    assert counts(tables, "boundaries") == (1, 0, 1)
    assert errors(tables, "relation") == ["cascaded", "missing"]


def test_a_string_that_names_no_concept_is_a_false_positive():
    tables = evaluate([GOLD], [says(TEXT, [*ENTITIES, ("Effect", "kidney")], [("ASA", "treats", "kidney")])])
    assert counts(tables, "strict") == (0, 1, 2)
    # 'kidney' lies within the mention of S2, which a gold relation joins to D1.
    assert errors(tables, "relation") == ["boundary", "missing"]


def test_a_repeated_line_is_a_duplicate_and_another_name_of_the_pair_is_not():
    lines = [("Aspirin", "causes", "bleeding")] * 2 + [("ASA", "causes", "bleeding")]
    tables = evaluate([GOLD], [says(TEXT, ENTITIES, lines)])
    assert counts(tables, "strict", "raw") == (1, 1, 1)
    assert errors(tables, "relation", "raw") == ["correct", "duplicate", "correct", "missing"]


def test_a_turned_concept_pair_is_a_direction_error():
    tables = evaluate([GOLD], [says(TEXT, ENTITIES, [("haemorrhage", "causes", "ASA")])])
    assert errors(tables, "relation") == ["direction", "missing"]


def test_entities_are_scored_on_mentions():
    tables = evaluate([GOLD], [says(TEXT, ENTITIES)])
    assert counts(tables, "text") == (5, 0, 0)
    assert counts(tables, "span") == (6, 0, 0)


def test_the_unit_says_what_relations_hold_between():
    assert unit("relation", "strict", {"concept"}) == "concept"
    assert unit("relation", "strict", {"concept", "mention"}) == "mixed"
    assert unit("relation", "boundaries", {"mention"}) == "text"
    assert unit("entity", "text", {"concept"}) == "text"
