"""Invented tables of two versions,
as large as wanted: what the report's benchmark and pictures are made from.

Documents come from the project's generator,
scores from its scorer; only the two readers are invented: they start from
gold and make mistakes of every kind, drawn from one seed.
"""

import datetime
import json
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from benchmarks.report_confidence import invented_comparison, with_invented
from medner_assets.corpus.building import build_dataset
from medner_assets.corpus.frames import dataset_frames
from medner_assets.recipes.loading import flattened, load_dataset, load_version
from medner_assets.recipes.sources import SyntheticSource
from medner_assets.scoring.comparison import compare_versions
from medner_assets.scoring.evaluation import score_version
from medner_assets.scoring.frames import GoldFrames, PredictedFrames
from medner_assets.scoring.postprocessing import RelationSchema, apply_stages, stage_names
from medner_assets.tables import TABLES

DATASET, BASELINE, VERSION = "synthetic-small", "tiny-v1", "tiny-v2"


@dataclass(frozen=True)
class Reader:
    """An invented reader: how often it gets an item right, and how often it repeats itself."""

    entities: float
    relations: float
    repeats: float
    epochs: int


READERS = {BASELINE: Reader(0.86, 0.55, 0.30, 3), VERSION: Reader(0.90, 0.70, 0.10, 7)}
POOR_READERS = {BASELINE: Reader(0.62, 0.30, 0.45, 3), VERSION: Reader(0.68, 0.40, 0.35, 7)}
"""About ten errors a document together, on synthetic documents."""


def invented_tables(
    documents: int, readers: dict[str, Reader] = READERS, seed: int = 7, resamples: int = 1_000
) -> dict[str, pl.DataFrame]:
    """Return every table that a report reads, with `documents` test documents."""
    source = SyntheticSource(
        kind="synthetic", process="stated", seed=seed, documents={"train": 800, "test": documents}
    )
    built = build_dataset(load_dataset(DATASET).model_copy(update={"source": source}), Path())
    frames = {name: pl.DataFrame(schema=schema_of(name)) for name in TABLES}
    for name, frame in dataset_frames(built).items():
        frames[name] = typed(name, frame, dataset=DATASET)
    for version, reader in readers.items():
        for name, frame in _of_version(
            version, reader, frames, Random(f"{seed} {version}"), resamples
        ).items():
            frames[name] = pl.concat([frames[name], typed(name, frame, model_version=version)])
    scores = [
        frames["document_scores"].filter(pl.col("model_version") == name) for name in (VERSION, BASELINE)
    ]
    compared = compare_versions(*scores, baseline=BASELINE, seed=42, resamples=resamples)
    frames["comparisons"] = typed("comparisons", compared, model_version=VERSION)
    tables = ("metrics", "entity_outcomes", "relation_outcomes")
    of_version, of_baseline = (
        {name: frames[name].filter(pl.col("model_version") == each) for name in tables}
        for each in (VERSION, BASELINE)
    )
    sureness = invented_comparison(
        of_version, of_baseline, frames["documents"].filter(pl.col("split") == "test"), BASELINE,
        (readers[VERSION].epochs, readers[BASELINE].epochs),
    )  # fmt: skip
    frames["confidence_comparisons"] = typed("confidence_comparisons", sureness, model_version=VERSION)
    frames["audits"] = typed("audits", pl.DataFrame(_audits()), dataset=DATASET)
    return frames


def schema_of(name: str) -> dict[str, pl.DataType]:
    """Return a table's columns with its partition key."""
    return {**TABLES[name].schema, TABLES[name].partition: pl.String()}


def typed(name: str, frame: pl.DataFrame, **key: str) -> pl.DataFrame:
    """Return `frame` with the declared columns of a table and its partition key; missing columns are null."""
    frame = frame.with_columns(**{column: pl.lit(value) for column, value in key.items()})
    columns = [
        (pl.col(column) if column in frame.columns else pl.lit(None)).cast(dtype).alias(column)
        for column, dtype in schema_of(name).items()
    ]
    return frame.select(columns)


