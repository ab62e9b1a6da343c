"""How fast a version is scored and classified, and how that compares with nervaluate on entities.

    python benchmarks/scoring.py [--rows 1000000 10000000]

Each size is made by one process and scored by another, so that peak memory is that of scoring: the frames
that come in, the tables that come out, and what is between. Rows are predicted rows (entities and
relations) of one stage; about one in five is wrong, so that every error class occurs. Prints a table and
writes benchmarks/results/scoring.json. Exits with 1 when something is over its limit; where other programs
compete for the cores (see `load`), half the seconds of CPU say more than the seconds.
"""

import argparse
import dataclasses
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from medner_assets.scoring.coding import coded
from medner_assets.scoring.evaluation import score_version
from medner_assets.scoring.frames import (
    DOCUMENTS,
    GOLD_ENTITIES,
    GOLD_RELATIONS,
    PREDICTED_ENTITIES,
    PREDICTED_RELATIONS,
    GoldFrames,
    PredictedFrames,
)
from medner_assets.scoring.metrics import scored

RESULTS = Path(__file__).parent / "results" / "scoring.json"
TYPES = ("Drug", "Disease", "Symptom", "Procedure", "Gene", "Species")
RELATION_TYPES = ("treats", "causes", "diagnoses")
MENTIONS, LINKS = 12, 8
"""Gold mentions and relations a document; predictions are about as many."""
LIMITS = {1_000_000: 4.0, 10_000_000: 60.0}
"""Seconds that a size may take on two cores."""
MEMORY_LIMIT_GB, TIMES_FASTER, REPEATS, SHORT_REPEATS = 6.0, 30, 3, 9
LARGE, LARGE_DOCUMENTS, NERVALUATE_DOCUMENTS = 34, 15_000, 500
"""Mentions of an abstract as BioRED has them, and how many such documents medner and nervaluate score."""


def synthesise(rows: int, mentions_each: int = MENTIONS, seed: int = 1) -> tuple[GoldFrames, PredictedFrames]:
    """Return gold and predictions of about `rows` predicted rows: gold with known mistakes in it."""
    random = np.random.default_rng(seed)
    documents = rows // (mentions_each + LINKS)
    count = documents * mentions_each
    words = pl.Series([f"{stem} {i}" for i in range(2_500) for stem in ("agent", "chronic complaint")])
    picked = random.integers(0, len(words), count)
    mentions = pl.DataFrame(
        {
            "doc": np.repeat(np.arange(documents), mentions_each),
            "k": np.tile(np.arange(mentions_each), documents),
            "text": words.gather(picked), "kind": (picked % len(TYPES)).astype(np.int64),
        }
    )  # fmt: skip
    length = pl.col("text").str.len_chars().cast(pl.Int64) + len(", then ")
    mentions = mentions.with_columns(start=length.cum_sum().over("doc") - length)
    mentions = mentions.with_columns(end=pl.col("start") + length - len(", then "))
    ids = pl.Series(np.arange(documents)).cast(pl.String).str.zfill(8)
    ids = ("doc-" + pl.Series("doc_id", ids)).rename("doc_id")
    whole = mentions.group_by("doc", maintain_order=True).agg(pl.col("text").str.join(", then "))
    gold_documents = pl.DataFrame({"doc_id": ids, "text": whole["text"]}).with_columns(
        split=pl.lit("test"), group_id=pl.col("doc_id"), directed=pl.lit(True), level=pl.lit("mention")
    )
    kinds = pl.Series(TYPES)
    gold_entities = pl.DataFrame(
        {
            "doc_id": ids.gather(mentions["doc"]), "entity_id": ("T" + mentions["k"].cast(pl.String)),
            "type": kinds.gather(mentions["kind"]), "start": mentions["start"], "end": mentions["end"],
            "text": mentions["text"],
        }
    ).with_columns(concepts=pl.lit([], dtype=pl.List(pl.String)))  # fmt: skip
    head, tail = (
        np.repeat(np.arange(documents), LINKS) * mentions_each
        + random.integers(0, mentions_each, documents * LINKS)
        for _ in "ht"
    )
    link = random.integers(0, len(RELATION_TYPES), documents * LINKS)
    gold_relations = pl.DataFrame(
        {
            "doc_id": gold_entities["doc_id"].gather(head),
            "relation_id": np.tile(np.arange(LINKS), documents),
            "type": pl.Series(RELATION_TYPES).gather(link), "head_text": mentions["text"].gather(head),
            "head_type": gold_entities["type"].gather(head), "tail_text": mentions["text"].gather(tail),
            "tail_type": gold_entities["type"].gather(tail),
        }
    ).with_columns(
        symmetric=pl.lit(False), head_concept=pl.lit(None, pl.String), tail_concept=pl.lit(None, pl.String)
    )  # fmt: skip

    chance = pl.Series(random.random(count))
    said = gold_entities.select("doc_id", "type", "text", "start", "end").with_columns(
        chance=chance, k=mentions["k"]
    )
    other = kinds.gather((mentions["kind"] + 1) % len(TYPES))
    said = said.with_columns(
        type=pl.when(pl.col("chance").is_between(0.80, 0.86)).then(other).otherwise("type"),
        # Cut off the first character: the string differs, the span overlaps.
        text=pl.when(pl.col("chance").is_between(0.86, 0.92)).then(pl.col("text").str.slice(1))
        .when(pl.col("chance") > 0.97).then(pl.lit("never written")).otherwise("text"),
        start=pl.when(pl.col("chance").is_between(0.86, 0.92)).then(pl.col("start") + 1)
        .when(pl.col("chance") > 0.97).then(None).otherwise("start"),
        end=pl.when(pl.col("chance") > 0.97).then(None).otherwise("end"),
    )  # fmt: skip
    repeated = pl.when(pl.col("chance").is_between(0.92, 0.95))
    said = said.with_columns(
        repeated.then(pl.col(name).shift(1).over("doc_id"))
        .otherwise(name)
        .fill_null(pl.col(name))
        .alias(name)
        for name in ("type", "text", "start", "end")
    )
    predicted_entities = said.with_columns(
        stage=pl.lit("final"), ordinal=pl.col("k"),
        grounding=pl.when(pl.col("start").is_null()).then(pl.lit("none")).otherwise(pl.lit("exact")),
    ).select(list(PREDICTED_ENTITIES))  # fmt: skip

    chance = random.random(documents * LINKS)
    turned = (chance > 0.80) & (chance < 0.86)
    retyped = (chance > 0.86) & (chance < 0.92)
    elsewhere = (chance > 0.92) & (chance < 0.97)
    head_said, tail_said = np.where(turned, tail, head), np.where(turned, head, tail)
    shifted = tail_said // mentions_each * mentions_each + (tail_said + 1) % mentions_each
    tail_said = np.where(elsewhere, shifted, tail_said)
    predicted_relations = pl.DataFrame(
        {
            "doc_id": gold_relations["doc_id"], "ordinal": gold_relations["relation_id"],
            "type": pl.Series(RELATION_TYPES).gather(np.where(retyped, link + 1, link) % len(RELATION_TYPES)),
            # What the entity lines say is what the relations say, mistakes included.
            "head_text": said["text"].gather(head_said), "head_type": said["type"].gather(head_said),
            "tail_text": said["text"].gather(tail_said), "tail_type": said["type"].gather(tail_said),
        }
    ).with_columns(stage=pl.lit("final"))  # fmt: skip
    return (
        GoldFrames(
            gold_documents.select(list(DOCUMENTS)),
            gold_entities.select(list(GOLD_ENTITIES)),
            gold_relations.select(list(GOLD_RELATIONS)),
        ),
        PredictedFrames(predicted_entities, predicted_relations.select(list(PREDICTED_RELATIONS))),
    )


