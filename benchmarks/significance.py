"""Whether the tests of a comparison keep their promise, and what they cost.

python benchmarks/significance.py [--pairs 1000]

Error rate: pairs of systems that are equal by construction, with failures of whole documents, so that
items of one document are not independent. A test at 0.05 must call about one pair in twenty different.
McNemar's test on pooled items stands beside them as a warning: it is not what medner does. Cost: 10,000
documents × 10,000 resamples. Prints a table and writes benchmarks/results/significance.json; exits with 1
when a promise is not kept.
"""

import argparse
import json
import os
import platform
import resource
import sys
import time
from pathlib import Path

import numpy as np

from medner_assets.scoring.statistics.bootstrap import paired_draws, percentiles
from medner_assets.scoring.statistics.randomisation import p_values

RESULTS = Path(__file__).parent / "results" / "significance.json"
LEVEL = 0.05
STANDARD_ERRORS = 2.2
"""So far from LEVEL may the share of false alarms lie, by the number of pairs: 0.015 for 1,000."""
SECONDS_LIMIT, MEMORY_LIMIT_GB = 2.5, 6.0
METRICS = (2, 24)
"""The two headline metrics, for which the limit holds; all metrics of a version with four stages."""
DOCUMENTS, RESAMPLES = 300, 1_000


def system(random: np.random.Generator, gold: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (counts (documents, 1, 3), whether each gold item was found) of one system.

    gold: items a document. One document in ten fails as a whole; in the others 85 % of the items are found,
    and some are invented.
    """
    failed = random.random(len(gold)) < 0.1
    chance = np.where(failed, 0.05, 0.85)
    found = random.random(gold.sum()) < np.repeat(chance, gold)
    tp = np.add.reduceat(found.astype(np.int64), np.cumsum(gold) - gold)
    fp = random.poisson(np.where(failed, 1.5, 0.6))
    return np.stack([tp, fp, gold - tp], axis=1)[:, None, :], found


def error_rates(pairs: int) -> dict[str, float]:
    """Return the share of equal pairs that each test calls different at 0.05."""
    alarms = dict.fromkeys(("randomisation", "bootstrap", "mcnemar_per_document", "mcnemar_pooled_items"), 0)
    for seed in range(pairs):
        random = np.random.default_rng([7, seed])
        gold = 1 + random.poisson(5, DOCUMENTS)
        (ours, ours_found), (theirs, theirs_found) = (system(random, gold) for _ in range(2))
        low, high = paired_intervals(ours, theirs, seed=seed, resamples=RESAMPLES)[0]
        perfect = [(counts[:, 0, 1:] == 0).all(axis=1) for counts in (ours, theirs)]
        alarms["randomisation"] += int(p_values(ours, theirs, seed=seed, resamples=RESAMPLES)[0] < LEVEL)
        alarms["bootstrap"] += int(low > 0 or high < 0)
        alarms["mcnemar_per_document"] += int(mcnemar(*perfect) < LEVEL)
        alarms["mcnemar_pooled_items"] += int(mcnemar(ours_found, theirs_found) < LEVEL)
    return {name: count / pairs for name, count in alarms.items()}


def paired_intervals(counts: np.ndarray, baseline: np.ndarray, *, seed: int, resamples: int) -> np.ndarray:
    """Return the 95 % percentile interval of each metric's F1 difference, (metrics, 2)."""
    return percentiles(paired_draws(counts, baseline, seed=seed, resamples=resamples))


def mcnemar(right: np.ndarray, baseline_right: np.ndarray) -> float:
    """Return McNemar's exact two-sided p-value (1947): the binomial of the disagreements at one half."""
    from scipy.stats import binomtest

    right, baseline_right = np.asarray(right, dtype=bool), np.asarray(baseline_right, dtype=bool)
    gained, lost = int((right & ~baseline_right).sum()), int((~right & baseline_right).sum())
    return float(binomtest(gained, gained + lost, 0.5).pvalue) if gained + lost else 1.0


def cost(metrics: int) -> dict[str, float]:
    """Time both tests over 10,000 documents × 10,000 resamples; the systems differ in most documents."""
    random = np.random.default_rng(3)
    gold = 1 + random.poisson(5, 10_000)
    ours, theirs = (
        np.concatenate([system(random, gold)[0] for _ in range(metrics)], axis=1) for _ in range(2)
    )
    seconds = {}
    processor = time.process_time()
    for name, test in (("randomisation", p_values), ("bootstrap", paired_intervals)):
        began = time.perf_counter()
        test(ours, theirs, seed=1, resamples=10_000)
        seconds[name] = time.perf_counter() - began
    return {
        "metrics": metrics,
        **seconds,
        "seconds": sum(seconds.values()),
        "cpu_seconds": time.process_time() - processor,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=1_000)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    costs = [cost(metrics) for metrics in METRICS]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    rates = error_rates(options.pairs)
    off = STANDARD_ERRORS * (LEVEL * (1 - LEVEL) / options.pairs) ** 0.5
    held = all(abs(rates[name] - LEVEL) <= off for name in ("randomisation", "bootstrap"))
    print(f"false alarms at {LEVEL}: {options.pairs:,} pairs of equal systems, {DOCUMENTS} documents each")
    for name, rate in rates.items():
        print(f"  {name:<22} {rate:.3f}")
    print(f"  the first two may be {off:.3f} off: {'they are not more' if held else 'THEY ARE MORE'}")
    print(f"10,000 documents x 10,000 resamples, both tests (limit {SECONDS_LIMIT} s), load {load:.1f}")
    for each in costs:
        print(
            f"  {each['metrics']:>2} metrics: {each['seconds']:.2f} s, CPU {each['cpu_seconds']:.2f} s "
            f"(randomisation {each['randomisation']:.2f} s, bootstrap {each['bootstrap']:.2f} s)"
        )
    print(f"  peak memory {peak:.2f} GB (limit {MEMORY_LIMIT_GB:.0f})")
    machine = {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    content = {
        "machine": machine,
        "numpy": np.__version__,
        "pairs": options.pairs,
        "documents": DOCUMENTS,
        "resamples": RESAMPLES,
        "false_alarms": rates,
        "cost": costs,
        "load_before": load,
        "peak_gb": peak,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    sys.exit(int(not held or costs[0]["seconds"] > SECONDS_LIMIT or peak > MEMORY_LIMIT_GB))


if __name__ == "__main__":
    main()
