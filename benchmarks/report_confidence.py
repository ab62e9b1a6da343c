"""Invented probabilities for the invented report: surer where an item is right, and too sure altogether."""

import numpy as np
import polars as pl

from medner_assets.scoring.confidence.calibration import Calibration
from medner_assets.scoring.confidence.items import TABLE_OF
from medner_assets.scoring.confidence.rows import confidence_comparison, with_confidence
from medner_assets.scoring.schemes import FINAL, Task

Items = dict[Task, pl.DataFrame]


def invented_items(scored: dict[str, pl.DataFrame], seed: int) -> tuple[Items, Calibration]:
    """Return the items of both tasks with calibrated probabilities, and what they are calibrated by."""
    random = np.random.default_rng(seed)
    items: Items = {}
    for task in TABLE_OF:
        counted = scored[f"{task}_outcomes"].filter(
            (pl.col("stage") == FINAL) & (pl.col("tp") + pl.col("fp") > 0)
        )
        right = (counted["tp"] > 0).to_numpy()
        sure = np.where(right, random.beta(6, 0.6, len(right)), random.beta(2.5, 0.9, len(right)))
        items[task] = counted.select(
            "split", "doc_id", type="predicted_type", right=pl.Series(right),
            model_probability=pl.Series(sure), probability=pl.Series(sure),
        )  # fmt: skip
    calibration = Calibration.fitted(
        "invented", {task: rows.sample(fraction=0.5, seed=seed) for task, rows in items.items()}
    )
    return {task: calibration.applied(task, rows) for task, rows in items.items()}, calibration


def with_invented(
    scored: dict[str, pl.DataFrame], documents: pl.DataFrame, seed: int
) -> dict[str, pl.DataFrame]:
    """Return the scores with their figures of confidence."""
    items, calibration = invented_items(scored, seed)
    return scored | with_confidence(scored, items, documents, calibration, seed=42)


def invented_comparison(
    scored: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame], documents: pl.DataFrame,
    baseline: str, seeds: tuple[int, int],
) -> pl.DataFrame:  # fmt: skip
    """Return the rows of `confidence_comparisons` of two invented versions."""
    names = (scored, other)
    ids = [each["metrics"]["evaluation_id"][0] for each in names]
    at = {
        "baseline": baseline, "dataset": scored["metrics"]["dataset"][0],
        "evaluation_id": ids[0], "baseline_evaluation_id": ids[1],
    }  # fmt: skip
    items = [invented_items(each, seed)[0] for each, seed in zip(names, seeds, strict=True)]
    return confidence_comparison(items[0], items[1], documents, at, seed=42)
