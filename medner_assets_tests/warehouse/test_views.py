"""What each view says of a few literal rows; every number here is computed by hand."""

from pathlib import Path

import pytest

from medner_assets_tests.support.rows import answers, entity, metric, put, relation

SILENT = {"task": "relation", "scheme": "strict", "tp": 0, "fp": 0}


def scored(
    doc_id: str, tp: int, fp: int, fn: int, task: str = "relation", **more: object
) -> dict[str, object]:
    """Return a row of `document_scores` under the headline scheme of its task."""
    scheme = "text" if task == "entity" else "strict"
    return {
        "doc_id": doc_id,
        "group_id": doc_id,
        "task": task,
        "scheme": scheme,
        "tp": tp,
        "fp": fp,
        "fn": fn,
        **more,
    }


def document(doc_id: str, split: str = "test", **more: object) -> dict[str, object]:
    return {"doc_id": doc_id, "split": split, "group_id": doc_id, "text": "x", "characters": 1, **more}


def test_scores_has_the_columns_of_the_contract_in_their_order(root: Path):
    columns = (
        "model_version, dataset, stage, task, scheme, tp, fp, fn, precision, recall, f1, f1_low, f1_high, "
        "documents"
    )
    put(root, "metrics", "v1", metric("relation", 0.5, tp=3, fp=2, fn=4, documents=7))
    assert [row[0] for row in answers(root, "describe scores")] == columns.split(", ")
    assert answers(root, "from scores") == [
        ("v1", "d", "final", "relation", "strict", 3, 2, 4, 0.5, 0.5, 0.5, 0.45, 0.55, 7)
    ]


def test_evaluations_has_one_row_a_version_however_many_metrics_it_has(root: Path):
    put(
        root,
        "metrics",
        "v1",
        metric("relation", 0.5),
        metric("entity", 0.9),
        metric("entity", 0.8, stage="raw"),
    )
    assert answers(root, "from evaluations") == [("v1", "e-v1", "d", "d-1", 10)]


def test_outcomes_joins_entities_and_relations_of_the_test_split_in_one_shape(root: Path):
    put(
        root, "entity_outcomes", "v1",
        entity("type", "Drug aspirin", "Disease aspirin", entity_id="T1", predicted_start=4, gold_start=5),
        entity("missing", None, "Drug zinc", entity_id="T2", gold_start=9),
    )  # fmt: skip
    put(
        root, "relation_outcomes", "v1",
        relation("missing", None, "aspirin treats pain", relation_id=3),
        relation("missing", None, "aspirin treats pain", split="dev"),
    )  # fmt: skip
    asked = (
        "select task, gold_id, predicted_type, gold_type, predicted, gold, anchor, anchor_start, tp, fp, fn "
        "from outcomes order by task, gold_id"
    )
    assert answers(root, asked) == [
        ("entity", "T1", "Drug", "Disease", "aspirin", "aspirin", "aspirin", 4, 0, 1, 1),
        ("entity", "T2", None, "Drug", None, "zinc", "zinc", 9, 0, 0, 1),
        ("relation", "3", None, "treats", None, "aspirin → pain", "aspirin", None, 0, 0, 1),
    ]


def test_error_counts_gives_each_class_its_share_of_what_is_wrong(root: Path):
    put(
        root, "entity_outcomes", "v1",
        entity("correct", "Drug a", "Drug a"),
        entity("missing", None, "Drug b"),
        entity("missing", None, "Drug c"),
        entity("missing", None, "Drug c", tp=0, fp=0, fn=0),  # another mention of the same item
        entity("spurious", "Drug x", None),
        entity("type", "Drug d", "Disease d"),
    )  # fmt: skip
    asked = "select error, items, mentions, fp, fn, share from error_counts order by error"
    assert answers(root, asked) == [
        ("missing", 2, 3, 0, 2, 0.5), ("spurious", 1, 1, 1, 0, 0.25), ("type", 1, 1, 1, 1, 0.25),
    ]  # fmt: skip


def test_a_stage_that_counts_no_duplicates_still_shows_how_many_there_are(root: Path):
    put(root, "entity_outcomes", "v1", entity("duplicate", "Drug a", None, tp=0, fp=0, fn=0))
    assert answers(root, "select error, items, mentions, share from error_counts") == [
        ("duplicate", 0, 1, None)
    ]