def evaluated(gold: GoldFrames, predicted: PredictedFrames) -> tuple[float, dict[str, pl.DataFrame]]:
    """Return the seconds that scoring and classifying took, and the tables."""
    began = time.perf_counter()
    tables = score_version(
        gold,
        predicted,
        evaluation_id="e",
        dataset="d",
        dataset_version="v",
        stages=["final"],
        seed=1,
        resamples=1,
    )
    return time.perf_counter() - began, tables


def write(rows: int, folder: Path) -> None:
    """Write the frames of one size as Parquet, as the warehouse keeps them."""
    gold, predicted = synthesise(rows)
    for name, frame in {**frames_of(gold), **frames_of(predicted, "predicted_")}.items():
        frame.write_parquet(folder / f"{name}.parquet")


def frames_of(frames: GoldFrames | PredictedFrames, prefix: str = "") -> dict[str, pl.DataFrame]:
    return {f"{prefix}{field.name}": getattr(frames, field.name) for field in dataclasses.fields(frames)}


def one_size(rows: int, folder: Path) -> dict:
    """Score one size; the interval is drawn once (`benchmarks/significance.py` measures intervals)."""
    read = {file.stem: pl.read_parquet(file) for file in folder.glob("*.parquet")}
    gold = GoldFrames(read["documents"], read["entities"], read["relations"])
    predicted = PredictedFrames(read["predicted_entities"], read["predicted_relations"])
    load, before = os.getloadavg()[0], peak_gb()
    runs = []
    for _ in range(REPEATS if rows <= 1_000_000 else 1):
        tables = None  # the tables of one run only stand in memory
        processor = time.process_time()
        seconds, tables = evaluated(gold, predicted)
        runs.append((seconds, time.process_time() - processor))
    seconds, processor = min(runs)
    peak = peak_gb()
    classes = {
        task: dict(sorted(tables[f"{task}_outcomes"].group_by("error").len().iter_rows()))
        for task in ("entity", "relation")
    }
    return {
        "rows": predicted.entities.height + predicted.relations.height,
        "documents": gold.documents.height,
        "seconds": seconds,
        "cpu_seconds": processor,
        "load_before": load,
        "limit_seconds": LIMITS.get(rows),
        "peak_gb": peak,
        "peak_gb_before": before,
        "outcomes": classes,
    }


