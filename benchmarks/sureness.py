"""What `benchmarks/confidence.py score` computes of one dataset: calibration on dev, figures on test."""

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from math import exp
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import polars as pl

from medner_assets.corpus.readers.jsonl import read_jsonl
from medner_assets.defs.evaluation.grounded import grounded
from medner_assets.prompting.probability import TokenProbabilities
from medner_assets.scoring.confidence.calibration import Calibration
from medner_assets.scoring.confidence.items import sure_items
from medner_assets.scoring.confidence.measures import (
    IntervalFigure,
    Items,
    Sureness,
    calibration_error,
    measured,
)
from medner_assets.scoring.confidence.votes import majority, voted
from medner_assets.scoring.evaluation import score_version
from medner_assets.scoring.frames import GoldFrames, PredictedFrames
from medner_assets.scoring.gold import gold_frames
from medner_assets.scoring.postprocessing import RelationSchema, stage_names
from medner_assets.scoring.schemes import FINAL, HEADLINES, Task
from medner_assets.scoring.staging import staged_frames

STAGES = ("drop_ungrounded", "deduplicate")
TASKS: tuple[Task, ...] = ("entity", "relation")
SEED = 1
ENSEMBLE_LEAST = (0.0, 0.3)
"""Of an ensemble's answers: all, and at least 0.3, which was among the best for BC5CDR's entities on dev."""
THRESHOLDS = (0.01, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6)
Frames = dict[str, pl.DataFrame]


class Split:
    """The gold of one split, and how predictions of it are scored."""

    def __init__(self, folder: Path, dataset: str, split: str, schema: RelationSchema) -> None:
        documents = read_jsonl(folder / f"{dataset}.{split}.jsonl").documents
        self.texts = {each.id: each.text for each in documents}
        self.gold: GoldFrames = gold_frames([replace(each, split="test") for each in documents])
        self._schema = schema

    def predicted(
        self, rows: Sequence[dict[str, Any]], stages: tuple[str, ...] = STAGES,
        calibration: Calibration | None = None, least: float = 0.5,
    ) -> Frames:  # fmt: skip
        """Return the rows of every stage. least: what the stage min_confidence keeps."""
        return staged_frames(
            grounded(rows, self.texts), stages, self._schema, calibration=calibration, min_confidence=least,
            evaluation_id="b", dataset="b", split="test",
        )  # fmt: skip

    def scored(self, predicted: Frames, stages: tuple[str, ...] = STAGES) -> Frames:
        """Return outcomes and metrics."""
        frames = PredictedFrames(predicted["predicted_entities"], predicted["predicted_relations"])
        return score_version(
            self.gold, frames, evaluation_id="b", dataset="b", dataset_version="", seed=SEED,
            stages=stage_names(stages), resamples=1000,
        )  # fmt: skip

    def items(self, predicted: Frames, stages: tuple[str, ...] = STAGES) -> dict[Task, pl.DataFrame]:
        """Return the items of both tasks."""
        outcomes = self.scored(predicted, stages)
        return {
            task: sure_items(task, predicted[table_of(task)], outcomes[f"{task}_outcomes"]) for task in TASKS
        }


def table_of(task: Task) -> str:
    """Return the table of a task's predictions."""
    return "predicted_entities" if task == "entity" else "predicted_relations"


