import numpy as np
import pytest

from medner_assets.errors import MednerError
from medner_assets.scoring.statistics import power
from medner_assets.scoring.statistics.crossed import crossed_t
from medner_assets.scoring.statistics.f1 import f1, influence
from medner_assets.scoring.statistics.logit import logit_t_intervals
from medner_assets.scoring.statistics.simultaneous import max_t, small_sample_expansion


def trained(seeds: int, quality: float, stream: int, groups: int = 40) -> np.ndarray:
    """Counts (seeds, groups, 1, 3) of a recipe that finds each of four items with this chance."""
    found = np.random.default_rng(stream).binomial(4, quality, (seeds, groups))
    return np.stack([found, 4 - found, 4 - found], axis=-1)[:, :, None, :]


def by_hand(version: np.ndarray, baseline: np.ndarray) -> tuple[float, float, float]:
    """Estimate, standard error and degrees of freedom by loops over the formulas of the docstring."""
    n = version.shape[1]
    v_seed = v_res = seed_part = estimate = 0.0
    means = []
    for sign, counts in ((1, version[:, :, 0]), (-1, baseline[:, :, 0])):
        k, scores, psi = len(counts), [], []
        for adapter in counts:
            tp, fp, fn = adapter.sum(axis=0)
            score = 2 * tp / (2 * tp + fp + fn)
            scores.append(score)
            psi.append([(2 * g[0] - score * (2 * g[0] + g[1] + g[2])) / (2 * tp + fp + fn) for g in adapter])
        mean = [sum(row[g] for row in psi) / k for g in range(n)]
        s2 = sum((each - sum(scores) / k) ** 2 for each in scores) / (k - 1)
        v_seed += s2 / k
        seed_part += (s2 / k) ** 2 / (k - 1)
        v_res += n / (n - 1) * sum((row[g] - mean[g]) ** 2 for row in psi for g in range(n)) / (k * (k - 1))
        estimate += sign * sum(scores) / k
        means.append(mean)
    v_doc = n / (n - 1) * sum((b - a) ** 2 for b, a in zip(*means, strict=True))
    v = max(v_doc + v_seed - v_res, v_doc, v_seed)
    return estimate, v**0.5, max(1.0, v**2 / (v_doc**2 / (n - 1) + seed_part))


def test_the_crossed_t_is_what_its_formulas_say():
    version, baseline = trained(3, 0.8, 1), trained(5, 0.7, 2)
    found, (estimate, error, degrees) = crossed_t(version, baseline), by_hand(version, baseline)
    assert found.difference[0] == pytest.approx(estimate)
    assert found.standard_error[0] == pytest.approx(error)
    assert found.degrees[0] == pytest.approx(degrees)


def test_changing_sides_turns_the_difference_and_keeps_p():
    one, other = trained(3, 0.8, 1), trained(4, 0.7, 2)
    there, back = crossed_t(one, other), crossed_t(other, one)
    assert there.difference[0] == pytest.approx(-back.difference[0])
    assert there.p_value[0] == pytest.approx(back.p_value[0])


def test_the_order_of_replicates_and_of_groups_changes_nothing():
    one, other = trained(3, 0.8, 1), trained(3, 0.7, 2)
    turned = crossed_t(one[::-1, ::-1], other[:, ::-1])
    assert turned.standard_error[0] == pytest.approx(crossed_t(one, other).standard_error[0])


def test_the_same_adapters_on_both_sides_do_not_differ():
    adapters = trained(3, 0.8, 1)
    found = crossed_t(adapters, adapters)
    assert (found.difference[0], found.p_value[0]) == (0.0, 1.0)


def test_recipes_without_any_item_do_not_differ():
    nothing = np.zeros((2, 5, 1, 3))
    found = crossed_t(nothing, nothing)
    assert (found.difference[0], found.standard_error[0], found.p_value[0]) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("version", "baseline"), [(trained(1, 0.8, 1), trained(5, 0.7, 2)), (trained(2, 0.8, 1, 1),) * 2]
)
def test_one_training_or_one_group_makes_no_statement_on_recipes(version, baseline):
    with pytest.raises(MednerError, match="at least two"):
        crossed_t(version, baseline)


