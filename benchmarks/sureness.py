"""What `benchmarks/confidence.py score` computes of one dataset: calibration on dev, figures on test."""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from medner_assets.scoring.postprocessing import (
    LEAST,
    MIN_CONFIDENCE,
    RelationSchema,
    apply_stages,
    stage_names,
)
from medner_assets.scoring.schemes import FINAL, HEADLINES, Task
from medner_assets.scoring.staging import staged_frames

STAGES = ("drop_ungrounded", "deduplicate")
TASKS: tuple[Task, ...] = ("entity", "relation")
SEED = 1
ABSTAINS = (MIN_CONFIDENCE,)
THRESHOLDS = (0.01, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6)
FIGURES = ("precision", "recall", "f1", "f1_low", "f1_high")
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
        calibration: Calibration | None = None, least: Mapping[Task, float] = LEAST,
    ) -> Frames:  # fmt: skip
        """Return the rows of every stage. least: what the stage min_confidence keeps."""
        return staged_frames(
            grounded(rows, self.texts), stages, self._schema, calibration=calibration, least=least,
            evaluation_id="b", dataset="b", split="test",
        )  # fmt: skip

    def abstained(self, said: Frames, least: Mapping[Task, float]) -> Frames:
        """Return the rows of every stage where answers are taken as they are, but for min_confidence."""
        rows = (said[table_of(task)].drop("stage", strict=False) for task in TASKS)
        return dict(
            zip(map(table_of, TASKS), apply_stages(*rows, ABSTAINS, self._schema, least=least), strict=True)
        )

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
        print({task: told["scores"][task]["f1"] for task in TASKS}, told["abstaining"], flush=True)
        if len(trainings) == 1:
            trainings[0]["definitions"] = _definitions(splits, written)
    together = {}
    for way, probability in (("votes", pl.col("votes") / len(members)), ("mean", pl.col("probability"))):
        together[way] = _together(splits, members, probability)
        print(f"{name} {way} of {len(members)}: "
              + "; ".join(_line(task, together[way][task]) for task in TASKS))  # fmt: skip
    ensemble = _ensemble(splits, members)
    print(f"{name}, what most of {len(members)} say:", json.dumps(ensemble), flush=True)
    return {"trainings": trainings, "together": together, "ensemble": ensemble}


def _ensemble(splits: dict[str, Split], members: list[dict[str, Frames]]) -> dict[str, Any]:
    """Return the scores of what more than half of the trainings say, all of it and by min_confidence."""
    said: dict[str, Frames] = {split: {} for split in splits}
    for split in splits:
        for task in TASKS:
            rows = voted(task, [each[split][table_of(task)].filter(stage=FINAL) for each in members])
            said[split][table_of(task)] = majority(rows, len(members)).drop("votes")

    def at(split: str, least: Mapping[Task, float]) -> dict[Task, dict[str, float]]:
        own = splits[split]
        return _final(own.scored(own.abstained(said[split], least), ABSTAINS))

    every: Mapping[Task, float] = dict.fromkeys(TASKS, 0.0)
    return {"all": {split: at(split, every) for split in splits}, "min_confidence": _best(at)}


def _final(scored: Frames) -> dict[Task, dict[str, float]]:
    """Return the headline figures of both tasks."""
    metrics = scored["metrics"].filter(stage=FINAL)
    return {
        task: metrics.filter(task=task, scheme=scheme).select(FIGURES).row(0, named=True)
        for task, scheme in HEADLINES
    }


def _best(at: Callable[[str, Mapping[Task, float]], dict[Task, dict[str, float]]]) -> dict[str, Any]:
    """Return the thresholds that are best on dev, and the scores with both on dev and test.

    The one of entities first, since a relation goes where an argument does; test is read once.
    """
    least: dict[Task, float] = dict.fromkeys(TASKS, THRESHOLDS[0])
    for task in TASKS:
        on_dev = {each: at("dev", {**least, task: each})[task]["f1"] for each in THRESHOLDS}
        least[task] = max(THRESHOLDS, key=on_dev.__getitem__)
    return {"least": least, "dev": at("dev", least), "test": at("test", least)}


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
    items = test.items(calibrated["test"])
    told = {
        "scores": _final(test.scored(predicted["test"])),
        "figures": {
            task: _figures(test, items[task], calibration, task) for task in TASKS
        },
        "calibration": {
            task: {"items": own.items, "right": own.right, "types": sorted(own.types),
                   "thresholds": [each.model_dump() for each in own.thresholds]}
            for task, own in calibration.tasks.items()
        },
        "abstaining": _abstaining(splits, written, calibration) if abstains else {},
    }  # fmt: skip
    return told, calibrated


def _abstaining(
    splits: dict[str, Split], written: dict[str, list[dict[str, Any]]], calibration: Calibration
) -> dict[str, Any]:
    """Return the scores with the stage min_confidence, at the thresholds that are best on dev."""
    stages = (*STAGES, *ABSTAINS)

    def at(split: str, least: Mapping[Task, float]) -> dict[Task, dict[str, float]]:
        own = splits[split]
        return _final(own.scored(own.predicted(written[split], stages, calibration, least), stages))

    return _best(at)


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
