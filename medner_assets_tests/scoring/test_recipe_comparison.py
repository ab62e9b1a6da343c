import polars as pl
import pytest

from medner_assets.errors import MednerError
from medner_assets.scoring.recipe_comparison import compare_recipes
from medner_assets_tests.support.building import document, evaluate, says

TEXT = "Aspirin treats headache."
ENTITIES = [("Drug", "Aspirin"), ("Disease", "headache")]
RELATIONS = [("Aspirin", "treats", "headache")]
GOLD = [document(TEXT, ENTITIES, RELATIONS, id=f"d{i}", group=f"g{i}") for i in range(40)]


def scores(missed: set[int], evaluation: str, gold=GOLD) -> pl.DataFrame:
    """Scores of an adapter that finds all entities, and the relations of all documents but these."""
    said = [says(TEXT, ENTITIES, [] if i in missed else RELATIONS, id=each.id) for i, each in enumerate(gold)]
    return evaluate(gold, said)["document_scores"].with_columns(evaluation_id=pl.lit(evaluation))


GOOD = [scores({i, i + 1}, f"b{i}") for i in range(3)]
POOR = [scores(set(range(i, i + 20)), f"a{i}") for i in range(4)]


def relation(table: pl.DataFrame) -> dict:
    return table.filter(pl.col("task") == "relation").row(0, named=True)


def test_a_recipe_that_is_better_in_every_training_is_better():
    row = relation(compare_recipes(GOOD, POOR, baseline="v1"))
    assert (row["verdict"], row["trainings"], row["baseline_trainings"]) == ("better", 3, 4)
    assert row["version_f1"] == pytest.approx(2 * 38 / (38 + 40))
    assert 0 < row["low"] < row["difference"] < row["high"]
    assert row["p_adjusted"] < 0.05
    assert row["evaluation_ids"] == ["b0", "b1", "b2"]


def test_interval_verdict_and_adjusted_p_of_recipes_are_one_statement():
    for more in range(2, 22, 2):
        ours = [scores(set(range(i, i + more)), f"b{i}") for i in range(3)]
        row = relation(compare_recipes(ours, POOR, baseline="v1"))
        outside = row["low"] > 0 or row["high"] < 0
        assert outside == (row["p_adjusted"] < 0.05) == (row["verdict"] in ("better", "worse"))


def test_recipes_within_the_margin_are_equivalent_and_without_one_not_distinguishable():
    again = [scores({i, i + 2}, f"c{i}") for i in range(3)]
    assert relation(compare_recipes(GOOD, again, baseline="v1", margin=0.2))["verdict"] == "equivalent"
    assert relation(compare_recipes(GOOD, again, baseline="v1"))["verdict"] == "not distinguishable"
    assert relation(compare_recipes(GOOD, again, baseline="v1", margin=1e-6))["verdict"] == (
        "not distinguishable"
    )


def test_one_training_on_either_side_says_nothing_of_recipes():
    assert compare_recipes(GOOD[:1], POOR, baseline="v1").is_empty()
    assert compare_recipes(GOOD, POOR[:1], baseline="v1").is_empty()


def test_few_groups_give_no_verdict_on_recipes():
    few = GOLD[:10]
    ours, theirs = ([scores({i}, f"{side}{i}", few) for i in range(2)] for side in "ba")
    assert set(compare_recipes(ours, theirs, baseline="v1")["verdict"]) == {"no verdict"}


def test_one_group_and_documents_without_items_give_no_verdict():
    one = GOLD[:1]
    assert compare_recipes(
        *([scores(set(), f"{s}{i}", one) for i in range(2)] for s in "ba"), baseline="v1"
    ).is_empty()
    empty = [document("Nothing here.", [], [], id=f"e{i}", group=f"g{i}") for i in range(30)]
    nothing = [
        evaluate(empty, [says("Nothing here.", [], [], id=each.id) for each in empty])["document_scores"]
        .with_columns(evaluation_id=pl.lit(name)) for name in ("b0", "b1", "a0", "a1")
    ]  # fmt: skip
    table = compare_recipes(nothing[:2], nothing[2:], baseline="v1")
    assert set(table["verdict"]) == {"no verdict"}
    assert set(table["groups"]) == {0}


def test_an_adapter_that_stands_twice_is_refused():
    with pytest.raises(MednerError, match="occurs twice"):
        compare_recipes([GOOD[0], GOOD[0]], POOR, baseline="v1")


def test_replicates_of_different_datasets_are_refused():
    other = GOOD[1].with_columns(dataset=pl.lit("other"))
    with pytest.raises(MednerError, match="different datasets"):
        compare_recipes([GOOD[0], other], POOR, baseline="v1")
