"""Intervals of F1 from few groups: t on the logit scale, where a percentile bootstrap covers too little.

Source: Agresti 2013, section 1.4 and 3.3 (logit intervals); the variance is that of the groups' influence.
"""

import numpy as np

from medner_assets.scoring.statistics.f1 import f1, influence

EDGE = 0.975


def logit_t_intervals(counts: np.ndarray) -> np.ndarray:
    """Return the 95 % interval of each metric's F1, shape (metrics, 2), within 0 to 1.

    counts: (groups, metrics, 3) tp, fp, fn. Groups without an item of a metric say nothing of it and are not
    counted. At F1 0 or 1, where groups show no spread, F1 is shrunk by one item each way and the groups
    count as that many draws. (0, 1) with fewer than two groups that hold an item; (0, 0) with none.
    """
    from scipy.special import stdtrit

    scores, moved = f1(counts.sum(axis=0)), influence(counts)
    held = (counts.sum(axis=-1) > 0).sum(axis=0)
    found = np.zeros((counts.shape[1], 2))
    for metric, (score, groups) in enumerate(zip(scores, held, strict=True)):
        if groups < 2:
            found[metric] = (0.0, 1.0) if groups else (0.0, 0.0)
            continue
        error = np.sqrt(groups / (groups - 1) * (moved[:, metric] ** 2).sum())
        if error < 1e-12:
            tp, fp, fn = counts[:, metric].sum(axis=0)
            shrunk = (2 * tp + 1) / (2 * tp + fp + fn + 2)
            error = np.sqrt(shrunk * (1 - shrunk) / groups)
        else:
            shrunk = score
        reach = stdtrit(groups - 1, EDGE) * error / (shrunk * (1 - shrunk))
        at = np.log(shrunk / (1 - shrunk))
        low, high = 1 / (1 + np.exp(-(at - reach))), 1 / (1 + np.exp(-(at + reach)))
        found[metric] = min(low, score), max(high, score)
    return found
