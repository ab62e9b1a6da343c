"""Scores worked out by hand, and what is refused."""

import polars as pl
import pytest

from medner_assets.errors import MednerError
from medner_assets.scoring.frames import GoldFrames, PredictedFrames
from medner_assets.scoring.gold import gold_frames
from medner_assets.scoring.matching import Counts
from medner_assets_tests.support.building import counts, document, evaluate, says

TEXT = "Aspirin treats headache. aspirin causes bleeding."
GOLD = document(
    TEXT,
    [("Drug", "Aspirin"), ("Disease", "headache"), ("Drug", "aspirin"), ("Effect", "bleeding")],
    [("Aspirin", "treats", "headache"), ("aspirin", "causes", "bleeding")],
)
PERFECT = says(
    TEXT,
    [("Drug", "Aspirin"), ("Disease", "headache"), ("Drug", "aspirin"), ("Effect", "bleeding")],
    [("Aspirin", "treats", "headache"), ("aspirin", "causes", "bleeding")],
)


@pytest.mark.parametrize("stage", ["raw", "final"])
def test_a_perfect_prediction_scores_one_under_every_scheme(stage):
    tables = evaluate([GOLD], [PERFECT])
    metrics = tables["metrics"].filter(pl.col("stage") == stage)
    assert metrics["scheme"].to_list() == ["text", "span", "overlap", "strict", "boundaries"]
    for figure in ("precision", "recall", "f1", "macro_f1", "f1_high"):
        assert metrics[figure].to_list() == [1.0] * 5
    assert metrics["f1_low"].to_list() == [0.0] * 5  # one document says nothing of others
    assert counts(tables, "text", stage) == (3, 0, 0)  # Aspirin and aspirin are one item
    assert counts(tables, "span", stage) == (4, 0, 0)


def test_lines_beyond_the_occurrences_of_their_string_are_duplicates_at_raw_and_nothing_at_final():
    said = says(TEXT, [("Drug", "aspirin")] * 3 + [("Drug", "Aspirin")])
    # 'aspirin' stands once as written and 'Aspirin' once: the lines two and three repeat the first.
    tables = evaluate([GOLD], [said])
    assert counts(tables, "text", "raw") == (1, 2, 2)
    assert counts(tables, "span", "raw") == (2, 2, 2)
    assert counts(tables, "text", "final") == (1, 0, 2)


def test_mentions_of_one_string_within_its_occurrences_are_no_duplicates():
    text = "Pain at rest, pain at night, pain."
    gold = document(text, [("Symptom", "Pain"), ("Symptom", "pain"), ("Symptom", "pain")])
    tables = evaluate([gold], [says(text, [("Symptom", "Pain"), ("Symptom", "pain"), ("Symptom", "pain")])])
    assert counts(tables, "text", "raw") == (1, 0, 0)
    assert counts(tables, "span", "raw") == (3, 0, 0)


def test_the_worked_example_of_the_documentation():
    text = "Pain at night, pain at rest."
    gold = document(text, [("Symptom", "Pain"), ("Symptom", "pain")])
    lines = [("Symptom", "Pain"), ("Symptom", "pain"), ("Symptom", "pain"), ("Symptom", "rest")]
    for stages in ((), ("deduplicate",)):
        tables = evaluate([gold], [says(text, lines)], stages=stages)
        assert counts(tables, "text", "raw") == (1, 2, 0)
        assert counts(tables, "span", "raw") == (2, 2, 0)
        assert counts(tables, "text", "final") == (1, 1, 0)


def test_the_type_of_an_argument_counts_under_strict_and_not_under_boundaries():
    said = says(TEXT, [("Drug", "Aspirin"), ("Effect", "headache")], [("Aspirin", "treats", "headache")])
    tables = evaluate([GOLD], [said])
    assert counts(tables, "strict") == (0, 1, 2)
    assert counts(tables, "boundaries") == (1, 0, 1)


def test_an_argument_without_an_entity_line_has_no_type_and_never_matches_strictly():
    said = says(TEXT, [("Drug", "Aspirin")], [("Aspirin", "treats", "headache")])
    tables = evaluate([GOLD], [said])
    assert counts(tables, "strict") == (0, 1, 2)
    assert counts(tables, "boundaries") == (1, 0, 1)


def test_direction_counts():
    entities = [("Drug", "Aspirin"), ("Disease", "headache")]
    tables = evaluate([GOLD], [says(TEXT, entities, [("headache", "treats", "Aspirin")])])
    assert counts(tables, "strict") == (0, 1, 2)
    assert counts(tables, "boundaries") == (0, 1, 2)


@pytest.mark.parametrize("how", ["symmetric type", "undirected document"])
def test_direction_does_not_count_where_a_dataset_says_so(how):
    text = "Warfarin interacts with aspirin."
    entities = [("Drug", "Warfarin"), ("Drug", "aspirin")]
    gold = document(
        text, entities, [("Warfarin", "interacts", "aspirin")], directed=how != "undirected document"
    )
    both_ways = [("aspirin", "interacts", "Warfarin"), ("Warfarin", "interacts", "aspirin")]
    symmetric = frozenset(["interacts"]) if how == "symmetric type" else frozenset()
    tables = evaluate([gold], [says(text, entities, both_ways)], symmetric=symmetric)
    assert counts(tables, "strict") == (1, 0, 0)
    assert counts(tables, "strict", "raw") == (1, 1, 0)  # the second line repeats the first


