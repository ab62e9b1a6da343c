"""A million odd completions and a hundred thousand spoilt files: nothing may escape, nothing may hang.

    python benchmarks/fuzz.py [--fraction 1.0] [--processes 2] [--only TARGET] [--seed 1]

Every chunk draws from a generator of its own, named by seed, target and number: the same finding comes back
with `--only TARGET --chunk N`. A case may take 5 s of processor time; a chunk that does not come back in
300 s is a hang too. Prints a table, writes results/fuzz.json, and exits with 1 when there is a finding.
"""

import argparse
import json
import multiprocessing
import os
import platform
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.fuzzing.cases import Cases
from medner_assets_tests.support.corpus_files import SEEDS

RESULTS = Path(__file__).parent / "results" / "fuzz.json"
CASE_SECONDS, CHUNK_SECONDS, ALL_SECONDS = 5.0, 300.0, 15 * 60.0
CASES = {
    "completions": 1_000_000,
    **dict.fromkeys((*SEEDS, "parquet"), -(-84_000 // (len(SEEDS) + 1))),
    "packed": 3_000, "submissions": 3_000, "recipes": 5_000, "questions": 2_500, "own-files": 2_500,
}  # fmt: skip
CHUNK = {"completions": 5_000}
SHOWN = 20


class Hang(Exception):
    """A case used up its processor time."""


def cases_of(target: str, folder: Path) -> Cases:
    """Return the cases of a target; imports only what it needs."""
    if target == "completions":
        from benchmarks.fuzzing.completions import completion_cases as make
    elif target == "packed":
        from benchmarks.fuzzing.corpora import packed_cases as make
    elif target == "submissions":
        from benchmarks.fuzzing.corpora import submission_cases as make
    elif target == "recipes":
        from benchmarks.fuzzing.recipes import recipe_cases as make
    elif target == "questions":
        from benchmarks.fuzzing.questions import question_cases as make
    elif target == "own-files":
        from benchmarks.fuzzing.own_files import own_file_cases as make
    else:
        from benchmarks.fuzzing.corpora import reader_cases

        make: Callable[[Path], Cases] = partial(reader_cases, target)
    return make(folder)


def run_chunk(target: str, chunk: int, count: int, seed: int) -> dict[str, Any]:
    """Run `count` cases of a chunk and return outcomes, findings and the slowest case."""
    signal.signal(signal.SIGPROF, _hangs)
    outcomes: Counter[str] = Counter()
    findings: list[dict[str, Any]] = []
    slowest = 0.0
    with tempfile.TemporaryDirectory(prefix="medner-fuzz-", dir=_fast_folder()) as folder:
        cases = cases_of(target, Path(folder))
        rng = Random(f"{seed}/{target}/{chunk}")
        for number in range(count + 1):
            ending = number == count
            began = time.process_time()
            signal.setitimer(signal.ITIMER_PROF, CASE_SECONDS)
            try:
                outcome = cases.finish(rng) if ending else cases.case(rng)
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                where = {"target": target, "chunk": chunk, "case": number}
                findings.append({**where, "error": type(error).__name__, "trace": _short(error)})
                outcome = "hang" if isinstance(error, Hang) else "escaped"
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
            slowest = max(slowest, time.process_time() - began)
            if not ending or findings:
                outcomes[outcome or "escaped"] += not ending or outcome is not None
    return {"target": target, "outcomes": dict(outcomes), "findings": findings, "slowest": slowest}


def _hangs(number: int, frame: FrameType | None) -> None:
    raise Hang(f"more than {CASE_SECONDS:g} s of processor time")


def _short(error: BaseException) -> str:
    """Return where an error came from, innermost last, and its own words."""
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return f"{' > '.join(places)}: {type(error).__name__}: {str(error)[:300]}"


def _fast_folder() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def chunks(fraction: float, only: str | None, chunk: int | None) -> Iterator[tuple[str, int, int]]:
    """Yield (target, chunk, cases)."""
    for target, whole in CASES.items():
        if only not in (None, target):
            continue
        size = CHUNK.get(target, 500)
        left = max(1, round(whole * fraction))
        if chunk is not None:
            yield target, chunk, size
            continue
        for number in range(-(-left // size)):
            yield target, number, min(size, left - number * size)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--fraction", type=float, default=1.0)
    arguments.add_argument("--processes", type=int, default=2)
    arguments.add_argument("--only", choices=list(CASES))
    arguments.add_argument("--chunk", type=int, help="one chunk again, with --only")
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    began = time.monotonic()
    totals = {
        target: {"cases": 0, "findings": 0, "hangs": 0, "slowest_seconds": 0.0, "outcomes": Counter()}
        for target in CASES
    }
    findings: list[dict[str, Any]] = []
    unfinished = 0
    # Spawned, not forked: polars and DuckDB have threads.
    with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        asked = [
            (each, pool.apply_async(run_chunk, (*each, options.seed)))
            for each in chunks(options.fraction, options.only, options.chunk)
        ]
        for (target, number, count), answer in asked:
            left = ALL_SECONDS - (time.monotonic() - began)
            try:
                done = answer.get(max(0.1, min(CHUNK_SECONDS, left)))
            except multiprocessing.TimeoutError:
                unfinished += 1
                if left > 0:
                    findings.append({"target": target, "chunk": number, "error": "Hang", "trace": ""})
                    totals[target]["hangs"] += 1
                continue
            total = totals[target]
            total["cases"] += count
            total["findings"] += len(done["findings"])
            total["hangs"] += done["outcomes"].get("hang", 0)
            total["slowest_seconds"] = max(total["slowest_seconds"], done["slowest"])
            total["outcomes"].update(done["outcomes"])
            findings += done["findings"]
        pool.terminate()
    seconds = time.monotonic() - began
    report(totals, findings, unfinished, seconds, options)
    sys.exit(1 if findings or unfinished else 0)


def report(
    totals: dict[str, dict[str, Any]],
    findings: list[dict[str, Any]],
    unfinished: int,
    seconds: float,
    options: argparse.Namespace,
) -> None:
    """Print the table and the first findings; write the JSON file."""
    print(f"{'target':12} {'cases':>9} {'findings':>8} {'hangs':>5} {'slowest s':>9}  outcomes")
    for target, total in totals.items():
        if total["cases"] or total["hangs"]:
            outcomes = ", ".join(f"{name} {count:,}" for name, count in total["outcomes"].most_common())
            print(
                f"{target:12} {total['cases']:>9,} {total['findings']:>8} {total['hangs']:>5} "
                f"{total['slowest_seconds']:>9.3f}  {outcomes}"
            )
    files = sum(total["cases"] for target, total in totals.items() if target != "completions")
    print(
        f"{totals['completions']['cases']:,} completions, {files:,} files and questions, "
        f"{len(findings)} findings, {sum(total['hangs'] for total in totals.values())} hangs, "
        f"{unfinished} chunks unfinished, {seconds:.0f} s"
    )
    different = {(each["target"], each["error"], each["trace"].partition(": ")[0]): each for each in findings}
    for each in list(different.values())[:SHOWN]:
        print(f"\n{each['target']} --chunk {each['chunk']} (case {each.get('case')}): {each['trace']}")
    if options.only is None:
        result = {
            "fraction": options.fraction, "seed": options.seed, "processes": options.processes,
            "seconds": round(seconds, 1), "python": platform.python_version(), "cores": os.cpu_count(),
            "completions": totals["completions"]["cases"], "files": files, "findings": len(findings),
            "hangs": sum(total["hangs"] for total in totals.values()), "unfinished_chunks": unfinished,
            "targets": {name: each | {"outcomes": dict(each["outcomes"])} for name, each in totals.items()},
        }  # fmt: skip
        RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
