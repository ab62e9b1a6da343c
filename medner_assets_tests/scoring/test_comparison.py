import polars as pl
import pytest

from medner_assets.errors import MednerError
from medner_assets.scoring.comparison import compare_versions, verdict
from medner_assets_tests.support.building import document, evaluate, says

TEXT = "Aspirin treats headache."
ENTITIES = [("Drug", "Aspirin"), ("Disease", "headache")]
RELATIONS = [("Aspirin", "treats", "headache")]
GOLD = [document(TEXT, ENTITIES, RELATIONS, id=f"d{i}", group=f"g{i // 2}") for i in range(40)]


def scores(says_relations, *, stages=(), evaluation="e1"):
    """Scores of a version that finds all entities, and the relation of the first documents only."""
    said = [says(TEXT, ENTITIES, RELATIONS if i < says_relations else [], id=f"d{i}") for i in range(40)]
    frame = evaluate(GOLD, said, stages=stages)["document_scores"]
    return frame.with_columns(evaluation_id=pl.lit(evaluation))


def compare(ours, theirs, **options):
    return compare_versions(ours, theirs, baseline="v1", seed=11, **{"resamples": 500, **options})


def row(table, task, stage="final"):
    return table.filter(
        (pl.col("task") == task) & (pl.col("stage") == stage) & pl.col("scheme").is_in(["text", "strict"])
    ).row(0, named=True)


def test_a_clear_gain_is_better_and_no_difference_is_not_distinguishable():
    table = compare(scores(40), scores(10, evaluation="e0"))
    relation, entity = row(table, "relation"), row(table, "entity")
    assert (relation["version_f1"], relation["baseline_f1"]) == (1.0, pytest.approx(0.4))
    assert relation["difference"] == pytest.approx(0.6)
    assert relation["low"] < 0.6 < relation["high"]
    assert relation["verdict"] == "better"
    assert relation["p_value"] == pytest.approx(1 / 501)
    assert relation["p_holm"] == pytest.approx(2 / 501)
    assert (entity["verdict"], entity["p_value"], entity["difference"]) == ("not distinguishable", 1.0, 0.0)
    assert row(compare(scores(10), scores(40)), "relation")["verdict"] == "worse"


def test_rows_say_what_was_compared():
    first = compare(scores(40), scores(10, evaluation="e0")).row(0, named=True)
    assert (first["baseline"], first["evaluation_id"], first["baseline_evaluation_id"]) == ("v1", "e1", "e0")
    assert (first["documents"], first["groups"], first["seed"], first["resamples"]) == (40, 20, 11, 500)
    assert (first["dataset"], first["dataset_version"]) == ("toy", "v0")


def test_only_the_headline_metrics_at_final_have_a_verdict():
    table = compare(scores(40), scores(10))
    judged = table.filter(pl.col("verdict").is_not_null()).select("stage", "task", "scheme").rows()
    assert judged == [("final", "entity", "text"), ("final", "relation", "strict")]
    assert table.filter(pl.col("p_holm").is_not_null()).height == 2


def test_stages_that_one_of_the_two_lacks_are_left_out():
    table = compare(scores(40, stages=("deduplicate",)), scores(10))
    assert set(table["stage"]) == {"raw", "final"}


def test_the_order_of_rows_changes_nothing():
    assert (
        compare(scores(30).reverse(), scores(10))
        .sort(pl.all())
        .equals(compare(scores(30), scores(10).reverse()).sort(pl.all()))
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dataset": pl.lit("other")}, "different datasets"),
        ({"dataset_version": pl.lit("v9")}, "different states of the dataset"),
        ({"evaluation_id": pl.col("stage")}, "of several evaluations"),
        ({"split": pl.lit("dev")}, "no scores on the test split"),
        ({"fn": pl.col("fn") + 1}, "disagree on the number of gold items"),
    ],
)
def test_evaluations_that_do_not_belong_together_are_refused(change, message):
    with pytest.raises(MednerError, match=message):
        compare(scores(40), scores(10).with_columns(**change))


def test_other_documents_are_refused():
    with pytest.raises(MednerError, match="1 documents were scored for one of the two only"):
        compare(scores(40), scores(10).filter(pl.col("doc_id") != "d3"))


def test_a_document_that_lacks_one_score_is_refused():
    missing = (pl.col("doc_id") == "d3") & (pl.col("scheme") == "strict")
    with pytest.raises(MednerError, match="has not one score for each document"):
        compare(scores(40), scores(10).filter(~missing))


def test_a_verdict_needs_an_adjusted_p_below_five_per_cent():
    assert verdict(0.1, 0.05) == "not distinguishable"
    assert verdict(0.1, 0.0499) == "better"
    assert verdict(-0.1, 0.0499) == "worse"