def against_nervaluate() -> dict:
    """Time entities of documents of one kind in one process: nervaluate on some of them, medner on all.

    nervaluate counts matches by four schemes, overall and by type; medner counts those of three schemes, by
    document and by type (`scored`), and with error classes, tables and metrics (`classified`). They take
    turns, and the best of each counts, so that one that other programs slow down is not compared with one
    that they leave alone.
    """
    from nervaluate.evaluator import Evaluator

    gold, predicted = synthesise(LARGE_DOCUMENTS * (LARGE + LINKS), LARGE)
    gold = GoldFrames(gold.documents, gold.entities, gold.relations.clear())
    said = PredictedFrames(predicted.entities, predicted.relations.clear())
    measured = np.ones(gold.documents.height, dtype=bool)
    part = gold.documents["doc_id"].head(NERVALUATE_DOCUMENTS)

    def lists(frame: pl.DataFrame) -> list[list[dict]]:
        by_document = {doc: [] for doc in part}
        rows = frame.filter(pl.col("doc_id").is_in(part.implode()) & pl.col("start").is_not_null())
        for doc, kind, start, end in rows.select("doc_id", "type", "start", "end").iter_rows():
            by_document[doc].append({"label": kind, "start": start, "end": end - 1})
        return list(by_document.values())

    true, claimed = lists(gold.entities), lists(said.entities)

    def score() -> None:
        scored(coded(gold, said, ["final"], symmetric=frozenset(), spans=True), ["final"], measured)

    seconds = {"nervaluate": [], "scored": [], "classified": []}
    processor = {name: [] for name in seconds}
    for _ in range(SHORT_REPEATS):
        for name, run in (
            ("nervaluate", lambda: Evaluator(true, claimed, tags=list(TYPES), loader="dict").evaluate()),
            ("scored", score),
            ("classified", lambda: evaluated(gold, said)),
        ):
            began, began_processor = time.perf_counter(), time.process_time()
            run()
            seconds[name].append(time.perf_counter() - began)
            processor[name].append(time.process_time() - began_processor)
    documents = {"nervaluate": NERVALUATE_DOCUMENTS, "scored": LARGE_DOCUMENTS, "classified": LARGE_DOCUMENTS}
    each = {name: min(times) / documents[name] for name, times in seconds.items()}
    cpu = {name: min(times) / documents[name] for name, times in processor.items()}
    return {
        "mentions_a_document": LARGE,
        "microseconds_a_document": {name: value * 1e6 for name, value in each.items()},
        "cpu_microseconds_a_document": {name: value * 1e6 for name, value in cpu.items()},
        "times_faster": each["nervaluate"] / each["scored"],
        "times_faster_classified": each["nervaluate"] / each["classified"],
        "load_before": os.getloadavg()[0],
    }


def peak_gb() -> float:
    """Return the peak resident memory of this process in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def in_process(*arguments: str) -> dict:
    """Run one part in a fresh process and return what it prints as JSON."""
    done = subprocess.run([sys.executable, __file__, *arguments], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=list(LIMITS))
    for hidden in ("--part", "--write", "--read"):
        parser.add_argument(hidden, type=str if hidden == "--part" else Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        if options.write:
            part = write(int(options.part), options.write)
        elif options.read:
            part = one_size(int(options.part), options.read)
        else:
            part = against_nervaluate()
        print(json.dumps(part))
        return
    sizes = []
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as folder:
            in_process("--part", str(rows), "--write", folder)
            sizes.append(in_process("--part", str(rows), "--read", folder))
    other = in_process("--part", "nervaluate")
    print(" predicted rows  documents  seconds   CPU s  limit  peak GB  load")
    for size in sizes:
        print(
            f"{size['rows']:>15,} {size['documents']:>10,} "
            f"{size['seconds']:>8.2f} {size['cpu_seconds']:>7.2f} "
            f"{size['limit_seconds'] or float('nan'):>6.0f} {size['peak_gb']:>8.2f} "
            f"{size['load_before']:>5.1f}"
        )
    each = other["microseconds_a_document"]
    print(
        f"entities of documents of {LARGE} mentions, microseconds a document: nervaluate "
        f"{each['nervaluate']:.0f}, medner {each['scored']:.1f} ({other['times_faster']:.0f} times faster, "
        f"at least {TIMES_FASTER}), with error classes and tables {each['classified']:.1f} "
        f"({other['times_faster_classified']:.0f} times faster); of CPU: "
        + ", ".join(f"{name} {value:.1f}" for name, value in other["cpu_microseconds_a_document"].items())
    )
    RESULTS.parent.mkdir(exist_ok=True)
    machine = {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    content = {"machine": machine, "polars": pl.__version__, "sizes": sizes, "nervaluate": other}
    RESULTS.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    slow = any(size["limit_seconds"] and size["seconds"] > size["limit_seconds"] for size in sizes)
    large = any(size["peak_gb"] > MEMORY_LIMIT_GB for size in sizes)
    sys.exit(int(slow or large or other["times_faster"] < TIMES_FASTER))


if __name__ == "__main__":
    main()