def scored_dataset(folder: Path, output: Path, name: str) -> dict[str, Any]:
    """Return all figures of one base and dataset, name: BASE-DATASET; print a line for each training."""
    dataset = name.partition("-")[2]
    train = gold_frames(read_jsonl(folder / f"{dataset}.train.jsonl").documents)
    schema = RelationSchema.learned_from(train.relations, split=None)
    splits = {split: Split(folder, dataset, split, schema) for split in ("dev", "test")}
    trainings, members = [], []
    for file in sorted(output.glob(f"{name}-*.jsonl.gz")):
        facts, *rows = map(json.loads, gzip.decompress(file.read_bytes()).decode().splitlines())
        written = {split: [row for row in rows if row["split"] == split] for split in splits}
        told, predicted = _training(splits, written)
        trainings.append({"facts": facts, **told})
        members.append(predicted)
        print(f"{file.name}: " + "; ".join(_line(task, told["figures"][task]) for task in TASKS))
        print({task: (told["scores"][task]["f1"], told["abstaining"][task]) for task in TASKS}, flush=True)
        if len(trainings) == 1:
            trainings[0]["definitions"] = _definitions(splits, written)
    together = {}
    for way, probability in (("votes", pl.col("votes") / len(members)), ("mean", pl.col("probability"))):
        together[way] = _together(splits, members, probability)
        print(f"{name} {way} of {len(members)}: "
              + "; ".join(_line(task, together[way][task]) for task in TASKS))  # fmt: skip
    ensemble = {
        str(least): {split: _ensemble(own, split, members, least) for split, own in splits.items()}
        for least in ENSEMBLE_LEAST
    }
    print(f"{name}, what most of {len(members)} say, by least probability:", json.dumps(ensemble), flush=True)
    return {"trainings": trainings, "together": together, "ensemble": ensemble}


def _ensemble(own: Split, split: str, members: list[dict[str, Frames]], least: float) -> dict[Task, Any]:
    """Return the scores of what more than half of the trainings say, at least as probable as `least`."""
    said = {}
    for task in TASKS:
        rows = voted(task, [each[split][table_of(task)].filter(stage=FINAL) for each in members])
        rows = majority(rows, len(members)).filter(pl.col("probability") >= least).drop("votes")
        said[table_of(task)] = pl.concat([rows.with_columns(stage=pl.lit(s)) for s in ("raw", FINAL)])
    metrics = own.scored(said, ())["metrics"].filter(stage=FINAL)
    columns = ("precision", "recall", "f1", "f1_low", "f1_high")
    return {
        task: metrics.filter(task=task, scheme=scheme).select(columns).row(0, named=True)
        for task, scheme in HEADLINES
    }


def _training(
    splits: dict[str, Split], written: dict[str, list[dict[str, Any]]], *, abstains: bool = True
) -> tuple[Any, Any]:
    """Return the figures of one training, and its calibrated predictions of dev and test."""
    predicted = {split: own.predicted(written[split]) for split, own in splits.items()}
    calibration = Calibration.fitted("b", splits["dev"].items(predicted["dev"]))
    calibrated = {
        split: {table_of(task): calibration.applied(task, frames[table_of(task)]) for task in TASKS}
        for split, frames in predicted.items()
    }
    test = splits["test"]
    kept = ("precision", "recall", "f1", "f1_low", "f1_high")
    scores = {
        (row["task"], row["scheme"]): row
        for row in test.scored(predicted["test"])["metrics"].filter(stage=FINAL).iter_rows(named=True)
    }
    items = test.items(calibrated["test"])
    told = {
        "scores": {
            task: {key: scores[task, scheme][key] for key in kept} for task, scheme in HEADLINES
        },
        "figures": {
            task: _figures(test, items[task], calibration, task) for task in TASKS
        },
        "calibration": {
            task: {"items": own.items, "right": own.right, "types": sorted(own.types),
                   "thresholds": [each.model_dump() for each in own.thresholds]}
            for task, own in calibration.tasks.items()
        },
        "abstaining": {
            task: _abstaining(splits, written, calibration, task) for task in TASKS if abstains
        },
    }  # fmt: skip
    return told, calibrated


def _abstaining(
    splits: dict[str, Split], written: dict[str, list[dict[str, Any]]], calibration: Calibration, task: Task
) -> dict[str, Any]:
    """Return the scores on test with the stage min_confidence, at the threshold that is best on dev."""
    stages = (*STAGES, "min_confidence")

    def at(split: str, threshold: float) -> dict[str, float]:
        own = splits[split]
        metrics = own.scored(own.predicted(written[split], stages, calibration, threshold), stages)["metrics"]
        row = metrics.filter(stage=FINAL, task=task, scheme=dict(HEADLINES)[task])
        return row.select("precision", "recall", "f1", "f1_low", "f1_high").row(0, named=True)

    on_dev = {threshold: at("dev", threshold)["f1"] for threshold in THRESHOLDS}
    best = max(THRESHOLDS, key=on_dev.__getitem__)
    return {"threshold": best, "dev_f1": on_dev[best], "test": at("test", best)}


