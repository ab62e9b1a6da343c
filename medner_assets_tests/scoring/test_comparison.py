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
    assert relation["p_adjusted"] == pytest.approx(1 / 501)
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
    assert table.filter(pl.col("p_adjusted").is_not_null()).height == 2


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
        ({"fn": pl.col("fn") + 1}, "differ in the number of gold items"),
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


def test_a_verdict_says_on_which_side_of_0_the_interval_lies():
    assert verdict(-0.001, 0.2, 20) == "not distinguishable"
    assert verdict(0.001, 0.2, 20) == "better"
    assert verdict(-0.2, -0.001, 20) == "worse"


@pytest.mark.parametrize(("low", "groups"), [(0.1, 19), (None, 1)])
def test_few_groups_give_no_verdict(low, groups):
    assert verdict(low, 0.2, groups) == "no verdict"


def test_the_headline_interval_and_its_adjusted_p_are_one_statement():
    for found in range(10, 41, 3):
        judged = compare(scores(found), scores(10, evaluation="e0")).filter(pl.col("verdict").is_not_null())
        for each in judged.iter_rows(named=True):
            outside = each["low"] > 0 or each["high"] < 0
            assert outside == (each["p_adjusted"] < 0.05) == (each["verdict"] in ("better", "worse"))
            assert each["high"] - each["difference"] == pytest.approx(
                each["critical"] * each["standard_error"]
            )
            assert each["found_above"] >= each["high"] - each["difference"]


def test_groups_without_any_item_are_not_counted():
    empty = document("Nothing here.", [], [], id="none", group="gx")
    said = [says(TEXT, ENTITIES, RELATIONS, id=f"d{i}") for i in range(40)]
    frame = evaluate([*GOLD, empty], [*said, says("Nothing here.", [], [], id="none")])["document_scores"]
    ours, theirs = (frame.with_columns(evaluation_id=pl.lit(name)) for name in ("e1", "e0"))
    assert set(compare(ours, theirs)["groups"]) == {20}
