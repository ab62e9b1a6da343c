"""Whether a verdict on recipes keeps its promise: equal recipes, trained with several seeds.

python benchmarks/replication.py [--pairs 2000] [--repetitions 500]

Type-I error: pairs of recipes that are equal by construction, at several spreads over seeds, with and
without documents that suit one recipe better. The crossed t at 0.05 must call 1 to 7 % of them different;
the paired test of one adapter each stands beside it: it answers another question, and is no test of recipes.
Power and half-widths: what 3, 5 and 8 trainings each find. Prints tables and writes
benchmarks/results/replication.json; exits with 1 when a promise is not kept.
"""

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.replicating.promotions import promoted_at_all
from benchmarks.replicating.simulation import World, recipes
from medner_assets.scoring.statistics.crossed import crossed_t
from medner_assets.scoring.statistics.randomisation import p_values

RESULTS = Path(__file__).parent / "results" / "replication.json"
LEVEL = 0.05
BOUNDS = (0.01, 0.07)
CELLS = (*((200, sd) for sd in (0.0, 0.010, 0.016, 0.020)), (1_000, 0.010))
"""(documents, standard deviation of F1 over seeds)."""
TRAININGS = (3, 5, 8)
GAINS = (0.03, 0.05, 0.08)
AT_ONCE = 50


def blocks(pairs: int) -> list[int]:
    """Return how many pairs are simulated at once, block by block."""
    return [min(AT_ONCE, pairs - done) for done in range(0, pairs, AT_ONCE)]


def type_one(world: World, pairs: int, stream: int) -> dict[str, float]:
    """Return the share of equal recipes that each test calls different at 0.05."""
    random = np.random.default_rng([19, stream])
    alarms = dict.fromkeys(("one_adapter_each", *(f"crossed_t_{k}" for k in TRAININGS)), 0)
    for worlds in blocks(pairs):
        ours, theirs = recipes(random, world, max(TRAININGS), 2, worlds)
        one = p_values(ours[0], theirs[0], seed=int(random.integers(2**31)), resamples=1_000)
        alarms["one_adapter_each"] += int((one < LEVEL).sum())
        for k in TRAININGS:
            alarms[f"crossed_t_{k}"] += int((crossed_t(ours[:k], theirs[:k]).p_value < LEVEL).sum())
    return {name: count / pairs for name, count in alarms.items()}


def power(world: World, gain: float, pairs: int, stream: int) -> list[dict[str, float]]:
    """Return how often a gain is found by the verdict (two headline metrics), and the mean half-width."""
    random = np.random.default_rng([20, stream])
    found = dict.fromkeys(TRAININGS, 0)
    half = dict.fromkeys(TRAININGS, 0.0)
    for worlds in blocks(pairs):
        theirs, ours = recipes(random, world, max(TRAININGS), 2, worlds, gain)
        for k in TRAININGS:
            test = crossed_t(ours[:k], theirs[:k])
            reach = test.critical(LEVEL, tests=2) * test.standard_error
            found[k] += int((test.difference - reach > 0).sum())
            half[k] += float(reach.sum())
    return [
        {"gain": gain, "trainings": k, "power": found[k] / pairs, "half_width": half[k] / pairs}
        for k in TRAININGS
    ]


def promotion_trials(repetitions: int) -> list[dict[str, float | bool | int]]:
    """Return how often at least one of 20 equal candidates is promoted, adjusted and each as if first."""
    print(
        f"20 candidates equal to the champion: at least one promoted, {repetitions} repetitions (at most .05)"
    )
    rows: list[dict[str, float | bool | int]] = []
    for stream, (trainings, sd) in enumerate(((1, 0.0), (5, 0.016), (1, 0.016))):
        world = World(200, sd, interaction=True)
        shares = promoted_at_all(world, trainings, repetitions, stream)
        rows.append({"trainings": trainings, "seed_sd": sd, **shares})
        what = "adapters" if trainings == 1 else f"recipes, k={trainings}"
        print(
            f"  {what:<13} seed SD {sd:.3f}: {shares['promoted']:.3f}; without adjustment "
            f"{shares['unadjusted']:.3f}; by relations alone {shares['relations_alone']:.3f}",
            flush=True,
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=2_000)
    parser.add_argument("--repetitions", type=int, default=500)
    options = parser.parse_args()
    began = time.perf_counter()
    cells = []
    print(f"equal recipes called different at {LEVEL}, {options.pairs} pairs a row")
    print("documents  seed SD  suits   " + "  ".join(f"t, k={k}" for k in TRAININGS) + "  one adapter each")
    for stream, (documents, sd) in enumerate(CELLS):
        for interaction in (False, True):
            world = World(documents, sd, interaction)
            rates = type_one(world, options.pairs, 2 * stream + interaction)
            cells.append({"documents": documents, "seed_sd": sd, "interaction": interaction, **rates})
            crossed = "  ".join(f"{rates[f'crossed_t_{k}']:6.3f}" for k in TRAININGS)
            word = "differ" if interaction else "same"
            print(f"{documents:9,}  {sd:7.3f}  {word:<6}  {crossed}  {rates['one_adapter_each']:16.3f}")
    held = all(BOUNDS[0] <= cell[f"crossed_t_{k}"] <= BOUNDS[1] for cell in cells for k in TRAININGS)
    print(f"the crossed t must lie within {BOUNDS}: {'it does' if held else 'IT DOES NOT'}")
    world = World(200, 0.016, True)
    found = [row for stream, gain in enumerate(GAINS) for row in power(world, gain, options.pairs, stream)]
    print(
        "power of the verdict (both headline metrics), 200 documents, seed SD 0.016, recipes suit documents"
    )
    print("gain   " + "  ".join(f"k={k}: power, half-width" for k in TRAININGS))
    for gain in GAINS:
        rows = [row for row in found if row["gain"] == gain]
        print(f"{gain:.3f}  " + "  ".join(f"{r['power']:10.2f}, {r['half_width']:10.3f}" for r in rows))
    trials = promotion_trials(options.repetitions)
    content = {
        "promotion_trials": trials,
        "machine": {"cores": os.cpu_count(), "machine": platform.machine()},
        "python": platform.python_version(),
        "numpy": np.__version__,
        "pairs": options.pairs,
        "level": LEVEL,
        "type_one": cells,
        "power": {"documents": 200, "seed_sd": 0.016, "interaction": True, "rows": found},
    }  # fmt: skip
    if RESULTS.exists():
        content = {**json.loads(RESULTS.read_text(encoding="utf-8")), **content}
    RESULTS.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    print(f"{time.perf_counter() - began:.0f} s")
    held &= all(row["relations_alone"] <= LEVEL for row in trials[:2])
    sys.exit(int(not held))


if __name__ == "__main__":
    main()
