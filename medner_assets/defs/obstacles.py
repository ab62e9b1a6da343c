"""Why a version or a dataset cannot be made on this machine: its recipe, its base, its corpus files."""

from collections.abc import Callable

from medner_assets import paths
from medner_assets.defs.sources import source_state
from medner_assets.errors import MednerError
from medner_assets.modeling.requirements import first_lack, gliner_folder, missing_requirements
from medner_assets.recipes.loading import load_base_model, load_dataset, load_version
from medner_assets.recipes.sources import BaseModelRecipe
from medner_assets.warehouse.store import Store


def obstacle_to(version: str) -> str | None:
    """Return why a version cannot be made here: its recipe is broken, its base or its corpus is missing.

    None: it can. Reads recipes and looks for files; cheap enough for a sensor.
    """
    try:
        return lack_of(version, missing_requirements)
    except MednerError as error:
        return str(error)


def lack_of(version: str, lacking: Callable[[str, BaseModelRecipe], str | None] = first_lack) -> str | None:
    """Return what this machine lacks for a version; None: nothing. Raises MednerError for a broken recipe.

    lacking: tells it of a base. As it stands it does not look into the base: for definitions, when they load.
    """
    recipe = load_version(version)
    if recipe.gliner is not None and not gliner_folder(recipe.gliner).is_dir():
        return f"{version} lacks its weights in {gliner_folder(recipe.gliner)}: put them there"
    if recipe.base_model is None:  # a server or a file of answers needs no base
        return lack_of_dataset(recipe.dataset)
    base = load_base_model(recipe.base_model)
    return lacking(recipe.base_model, base) or lack_of_dataset(recipe.dataset)


def lack_of_dataset(dataset: str) -> str | None:
    """Return which corpus files a dataset lacks that is not built; None: none, or it stands in the tables.

    Raises MednerError for a broken recipe.
    """
    missing = source_state(load_dataset(dataset), paths.corpora()).missing
    if not missing or Store(paths.warehouse()).has("documents", dataset):
        return None
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    what = f"dataset {dataset} lacks {missing[0]}{more} in {paths.corpora()}"
    return f"{what}: put it there, or set MEDNER_CORPORA"


def was_made(version: str) -> bool:
    """Tell whether anything of a version stands here, wherever it was made: weights, completions, scores."""
    store = Store(paths.warehouse())
    return paths.adapter(version).exists() or any(
        store.has(table, version) for table in ("adapters", "completions", "metrics")
    )