def test_confusion_counts_the_pairs_of_types_and_what_has_no_partner(root: Path):
    put(
        root, "entity_outcomes", "v1",
        entity("correct", "Drug a", "Drug a"),
        entity("type", "Disease b", "Drug b"),
        entity("type", "Disease c", "Drug c"),
        entity("missing", None, "Drug e"),
        entity("spurious", "Disease f", None),
        entity("correct", None, "Drug a", tp=0),  # the item counts on its first mention
    )  # fmt: skip
    asked = "select gold_type, predicted_type, items, share_of_gold from confusion order by all"
    assert answers(root, asked) == [
        ("(none)", "Disease", 1, 1.0),
        ("Drug", "(none)", 1, 0.25),
        ("Drug", "Disease", 2, 0.5),
        ("Drug", "Drug", 1, 0.25),
    ]


def test_scores_by_type_charges_a_wrong_type_to_both_types(root: Path):
    put(
        root, "relation_outcomes", "v1",
        relation("correct", "a treats b", "a treats b"),
        relation("correct", "c treats d", "c treats d"),
        relation("type", "e treats f", "e causes f"),
        relation("missing", None, "g treats h"),
        relation("missing", None, "i treats j"),
    )  # fmt: skip
    asked = "select type, tp, fp, fn, precision, recall, f1 from scores_by_type order by type"
    assert answers(root, asked) == [
        ("causes", 0, 0, 1, None, 0.0, 0.0),
        ("treats", 2, 1, 2, 0.6667, 0.5, 0.5714),
    ]


def test_type_bias_compares_shares_of_predictions_with_gold_and_with_train(root: Path):
    put(root, "documents", "d", document("t", "train"), document("a"))
    gold = {"doc_id": "t", "split": "train"}
    put(
        root,
        "gold_relations",
        "d",
        *({**gold, "type": kind} for kind in ("treats", "causes", "causes", "prevents")),
    )
    put(root, "metrics", "v1", metric("relation", 0.5))
    put(
        root, "relation_outcomes", "v1",
        relation("correct", "a treats b", "a treats b"),
        relation("duplicate", "a treats b", None),
        relation("type", "c treats d", "c causes d"),
        relation("spurious", "e causes f", None),
    )  # fmt: skip
    asked = (
        "select type, predicted, gold, train, predicted_share, gold_share, train_share, "
        "bias_to_gold, bias_to_train from type_bias where task = 'relation' order by type"
    )
    assert answers(root, asked) == [
        ("causes", 1, 1, 2, 0.25, 0.5, 0.5, -0.25, -0.25),
        ("prevents", 0, 0, 1, 0.0, 0.0, 0.25, 0.0, -0.25),
        ("treats", 3, 1, 1, 0.75, 0.5, 0.25, 0.25, 0.5),
    ]


def test_type_bias_holds_entities_against_the_train_split_too(root: Path):
    put(root, "documents", "d", document("t", "train"), document("a"))
    put(
        root, "gold_entities", "d",
        {"doc_id": "t", "split": "train", "type": "Drug"},
        {"doc_id": "t", "split": "train", "type": "Disease"},
        {"doc_id": "a", "type": "Drug"},
    )  # fmt: skip
    put(root, "metrics", "v1", metric("entity", 0.5))
    put(root, "entity_outcomes", "v1", entity("correct", "Drug a", "Drug a"))
    put(root, "relation_outcomes", "v1", relation("spurious", "a treats b", None))  # train has no relation
    asked = "select task, type, train, predicted_share, train_share from type_bias order by task, type"
    assert answers(root, asked) == [
        ("entity", "Disease", 1, 0.0, 0.5),
        ("entity", "Drug", 1, 1.0, 0.5),
        ("relation", "treats", None, 1.0, None),
    ]


def test_type_bias_says_nothing_of_train_once_the_dataset_has_another_content(root: Path):
    put(root, "documents", "d", document("t", "train", dataset_version="d-2"))
    put(root, "gold_relations", "d", {"doc_id": "t", "split": "train", "type": "treats"})
    put(root, "metrics", "v1", metric("relation", 0.5))
    put(root, "relation_outcomes", "v1", relation("correct", "a treats b", "a treats b"))
    asked = "select type, predicted_share, gold_share, train, train_share, bias_to_train from type_bias"
    assert answers(root, asked) == [("treats", 1.0, 1.0, None, None, None)]


