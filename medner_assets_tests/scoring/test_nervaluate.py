"""Agreement with nervaluate's strict scheme where nervaluate is right, and the cases where it is not.

nervaluate takes inclusive ends, so ours are written as end - 1.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nervaluate.evaluator import Evaluator

from medner_assets.schema import Document, Entity
from medner_assets.scoring.external import score_documents
from medner_assets.scoring.submissions import SubmittedDocument, SubmittedEntity

TEXT = "one two three four five six"
WORDS = [(0, 3), (4, 7), (8, 13), (14, 18), (19, 23), (24, 27)]


def theirs(gold, predicted, tags=("A", "B")):
    def rows(spans):
        return [[{"label": kind, "start": start, "end": end - 1} for kind, (start, end) in spans]]

    result = Evaluator(rows(gold), rows(predicted), tags=list(tags), loader="dict").evaluate()["overall"][
        "strict"
    ]
    return result.correct, result.actual, result.possible


def ours(gold, predicted):
    entities = tuple(Entity(f"T{i}", kind, *span, TEXT[slice(*span)]) for i, (kind, span) in enumerate(gold))
    said = tuple(
        SubmittedEntity(str(i), kind, TEXT[slice(*span)], span) for i, (kind, span) in enumerate(predicted)
    )
    counts = score_documents([Document("d", TEXT, entities)], [SubmittedDocument("p:1", "d", said, ())])[
        "entity"
    ]["span"]
    return counts["tp"], counts["tp"] + counts["fp"], counts["tp"] + counts["fn"]


SPANS = st.lists(
    st.tuples(st.sampled_from("AB"), st.sampled_from(WORDS)), min_size=1, max_size=6, unique_by=lambda e: e[1]
)


@given(SPANS, SPANS)
@settings(max_examples=20, deadline=None)
def test_we_agree_where_no_two_spans_of_one_side_overlap(gold, predicted):
    # Then each prediction can only be compared with one gold span, and nervaluate's order does not matter.
    assert ours(gold, predicted) == theirs(gold, predicted)


def test_nervaluate_depends_on_the_order_of_predictions_and_we_do_not():
    gold = [("A", (0, 7))]
    wrong_first = [("A", (0, 3)), ("A", (0, 7))]
    # nervaluate spends the gold span on the first prediction that overlaps it; the exact one finds none left.
    assert theirs(gold, wrong_first)[0] == 0
    assert theirs(gold, wrong_first[::-1])[0] == 1
    assert ours(gold, wrong_first) == ours(gold, wrong_first[::-1]) == (1, 2, 1)


def test_nervaluate_drops_types_that_are_not_in_its_list_and_we_count_them():
    gold, predicted = [("A", (0, 3))], [("A", (0, 3)), ("C", (4, 7))]
    assert theirs(gold, predicted) == (1, 1, 1)
    assert ours(gold, predicted) == (1, 2, 1)


@pytest.mark.parametrize("times", [2, 3])
def test_a_repeated_span_is_one_item_for_us_and_several_for_nervaluate(times):
    gold, predicted = [("A", (0, 3))], [("A", (0, 3))] * times
    assert theirs(gold, predicted) == (1, times, 1)
    assert ours(gold, predicted) == (1, 1, 1)
