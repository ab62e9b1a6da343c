"""What `benchmarks/queue_curve.py score` computes: F1 on test by documents corrected, queue minus random."""

import gzip
import json
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from sureness import STAGES, Split

from medner_assets.corpus.readers.jsonl import read_jsonl
from medner_assets.scoring.gold import gold_frames
from medner_assets.scoring.postprocessing import RelationSchema
from medner_assets.scoring.schemes import FINAL, HEADLINES

T_OF_PAIRS = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}
"""The 97.5 % quantile of Student's t with n - 1 degrees of freedom, by the number of seeds."""


def curves_of(folder: Path, output: Path) -> dict[str, Any]:
    """Return for each dataset its rounds, and per size and task the difference over seeds; print both."""
    names = sorted({file.name.partition("-")[0] for file in output.glob("*.jsonl.gz")})
    return {name: _dataset(folder, output, name) for name in names}


def _dataset(folder: Path, output: Path, name: str) -> dict[str, Any]:
    documents = {each.id: each for each in read_jsonl(folder / f"{name}.train.jsonl").documents}
    schema = RelationSchema.learned_from(gold_frames(list(documents.values())).relations, split=None)
    test = Split(folder, name, "test", schema)
    rounds = []
    for file in sorted(output.glob(f"{name}-*.jsonl.gz")):
        _, seed, way, size = file.name.removesuffix(".jsonl.gz").split("-")
        facts, *rows = map(json.loads, gzip.decompress(file.read_bytes()).decode().splitlines())
        labelled = [documents[each] for each in facts.pop("labelled")]
        scored = test.scored(test.predicted([row for row in rows if row["split"] == "test"]))
        metrics = {
            (row["task"], row["scheme"]): row
            for row in scored["metrics"].filter(stage=FINAL).iter_rows(named=True)
        }
        rounds.append(
            {
                "seed": int(seed), "way": way, "documents": int(size),
                "characters": sum(len(each.text) for each in labelled),
                "entities": sum(len(each.entities) for each in labelled),
                "relations": sum(len(each.relations) for each in labelled),
                **{task: metrics[task, scheme]["f1"] for task, scheme in HEADLINES},
                "facts": facts,
            }
        )  # fmt: skip
    rounds.sort(key=lambda each: (each["documents"], each["way"], each["seed"]))
    differences = _differences(rounds)
    for each in rounds:
        place = f"{name} {each['documents']:4} {each['way']:7} seed {each['seed']}"
        scores = ", ".join(f"{task} {100 * each[task]:.1f}" for task, _ in HEADLINES)
        print(f"{place}: {scores}, {each['characters']:,} characters")
    for each in differences:
        print(f"{name} {each['documents']:4} {each['task']:8} {_told(each)}")
    return {"stages": STAGES, "rounds": rounds, "differences": differences}


def _differences(rounds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return queue minus random at equal documents, paired by seed: mean and 95 % interval over seeds."""
    found = []
    for size in sorted({each["documents"] for each in rounds if each["way"] != "first"}):
        by_way = {
            way: {each["seed"]: each for each in rounds if (each["way"], each["documents"]) == (way, size)}
            for way in ("queue", "random")
        }
        seeds = sorted(by_way["queue"].keys() & by_way["random"].keys())
        for task in ("entity", "relation"):
            values = {way: [by_way[way][seed][task] for seed in seeds] for way in by_way}
            gaps = [a - b for a, b in zip(values["queue"], values["random"], strict=True)]
            half = T_OF_PAIRS[len(gaps)] * stdev(gaps) / len(gaps) ** 0.5 if len(gaps) > 1 else None
            at = mean(gaps)
            found.append(
                {
                    "documents": size, "task": task, "seeds": len(gaps),
                    **{way: mean(each) for way, each in values.items()}, "difference": at,
                    "low": None if half is None else at - half, "high": None if half is None else at + half,
                    "characters": {
                        way: mean(by_way[way][seed]["characters"] for seed in seeds) for way in by_way
                    },
                }
            )  # fmt: skip
    return found


def _told(difference: dict[str, Any]) -> str:
    queue, chance, gap = (100 * difference[key] for key in ("queue", "random", "difference"))
    told = f"queue {queue:.1f}, random {chance:.1f}: {gap:+.1f} points"
    if difference["low"] is None:
        return told
    return f"{told} (95 % {100 * difference['low']:+.1f} to {100 * difference['high']:+.1f})"
