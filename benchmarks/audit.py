"""Audit every shipped dataset and one with its relations redrawn; print figure, wanted, measured. Writes
JSON.

    python benchmarks/audit.py [DATASET ...]    needs the corpora (MEDNER_CORPORA) for ade, bc5cdr, biored
    python benchmarks/audit.py --document       writes the table of the last runs into docs/audit.md

Each dataset runs in a process of its own, so that its time and peak memory are its own. What was measured is
written at once, beside what the JSON holds of other datasets. Time by the clock says also what else the
machine had to do; that of the processor, on one thread, does not.
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

from pages import DOCS, table, write_between

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
    return Wanted("share that the text tells", told_share, low, high)


def certain_share(low: float) -> Wanted:
    return Wanted(
        "lower end of it between documents", lambda a: a["probes"]["between_documents"]["share_low"], low
    )


def told_share(audit: dict[str, Any]) -> float:
    """The share of what position leaves open that the text tells."""
    for probe in ("within_document", "between_documents"):
        found = audit["probes"].get(probe, {}).get("share")
        if found is not None:
            return float(found)
    return 0.0


def every(low: float | None = None, high: float | None = None) -> Wanted:
    return Wanted("all-pairs F1", lambda a: a["probes"]["all_pairs"]["gold_entities"]["f1"], low, high)


def names(low: float | None = None, high: float | None = None) -> Wanted:
    return Wanted("dictionary NER F1", lambda a: a["probes"]["dictionary_ner"]["f1"], low, high)


LIMITS = (
    Wanted("seconds", lambda a: a["seconds"], high=SECONDS),
    Wanted("processor seconds", lambda a: a["processor_seconds"], high=SECONDS),
    Wanted("peak memory, GiB", lambda a: a["peak_gib"], high=GIB),
)


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
    "biored": (
        verdict("learnable"), share(0.15), certain_share(0.05), auc(0.828, 0.888), every(0.144, 0.184),
    ),
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
    """Measure each dataset, or write the table; exit 1 if a figure is not as wanted or a run failed."""
    if sys.argv[1:] == ["--document"]:
        write_between(DOCS / "audit.md", "table", shown(earlier()["datasets"]))
        return
    failed = 0
    print(f"{'dataset':37} {'figure':34} {'wanted':28} measured")
    for name in sys.argv[1:] or list(WANTED):
        run = subprocess.run([sys.executable, __file__, "--one", name], capture_output=True, text=True)
        if run.returncode:
            failed += 1
            reason = (run.stderr.strip() or f"exit status {run.returncode}").splitlines()[-1]
            print(f"{name:37} was not measured: {reason}", flush=True)
            continue
        found = json.loads(run.stdout)
        for figure in (*WANTED[name], *LIMITS):
            value = figure.of(found)
            failed += not figure.holds(value)
            told = value if isinstance(value, str) else f"{value:.3f}"
            mark = "" if figure.holds(value) else "   <-- not as wanted"
            print(f"{name:37} {figure.name:34} {figure.wanted():28} {told}{mark}", flush=True)
        results = earlier()
        results["machine"] = {"cores": os.cpu_count(), "python": platform.python_version()}
        results["datasets"][name] = found
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    sys.exit(1 if failed else 0)


def earlier() -> dict[str, Any]:
    """Return what was measured so far."""
    found = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    return {"machine": found.get("machine", {}), "datasets": found.get("datasets", {})}


def shown(datasets: dict[str, dict[str, Any]]) -> str:
    """Return the table of docs/audit.md, datasets in the order of `WANTED`."""
    head = (
        "dataset", "verdict", "all pairs, F1", "best F1 without reading the text", "position ranks right",
        "the text tells of the rest, inside documents", "between documents",
        "seconds of the processor (by the clock)", "peak memory",
    )  # fmt: skip
    rows = []
    for name in WANTED:
        if name in datasets:
            audit = datasets[name]
            probes = audit["probes"]
            position = probes["within_document"].get("auc_position")
            rows.append(
                (
                    name,
                    f"`{audit['verdict']}`",
                    _scored(probes["all_pairs"]),
                    _scored(probes["without_reading"]),
                    "–" if position is None else f"{position:.1%}",
                    _share(probes["within_document"]),
                    _share(probes["between_documents"]),
                    f"{audit['processor_seconds']:.0f} ({audit['seconds']:.0f})",
                    f"{audit['peak_gib']:.2f} GiB",
                )
            )
    return table(head, rows)


def _scored(rung: dict[str, Any]) -> str:
    """Return the F1 on the scale of versions, with its interval."""
    gold = rung["gold_entities"]
    scale = "f1_strings" if gold.get("f1_strings") is not None else "f1"
    if f"{scale}_low" not in gold:
        return f"{gold[scale]:.3f}"
    return f"{gold[scale]:.3f} ({gold[f'{scale}_low']:.3f} to {gold[f'{scale}_high']:.3f})"


def _share(probe: dict[str, Any]) -> str:
    if probe.get("share") is None:
        return "–"
    return f"{probe['share']:.1%} ({probe['share_low']:.1%} to {probe['share_high']:.1%})"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measured(sys.argv[2])))
    else:
        main()