def _of_version(
    version: str, reader: Reader, frames: dict[str, pl.DataFrame], draw: Random, resamples: int
) -> dict[str, pl.DataFrame]:
    recipe = load_version(version)
    gold = GoldFrames(frames["documents"], frames["gold_entities"], frames["gold_relations"])
    entities, relations = _read(frames, reader, draw)
    at = {"evaluation_id": f"invented-{version}", "dataset": DATASET, "split": "test"}
    raw = (
        typed("predicted_entities", pl.DataFrame(entities), **at).drop("stage", "model_version"),
        typed("predicted_relations", pl.DataFrame(relations), **at).drop("stage", "model_version"),
    )
    predicted = apply_stages(
        *raw,
        recipe.postprocessing,
        RelationSchema.learned_from(frames["gold_relations"]),
        frames["documents"],
    )
    scored = score_version(
        gold,
        PredictedFrames(*predicted),
        evaluation_id=f"invented-{version}",
        dataset=DATASET,
        dataset_version=frames["documents"]["dataset_version"][0],
        stages=stage_names(recipe.postprocessing),
        seed=42,
        resamples=resamples,
    )
    ids = frames["documents"].filter(pl.col("split") == "test")["doc_id"].to_list()
    completions = [
        at | {"doc_id": doc_id, "completion": "",
              "finish_reason": "length" if draw.random() < 0.01 else "stop",
              "prompt_tokens": 120, "completion_tokens": 60, "seconds": 0.02 + draw.random() / 50}
        for doc_id in ids
    ]  # fmt: skip
    rejected = [
        at | {"doc_id": doc_id, "line_number": 3, "line": "3. [Drug", "reason": "no closing bracket"}
        for doc_id in ids
        if draw.random() < 0.03
    ]
    settings = flattened(recipe)
    scored = with_invented(scored, frames["documents"].filter(pl.col("split") == "test"), reader.epochs)
    return scored | {
        "completions": pl.DataFrame(completions),
        "rejected_lines": pl.DataFrame(rejected, schema=None if rejected else schema_of("rejected_lines")),
        "recipes": pl.DataFrame({"setting": settings.keys(), "value": settings.values()}).with_columns(
            recipe_hash=pl.lit(f"invented-{reader.epochs}")
        ),
        "adapters": pl.DataFrame([_adapter(reader, frames["documents"]["dataset_version"][0])]),
        "training_log": pl.DataFrame(_log(reader, draw)),
    }


