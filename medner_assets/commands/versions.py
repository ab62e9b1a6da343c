"""`medner versions`: every version with what it is made from, and its scores where there are any.

Pure but for `listed`, which reads recipes and tables.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from medner_assets import paths
from medner_assets.defs.changes import changed_since, without_recipe
from medner_assets.defs.shared import bring
from medner_assets.errors import MednerError
from medner_assets.recipes.loading import load_version, version_names
from medner_assets.recipes.replicates import names_of
from medner_assets.scoring.schemes import FINAL, HEADLINES
from medner_assets.warehouse.data_tables import DataTables
from medner_assets.warehouse.store import Store

NONE = "–"
"""Stands where there is no value."""

_GAP = 2
_SUMMARY_CELLS = 40
"""A narrower summary would be a tower of words: it is left out, and said to be."""
_DROPPED_FIRST = ("summary", "base", "baseline", "dataset", "trained")
"""What a narrow terminal goes without, in this order; names and scores always stand."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One version. `cells`: column → text; `problem`: why its recipe cannot be read, empty when it can.

    `note`: what changed since it was trained or evaluated, empty where nothing did.
    """

    name: str
    cells: Mapping[str, str]
    problem: str = ""
    note: str = ""


def listed() -> list[Listed]:
    """Return every version, by name; one whose recipe cannot be read has the reason instead of cells."""
    store = Store(paths.warehouse())
    store.initialise()
    bring()
    found = []
    for name in version_names():
        try:
            recipe = load_version(name)
        except MednerError as error:
            found.append(Listed(name, {}, f"unreadable: {error}"))
            continue
        note = changed_since(name, DataTables())
        trained = paths.adapter(name).exists()
        entity, relation = headline_f1(store, names_of(name, recipe.replicates))
        cells = {
            "version": name,
            "baseline": recipe.baseline or NONE,
            "base": recipe.base_model or NONE,
            "dataset": recipe.dataset,
            "trained": _trained(recipe.system, note, trained),
            "entity F1": entity,
            "relation F1": relation,
            "summary": recipe.summary,
        }
        found.append(Listed(name, cells, note=note))
    found += [Listed(name, {}, problem) for name, problem in without_recipe(DataTables()).items()]
    return found


def _trained(system: str, note: str, trained: bool) -> str:
    """Return whether a version has its adapter; of one that never has, what it is instead."""
    if system != "lora":
        return system
    return "changed" if note.startswith("trained") else "yes" if trained else NONE


def versions_table(versions: Sequence[Listed], width: int) -> tuple[Table, list[str]]:
    """Return the versions whose recipe can be read as a table for a terminal of `width` cells, and the
    columns it goes without. No name and no score is ever cut; a name longer than the terminal is folded."""
    rows = [each.cells for each in versions if not each.problem]
    columns = list(rows[0]) if rows else []
    wanted = {name: max(cell_len(name), *(cell_len(row[name]) for row in rows)) for name in columns}
    if wanted:
        wanted["summary"] = min(wanted["summary"], _SUMMARY_CELLS)
    left_out: list[str] = []
    for name in _DROPPED_FIRST:
        if _GAP * (len(wanted) - 1) + sum(wanted.values()) <= width:
            break
        if name in wanted:
            left_out.append(name)
            del wanted[name]
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
    for name in wanted:
        score = name.endswith("F1")
        table.add_column(name, justify="right" if score else "left", no_wrap=score, overflow="fold")
    for row in rows:
        table.add_row(*(Text(row[name]) for name in wanted))
    return table, left_out


def plain_lines(versions: Sequence[Listed]) -> list[str]:
    """Return the versions as aligned lines of any length, for a pipe or a file: nothing is cut or wrapped."""
    rows = [each.cells for each in versions if not each.problem]
    if not rows:
        return []
    table = [list(rows[0]), *(list(row.values()) for row in rows)]
    widths = [max(cell_len(row[n]) for row in table) for n in range(len(table[0]))]
    return [
        "  ".join(
            cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in table
    ]


def headline_f1(store: Store, replicates: Sequence[str]) -> tuple[str, str]:
    """Return final F1 of entities and relations in %, `–` where there is none.

    replicates: partitions of one version; of several that are scored, mean ± SD (how many).
    """
    scored = [store.read("metrics", name) for name in replicates if store.has("metrics", name)]
    rows = pl.concat(scored).filter(pl.col("stage") == FINAL) if scored else pl.DataFrame()

    def told(task: str, scheme: str) -> str:
        if rows.is_empty():
            return NONE
        own = 100 * rows.filter((pl.col("task") == task) & (pl.col("scheme") == scheme))["f1"].drop_nulls()
        if own.len() < 2:
            return f"{own[0]:.1f}" if own.len() else NONE
        values = own.to_numpy()
        return f"{values.mean():.1f} ±{values.std(ddof=1):.1f} ({len(values)})"

    entity, relation = (told(*each) for each in HEADLINES)
    return entity, relation