def test_a_document_without_relations_is_listed_with_what_gold_has(root: Path):
    put(
        root, "document_scores", "v1",
        scored("missed", 0, 0, 2), scored("missed", 1, 1, 1, "entity"),
        scored("rightly", 0, 0, 0), scored("rightly", 0, 0, 1, "entity"),
        scored("spoken", 0, 1, 1), scored("spoken", 1, 0, 0, "entity"),
        scored("of-dev", 0, 0, 1, split="dev"),
    )  # fmt: skip
    asked = (
        "select doc_id, gold_relations, gold_entities, predicted_entities, rightly "
        "from documents_without_relations order by doc_id"
    )
    assert answers(root, asked) == [("missed", 2, 2, 2, False), ("rightly", 0, 1, 0, True)]


def test_hardest_documents_sums_over_the_versions_of_one_content(root: Path):
    put(root, "document_scores", "v1", scored("hard", 0, 1, 2), scored("easy", 1, 0, 0))
    put(root, "document_scores", "v2", scored("hard", 1, 0, 1), scored("easy", 1, 0, 0))
    put(root, "document_scores", "v3", scored("hard", 5, 5, 5, dataset_version="d-2"))
    asked = (
        "select doc_id, versions, versions_without_hit, tp, fp, fn, mean_f1 "
        "from hardest_documents where dataset_version = 'd-1' order by doc_id"
    )
    assert answers(root, asked) == [("easy", 2, 0, 2, 0, 0, 1.0), ("hard", 2, 1, 1, 1, 3, 0.3333)]


def test_slices_by_length_scores_each_quarter_of_the_documents(root: Path):
    lengths = {"a": 10, "b": 20, "c": 30, "d": 40, "e": 50}
    put(
        root, "documents", "d",
        *(document(doc_id, characters=length) for doc_id, length in lengths.items()), document("t", "train"),
    )  # fmt: skip
    put(
        root, "document_scores", "v1",
        scored("a", 1, 0, 0), scored("b", 1, 0, 1), scored("c", 0, 0, 0),
        scored("d", 1, 1, 0), scored("e", 0, 1, 1),
    )  # fmt: skip
    asked = (
        "select quarter, characters_from, characters_to, documents, tp, fp, fn, precision, recall, f1 "
        "from slices_by_length order by quarter"
    )
    assert answers(root, asked) == [
        (1, 10, 20, 2, 2, 0, 1, 1.0, 0.6667, 0.8),
        (2, 30, 30, 1, 0, 0, 0, None, None, None),
        (3, 40, 40, 1, 1, 1, 0, 0.5, 1.0, 0.6667),
        (4, 50, 50, 1, 0, 1, 1, 0.0, 0.0, 0.0),
    ]


def test_slices_by_length_never_joins_documents_of_another_content(root: Path):
    put(root, "documents", "d", document("a", dataset_version="d-2"))
    put(root, "document_scores", "v1", scored("a", 1, 0, 0))
    assert answers(root, "from slices_by_length") == []


def test_slices_by_attribute_tell_recall_by_what_is_said_of_gold(root: Path):
    gold = {"doc_id": "a", "split": "test"}
    put(
        root, "gold_entities", "d",
        gold | {"entity_id": "T1", "attributes": ["certainty=low", "negation=true"]},
        gold | {"entity_id": "T2", "attributes": ["negation=true"]},
        gold | {"entity_id": "T3", "attributes": []},
    )  # fmt: skip
    put(
        root, "entity_outcomes", "v1",
        entity("correct", "Drug a", "Drug a", entity_id="T1"),
        entity("missing", None, "Drug b", entity_id="T2"),
        entity("correct", "Drug c", "Drug c", entity_id="T3"), entity("spurious", "Drug d", None),
    )  # fmt: skip
    asked = "select attribute, value, items, found, recall from slices_by_attribute order by all"
    assert answers(root, asked) == [
        ("", "", 1, 1, 1.0),
        ("certainty", "low", 1, 1, 1.0),
        ("negation", "true", 2, 1, 0.5),
    ]


def test_oracle_gain_is_what_f1_would_be_without_one_class_of_error(root: Path):
    put(
        root, "relation_outcomes", "v1",
        relation("correct", "a treats b", "a treats b"),
        relation("correct", "c treats d", "c treats d"),
        relation("spurious", "e treats f", None),
        relation("direction", "h treats g", "g treats h"),
        relation("missing", None, "i treats j"),
        relation("missing", None, "i treats j", fn=0),  # another mention of the same item
    )  # fmt: skip
    asked = "select error, items, f1, f1_if_fixed, gain from oracle_gain order by error"
    # As it is: tp 2, fp 2, fn 2. Fixed: direction tp 3, fp 1, fn 1; missing tp 3, fp 2, fn 1; spurious fp 1.
    assert answers(root, asked) == [
        ("direction", 1, 0.5, 0.75, 0.25),
        ("missing", 1, 0.5, 0.6667, 0.1667),
        ("spurious", 1, 0.5, 0.5714, 0.0714),
    ]


