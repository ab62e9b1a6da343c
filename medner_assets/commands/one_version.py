"""`medner versions NAME`: one version with its settings, its types and its scores."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from medner_assets import paths
from medner_assets.commands.versions import NONE, headline_f1
from medner_assets.defs.shared import bring
from medner_assets.recipes.loading import flattened, load_base_model, load_dataset, load_version
from medner_assets.recipes.replicates import is_replicate, names_of
from medner_assets.recipes.version import VersionRecipe
from medner_assets.warehouse.store import Store

_SETTINGS = ("seed", "training.", "lora.", "decoding.", "endpoint.", "gliner.", "shot", "postprocessing")
"""The settings that decide a result; the others describe the version or are shown above them."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `baseline`: what the baseline has, where that differs; else None."""

    key: str
    value: str
    baseline: str | None


def described_version(name: str, width: int | None) -> Iterator[RenderableType]:
    """Yield what is to be printed of a version. width: of the terminal, None for a pipe (nothing is cut).

    Raises MednerError when its recipe cannot be read.
    """
    bring()
    recipe = load_version(name)
    entity, relation = headline_f1(
        _store(), names_of(name, recipe.replicates) if not is_replicate(name) else [name]
    )
    rows = [
        ("version", name),
        ("summary", recipe.summary),
        ("baseline", recipe.baseline or NONE),
        ("dataset", f"{recipe.dataset}: {load_dataset(recipe.dataset).summary}"),
        *_origin(name, recipe),
        ("entity F1", entity),
        ("relation F1", relation),
        *types_of(recipe.dataset, name),
    ]
    yield _grid(rows, width)
    yield Text("\nsettings (change one with `medner train " + name + " --set KEY=VALUE --as NEW`)")
    other = f"{recipe.baseline} has " if recipe.baseline else ""
    yield _grid(
        [
            (
                f"  {each.key}",
                each.value + (f"  ({other}{each.baseline})" if each.baseline is not None else ""),
            )
            for each in settings_of(name)
        ],
        width,
    )


def _origin(name: str, recipe: VersionRecipe) -> list[tuple[str, str]]:
    """Return where a version's answers come from: its base, and its adapter or what stands in its place."""
    if recipe.system == "predictions":
        return [("system", f"predictions: {len(recipe.submissions)} registered files of answers")]
    if recipe.system == "gliner":
        return [("system", f"GLiNER2 in {recipe.marker.path}, threshold {recipe.marker.threshold:g}")]
    if recipe.system == "ensemble":
        return [("system", f"ensemble: what most replicates of {recipe.members} say")]
    if recipe.system == "endpoint":
        server, where = recipe.server, ", ANOTHER MACHINE" if recipe.server.is_remote else ""
        return [("system", f"{server.model} at {server.url}{where}, asked with {recipe.shots} examples")]
    base = ("base", f"{recipe.base}: {load_base_model(recipe.base).summary}")
    if recipe.system == "prompted":
        return [base, ("system", f"prompted with {recipe.shots} examples, without an adapter")]
    is_trained = paths.adapter(name).exists()
    return [base, ("trained", "yes" if is_trained else f"no: run `medner train {name}`")]


def settings_of(name: str) -> list[Setting]:
    """Return the settings of a version in the order of the recipe, each beside its baseline's."""
    recipe = load_version(name)
    own = flattened(recipe)
    before = flattened(load_version(recipe.baseline)) if recipe.baseline else own
    return [
        Setting(key, value, before.get(key, NONE) if before.get(key) != value else None)
        for key, value in own.items()
        if key.startswith(_SETTINGS)
    ]


def types_of(dataset: str, version: str) -> list[tuple[str, str]]:
    """Return the entity and the relation types that a prompt asks for, with their counts in train."""
    store = _store()
    if not store.has("gold_entities", dataset):
        missing = f"known once the dataset is built: `medner train {version}` builds it"
        return [("entity types", missing), ("relation types", missing)]
    symmetric = load_dataset(dataset).symmetric_relations
    found = []
    for label, table in (("entity types", "gold_entities"), ("relation types", "gold_relations")):
        gold = store.read(table, dataset).filter(pl.col("split") == "train")
        counts = sorted(gold.group_by("type").len().iter_rows())
        words = [f"{type} ({count}{', symmetric' if type in symmetric else ''})" for type, count in counts]
        found.append((label, ", ".join(words) or NONE))
    return found


def _store() -> Store:
    store = Store(paths.warehouse())
    store.initialise()
    return store


def _grid(rows: list[tuple[str, str]], width: int | None) -> RenderableType:
    label = max(len(name) for name, _ in rows)
    if width is None:
        return Text("\n".join(f"{name.ljust(label)}  {value}" for name, value in rows))
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(Text(name), Text(value))
    return grid
