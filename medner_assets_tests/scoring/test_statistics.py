import numpy as np
import pytest

from medner_assets.scoring.statistics.bootstrap import f1_intervals, paired_draws, percentiles
from medner_assets.scoring.statistics.f1 import by_group, f1
from medner_assets.scoring.statistics.randomisation import p_values


def counts(*rows):
    """One metric: (groups, 1, 3)."""
    return np.array(rows, dtype=np.int64)[:, None, :]


RANDOM = np.random.default_rng(5)
STRONG = np.stack(
    [RANDOM.integers(5, 9, (60, 1)), RANDOM.integers(0, 2, (60, 1)), RANDOM.integers(0, 2, (60, 1))], 2
)
WEAK = np.stack([STRONG[..., 0] - 2, STRONG[..., 1] + 2, STRONG[..., 2] + 2], 2)


def test_f1_of_counts():
    assert f1(np.array([[3, 1, 2], [0, 0, 0], [0, 4, 0]])).tolist() == [6 / 9, 0.0, 0.0]


def test_counts_are_summed_by_group_in_order_of_first_occurrence():
    grouped = by_group(counts([1, 0, 0], [0, 1, 0], [0, 0, 5]), np.array(["b", "a", "b"]))
    assert grouped[:, 0].tolist() == [[1, 0, 5], [0, 1, 0]]


def test_the_randomisation_test_of_few_groups_is_the_exact_one():
    ours, theirs = counts([4, 0, 1], [3, 1, 2], [5, 0, 0]), counts([2, 2, 3], [3, 2, 2], [1, 0, 4])
    gap = ours - theirs
    observed = abs(f1(ours.sum(0)) - f1(theirs.sum(0)))
    larger = 0
    for bits in range(8):
        moved = sum((gap[i] for i in range(3) if bits >> i & 1), np.zeros((1, 3)))
        larger += abs(f1(ours.sum(0) - moved) - f1(theirs.sum(0) + moved)) >= observed - 1e-12
    p = p_values(ours, theirs, seed=1, resamples=40_000)
    assert p == pytest.approx(larger / 8, abs=0.01)


def test_systems_that_are_equal_everywhere_have_p_one():
    assert p_values(STRONG, STRONG, seed=1, resamples=100).tolist() == [1.0]


def test_a_large_difference_has_the_smallest_p_that_the_resamples_allow():
    assert p_values(STRONG, WEAK, seed=1, resamples=999).tolist() == [1 / 1000]


def test_which_system_comes_first_does_not_change_p_and_turns_the_interval():
    assert p_values(STRONG, WEAK, seed=3, resamples=500) == p_values(WEAK, STRONG, seed=3, resamples=500)
    low, high = percentiles(paired_draws(STRONG, WEAK, seed=3, resamples=500))[0]
    turned_low, turned_high = percentiles(paired_draws(WEAK, STRONG, seed=3, resamples=500))[0]
    assert (low, high) == pytest.approx((-turned_high, -turned_low))
    assert 0 < low < high


def test_a_seed_decides_the_result():
    one, again, other = (f1_intervals(STRONG, seed=seed, resamples=200).tolist() for seed in (1, 1, 2))
    assert one == again != other
    p_one, p_again = (p_values(STRONG, STRONG[::-1], seed=1, resamples=200).tolist() for _ in range(2))
    assert p_one == p_again


def test_the_interval_is_that_of_a_plain_bootstrap():
    # Another implementation: scipy draws documents with replacement and takes percentiles.
    from scipy.stats import bootstrap

    def statistic(tp, fp, fn, axis=-1):
        tp, fp, fn = tp.sum(axis), fp.sum(axis), fn.sum(axis)
        return 2 * tp / (2 * tp + fp + fn)

    columns = tuple(WEAK[:, 0, i] for i in range(3))
    outside = bootstrap(
        columns, statistic, paired=True, vectorized=True, n_resamples=20_000, method="percentile", rng=4
    ).confidence_interval
    low, high = f1_intervals(WEAK, seed=1, resamples=20_000)[0]
    assert (low, high) == pytest.approx((outside.low, outside.high), abs=0.002)


def test_metrics_of_one_call_share_the_draws():
    both = np.concatenate([STRONG, STRONG], axis=1)
    first, second = f1_intervals(both, seed=2, resamples=300)
    assert first.tolist() == second.tolist() == f1_intervals(STRONG, seed=2, resamples=300)[0].tolist()


def test_one_group_has_an_interval_without_width_and_none_has_zero():
    assert f1_intervals(counts([3, 1, 1]), seed=1, resamples=50).tolist() == [[0.75, 0.75]]
    assert f1_intervals(np.zeros((0, 1, 3), dtype=np.int64), seed=1, resamples=50).tolist() == [[0.0, 0.0]]
