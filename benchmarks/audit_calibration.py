"""Calibrate the audit's verdict: how often it is right on corpora of known truth. Writes JSON.

python benchmarks/audit_calibration.py [--documents 200,500,1500] [--corpora 40] [--first-seed 1000]
    [--only NAME] [--cases FILE] [--processes 2]

Each construction of `audit_constructions.py` (and of FILE, a module with `CONSTRUCTIONS` and the verdicts
that README.md beside it states) is drawn CORPORA times. The whole rule of the verdict runs on each, without
the probes that have no say in it. Every wrong verdict is counted, `weak` on labels that no text says too;
`undecided` is counted apart. Results are merged into the JSON file, so that it can be made in slices.
"""

import argparse
import importlib.util
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

from audit_constructions import CONSTRUCTIONS, documents

from medner_assets.audit.examining import examined
from medner_assets.audit.nodes import gold_nodes
from medner_assets.audit.probes import one_thread
from medner_assets.audit.verdict import verdict_of
from medner_assets.schema import Document, Entity, Relation

RESULTS = Path(__file__).parent / "results" / "audit_calibration.json"
ALLOWED = 0.05
_NOT = "labels-do-not-follow-text"
_NEVER_NOT = frozenset({"learnable", "weak"})
CASES: dict[str, tuple[str, frozenset[str]]] = {
    "cue_with_noise": ("driven", frozenset({"learnable"})),
    "coin_in_sentence": ("blind", frozenset({_NOT})),
    "random_type": ("blind", frozenset({"types-do-not-follow-text"})),
    "drug_decides": ("blind", frozenset({"follows-without-reading"})),
    "rare_cue": ("driven", _NEVER_NOT),
}
"""Truth and right verdicts of the constructions that `--cases` brings."""


def truth_of(name: str) -> tuple[str, frozenset[str]]:
    """Return `blind` or `driven`, and the right verdicts."""
    if name in CONSTRUCTIONS:
        return CONSTRUCTIONS[name].truth, CONSTRUCTIONS[name].right
    return CASES[name]


def corpus(name: str, cases: str | None, seed: int, count: int) -> list[Document]:
    """Draw one corpus."""
    if name in CONSTRUCTIONS:
        return documents(CONSTRUCTIONS[name], seed, count)
    spec = importlib.util.spec_from_file_location("cases", str(cases))
    if spec is None or spec.loader is None:
        raise SystemExit(f"{cases}: no Python module, so its constructions cannot be drawn")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    make: Callable[[Random, int], Any] = module.CONSTRUCTIONS[name]
    return [_read(line) for line in make(Random(seed), count)]


def _read(line: dict[str, Any]) -> Document:
    return Document(
        line["id"],
        line["text"],
        tuple(Entity(e["id"], e["type"], e["start"], e["end"], e["text"]) for e in line["entities"]),
        tuple(Relation(r["type"], r["head"], r["tail"]) for r in line["relations"]),
    )


def judged(task: tuple[str, str | None, int, int]) -> str:
    """Return the verdict on one corpus, split 70/15/15."""
    name, cases, seed, count = task
    drawn = corpus(name, cases, seed, count)
    borders = (0, int(0.7 * count), int(0.85 * count), count)
    splits = [
        [gold_nodes(each.with_split(split), ()) for each in drawn[begin:end]]
        for split, begin, end in zip(("train", "dev", "test"), borders, borders[1:], strict=False)
    ]
    with one_thread():
        return verdict_of(examined(splits, (), seed, end_to_end=False).evidence).value


def interval(right: int, count: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a share (Clopper and Pearson 1934)."""
    from scipy.stats import beta

    low = beta.ppf(0.025, right, count - right + 1) if right else 0.0
    high = beta.ppf(0.975, right + 1, count - right) if right < count else 1.0
    return round(float(low), 4), round(float(high), 4)


def row_of(name: str, verdicts: Sequence[str], seconds: float) -> dict[str, Any]:
    """Return what came of one construction at one size."""
    truth, right = truth_of(name)
    counted = Counter(verdicts)
    forbidden = {_NOT} if truth == "driven" else {"learnable", "weak"}
    good = sum(counted[verdict] for verdict in right)
    wrong = len(verdicts) - good - counted["undecided"]
    return {
        "corpora": len(verdicts), "truth": truth, "right": sorted(right),
        "verdicts": dict(sorted(counted.items())),
        "share right": good / len(verdicts), "interval": interval(good, len(verdicts)),
        "undecided": counted["undecided"], "wrong": wrong,
        "forbidden": {verdict: counted[verdict] for verdict in sorted(forbidden)},
        "seconds a corpus": round(seconds / len(verdicts), 2),
    }  # fmt: skip


def summary(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the shares of forbidden verdicts over all constructions of a kind."""
    told = {}
    for truth, verdict in (("driven", _NOT), ("blind", "learnable"), ("blind", "weak")):
        of_kind = [row for row in rows.values() if row["truth"] == truth]
        count = sum(row["corpora"] for row in of_kind)
        bad = sum(row["forbidden"][verdict] for row in of_kind)
        if count:
            told[f"{verdict} on text-{truth} corpora"] = {
                "of": count, "wrong": bad, "share": bad / count, "interval": interval(bad, count)
            }  # fmt: skip
    return told


def main() -> None:
    """Run, print a table, merge into the JSON file; exit 1 if a forbidden verdict is too frequent."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", default="200,500,1500")
    parser.add_argument("--corpora", type=int, default=40)
    parser.add_argument("--first-seed", type=int, default=1000)
    parser.add_argument("--only", action="append")
    parser.add_argument("--cases")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--dry", action="store_true", help="write nothing")
    given = parser.parse_args()
    names = given.only or [*CONSTRUCTIONS, *(CASES if given.cases else ())]
    results: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    results = results if "sizes" in results else {"sizes": {}}
    with ProcessPoolExecutor(given.processes) as pool:
        for count in map(int, given.documents.split(",")):
            size = results["sizes"].setdefault(str(count), {"constructions": {}})
            for name in names:
                began = time.process_time(), time.monotonic()
                seeds = range(given.first_seed, given.first_seed + given.corpora)
                verdicts = list(pool.map(judged, [(name, given.cases, seed, count) for seed in seeds]))
                row = row_of(name, verdicts, time.monotonic() - began[1]) | {"seeds from": given.first_seed}
                size["constructions"][name] = row
                print(
                    f"{count:5} {name:22} right {row['share right']:.2f} ({row['interval'][0]:.2f}-"
                    f"{row['interval'][1]:.2f}) undecided {row['undecided']:2} wrong {row['wrong']:2} "
                    f"{row['verdicts']} {row['seconds a corpus']} s",
                    flush=True,
                )
                size["summary"] = summary(size["constructions"])
                if not given.dry:
                    RESULTS.parent.mkdir(exist_ok=True)
                    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
            print(json.dumps(size["summary"], indent=1), flush=True)
    bad = any(
        told["share"] > ALLOWED
        for size in results["sizes"].values()
        for what, told in size.get("summary", {}).items()
        if not what.startswith("weak")
    )
    sys.exit(bad)


if __name__ == "__main__":
    main()
