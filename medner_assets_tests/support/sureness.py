"""Figures of confidence of the story: one reliable version and one that is too sure."""

from typing import Any


def confidence_rows(dataset: str, old: str, new: str) -> list[dict[str, Any]]:
    """Return rows of `confidence` for both versions and tasks."""
    rows = []
    for version, error in ((old, 0.2), (new, 0.05)):
        for task in ("entity", "relation"):
            figures = [
                ("ece", None, error, 4, None), ("ece_before", None, error + 0.1, 4, None),
                ("aurc", None, error / 2, 4, None), ("reliability", 0.9, 0.9 - error, 3, None),
                ("reliability", 0.3, 0.3, 1, None), ("reliability_before", 0.8, 0.7, 4, None),
                ("risk", 0.5, 0.0, 2, 0.9), ("risk", 1.0, error, 4, 0.3),
            ]  # fmt: skip
            if (version, task) != (old, "relation"):  # no threshold gives the precision there
                figures += [("coverage_at", 0.95, 0.61, 2, 0.9), ("precision_at", 0.95, 0.93, 2, 0.9)]
            rows += [
                {"model_version": version, "dataset": dataset, "task": task, "figure": figure, "along": at,
                 "value": value, "low": value - 0.01, "high": value + 0.02, "items": items,
                 "threshold": threshold, "evaluation_id": f"e-{version}"}
                for figure, at, value, items, threshold in figures
            ]  # fmt: skip
    return rows


def compared_rows(dataset: str, old: str, new: str) -> list[dict[str, Any]]:
    """Return rows of `confidence_comparisons`: better calibrated, and no telling who ranks better."""
    return [
        {"model_version": new, "baseline": old, "dataset": dataset, "task": task, "figure": figure,
         "version_value": 0.05, "baseline_value": 0.2, "difference": -0.15, "low": low, "high": high,
         "evaluation_id": f"e-{new}", "baseline_evaluation_id": f"e-{old}"}
        for task in ("entity", "relation")
        for figure, low, high in (("ece", -0.2, -0.1), ("aurc", -0.2, 0.05))
    ]  # fmt: skip
