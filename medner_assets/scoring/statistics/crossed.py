"""Compare two recipes, each trained with several seeds, on one set of groups: the crossed t.

Seeds and groups both vary: another training gives another F1, and so do other documents. Each adapter reads
every group, so the two are crossed, and their variances are estimated side by side. Resampling documents
alone, as a test of two adapters does, leaves the seeds out and calls equal recipes different far too often.

Sources: Owen 2007, The pigeonhole bootstrap (variance of crossed random effects); Owen & Eckles 2012,
Bootstrapping data arrays of arbitrary order; Bouthillier et al. 2021, Accounting for variance in machine
learning benchmarks; Reimers & Gurevych 2018, Why comparing single performance scores does not allow to draw
conclusions about machine learning approaches. Degrees of freedom: Satterthwaite 1946.
"""

from dataclasses import dataclass

import numpy as np

from medner_assets.errors import MednerError
from medner_assets.scoring.statistics.f1 import f1, influence


@dataclass(frozen=True, slots=True)
class CrossedT:
    """The difference of two recipes' mean F1, version minus baseline; every array is (metrics,)."""

    difference: np.ndarray
    standard_error: np.ndarray
    degrees: np.ndarray
    """Degrees of freedom of t, at least 1."""
    p_value: np.ndarray
    """Two-sided, of this metric alone."""
    version_sd: np.ndarray
    """Standard deviation of F1 over the version's seeds."""
    baseline_sd: np.ndarray

    def critical(self, level: float, tests: int = 1) -> np.ndarray:
        """Return the quantile of t beyond which `tests` two-sided tests are significant at `level` together.

        Bonferroni 1936: it holds whatever the metrics have in common.
        """
        from scipy.special import stdtrit

        return np.asarray(stdtrit(self.degrees, 1 - level / (2 * tests)))


def crossed_t(version: np.ndarray, baseline: np.ndarray) -> CrossedT:
    """Test the difference of two recipes' mean F1.

    version, baseline: counts (seeds, groups, metrics, 3) tp, fp, fn of the same groups in the same order.
    With ψ the influence of a group on an adapter's F1, ψ̄ its mean over seeds, s² the variance of F1 over
    k seeds, and n groups:

        V_doc  = n/(n−1) · Σ_g (ψ̄_B − ψ̄_A)²
        V_seed = Σ_v s²_v / k_v
        V_res  = Σ_v n/(n−1) · Σ_s Σ_g (ψ − ψ̄)² / (k_v (k_v − 1)), the noise that both of these hold
        V      = max(V_doc + V_seed − V_res, V_doc, V_seed)
        df     = V² / (V_doc²/(n−1) + Σ_v (s²_v/k_v)²/(k_v−1)), at least 1.

    Raises MednerError with fewer than two seeds of either or fewer than two groups.
    """
    if min(len(version), len(baseline)) < 2:
        raise MednerError("a statement on recipes needs at least two trainings of each: add `replicates`")
    groups = version.shape[1]
    if groups < 2:
        raise MednerError(f"a statement on recipes needs at least two groups of test documents, not {groups}")
    scores = [f1(counts.sum(axis=1)) for counts in (version, baseline)]
    moved = [influence(counts) for counts in (version, baseline)]
    of_groups = groups / (groups - 1)
    v_doc = of_groups * ((moved[0].mean(axis=0) - moved[1].mean(axis=0)) ** 2).sum(axis=0)
    of_seeds = [each.var(axis=0, ddof=1) / len(each) for each in scores]
    v_seed = of_seeds[0] + of_seeds[1]
    v_res = sum(
        of_groups * ((each - each.mean(axis=0)) ** 2).sum(axis=(0, 1)) / (len(each) * (len(each) - 1))
        for each in moved
    )
    variance = np.maximum.reduce([v_doc + v_seed - v_res, v_doc, v_seed])
    shares = v_doc**2 / (groups - 1)
    for part, each in zip(of_seeds, scores, strict=True):
        shares = shares + part**2 / (len(each) - 1)
    degrees = np.divide(variance**2, shares, out=np.ones(variance.shape), where=shares > 0)
    degrees = np.maximum(degrees, 1.0)
    difference = scores[0].mean(axis=0) - scores[1].mean(axis=0)
    error = np.sqrt(variance)
    return CrossedT(
        difference,
        error,
        degrees,
        _two_sided(difference, error, degrees),
        scores[0].std(axis=0, ddof=1),
        scores[1].std(axis=0, ddof=1),
    )


def _two_sided(difference: np.ndarray, error: np.ndarray, degrees: np.ndarray) -> np.ndarray:
    """Return p of t = difference / error; 1 where both are 0, 0 where nothing varies but the recipe."""
    from scipy.special import stdtr

    never = np.where(difference == 0, 0.0, np.inf)
    statistic = np.divide(np.abs(difference), error, out=never, where=error > 0)
    return np.asarray(2 * stdtr(degrees, -statistic))
