"""20 shards of 100 documents: a driver and a worker killed with -9, then every document once; two workers."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import psutil

from benchmarks.scaling.versions import SHORT, document
from medner_assets_tests.support.checkout import Checkout

SHARDS, DOCUMENTS, LEAST_GAIN = 20, 100, 1.3


def shards(checkout: Checkout) -> tuple[dict[str, Any], list[str]]:
    """Return what was measured, and the names of what does not hold."""
    corpus = checkout.root / "notes"
    corpus.mkdir()
    draw = random.Random(4)
    for shard in range(SHARDS):
        notes = [document(shard * DOCUMENTS + n, draw, SHORT) for n in range(DOCUMENTS)]
        lines = [json.dumps({"id": each.id, "text": each.text}) + "\n" for each in notes]
        (corpus / f"notes-{shard:02}.jsonl").write_text("".join(lines))
    measured: dict[str, Any] = {}
    driver = started(checkout, corpus, 2)
    awaited(lambda: len(files(checkout)) >= 3, driver)
    os.kill(driver.pid, signal.SIGKILL)
    driver.wait()
    awaited(lambda: not workers(checkout), None, 5)
    before = files(checkout)
    measured["shards there when the driver was killed with -9"] = len(before)
    measured["processes left of it"] = len(workers(checkout))
    driver = started(checkout, corpus, 2)
    awaited(lambda: len(files(checkout)) >= 8, driver)
    victim = workers(checkout)[0]
    os.kill(victim, signal.SIGKILL)
    code = driver.wait()
    measured["exit code of the run whose worker was killed with -9"] = code
    middle = files(checkout)
    measured["shards there after it"] = len(middle)
    last = started(checkout, corpus, 2)
    measured["exit code of the run after it"] = last.wait()
    after = files(checkout)
    kept = all(after.get(name) == at for name, at in {**before, **middle}.items())
    measured["finished shards were left as they are"] = kept
    rows = pl.concat([pl.read_parquet(output(checkout) / name) for name in after])
    measured["documents"] = rows.height
    measured["distinct documents"] = rows["doc_id"].n_unique()
    measured["documents with a mention"] = rows.filter(pl.col("entities").list.len() > 0).height
    asked = checkout.medner("sql", "select count(*) as n from annotated_entities", "--format", "json")
    measured["rows of annotated_entities"] = json.loads(asked.out)[0]["n"]
    measured |= speeds(checkout, corpus)
    total = SHARDS * DOCUMENTS
    wrong = [
        name
        for name, holds in {
            "2,000 distinct documents, none twice": rows.height == rows["doc_id"].n_unique() == total,
            "finished shards are not made again": kept and 0 < len(before) < SHARDS,
            "a killed driver leaves no process": measured["processes left of it"] == 0,
            "two workers are 1.3 times one": measured["two workers against one"] >= LEAST_GAIN,
        }.items()
        if not holds
    ]
    return measured, wrong


def speeds(checkout: Checkout, corpus: Path) -> dict[str, Any]:
    """Return the seconds of one worker and of two for the whole corpus, start included."""
    seconds = {}
    for count in (1, 2):
        shutil.rmtree(output(checkout))
        began = time.monotonic()
        if started(checkout, corpus, count).wait() != 0:
            sys.exit("annotation failed")
        seconds[count] = time.monotonic() - began
    return {
        "seconds, one worker": round(seconds[1], 1),
        "seconds, two workers": round(seconds[2], 1),
        "two workers against one": round(seconds[1] / seconds[2], 2),
    }


def output(checkout: Checkout) -> Path:
    return checkout.data / "warehouse" / "annotations" / "model_version=reader"


def files(checkout: Checkout) -> dict[str, int]:
    """Name and time of each shard's file."""
    folder = output(checkout)
    found = folder.glob("*.parquet") if folder.exists() else ()
    return {each.name: each.stat().st_mtime_ns for each in found}


def started(checkout: Checkout, corpus: Path, count: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "medner_assets.cli", "annotate", "reader", str(corpus),
         "--workers", str(count), "--shard-documents", str(DOCUMENTS)],
        cwd=checkout.root, env=checkout.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def workers(checkout: Checkout) -> list[int]:
    """Processes that annotate as workers of this checkout."""
    found = []
    for each in psutil.process_iter(["cmdline"]):
        words = each.info["cmdline"] or []
        is_worker = "medner_assets.modeling.inference.annotate" in words and "--worker" in words
        if is_worker and str(checkout.root) in " ".join(words):
            found.append(each.pid)
    return found


def awaited(
    condition: Callable[[], bool], driver: "subprocess.Popen[bytes] | None", seconds: float = 200
) -> None:
    """Wait until something holds; end the benchmark when the driver ends before, or it takes too long."""
    began = time.monotonic()
    while not condition():
        if (driver is not None and driver.poll() is not None) or time.monotonic() - began > seconds:
            sys.exit("annotate: what was waited for did not come")
        time.sleep(0.05)