def test_duplicates_counts_the_copies_of_each_repeated_prediction(root: Path):
    put(
        root, "relation_outcomes", "v1",
        relation("correct", "a treats b", "a treats b"),
        relation("duplicate", "a treats b", None),
        relation("duplicate", "a treats b", None),
        relation("duplicate", "a treats b", None, doc_id="other"),
    )  # fmt: skip
    asked = "select doc_id, type, predicted, copies from duplicates order by doc_id"
    assert answers(root, asked) == [("a", "treats", "a → b", 2), ("other", "treats", "a → b", 1)]


def test_direction_errors_shows_both_directions_of_each_item_once(root: Path):
    put(
        root, "relation_outcomes", "v1",
        relation("direction", "pain treats aspirin", "aspirin treats pain", relation_id=7),
        relation("direction", None, "aspirin treats pain", relation_id=8, fp=0, fn=0),
        relation("type", "a treats b", "a causes b"),
    )  # fmt: skip
    asked = (
        "select relation_id, type, predicted_head, predicted_tail, gold_head, gold_tail from direction_errors"
    )
    assert answers(root, asked) == [(7, "treats", "pain", "aspirin", "aspirin", "pain")]


def test_cascaded_errors_names_what_is_wrong_about_each_argument(root: Path):
    put(
        root, "entity_outcomes", "v1",
        entity("correct", "Drug aspirin", "Drug aspirin"),
        entity("type", "Drug pain", "Symptom pain"),
        entity("missing", None, "Drug aspirin", doc_id="other"),
        entity("missing", None, "Symptom pain", doc_id="other"),
        entity("missing", None, "Drug aspirin", stage="raw"),
        entity("missing", None, "Drug aspirin", evaluation_id="older"),
    )  # fmt: skip
    types = {"gold_head_type": "Drug", "gold_tail_type": "Symptom"}
    put(
        root, "relation_outcomes", "v1",
        relation("cascaded", "aspirin treats pain", "aspirin treats pain", **types),
        relation("cascaded", "aspirin treats pain", None, fp=0, fn=0),  # the item counts on its first line
        relation("cascaded", "aspirin treats pain", "aspirin treats pain", **types, evaluation_id="older"),
    )  # fmt: skip
    asked = "select evaluation_id, doc_id, gold_head, head_error, gold_tail, tail_error from cascaded_errors"
    assert answers(root, f"{asked} order by all") == [
        ("e-v1", "a", "aspirin", None, "pain", "type"),
        ("older", "a", "aspirin", "missing", "pain", None),
    ]


def test_training_curves_averages_each_kind_over_its_last_ten_entries(root: Path):
    put(root, "adapters", "v1", {"base_model": "tiny"})
    steps = [{"step": n, "epoch": n / 10, "kind": "train", "loss": float(n)} for n in range(1, 13)]
    put(root, "training_log", "v1", *steps, {"step": 10, "epoch": 1.0, "kind": "eval", "loss": 100.0})
    asked = "select step, kind, epoch_number, base_model, running_loss from training_curves"
    assert answers(root, f"{asked} where step in (1, 2, 10, 12) order by step, kind") == [
        (1, "train", 1, "tiny", 1.0),
        (2, "train", 1, "tiny", 1.5),
        (10, "eval", 1, "tiny", 100.0),
        (10, "train", 1, "tiny", 5.5),
        (12, "train", 2, "tiny", 7.5),
    ]


def stages(*values: tuple[str, float]) -> list[dict[str, object]]:
    return [metric("relation", f1, stage=stage, precision=f1 / 2, recall=f1) for stage, f1 in values]


def test_postprocessing_gain_holds_each_stage_against_the_one_before_it_in_the_recipe(root: Path):
    put(root, "recipes", "v1", {"setting": "postprocessing", "value": '["drop_ungrounded", "deduplicate"]'})
    put(
        root,
        "metrics",
        "v1",
        *stages(("final", 0.7), ("deduplicate", 0.7), ("raw", 0.5), ("drop_ungrounded", 0.4)),
    )
    asked = (
        "select stage, position, gain_over_raw, f1_gain, precision_gain, recall_gain from postprocessing_gain"
    )
    assert answers(root, f"{asked} order by position") == [
        ("raw", 0, 0.0, None, None, None),
        ("drop_ungrounded", 1, -0.1, -0.1, -0.05, -0.1),
        ("deduplicate", 2, 0.2, 0.3, 0.15, 0.3),
        ("final", 3, 0.2, 0.0, 0.0, 0.0),
    ]


