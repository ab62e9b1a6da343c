import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medner_assets.audit.nodes import gold_nodes
from medner_assets.audit.pairs import learn_schema
from medner_assets.audit.within_document import WithinDocument, concordance, within_document
from medner_assets.schema import Document
from medner_assets_tests.support.notes import note


def compared(scores: list[float], related: list[int], document: list[int]) -> WithinDocument:
    count = max(document) + 1
    kind = np.zeros(len(scores), np.int64)
    return concordance(
        np.array(scores), np.array(related, bool), np.array(document), kind, np.arange(count), seed=1
    )


def test_a_related_pair_above_its_rivals_is_1_below_0_and_level_one_half():
    assert compared([0.9, 0.1], [1, 0], [0, 0]).auc == 1.0
    assert compared([0.1, 0.9], [1, 0], [0, 0]).auc == 0.0
    assert compared([0.5, 0.5], [1, 0], [0, 0]).auc == 0.5


def test_pairs_are_compared_inside_their_document_only():
    # Each related pair is below the other document's unrelated pair, and above its own.
    found = compared([0.2, 0.1, 0.9, 0.8], [1, 0, 1, 0], [0, 0, 1, 1])
    assert found.auc == 1.0
    assert found.strata == 2


def test_a_document_with_related_pairs_only_is_no_stratum():
    assert compared([0.2, 0.1, 0.3], [1, 1, 1], [0, 0, 0]) == WithinDocument(None, None, None, None, 0, 3)


def test_larger_strata_weigh_more_by_van_elteren():
    # Weights 1 * 1 / 3 and 1 * 3 / 5; areas 0 and 1.
    found = compared([0.1, 0.9, 0.9, 0.1, 0.2, 0.3], [1, 0, 1, 0, 0, 0], [0, 0, 1, 1, 1, 1])
    assert found.auc == pytest.approx((3 / 5) / (1 / 3 + 3 / 5))


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.integers(0, 3)), min_size=2, max_size=30))
def test_auc_and_z_do_not_change_when_scores_are_stretched(rows: list[tuple[int, bool, int]]):
    scores, related, document = (list(column) for column in zip(*rows, strict=True))
    plain = compared([float(score) for score in scores], related, document)
    stretched = compared([10.0 * score - 3 for score in scores], related, document)
    assert plain == stretched


def test_z_is_that_of_permuting_the_labels_inside_the_strata():
    rng = np.random.default_rng(3)
    document = np.repeat(np.arange(40), 6)
    scores = rng.integers(0, 5, len(document)).astype(float)  # with ties
    related = rng.random(len(document)) < 0.1 + 0.15 * scores
    kind, groups = np.zeros(len(document), np.int64), np.arange(40)
    found = concordance(scores, related, document, kind, groups, seed=1)
    permuted = []
    for _ in range(400):
        shuffled = related.copy()
        for each in range(40):
            inside = document == each
            shuffled[inside] = rng.permutation(related[inside])
        permuted.append(concordance(scores, shuffled, document, kind, groups, seed=1).auc)
    assert np.mean(permuted) == pytest.approx(0.5, abs=0.01)
    assert found.z == pytest.approx((found.auc - 0.5) / np.std(permuted), rel=0.12)


def told(number: int, rng: np.random.Generator, *, by_text: bool) -> Document:
    """Two drugs, one condition; one drug is related to it: the one that the text names so, or any."""
    one, other = "helped", "spared"
    drugs = (f"drug{number}", f"pill{number}")
    first = int(rng.integers(2))
    verbs = (one, other) if first == 0 else (other, one)
    related = drugs[first] if by_text else drugs[int(rng.integers(2))]
    text = f"First D:{drugs[0]} {verbs[0]} the C:gout here. Then D:{drugs[1]} {verbs[1]} it again."
    return note(text, (related, "treats", "gout"))


def ranked(documents: list[Document]) -> WithinDocument:
    nodes = [gold_nodes(document, ()) for document in documents]
    return within_document(nodes, learn_schema(nodes, ()), seed=1)


def test_relations_that_the_words_decide_are_ranked_nearly_perfectly():
    rng = np.random.default_rng(1)
    found = ranked([told(number, rng, by_text=True) for number in range(200)])
    assert found.auc > 0.95
    assert found.low > 0.9
    assert found.z > 8
    assert found.strata == 140  # the first three tenths only teach


def test_relations_drawn_at_random_are_ranked_as_by_a_coin():
    rng = np.random.default_rng(2)
    found = ranked([told(number, rng, by_text=False) for number in range(400)])
    assert found.low < 0.5 < found.high
    assert abs(found.z) < 2.5


def test_names_that_give_the_relation_away_are_not_looked_at():
    rng = np.random.default_rng(3)
    documents = []
    for number in range(300):
        drugs = ["aspirin", "lithium"] if rng.random() < 0.5 else ["lithium", "aspirin"]
        text = f"Visit {number}: D:{drugs[0]} , D:{drugs[1]} and the C:gout are listed."
        documents.append(note(text, ("aspirin", "treats", "gout")))
    found = ranked(documents)
    assert found.low < 0.5 < found.high


def test_the_same_text_twice_is_one_stratum():
    rng = np.random.default_rng(4)
    documents = [told(number, rng, by_text=True) for number in range(30)]
    assert ranked(documents * 4).strata == 21  # of 30, as without the copies
    assert ranked(documents).strata == 21


def test_no_document_or_no_relation_gives_no_stratum():
    assert ranked([]).strata == 0
    assert ranked([note("D:aspirin and C:gout")]).auc is None
