import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medner_assets.audit.gain import Gain, gain_of
from medner_assets.audit.turns import Scores


def compared(
    text: list[float], related: list[int], document: list[int], read: list[float] | None = None
) -> Gain | None:
    scores = np.array(text, float)
    level, held = np.zeros(len(scores)), np.array(read if read is not None else text, float)
    given = Scores(level, held, held, level, held, scores, np.ones(len(scores), np.int64))
    where = np.array(document, np.int64)
    return gain_of(given, np.array(related, bool), where, where)


def area(text: list[float], related: list[int], document: list[int]) -> float:
    found = compared(text, related, document)
    assert found is not None
    return found.text.value


def test_a_related_pair_above_its_rivals_is_1_below_0_and_level_one_half():
    assert area([0.9, 0.1], [1, 0], [0, 0]) == 1.0
    assert area([0.1, 0.9], [1, 0], [0, 0]) == 0.0
    assert area([0.5, 0.5], [1, 0], [0, 0]) == 0.5


def test_rows_are_compared_inside_their_stratum_only():
    # Each related pair is below the other document's unrelated pair, and above its own.
    found = compared([0.2, 0.1, 0.9, 0.8], [1, 0, 1, 0], [0, 0, 1, 1])
    assert found is not None
    assert (found.text.value, found.strata, found.groups) == (1.0, 2, 2)


def test_without_a_stratum_of_both_labels_there_is_nothing_to_compare():
    assert compared([0.2, 0.1, 0.3], [1, 1, 1], [0, 0, 0]) is None


def test_larger_strata_weigh_more_by_van_elteren():
    # Weights 1 * 1 / 3 and 1 * 3 / 5; areas 0 and 1.
    found = area([0.1, 0.9, 0.9, 0.1, 0.2, 0.3], [1, 0, 1, 0, 0, 0], [0, 0, 1, 1, 1, 1])
    assert found == pytest.approx((3 / 5) / (1 / 3 + 3 / 5))


def test_rows_that_only_teach_are_left_out():
    found = compared([float("nan"), float("nan"), 0.9, 0.1], [1, 0, 1, 0], [0, 0, 1, 1])
    assert found is not None
    assert (found.rows, found.strata) == (2, 1)


def test_the_gain_is_over_what_is_known_without_reading_and_the_share_is_of_what_that_leaves_open():
    # Nothing is known without the text (0.5); the text orders three of four documents rightly.
    related, document = [1, 0] * 4, [0, 0, 1, 1, 2, 2, 3, 3]
    found = compared([0.9, 0.1] * 3 + [0.1, 0.9], related, document)
    assert found is not None
    assert (found.position.value, found.read.value) == (0.5, 0.75)
    assert found.gain.value == pytest.approx(0.25)
    assert found.share.value == pytest.approx(0.5)


def test_what_the_text_adds_to_names_is_a_share_of_its_own():
    related, document = np.array([1, 0, 1, 0], bool), np.array([0, 0, 1, 1])
    good, level = np.array([1.0, 0, 1, 0]), np.zeros(4)
    found = gain_of(
        Scores(level, good, good, good, good, good, np.ones(4, np.int64)), related, document, document
    )
    assert found is not None
    assert found.share.value == 1.0
    assert found.beyond_names.value == 0.0


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.integers(0, 3)), min_size=2, max_size=30))
def test_nothing_changes_when_scores_are_stretched(rows: list[tuple[int, bool, int]]):
    scores, related, document = (list(column) for column in zip(*rows, strict=True))
    plain = compared([float(score) for score in scores], related, document)
    stretched = compared([10.0 * score - 3 for score in scores], related, document)
    assert plain == stretched


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.integers(0, 3)), min_size=2, max_size=30))
def test_the_area_is_the_share_of_comparisons_that_are_right_in_each_stratum(
    rows: list[tuple[int, bool, int]],
):
    scores, related, document = (list(column) for column in zip(*rows, strict=True))
    total = weights = 0.0
    for each in set(document):
        inside = [(score, label) for score, label, where in rows if where == each]
        ones = [score for score, label in inside if label]
        others = [score for score, label in inside if not label]
        if ones and others:
            right = sum((one > other) + (one == other) / 2 for one in ones for other in others)
            weight = len(ones) * len(others) / (len(inside) + 1)
            total += weight * right / (len(ones) * len(others))
            weights += weight
    found = compared([float(score) for score in scores], related, document)
    assert (found is None) == (weights == 0)
    assert found is None or found.text.value == pytest.approx(total / weights)


def test_z_is_that_of_permuting_the_labels_inside_the_strata():
    rng = np.random.default_rng(3)
    document = np.repeat(np.arange(40), 6)
    scores = rng.integers(0, 5, len(document)).astype(float)  # with ties
    related = rng.random(len(document)) < 0.1 + 0.15 * scores

    def of(labels: np.ndarray) -> Gain:
        level, block = np.zeros(len(scores)), np.ones(len(scores), np.int64)
        given = Scores(level, scores, scores, level, scores, scores, block)
        found = gain_of(given, labels, document, document)
        assert found is not None
        return found

    permuted = []
    for _ in range(400):
        shuffled = related.copy()
        for each in range(40):
            inside = document == each
            shuffled[inside] = rng.permutation(related[inside])
        permuted.append(of(shuffled).text.value)
    assert np.mean(permuted) == pytest.approx(0.5, abs=0.01)
    found = of(related)
    assert found.z == pytest.approx((found.text.value - 0.5) / np.std(permuted), rel=0.12)


@pytest.mark.parametrize("strata", [40, 2])
def test_the_interval_is_as_wide_as_the_estimate_varies(strata: int):
    """Inside documents (many strata) and between them (few); 2 rows a document either way."""
    rng = np.random.default_rng(4)
    values, widths = [], []
    for _ in range(300):
        owner = np.repeat(np.arange(80), 2)
        related = rng.random(160) < 0.5
        unread, read = rng.normal(size=160), rng.normal(size=160) + 0.5 * related
        stratum = owner % strata
        given = Scores(unread, read, read, unread, read, read, np.ones(160, np.int64))
        found = gain_of(given, related, stratum, owner)
        assert found is not None
        values.append(found.gain.value)
        widths.append((found.gain.high - found.gain.low) / 2 / 1.96)
    assert np.mean(widths) == pytest.approx(np.std(values), rel=0.15)
