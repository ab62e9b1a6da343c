"""`medner predict` on a text of 1 MB: first output, memory, and the same mentions as sentence by sentence."""

import json
import random
import subprocess
import sys
import time
from typing import Any

import psutil

from benchmarks.scaling.versions import LONG, document
from medner_assets_tests.support.checkout import Checkout

BYTES, SAMPLE, FIRST_SECONDS, MEMORY_MIB = 1_000_000, 100, 10.0, 1500


def long_text(checkout: Checkout) -> tuple[dict[str, Any], list[str]]:
    """Return what was measured, and the names of what does not hold."""
    draw = random.Random(2)
    sentences = [document(n, draw, LONG).text for n in range(BYTES // 245)]
    file = checkout.root / "long.txt"
    file.write_text("\n".join(sentences))
    measured: dict[str, Any] = {"bytes": file.stat().st_size, "sentences": len(sentences)}
    lines, first, seconds, memory = streamed(checkout, str(file))
    measured |= {
        "seconds to the first output": round(first, 1),
        "seconds": round(seconds, 1),
        "sentences a second, without the start": round(len(sentences) / (seconds - first), 1),
        "peak memory of the process, MiB": round(memory / 2**20),
    }

    found = {(start, end, kind) for start, end, kind in mentions(lines)}
    measured["mentions"] = len(found)
    picked = sorted(random.Random(3).sample(range(len(sentences)), SAMPLE))
    alone = one_by_one(checkout, [sentences[n] for n in picked])
    starts = [0]
    for sentence in sentences:
        starts.append(starts[-1] + len(sentence) + 1)
    expected = {
        (starts[n] + start, starts[n] + end, kind)
        for n, spans in zip(picked, alone, strict=True)
        for start, end, kind in spans
    }
    there = {each for each in found if any(starts[n] <= each[0] < starts[n + 1] for n in picked)}
    measured[f"mentions of {SAMPLE} sentences, one by one"] = len(expected)
    measured["the same mentions"] = there == expected
    wrong = []
    if first > FIRST_SECONDS:
        wrong.append(f"first output within {FIRST_SECONDS:g} s")
    if there != expected or not expected:
        wrong.append("mentions equal those of sentences one by one")
    if memory > MEMORY_MIB * 2**20:
        wrong.append(f"memory below {MEMORY_MIB} MiB")
    return measured, wrong


def streamed(checkout: Checkout, *arguments: str) -> tuple[list[str], float, float, int]:
    """Return the lines of `medner predict`, seconds to the first and in all, and peak memory in bytes."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "medner_assets.cli", "predict", "reader", *arguments],
        cwd=checkout.root, env=checkout.environment(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    lines, first, peak, looked = [], 0.0, 0, 0.0
    watched = psutil.Process(process.pid)
    for line in process.stdout:
        first = first or time.monotonic() - began
        lines.append(line)
        if time.monotonic() - looked > 1:
            looked = time.monotonic()
            peak = max([peak, *(each.memory_info().rss for each in watched.children(recursive=True))])
    if process.wait() != 0:
        sys.exit("predict failed")
    return lines, first, time.monotonic() - began, peak


def mentions(lines: list[str]) -> list[tuple[int, int, str]]:
    """Return start, end and type of each line of what the terminal shows of an entity."""
    found = []
    for line in lines:
        words = line.split()
        if line.startswith("  ") and len(words) >= 3 and "–" in words[-2]:
            start, _, end = words[-2].partition("–")
            if start.isdigit() and end.isdigit():
                found.append((int(start), int(end), words[-1]))
    return found


def one_by_one(checkout: Checkout, sentences: list[str]) -> list[set[tuple[int, int, str]]]:
    """Return the mentions of each sentence, read alone: one document a batch of its own."""
    file = checkout.root / "sentences.json"
    file.write_text(json.dumps(sentences))
    lines = (
        "import json, sys, tempfile; from pathlib import Path",
        "from medner_assets.commands.predict import Input, job",
        "from medner_assets.modeling.job import PredictionJob",
        "from medner_assets.modeling.inference.extractor import Extractor",
        f"sentences = json.loads(Path({str(file)!r}).read_text())",
        "settings = job('reader', [Input('x', None, 'x')], Path(tempfile.mkdtemp()))",
        "extractor = Extractor(PredictionJob.parsed(json.dumps(settings), 'job'))",
        "found = [[e for r in extractor.read([w]) for e in r.entities]",
        "         for s in sentences for w in extractor.windows(s)]",
        "print(json.dumps([[[e['start'], e['end'], e['type']] for e in each if e['start'] is not None]",
        "                  for each in found]))",
    )
    ran = checkout.python(*lines)
    if ran.code != 0:
        sys.exit(ran.err)
    return [
        {(start, end, kind) for start, end, kind in each} for each in json.loads(ran.out.splitlines()[-1])
    ]