def test_influence_of_the_groups_sums_to_nothing_and_is_the_slope_of_f1():
    counts = trained(1, 0.8, 1)[0].astype(float)
    moved = influence(counts)
    assert moved.sum() == pytest.approx(0.0)
    step = counts.copy()
    step[3] *= 1.0001
    slope = (f1(step.sum(axis=0)) - f1(counts.sum(axis=0))) / 0.0001
    assert moved[3, 0] == pytest.approx(slope[0], rel=1e-3)


def test_interval_and_adjusted_p_agree_in_10_000_random_comparisons():
    random = np.random.default_rng(11)
    significant = 0
    for _ in range(10_000):
        draws = random.normal(size=(79, 2)).round(random.integers(0, 3)) * random.integers(0, 2, 2)
        observed = (random.normal(size=2) * 2.5).round(random.integers(0, 3))
        found = max_t(observed, observed + draws, int(random.integers(20, 300)))
        outside = (found.low > 0) | (found.high < 0)
        assert outside.tolist() == (found.p_adjusted < 0.05).tolist()
        significant += int(outside.sum())
    assert 3_000 < significant < 17_000


def test_intervals_of_two_metrics_are_wider_than_of_one():
    random = np.random.default_rng(1)
    draws = random.normal(size=(4_000, 2))
    both, alone = max_t(np.zeros(2), draws, 10_000), max_t(np.zeros(1), draws[:, :1], 10_000)
    assert alone.critical == pytest.approx(1.96, abs=0.08)
    assert both.critical == pytest.approx(2.24, abs=0.08)


def test_intervals_from_few_groups_are_wider():
    assert small_sample_expansion(np.array([20, 100_000])) == pytest.approx([1.0956, 1.0], abs=1e-3)


def test_one_group_has_no_interval_and_leaves_the_other_metric_its_own():
    draws = np.random.default_rng(1).normal(size=(400, 2))
    found = max_t(np.array([0.0, 9.0]), draws + np.array([0.0, 9.0]), np.array([1, 50]))
    assert np.isnan([found.low[0], found.high[0], found.p_adjusted[0]]).all()
    assert 0 < found.low[1] < 9 < found.high[1]


def test_an_f1_interval_from_few_groups_stays_within_0_and_1_and_holds_the_score():
    counts = trained(1, 0.9, 4, groups=6)[0]
    low, high = logit_t_intervals(counts)[0]
    score = f1(counts.sum(axis=0))[0]
    assert 0 < low < score < high < 1


def test_a_perfect_score_on_few_groups_is_not_certain():
    perfect = np.tile([4, 0, 0], (5, 1))[:, None, :]
    low, high = logit_t_intervals(perfect)[0]
    assert low < 0.95
    assert high == 1.0


def test_f1_of_one_group_could_be_anything_and_of_none_is_nothing():
    one = np.array([[[3, 1, 1], [0, 0, 0]]])
    assert logit_t_intervals(one).tolist() == [[0.0, 1.0], [0.0, 0.0]]


def test_more_documents_and_more_trainings_find_smaller_differences():
    assert power.of_adapters(200) > power.of_adapters(400) > power.of_adapters(1_000)
    assert power.of_recipes(200, 3) > power.of_recipes(200, 5) > power.of_recipes(200, 10)
    assert power.of_adapters(1) is None
    assert power.of_recipes(200, 1) is None


def test_what_a_test_split_can_find_is_said_before_training():
    now, more, whose = power.planned(200, 5)
    assert now.startswith("smallest difference in relation F1 that 200 test groups find with 80 % power: ")
    assert "between two recipes of 5 trainings each" in now
    assert more.startswith("twice the test documents: ")
    assert whose.startswith("planned with the spread of five trainings of medner-tiny on synthetic notes")
    assert power.planned(10, 1)[-1] == "fewer than 20 test groups: no verdict will be given"
    assert len(power.planned(0, 1)) == 1
