"""Calibrate the audit's verdict: how often it is right on corpora of known truth. Writes JSON.

python benchmarks/audit_calibration.py [--documents 200,500,1500] [--corpora 40] [--first-seed 1000]
    [--only NAME] [--cases FILE] [--processes 2]
python benchmarks/audit_calibration.py --document    writes the tables of the last runs into docs/audit.md

Each construction of `audit_constructions.py` (and of FILE, a module with `CONSTRUCTIONS` and the verdicts
that README.md beside it states) is drawn CORPORA times. The whole rule of the verdict runs on each, without
the probes that have no say in it. Every wrong verdict is counted, `weak` on labels that no text says too;
`undecided` is counted apart. Results are merged into the JSON file by seed, so that it can be made in slices;
results of another state of the audit's code are not kept.
"""

import argparse
import hashlib
import importlib.util
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

from audit_constructions import CONSTRUCTIONS, documents
from pages import DOCS, table, write_between

import medner_assets.audit
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
    "changed_numbers": ("driven", _NEVER_NOT | {"follows-without-reading"}),
    # One pair a document, related in nine of ten: to say "related" each time is right in 0.9 of them, so that
    # both sentences about labels that need no reading are true.
    "one_sentence_dense": (
        "blind",
        frozenset({_NOT, "nearly-free-given-entities", "follows-without-reading"}),
    ),
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


def judged(task: tuple[str, str | None, int, int]) -> tuple[str, float]:
    """Return the verdict on one corpus, split 70/15/15, and the processor seconds that it took."""
    name, cases, seed, count = task
    began = time.process_time()
    drawn = corpus(name, cases, seed, count)
    borders = (0, int(0.7 * count), int(0.85 * count), count)
    splits = [
        [gold_nodes(each.with_split(split), ()) for each in drawn[begin:end]]
        for split, begin, end in zip(("train", "dev", "test"), borders, borders[1:], strict=False)
    ]
    with one_thread():
        verdict = verdict_of(examined(splits, (), seed, end_to_end=False).evidence).value
    return verdict, time.process_time() - began


def interval(right: int, count: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a share (Clopper and Pearson 1934)."""
    from scipy.stats import beta

    low = beta.ppf(0.025, right, count - right + 1) if right else 0.0
    high = beta.ppf(0.975, right + 1, count - right) if right < count else 1.0
    return round(float(low), 4), round(float(high), 4)


def row_of(name: str, by_seed: dict[str, tuple[str, float]]) -> dict[str, Any]:
    """Return what came of one construction at one size. by_seed: seed → (verdict, processor seconds)."""
    truth, right = truth_of(name)
    verdicts = [verdict for verdict, _ in by_seed.values()]
    seconds = sum(each for _, each in by_seed.values())
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
        "by seed": dict(sorted(by_seed.items(), key=lambda each: int(each[0]))),
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


def shown(sizes: dict[str, dict[str, Any]]) -> str:
    """Return the tables of docs/audit.md: forbidden verdicts of all constructions, then each construction."""
    sizes = dict(sorted(sizes.items(), key=lambda each: int(each[0])))
    forbidden = [
        (
            what,
            documents,
            f"{told['wrong']} of {told['of']}",
            f"{told['share']:.1%} ({told['interval'][0]:.1%} to {told['interval'][1]:.1%})",
        )
        for documents, size in sizes.items()
        for what, told in size["summary"].items()
    ]
    each = [
        (
            name,
            truth_of(name)[0],
            " or ".join(f"`{verdict}`" for verdict in sorted(truth_of(name)[1])),
            *(_cell(size["constructions"].get(name)) for size in sizes.values()),
        )
        for name in (*CONSTRUCTIONS, *CASES)
    ]
    heads = ("wrong verdict", "documents", "corpora", "share (95 % interval)")
    columns = (f"right at {documents} documents (95 % interval)" for documents in sizes)
    return "\n\n".join(
        (table(heads, forbidden), table(("construction", "text", "right verdict", *columns), each))
    )


def _cell(row: dict[str, Any] | None) -> str:
    if row is None:
        return "not run"
    low, high = row["interval"]
    right = row["corpora"] - row["undecided"] - row["wrong"]
    told = f"{right} of {row['corpora']} ({low:.0%} to {high:.0%})"
    return told + "".join(f", {row[kind]} {kind}" for kind in ("undecided", "wrong") if row[kind])


def rule() -> str:
    """Return a digest of the audit's source: results of another rule must not be added to those of this."""
    sources = sorted(Path(medner_assets.audit.__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(each.read_bytes() for each in sources)).hexdigest()[:16]


def earlier() -> dict[str, Any]:
    """Return the results so far of this very rule, else none."""
    if RESULTS.exists():
        found: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
        if found.get("rule") == rule():
            return found
        print("the results so far are of another rule of the audit: begun anew", flush=True)
    return {"rule": rule(), "sizes": {}}


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
    parser.add_argument("--document", action="store_true", help="measure nothing, write docs/audit.md")
    given = parser.parse_args()
    if given.document:
        write_between(
            DOCS / "audit.md", "calibration", shown(json.loads(RESULTS.read_text(encoding="utf-8"))["sizes"])
        )
        return
    names = given.only or [*CONSTRUCTIONS, *(CASES if given.cases else ())]
    results = earlier()
    with ProcessPoolExecutor(given.processes) as pool:
        for count in map(int, given.documents.split(",")):
            size = results["sizes"].setdefault(str(count), {"constructions": {}})
            for name in names:
                by_seed = dict(size["constructions"].get(name, {}).get("by seed", {}))
                wanted = range(given.first_seed, given.first_seed + given.corpora)
                seeds = [seed for seed in wanted if str(seed) not in by_seed]
                tasks = [(name, given.cases, seed, count) for seed in seeds]
                by_seed |= zip(map(str, seeds), pool.map(judged, tasks), strict=True)
                row = row_of(name, by_seed)
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
