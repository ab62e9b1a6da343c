import polars as pl

from medner_assets_tests.support.building import document, errors, evaluate, says

TEXT = "Aspirin treats severe headache; aspirin causes bleeding and rash."
ENTITIES = [("Drug", "Aspirin"), ("Disease", "headache"), ("Effect", "bleeding"), ("Effect", "rash")]
GOLD = document(TEXT, ENTITIES, [("Aspirin", "treats", "headache"), ("Aspirin", "causes", "bleeding")])


def classes(relations, entities=ENTITIES, gold=GOLD, stage="final"):
    return errors(evaluate([gold], [says(TEXT, entities, relations)]), "relation", stage)


def test_a_reversed_relation_is_a_direction_error_and_not_two_mistakes():
    assert classes([("headache", "treats", "Aspirin"), ("Aspirin", "causes", "bleeding")]) == [
        "direction",
        "correct",
    ]


def test_a_repeated_triple_is_a_duplicate():
    lines = [("Aspirin", "treats", "headache")] * 3
    assert classes(lines, stage="raw") == ["correct", "duplicate", "duplicate", "missing"]


def test_an_argument_that_is_not_in_the_text_is_ungrounded_also_without_an_entity_line():
    assert classes([("Ibuprofen", "treats", "headache")]) == ["ungrounded", "missing", "missing"]
    listed = [*ENTITIES, ("Drug", "Ibuprofen")]
    assert classes([("Ibuprofen", "treats", "headache")], listed) == ["ungrounded", "missing", "missing"]


def test_an_argument_in_the_text_is_not_ungrounded_because_no_line_lists_it():
    assert classes([("Aspirin", "treats", "severe")]) == ["spurious", "missing", "missing"]


def test_the_right_arguments_with_another_relation_type_are_a_type_error():
    assert classes([("Aspirin", "causes", "headache")]) == ["type", "missing"]


def test_an_argument_with_another_boundary_is_a_boundary_error():
    entities = [("Drug", "Aspirin"), ("Disease", "severe headache")]
    assert classes([("Aspirin", "treats", "severe headache")], entities) == ["boundary", "missing"]
    assert classes([("Aspirin", "causes", "severe headache")], entities) == ["type_boundary", "missing"]


def test_a_relation_that_fails_by_the_type_of_an_argument_only_is_cascaded():
    entities = [("Drug", "Aspirin"), ("Effect", "headache")]
    assert classes([("Aspirin", "treats", "headache")], entities) == ["cascaded", "missing"]
    assert classes([("Aspirin", "treats", "headache")], [("Drug", "Aspirin")]) == ["cascaded", "missing"]
    overlap = [("Drug", "Aspirin"), ("Effect", "severe headache")]
    assert classes([("Aspirin", "treats", "severe headache")], overlap) == ["cascaded", "missing"]


def test_two_mistakes_at_once_are_spurious():
    turned_and_mistyped = [("Drug", "Aspirin"), ("Effect", "headache")]
    assert classes([("headache", "treats", "Aspirin")], turned_and_mistyped)[0] == "spurious"
    assert classes([("Aspirin", "treats", "rash")])[0] == "spurious"


def test_a_symmetric_relation_has_no_direction_to_get_wrong():
    gold = document(TEXT, ENTITIES, [("Aspirin", "treats", "headache")], directed=False)
    assert classes([("headache", "treats", "Aspirin")], gold=gold) == ["correct"]
    assert classes([("headache", "causes", "Aspirin")], gold=gold) == ["type"]


def test_a_missed_relation_is_explained_once_and_by_the_first_class_that_applies():
    lines = [("headache", "treats", "Aspirin"), ("Aspirin", "prevents", "headache")]
    assert classes(lines) == ["spurious", "type", "missing"]


def test_a_pair_is_one_row_with_both_counts_and_both_triples():
    tables = evaluate([GOLD], [says(TEXT, ENTITIES, [("headache", "treats", "Aspirin")])])
    row = tables["relation_outcomes"].filter(pl.col("stage") == "final").row(0, named=True)
    assert (row["error"], row["tp"], row["fp"], row["fn"]) == ("direction", 0, 1, 1)
    assert (row["predicted_head"], row["predicted_tail"]) == ("headache", "Aspirin")
    assert (row["gold_head"], row["gold_tail"], row["relation_id"], row["ordinal"]) == (
        "Aspirin",
        "headache",
        0,
        0,
    )
