"""`medner versions`: every version with its recipe in a line, and what is there of it."""

import polars as pl
from rich.table import Table

from medner_assets import paths
from medner_assets.errors import MednerError
from medner_assets.recipes.loading import load_version, version_names
from medner_assets.scoring.schemes import FINAL, HEADLINES
from medner_assets.warehouse.store import Store


def versions_table() -> Table:
    """Return one row a version: its place in the chain of baselines, what is trained, and its headline F1."""
    store = Store(paths.warehouse())
    store.initialise()
    table = Table(box=None, pad_edge=False)
    for name in ("version", "baseline", "base", "dataset", "adapter", "entity F1", "relation F1", "summary"):
        table.add_column(name, justify="right" if name.endswith("F1") else "left", no_wrap=True)
    for name in version_names():
        try:
            recipe = load_version(name)
        except MednerError as error:
            table.add_row(name, "", "", "", "unreadable", "", "", str(error))
            continue
        trained = "trained" if paths.adapter(name).exists() else "–"
        scores = headline_f1(store, name)
        table.add_row(
            name, recipe.baseline or "–", recipe.base_model, recipe.dataset, trained, *scores, recipe.summary
        )
    return table


def headline_f1(store: Store, version: str) -> tuple[str, str]:
    """Return final F1 of entities and relations in %, `–` where there is none."""
    if not store.has("metrics", version):
        return "–", "–"
    rows = store.read("metrics", version).filter(pl.col("stage") == FINAL)
    found = {(row["task"], row["scheme"]): row["f1"] for row in rows.iter_rows(named=True)}
    entity, relation = (found.get(each) for each in HEADLINES)
    return tuple("–" if f1 is None else f"{100 * f1:.1f}" for f1 in (entity, relation))  # type: ignore[return-value]
