from dataclasses import replace

import polars as pl

from medner_assets_tests.support.building import document, errors, evaluate, says

TEXT = "Severe chest pain after aspirin; aspirin stopped."


def classes(gold, said, stage="final"):
    return errors(evaluate([document(TEXT, gold)], [says(TEXT, said)]), "entity", stage)


def test_each_class_has_its_case():
    gold = [("Symptom", "chest pain"), ("Drug", "aspirin")]
    assert classes(gold, [("Symptom", "chest pain"), ("Drug", "aspirin")]) == ["correct", "correct"]
    assert classes(gold, [("Drug", "aspirin")] * 3, "raw") == ["correct", "correct", "duplicate", "missing"]
    assert classes(gold, [("Drug", "ibuprofen")]) == ["ungrounded", "missing", "missing"]
    assert classes(gold, [("Disease", "chest pain")]) == ["type", "missing"]
    assert classes(gold, [("Symptom", "Severe chest pain")]) == ["boundary", "missing"]
    assert classes(gold, [("Disease", "chest")]) == ["type_boundary", "missing"]
    assert classes(gold, [("Symptom", "stopped")]) == ["spurious", "missing", "missing"]


def test_a_wrong_type_explains_before_a_wrong_boundary():
    gold = [("Symptom", "chest pain")]
    assert classes(gold, [("Symptom", "pain"), ("Disease", "chest pain")]) == ["spurious", "type"]


def test_a_missed_mention_is_explained_once():
    gold = [("Symptom", "chest pain")]
    assert classes(gold, [("Symptom", "chest"), ("Symptom", "Severe chest pain")]) == ["spurious", "boundary"]


def test_the_longest_overlap_is_paired_whatever_the_order_of_the_lines():
    gold = [("Symptom", "chest pain")]
    assert classes(gold, [("Symptom", "Severe chest pain"), ("Symptom", "chest")]) == ["boundary", "spurious"]


def test_what_is_found_already_explains_nothing():
    gold = [("Symptom", "chest pain")]
    assert classes(gold, [("Symptom", "chest pain"), ("Symptom", "pain")]) == ["correct", "spurious"]


def test_the_span_of_a_near_match_shows_what_was_meant():
    said = says(TEXT, [("Symptom", "chest pain")])
    entities = said[0].with_columns(text=pl.lit("chest pains"), grounding=pl.lit("fuzzy"))
    assert errors(evaluate([document(TEXT, [("Symptom", "chest pain")])], [(entities, said[1])])) == [
        "boundary"
    ]


def test_mentions_of_one_item_share_its_class_and_one_of_them_counts():
    gold = [("Drug", "aspirin"), ("Drug", "aspirin")]
    rows = evaluate([document(TEXT, gold)], [says(TEXT, [("Drug", "aspirin")])])["entity_outcomes"]
    rows = (
        rows.filter(pl.col("stage") == "final")
        .select("error", "tp", "fp", "fn", "ordinal", "entity_id")
        .rows()
    )
    assert rows == [("correct", 1, 0, 0, 0, "T0"), ("correct", 0, 0, 0, None, "T1")]


def test_mentions_with_one_span_are_paired():
    gold = document(TEXT, [("Drug", "aspirin"), ("Drug", "aspirin")])
    second = replace(gold, entities=gold.entities[1:])  # only the second occurrence is annotated
    rows = evaluate([second], [says(TEXT, [("Drug", "aspirin")] * 2)])["entity_outcomes"]
    rows = rows.filter(pl.col("stage") == "raw").select("error", "tp", "fp", "ordinal", "entity_id").rows()
    assert rows == [("correct", 0, 0, 0, None), ("correct", 1, 0, 1, "T1")]


def test_a_pair_is_one_row_with_both_counts_and_both_strings():
    tables = evaluate(
        [document(TEXT, [("Symptom", "chest pain")])], [says(TEXT, [("Disease", "chest pain")])]
    )
    row = tables["entity_outcomes"].filter(pl.col("stage") == "final").row(0, named=True)
    assert (row["tp"], row["fp"], row["fn"]) == (0, 1, 1)
    assert (row["predicted_type"], row["gold_type"]) == ("Disease", "Symptom")
    assert (row["predicted_start"], row["gold_start"], row["gold_end"]) == (7, 7, 17)
    assert (row["ordinal"], row["entity_id"], row["doc_id"], row["split"]) == (0, "T0", "d1", "test")


def test_a_duplicate_that_final_still_has_is_shown_and_not_counted():
    tables = evaluate([document(TEXT, [("Drug", "aspirin")])], [says(TEXT, [("Drug", "aspirin")] * 3)])
    rows = tables["entity_outcomes"].select("stage", "error", "fp").rows()
    assert ("raw", "duplicate", 1) in rows
    assert ("final", "duplicate", 0) in rows