def _figures(test: Split, items: pl.DataFrame, calibration: Calibration, task: Task) -> dict[str, Any]:
    found = measured(Items.of(items, test.gold.documents), calibration.tasks[task], SEED)
    return {"items": items.height, "ece_if_exactly_right": _noise(items), **_told(found)}


def _noise(items: pl.DataFrame, draws: int = 200) -> float:
    """Return the calibration error that these probabilities would have on average if they were exact."""
    random, probability = np.random.default_rng(SEED), items["probability"].to_numpy()
    group = np.zeros(items.height, dtype=np.int64)
    errors = [
        calibration_error(
            Items(probability, probability, random.random(items.height) < probability, group, 1)
            .bins()
            .sum(axis=0)
        )
        for _ in range(draws)
    ]
    return float(np.mean(errors))


def _told(found: Sureness) -> dict[str, Any]:
    """Return the figures with every tenth point of the risk–coverage curve."""
    kept = asdict(found)
    kept["risk"] = [each for n, each in enumerate(kept["risk"], start=1) if n % 10 == 0]
    return kept


def _together(
    splits: dict[str, Split], members: list[dict[str, Frames]], probability: pl.Expr
) -> dict[Task, Any]:
    """Return the figures of all that any training says, with `probability` of it, calibrated on dev."""
    items: dict[str, dict[Task, pl.DataFrame]] = {}
    for split, own in splits.items():
        said = {}
        for task in TASKS:
            rows = voted(task, [each[split][table_of(task)].filter(stage=FINAL) for each in members])
            rows = rows.with_columns(probability=probability, model_probability=probability).drop("votes")
            said[table_of(task)] = pl.concat([rows.with_columns(stage=pl.lit(s)) for s in ("raw", FINAL)])
        items[split] = own.items(said, ())
    calibration = Calibration.fitted("b", items["dev"])
    return {
        task: _figures(splits["test"], calibration.applied(task, rows), calibration, task)
        for task, rows in items["test"].items()
    }


def _definitions(splits: dict[str, Split], written: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Return the figures of other definitions of a line's probability, on the same completions."""

    def at(of: Callable[[Sequence[float]], float], more: int) -> Callable[[Any, tuple[int, int]], float]:
        def value(self: TokenProbabilities, place: tuple[int, int]) -> float:
            tokens = list(_within(self, place, more))
            return of(tokens) if tokens else 1.0

        return value

    ways = {
        "product": at(lambda tokens: exp(sum(tokens)), 0),
        "product with the line's end": at(lambda tokens: exp(sum(tokens)), 1),
        "geometric mean": at(lambda tokens: exp(sum(tokens) / len(tokens)), 0),
        "least token": at(lambda tokens: exp(min(tokens)), 0),
    }
    found = {}
    for name, way in ways.items():
        with mock.patch.object(TokenProbabilities, "at", way):
            told, _ = _training(splits, written, abstains=False)
        found[name] = {
            task: {key: told["figures"][task][key] for key in ("ece", "ece_before", "aurc")} for task in TASKS
        }
    return found


def _within(tokens: TokenProbabilities, place: tuple[int, int], more: int) -> Iterator[float]:
    begin, end = (tokens.offset + border for border in place)
    for start, value in zip(tokens.starts, tokens.log_probabilities, strict=True):
        if begin <= start < end:
            yield value
        elif start >= end and more:
            more -= 1
            yield value


def _line(task: str, figures: dict[str, Any]) -> str:
    def shown(name: str) -> str:
        each = IntervalFigure(**figures[name])
        return f"{each.value:.3f} ({each.low:.3f} to {each.high:.3f})"

    at_95 = next((each for each in figures["coverage_at"] if each["at"] == 0.95), None)
    told = (
        f"answers {at_95['figure']['value']:.0%} at 95 % on dev" if at_95 else "no threshold for 95 % on dev"
    )
    return (
        f"{task} ECE {shown('ece_before')} → {shown('ece')}, area under risk {shown('aurc')}, {told}, "
        f"{figures['items']} items"
    )