def test_an_ungrounded_and_a_fuzzy_prediction_never_match_a_span():
    said = says(TEXT, [("Disease", "headache"), ("Effect", "bleeding")])
    entities = said[0].with_columns(grounding=pl.Series(["fuzzy", "exact"]))
    tables = evaluate([GOLD], [(entities, said[1])])
    assert counts(tables, "span") == (1, 1, 3)


def test_without_gold_offsets_there_is_no_span_scheme():
    frames = gold_frames([GOLD])
    entities = frames.entities.with_columns(start=pl.lit(None, pl.Int64), end=pl.lit(None, pl.Int64))
    tables = evaluate(GoldFrames(frames.documents, entities, frames.relations), [PERFECT])
    assert tables["metrics"]["scheme"].unique().sort().to_list() == ["boundaries", "strict", "text"]
    assert counts(tables, "text") == (3, 0, 0)


def test_every_document_is_there_also_with_zeros():
    silent = document("Nothing to see.", id="d2")
    missed = document(TEXT, [("Disease", "headache")], id="d3")
    scores = evaluate([GOLD, silent, missed], [PERFECT])["document_scores"]
    rows = scores.filter((pl.col("stage") == "final") & (pl.col("scheme") == "text"))
    assert rows.select("doc_id", "tp", "fp", "fn").rows() == [
        ("d1", 3, 0, 0),
        ("d2", 0, 0, 0),
        ("d3", 0, 0, 1),
    ]


def test_a_version_that_says_nothing_has_scores_at_every_stage():
    tables = evaluate([GOLD], [], stages=("deduplicate",))
    assert tables["metrics"]["stage"].unique(maintain_order=True).to_list() == ["raw", "deduplicate", "final"]
    assert set(tables["metrics"]["f1"]) == {0.0}
    assert tables["entity_outcomes"]["error"].unique().to_list() == ["missing"]


def test_macro_is_the_mean_over_types_with_gold_or_predictions():
    said = says(TEXT, [("Drug", "Aspirin"), ("Disease", "headache"), ("Gene", "bleeding")])
    row = evaluate([GOLD], [said])["metrics"].row(-5, named=True)
    assert (row["stage"], row["scheme"]) == ("final", "text")
    assert row["macro_f1"] == pytest.approx(
        (1 + 1 + 0 + 0) / 4
    )  # Drug, Disease; Effect missed, Gene invented


def test_metrics_are_over_the_test_split_and_document_scores_over_all_that_is_scored():
    dev = document(TEXT, [("Disease", "headache")], id="d2", split="dev")
    train = document(TEXT, [("Disease", "headache")], id="d3", split="train")
    tables = evaluate([GOLD, dev, train], [PERFECT], splits=("dev", "test"))
    assert set(tables["document_scores"]["doc_id"]) == {"d1", "d2"}
    assert set(tables["metrics"]["documents"]) == {1}
    assert set(tables["metrics"]["f1"]) == {1.0}
    assert set(tables["metrics"]["macro_f1"]) == {1.0}


def test_the_order_of_rows_changes_nothing():
    other = document(TEXT, [("Disease", "headache")], id="d0")
    said = [PERFECT, says(TEXT, [("Drug", "headache"), ("Effect", "bleeding")], id="d0")]
    straight = evaluate([GOLD, other], said)
    turned = evaluate(
        [GOLD, other], [(entities.reverse(), relations.reverse()) for entities, relations in said[::-1]]
    )
    for table, frame in straight.items():
        assert frame.equals(turned[table]), table


def test_f1_of_nothing_is_zero():
    nothing = Counts(0, 0, 0)
    assert (nothing.precision, nothing.recall, nothing.f1) == (0.0, 0.0, 0.0)


def test_signatures_say_what_was_scored():
    signatures = (
        evaluate([GOLD], [PERFECT])["metrics"].filter(pl.col("stage") == "final")["signature"].to_list()
    )
    assert signatures == [
        "scheme:text|unit:text|case:lower|stage:final|v2",
        "scheme:span|unit:span|case:lower|stage:final|v2",
        "scheme:overlap|unit:span|case:lower|stage:final|v2",
        "scheme:strict|unit:text|case:lower|symmetric:none|stage:final|v2",
        "scheme:boundaries|unit:text|case:lower|symmetric:none|stage:final|v2",
    ]


def test_predictions_for_documents_that_gold_lacks_are_refused():
    with pytest.raises(MednerError, match="'d9' is not among the gold documents"):
        evaluate([GOLD], [says(TEXT, [("Drug", "aspirin")], id="d9")])


def test_a_gold_document_that_stands_twice_is_refused():
    with pytest.raises(MednerError, match="'d1' occurs twice"):
        evaluate([GOLD, GOLD], [PERFECT])


def test_an_ordinal_that_stands_twice_is_refused():
    with pytest.raises(MednerError, match="ordinal occurs twice"):
        evaluate([GOLD], [PERFECT, PERFECT])


def test_a_split_without_documents_is_refused():
    with pytest.raises(MednerError, match="none in split dev"):
        evaluate([GOLD], [], splits=("dev",))


def test_a_frame_without_its_columns_is_refused():
    with pytest.raises(MednerError, match="column 'grounding' is missing"):
        PredictedFrames(PERFECT[0].drop("grounding").with_columns(stage=pl.lit("raw")), PERFECT[1])
