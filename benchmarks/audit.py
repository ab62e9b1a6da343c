"""Audit every shipped dataset and one with its relations redrawn; print figure, wanted, measured. Writes
JSON.

python benchmarks/audit.py [DATASET ...] needs the corpora (MEDNER_CORPORA) for ade, bc5cdr, biored

Each dataset runs in a process of its own, so that its time and peak memory are its own.
"""

import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from medner_assets.audit.audit import audit_dataset
from medner_assets.corpus.building import build_dataset
from medner_assets.paths import corpora
from medner_assets.recipes.loading import load_dataset
from medner_assets.schema import Document, Relation

RESULTS = Path(__file__).parent / "results" / "audit.json"
SECONDS, GIB = 60, 1
REDRAWN = "bc5cdr, relations redrawn at random"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One figure that the audit has to show: where it stands in the JSON, and the range it must be in."""

    name: str
    of: Callable[[dict[str, Any]], Any]
    low: float | None = None
    high: float | None = None
    text: str | None = None

    def holds(self, value: Any) -> bool:
        if self.text is not None:
            return bool(value == self.text)
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def wanted(self) -> str:
        if self.text is not None:
            return self.text
        if self.low is None:
            return f"≤ {self.high:g}"
        return f"≥ {self.low:g}" if self.high is None else f"{self.low:g} to {self.high:g}"


def auc(low: float | None = None, high: float | None = None) -> Wanted:
    return Wanted("within-document AUC", lambda a: a["probes"]["within_document"]["auc"], low, high)


def share(low: float | None = None, high: float | None = None) -> Wanted:
    return Wanted("gain over position and names", gain_share, low, high)


def gain_share(audit: dict[str, Any]) -> float:
    """The share of what position and names leave open that the text tells."""
    for probe in ("within_document", "between_documents"):
        found = audit["probes"].get(probe, {}).get("share")
        if found is not None:
            return float(found)
    return 0.0


def every(low: float | None = None, high: float | None = None) -> Wanted:
    return Wanted("all-pairs F1", lambda a: a["probes"]["all_pairs"]["gold_entities"]["f1"], low, high)


def names(low: float | None = None, high: float | None = None) -> Wanted:
    return Wanted("dictionary NER F1", lambda a: a["probes"]["dictionary_ner"]["f1"], low, high)


def verdict(text: str) -> Wanted:
    return Wanted("verdict", lambda a: a["verdict"], text=text)


def lead_over_imitation(audit: dict[str, Any]) -> float:
    probes = audit["probes"]
    return float(probes["all_pairs"]["gold_entities"]["f1"] - probes["imitation"]["gold_entities"]["f1"])


WANTED: dict[str, tuple[Wanted, ...]] = {
    "synthetic-random": (
        verdict("labels-do-not-follow-text"), share(high=0.12), auc(0.45, 0.53), names(0.99),
        Wanted("all-pairs F1 minus imitation", lead_over_imitation, 0.0),
    ),
    REDRAWN: (verdict("labels-do-not-follow-text"), share(high=0.12), auc(0.45, 0.53)),
    "bc5cdr": (verdict("learnable"), share(0.15), auc(0.747, 0.807), every(0.31, 0.35)),
    "biored": (verdict("learnable"), share(0.15), auc(0.828, 0.888), every(0.144, 0.184)),
    "ade": (verdict("nearly-free-given-entities"), every(0.973, 0.983)),
    "synthetic": (verdict("learnable"), share(0.15), auc(0.80), every(high=0.50), names(high=0.75)),
    "synthetic-small": (verdict("learnable"), share(0.15), auc(0.80), every(high=0.50), names(high=0.75)),
}  # fmt: skip


def redrawn(document: Document, rng: Random) -> Document:
    """The same document with as many relations, each between a chemical and a disease drawn at random."""
    concepts: dict[str, list[str]] = {"Chemical": [], "Disease": []}
    for entity in document.entities:
        for concept in entity.concepts:
            if concept not in concepts[entity.type]:
                concepts[entity.type].append(concept)
    pairs = [(head, tail) for head in concepts["Chemical"] for tail in concepts["Disease"]]
    drawn = rng.sample(pairs, min(len(pairs), len(document.relations)))
    return replace(
        document,
        relations=tuple(Relation("CID", head_concept=head, tail_concept=tail) for head, tail in drawn),
    )


def measured(name: str) -> dict[str, Any]:
    """Build and audit one dataset in this process."""
    recipe = load_dataset("bc5cdr" if name == REDRAWN else name)
    built = build_dataset(recipe, corpora())
    documents: Sequence[Document] = built.documents
    if name == REDRAWN:
        rng = Random(20260208)
        documents = [redrawn(document, rng) for document in documents]
    splits = [[each for each in documents if each.split == split] for split in ("train", "dev", "test")]
    began, processor = time.monotonic(), time.process_time()
    audit = audit_dataset(*splits, symmetric_types=built.symmetric_types, targets=recipe.targets)
    return {
        **audit.to_json(),
        "seconds": round(time.monotonic() - began, 1),
        "processor_seconds": round(time.process_time() - processor, 1),
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }


def main() -> None:
    chosen = sys.argv[1:] or list(WANTED)
    results: dict[str, Any] = {}
    failed = 0
    print(f"{'dataset':37} {'figure':30} {'wanted':28} measured")
    for name in chosen:
        command = [sys.executable, __file__, "--one", name]
        run = subprocess.run(command, check=True, capture_output=True, text=True)
        results[name] = json.loads(run.stdout)
        limits = (
            Wanted("seconds", lambda a: a["seconds"], high=SECONDS),
            Wanted("peak memory, GiB", lambda a: a["peak_gib"], high=GIB),
        )
        for figure in (*WANTED[name], *limits):
            value = figure.of(results[name])
            failed += not figure.holds(value)
            shown = value if isinstance(value, str) else f"{value:.3f}"
            mark = "" if figure.holds(value) else "   <-- not as wanted"
            print(f"{name:37} {figure.name:30} {figure.wanted():28} {shown}{mark}", flush=True)
    if not sys.argv[1:]:
        machine = {"cores": os.cpu_count(), "python": platform.python_version()}
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(
            json.dumps({"machine": machine, "datasets": results}, indent=1) + "\n", encoding="utf-8"
        )
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measured(sys.argv[2])))
    else:
        main()