def _read(
    frames: dict[str, pl.DataFrame], reader: Reader, draw: Random
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return invented predictions: gold with mistakes."""
    entity_types = frames["gold_entities"]["type"].unique().sort().to_list()
    relation_types = frames["gold_relations"]["type"].unique().sort().to_list()
    test = pl.col("split") == "test"
    mentions = frames["gold_entities"].filter(test).partition_by("doc_id", as_dict=True)
    links = frames["gold_relations"].filter(test).partition_by("doc_id", as_dict=True)
    entities: list[dict[str, Any]] = []
    relations: list[dict[str, Any]] = []
    for doc_id, text in frames["documents"].filter(test).select("doc_id", "text").iter_rows():
        found: dict[str, dict[str, Any]] = {}
        lines: list[dict[str, Any]] = []
        for gold in mentions.get((doc_id,), frames["gold_entities"].clear()).iter_rows(named=True):
            line = {"type": gold["type"], "text": gold["text"], "start": gold["start"], "end": gold["end"],
                    "grounding": "exact"}  # fmt: skip
            if draw.random() > reader.entities:
                mistake = draw.choice(("missing", "type", "boundary", "ungrounded"))
                if mistake == "missing":
                    continue
                if mistake == "type":
                    line["type"] = draw.choice(entity_types)
                elif mistake == "boundary":
                    end = min(gold["end"] + draw.randint(2, 9), len(text))
                    line |= {"end": end, "text": text[gold["start"] : end]}
                else:
                    line |= {"text": gold["text"] + "ol", "start": None, "end": None, "grounding": "none"}
            found[gold["entity_id"]] = line
            lines.append(line)
        entities += [line | {"doc_id": doc_id, "ordinal": place} for place, line in enumerate(lines)]
        told: list[dict[str, Any]] = []
        for gold in links.get((doc_id,), frames["gold_relations"].clear()).iter_rows(named=True):
            head, tail = found.get(gold["head_id"]), found.get(gold["tail_id"])
            mistake = (
                "" if draw.random() < reader.relations else draw.choice(("missing", "type", "direction"))
            )
            if head is None or tail is None or mistake == "missing":
                continue
            if mistake == "direction":
                head, tail = tail, head
            type_ = draw.choice(relation_types) if mistake == "type" else gold["type"]
            told.append(_relation(type_, head, tail))
        if len(lines) > 2 and draw.random() > reader.relations:
            told.append(_relation(relation_types[0], *draw.sample(lines, 2)))
        told += [line for line in told if draw.random() < reader.repeats]
        relations += [line | {"doc_id": doc_id, "ordinal": place} for place, line in enumerate(told)]
    return entities, relations


def _relation(type_: str, head: dict[str, Any], tail: dict[str, Any]) -> dict[str, Any]:
    return {"type": type_, "head_text": head["text"], "head_type": head["type"], "tail_text": tail["text"],
            "tail_type": tail["type"]}  # fmt: skip


def _log(reader: Reader, draw: Random, per_epoch: int = 50) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for step in range(1, reader.epochs * per_epoch + 1):
        epoch = step / per_epoch
        row = {"step": step, "epoch": epoch, "seconds": 1.1 * step, "learning_rate": None, "grad_norm": None}
        loss = 0.14 + 1.4 * 2.2 ** (-epoch * reader.epochs / 4) + draw.gauss(0, 0.015)
        gradient = 0.25 + 1.2 * 2.7**-epoch + abs(draw.gauss(0, 0.06))
        rows.append(row | {"kind": "train", "loss": loss, "learning_rate": 2e-4, "grad_norm": gradient})
        if step % per_epoch == 0:
            rows.append(row | {"kind": "eval", "loss": 0.2 + 1.3 * 2.2 ** (-epoch * reader.epochs / 4)})
    return rows


def _adapter(reader: Reader, dataset_version: str) -> dict[str, Any]:
    parameters, steps = 60_000 * reader.epochs, 50 * reader.epochs
    return {
        "dataset": DATASET, "dataset_version": dataset_version, "recipe_hash": f"invented-{reader.epochs}",
        "weights_hash": "invented", "base_model": "medner-tiny", "base_revision": "invented",
        "backend": "peft",
        "device": "cpu", "trainable_parameters": parameters, "total_parameters": 6_500_000 + parameters,
        "adapter_bytes": 4 * parameters, "train_documents": 800, "train_samples": 800,
        "train_tokens": 171_204,
        "unplaced_annotations": 0, "epochs": float(reader.epochs), "steps": steps, "best_step": steps,
        "final_train_loss": 0.9 / reader.epochs, "best_eval_loss": 1.0 / reader.epochs, "seed": 42,
        "train_seconds": 1.1 * steps, "peak_memory_bytes": 1_400_000_000, "versions": json.dumps({}),
        "finished_at": datetime.datetime(2026, 2, 8, 9 + reader.epochs, 12, tzinfo=datetime.UTC),
    }  # fmt: skip


def _audits() -> list[dict[str, Any]]:
    names = ("probe", "figure", "setting", "value", "low", "high", "detail")
    # What the audit found on synthetic-small; not measured anew.
    rows = (
        ("all_pairs", "f1", "gold_entities", 0.135, 0.124, 0.147, "relates every pair of fitting types"),
        ("all_pairs", "f1_strings", "gold_entities", 0.155, None, None, "the same, scored on strings"),
        ("all_pairs", "f1", "end_to_end", 0.095, 0.075, 0.114, "relates every pair of fitting types"),
        ("structure", "f1", "gold_entities", 0.331, 0.293, 0.368, "counts and ranks only, not a word"),
        ("names", "f1", "gold_entities", 0.252, 0.222, 0.282, "the two names only"),
        ("text", "f1", "gold_entities", 0.961, 0.945, 0.977, "words between and around only, names masked"),
        ("text", "f1", "end_to_end", 0.376, 0.315, 0.434, "words between and around only, names masked"),
        (
            "without_reading",
            "f1",
            "gold_entities",
            0.310,
            0.254,
            0.363,
            "best score without reading the text: by structure",
        ),
        (
            "imitation",
            "f1",
            "gold_entities",
            0.160,
            0.112,
            0.213,
            "drawing relations as the label process does",
        ),
        (
            "dictionary_ner",
            "f1",
            "",
            0.647,
            0.618,
            0.673,
            "entities found by looking up the strings of train",
        ),
        (
            "within_document",
            "auc",
            "",
            0.991,
            0.988,
            0.993,
            "chance that the text ranks a related pair first",
        ),
        ("unseen_names", "mentions", "", 0.523, None, None, "share of test mentions whose name train lacks"),
        ("leakage", "text", "", 0.0, None, None, "test documents whose text is in train"),
        ("verdict", "verdict", "", None, None, None, "learnable"),
        ("verdict", "reason", "", None, None, None, "within a document the words tell related pairs apart"),
        (
            "verdict",
            "lead_sentence",
            "",
            None,
            None,
            None,
            "The text says what is related: the best score without reading the text is relation F1 31.0% "
            "(95 % interval up to 36.3%), and the target 75.0% needs reading.",
        ),
    )
    return [dict(zip(names, row, strict=True)) for row in rows]
