"""Evaluations of the warehouse: read only if they are of the present settings, and compared."""

import polars as pl

from medner_assets.defs.datasets.data import data_of
from medner_assets.defs.identity import evaluation_id
from medner_assets.defs.resources import Warehouse
from medner_assets.defs.versions.completion_rows import EVALUATED_SPLIT
from medner_assets.errors import MednerError
from medner_assets.recipes.loading import load_dataset, load_version
from medner_assets.recipes.replicates import is_replicate, names_of
from medner_assets.scoring.comparison import compare_versions
from medner_assets.scoring.confidence.items import TABLE_OF, items_of
from medner_assets.scoring.confidence.rows import confidence_comparison
from medner_assets.scoring.recipe_comparison import compare_recipes
from medner_assets.scoring.schemes import SCORER_VERSION
from medner_assets.tables import TABLES


def is_evaluated(warehouse: Warehouse, version: str) -> bool:
    """Tell whether a version was ever scored."""
    return warehouse.store().has("document_scores", version)


def scores_of(warehouse: Warehouse, version: str) -> pl.DataFrame:
    """Return the rows of `document_scores` of a version.

    Raises MednerError when it was never evaluated, or when its scores are of other completions, another
    post-processing or an older scorer than its present ones: such scores must not be compared.
    """
    again = f"run `medner evaluate {version}`"
    if not is_evaluated(warehouse, version):
        raise MednerError(f"{version} is not evaluated yet: {again}")
    scores = warehouse.read("document_scores", version)
    generation = warehouse.read("completions", version)["generation_id"][0]
    present = evaluation_id(generation, load_version(version).repairs, str(SCORER_VERSION))
    if scores["evaluation_id"].unique().to_list() != [present]:
        raise MednerError(f"the scores of {version} are older than its completions or recipe: {again}")
    return scores


def replicate_scores(warehouse: Warehouse, version: str) -> tuple[list[pl.DataFrame], list[str]]:
    """Return the rows of `document_scores` of each evaluated replicate of a version, and what is missing.

    A replicate that is not evaluated, or not by its present recipe, is left out, and a line says which and
    why.
    """
    scores, missing = [], []
    for name in names_of(version, load_version(version).replicates):
        try:
            scores.append(scores_of(warehouse, name))
        except MednerError as error:
            missing.append(str(error))
    return scores, missing


def recipes_compared(warehouse: Warehouse, version: str, baseline: str) -> pl.DataFrame:
    """Return the rows of `recipe_comparisons`; none where either side has fewer than two replicates."""
    if is_replicate(version) or is_replicate(baseline) or version == baseline:
        return pl.DataFrame(schema=TABLES["recipe_comparisons"].schema)
    return compare_recipes(
        replicate_scores(warehouse, version)[0],
        replicate_scores(warehouse, baseline)[0],
        baseline=baseline,
        margin=load_dataset(load_version(version).dataset).margin,
    )


def compared(warehouse: Warehouse, version: str, baseline: str) -> pl.DataFrame:
    """Return the rows of `comparisons` of a version against a baseline; raise MednerError if it cannot be."""
    if version == baseline:
        raise MednerError(f"{version} cannot be compared with itself: name another baseline")
    return compare_versions(
        scores_of(warehouse, version),
        scores_of(warehouse, baseline),
        baseline=baseline,
        seed=load_version(version).seed,
    )


def compared_pair(warehouse: Warehouse, version: str, baseline: str | None) -> dict[str, pl.DataFrame]:
    """Return the rows of a pair in every table of comparisons; none where the baseline is not evaluated yet.

    baseline: None: the version names none. Raises MednerError where scores of the two cannot be compared.
    """
    if baseline is None or not is_evaluated(warehouse, baseline):
        tables = ("comparisons", "recipe_comparisons", "confidence_comparisons")
        return {table: pl.DataFrame(schema=TABLES[table].schema) for table in tables}
    return {
        "comparisons": compared(warehouse, version, baseline),
        "recipe_comparisons": recipes_compared(warehouse, version, baseline),
        "confidence_comparisons": _confidence_compared(warehouse, version, baseline),
    }


def _confidence_compared(warehouse: Warehouse, version: str, baseline: str) -> pl.DataFrame:
    recipe = load_version(version)
    names = (*TABLE_OF.values(), "entity_outcomes", "relation_outcomes")
    items, other = (
        items_of({table: warehouse.read(table, name) for table in names}) for name in (version, baseline)
    )
    documents = data_of(recipe.dataset, warehouse).documents.filter(pl.col("split") == EVALUATED_SPLIT)
    at = {
        "baseline": baseline,
        "dataset": recipe.dataset,
        "evaluation_id": scores_of(warehouse, version)["evaluation_id"][0],
        "baseline_evaluation_id": scores_of(warehouse, baseline)["evaluation_id"][0],
    }
    return confidence_comparison(items, other, documents, at, recipe.seed)
