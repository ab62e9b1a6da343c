"""The history of what serves each dataset: rows of `promotions`, only ever added to. Pure."""

from datetime import datetime
from typing import Literal

import polars as pl

from medner_assets.errors import MednerError
from medner_assets.tables import TABLES

EMPTY = pl.DataFrame(schema=TABLES["promotions"].schema)


def serving(history: pl.DataFrame) -> str | None:
    """Return the version that serves the dataset now; None: none does. history: rows of one dataset."""
    return None if history.is_empty() else str(history.sort("sequence")["version"][-1])


def promoted(
    history: pl.DataFrame,
    version: str,
    *,
    automatic: bool,
    reason: str,
    evaluation_id: str,
    decided_at: datetime,
) -> pl.DataFrame:
    """Return the history with one more row; a version that served before comes back as a rollback.

    Raises MednerError when the version serves already or no reason is given.
    """
    previous = serving(history)
    if version == previous:
        raise MednerError(f"{version} already serves its dataset: nothing to promote")
    if not reason.strip():
        raise MednerError(f"promotion of {version}: the reason is empty: give it with --reason")
    served = version in history["version"].to_list()
    kind: Literal["automatic", "manual", "rollback"] = (
        "automatic" if automatic else "rollback" if served else "manual"
    )
    row = {
        "sequence": history.height + 1,
        "version": version,
        "previous": previous,
        "kind": kind,
        "reason": reason.strip(),
        "evaluation_id": evaluation_id,
        "decided_at": decided_at,
    }
    return pl.concat([history, pl.DataFrame([row], schema=TABLES["promotions"].schema)])


def history_markdown(histories: dict[str, pl.DataFrame]) -> str:
    """Return what serves each dataset and why, as a GFM table. histories: dataset → its rows."""
    lines = ["| dataset | serves | before | since | kind | reason |", "|---|---|---|---|---|---|"]
    for dataset, history in sorted(histories.items()):
        for row in history.sort("sequence", descending=True).head(1).iter_rows(named=True):
            reason = row["reason"].replace("|", "\\|").replace("\n", " ")
            lines.append(
                f"| {dataset} | {row['version']} | {row['previous'] or '–'} "
                f"| {row['decided_at']:%Y-%m-%d %H:%M} | {row['kind']} | {reason} |"
            )
    return "\n".join(lines) if len(lines) > 2 else "No version serves a dataset yet."
