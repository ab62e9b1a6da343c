"""All versions of each dataset in the order of their relation F1, with intervals, baselines and cost.
Pure."""

from collections.abc import Mapping, Sequence

import polars as pl

from medner_assets.reporting.numbers import Number, Unit
from medner_assets.reporting.questions import Answer, Questions

LEADERBOARD_TABLES = ("metrics", "adapters", "audits", "promotions", "recipes")
"""Read whole; `metrics` must be there, the others may be empty or missing."""

_UNITS = (
    dict.fromkeys(
        (
            "relation_f1",
            "relation_low",
            "relation_high",
            "entity_f1",
            "entity_low",
            "entity_high",
            "all_pairs_f1",
            "relation_mean",
            "entity_mean",
        ),
        Unit.SHARE,
    )
    | dict.fromkeys(("relation_sd", "entity_sd"), Unit.GAP)
    | {
        "train_seconds": Unit.DURATION,
        "adapter_bytes": Unit.BYTES,
        "trainable_parameters": Unit.PARAMETERS,
    }
)


def leaderboard_rows(tables: Mapping[str, pl.DataFrame]) -> Answer:
    """Return one row per (dataset, model_version) that is scored, best relation F1 first within a dataset.

    tables: those of `LEADERBOARD_TABLES`, typed as warehouse/tables.py says even where they are empty.
    """
    with Questions({name: tables[name] for name in LEADERBOARD_TABLES}) as ask:
        return ask.table("ranking", ("dataset", "model_version"), _UNITS)


def trivial_readers(tables: Mapping[str, pl.DataFrame]) -> Answer:
    """Return the rungs of the ladder of each dataset: one row per (dataset, dataset_version, probe)."""
    with Questions({name: tables[name] for name in LEADERBOARD_TABLES}) as ask:
        units = dict.fromkeys(("f1", "f1_low", "f1_high"), Unit.SHARE)
        return ask.table("trivial_readers", ("dataset", "dataset_version", "probe", "task"), units)


def leaderboard_markdown(rows: Answer) -> str:
    """Return one GFM table a dataset; `★` marks the version that serves it, `↓` a score below all-pairs."""
    if not rows:
        return "No version is evaluated yet."
    blocks = []
    for dataset in dict.fromkeys(row["dataset"] for row in rows.rows):
        own = [row for row in rows.rows if row["dataset"] == dataset]
        blocks.append(
            f"**{dataset}**, test split, {own[0]['documents']} documents; F1 in % with 95 % intervals of the "
            "adapter `NAME`; mean ± SD over the trainings that its recipe declares; "
            "versions of one group have "
            "intervals that overlap its first, and cannot be told apart by this table\n\n"
            "| group | version | relation F1 | entity F1 | trainings | training | adapter |\n"
            "|--:|---|--:|--:|---|--:|--:|\n"
            + "\n".join(_line(row, group) for row, group in zip(own, _groups(own), strict=True))
            + _baseline(own[0]["all_pairs_f1"])
        )
    return "\n\n".join(blocks)


def _groups(rows: Sequence[Mapping[str, Number]]) -> list[int]:
    """Return the group of each row, best first: a new one where an interval ends below its group's first."""
    found: list[int] = []
    floor: float | None = None
    for row in rows:
        high = row["relation_high"].value
        if floor is None or (high is not None and high < floor):
            floor = row["relation_low"].value
            found.append(found[-1] + 1 if found else 1)
        else:
            found.append(found[-1])
    return found


def _line(row: Mapping[str, Number], group: int) -> str:
    star = " ★" if row["champion"].value else ""
    trivial, f1 = row["all_pairs_f1"].value, row["relation_f1"].value
    below = " ↓" if trivial is not None and f1 is not None and f1 < trivial else ""
    return (
        f"| {group} | {row['model_version']}{star} "
        f"| {row['relation_f1']}{below} ({row['relation_low']}–{row['relation_high']}) "
        f"| {row['entity_f1']} ({row['entity_low']}–{row['entity_high']}) "
        f"| {_trainings(row)} | {row['train_seconds']} | {row['adapter_bytes']} |"
    )


def _trainings(row: Mapping[str, Number]) -> str:
    if (row["trainings"].value or 0) < 2:
        return "1"
    return (
        f"{row['trainings']}: relations {row['relation_mean']} ± {row['relation_sd']}, "
        f"entities {row['entity_mean']} ± {row['entity_sd']}"
    )


def _baseline(all_pairs: Number) -> str:
    if all_pairs.value is None:
        return ""
    return f"\n| | *all type-compatible pairs, gold entities* | {all_pairs} | | | | |"