@pytest.mark.parametrize(
    "now", ["[]", '["deduplicate"]', '["deduplicate", "fix_direction"]', '["a", "b", "c"]']
)
def test_postprocessing_gain_names_no_stage_before_when_the_recipe_has_changed_since(root: Path, now: str):
    put(root, "recipes", "v1", {"setting": "postprocessing", "value": now})
    put(
        root,
        "metrics",
        "v1",
        *stages(("raw", 0.5), ("drop_ungrounded", 0.4), ("deduplicate", 0.7), ("final", 0.7)),
    )
    asked = "select stage, gain_over_raw, f1_gain from postprocessing_gain order by stage"
    assert answers(root, asked) == [
        ("deduplicate", 0.2, None), ("drop_ungrounded", -0.1, None), ("final", 0.2, None), ("raw", 0.0, None),
    ]  # fmt: skip


def test_baselines_lists_the_f1_of_each_probe_and_setting(root: Path):
    figure = {
        "probe": "all_pairs",
        "figure": "f1",
        "setting": "gold_entities",
        "value": 0.56,
        "low": 0.5,
        "high": 0.6,
    }
    put(root, "audits", "d", figure, {**figure, "figure": "auc", "value": 0.9})
    asked = "select dataset, dataset_version, probe, setting, f1, f1_low, f1_high from baselines"
    assert answers(root, asked) == [("d", "d-1", "all_pairs", "gold_entities", 0.56, 0.5, 0.6)]


def test_leaderboard_puts_scores_beside_trivial_rules_costs_and_who_serves(root: Path):
    put(
        root,
        "metrics",
        "v1",
        metric("relation", 0.4),
        metric("entity", 0.9),
        metric("relation", 0.1, stage="raw"),
    )
    put(root, "metrics", "v2", metric("relation", 0.6), metric("entity", 0.8))
    put(root, "adapters", "v2", {"train_seconds": 60.0, "adapter_bytes": 10, "trainable_parameters": 5})
    figure = {"figure": "f1", "setting": "gold_entities"}
    put(
        root, "audits", "d",
        {**figure, "probe": "all_pairs", "value": 0.5}, {**figure, "probe": "without_reading", "value": 0.95},
        {**figure, "probe": "all_pairs", "value": 0.2, "setting": "end_to_end"},
    )  # fmt: skip
    put(root, "promotions", "d", {"sequence": 1, "version": "v2"}, {"sequence": 2, "version": "v1"})
    asked = (
        "select model_version, entity_f1, relation_f1, relation_f1_low, relation_f1_high, all_pairs_f1, "
        "without_reading_f1, train_seconds, adapter_bytes, trainable_parameters, serves "
        "from leaderboard order by model_version"
    )
    assert answers(root, asked) == [
        ("v1", 0.9, 0.4, 0.35, 0.45, 0.5, 0.95, None, None, None, True),
        ("v2", 0.8, 0.6, 0.55, 0.65, 0.5, 0.95, 60.0, 10, 5, False),
    ]


def test_leaderboard_counts_the_trainings_that_the_recipe_declares(root: Path):
    for name, f1 in (("v1", 0.4), ("v1.r2", 0.5), ("v1.r3", 0.9), ("v2", 0.1), ("v2.r2", 0.3)):
        put(root, "metrics", name, metric("relation", f1), metric("entity", 0.9))
    put(root, "recipes", "v1", {"setting": "replicates", "value": "2"})
    asked = (
        "select model_version, trainings, round(relation_f1_mean, 3) from leaderboard order by model_version"
    )
    # Of v2 no recipe is known: all of its trainings count.
    assert answers(root, asked) == [("v1", 2, 0.45), ("v2", 2, 0.2)]


def test_leaderboard_holds_no_score_against_the_audit_of_another_content(root: Path):
    put(root, "metrics", "v1", metric("relation", 0.4), metric("entity", 0.9))
    put(
        root, "audits", "d",
        {
            "probe": "all_pairs", "figure": "f1", "setting": "gold_entities", "value": 0.5,
            "dataset_version": "d-2",
        },
    )  # fmt: skip
    assert answers(root, "select model_version, all_pairs_f1, serves from leaderboard") == [
        ("v1", None, False)
    ]
