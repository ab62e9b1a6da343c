"""Rows of table `completions`: those of a generation, and whether those that stand are the wanted ones."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from medner_assets.defs.identity import combined
from medner_assets.defs.versions.generation import Generation
from medner_assets.errors import MednerError
from medner_assets.recipes.version import VersionRecipe
from medner_assets.tables import TABLES
from medner_assets.warehouse.data_tables import DataTables

EVALUATED_SPLIT, CALIBRATED_SPLIT = "test", "dev"


def existing(warehouse: DataTables, recipe: VersionRecipe, version: str, wanted: str) -> pl.DataFrame | None:
    """Return the completions of a version if they are those of the generation `wanted`, else None.

    Also None for those of before windows were kept, where a document was read in windows.
    """
    if not warehouse.store().has("completions", version):
        return None
    frame = warehouse.read("completions", version)
    return frame if frame["generation_id"].unique().to_list() == [_own_id(wanted, frame, recipe)] else None


def splits_of(recipe: VersionRecipe) -> tuple[str, ...]:
    """Return the splits that a version writes about: what has an adapter is calibrated on dev."""
    return (EVALUATED_SPLIT, CALIBRATED_SPLIT) if recipe.system == "lora" else (EVALUATED_SPLIT,)


def completion_rows(written: list[Mapping[str, Any]], asked: Generation) -> pl.DataFrame:
    """Return the rows of the tables `completions` and `dev_completions`, in the documents' order, a split
    after the other; each document has exactly one.

    written: what the generation process wrote, one mapping a document. Raises MednerError when some are
    missing.
    """
    data = asked.data
    splits = {
        doc_id: split
        for split in splits_of(asked.recipe)
        for doc_id in data.documents.filter(pl.col("split") == split)["doc_id"]
    }
    wanted = list(splits)
    by_document = {line["doc_id"]: line for line in written}
    if set(by_document) != set(wanted) or len(written) != len(wanted):
        raise MednerError(
            f"generation of {asked.version} wrote {len(by_document)} of {len(wanted)} completions: "
            "run it again"
        )
    frame = pl.DataFrame(
        [
            {
                **{key: value for key, value in by_document[doc_id].items() if key != "retries"},
                "dataset": data.name,
                "dataset_version": data.version,
                "split": splits[doc_id],
                "weights_hash": asked.writer,
            }
            for doc_id in wanted
        ],
        schema=TABLES["completions"].schema,
        strict=False,
    )
    evaluated = frame.filter(pl.col("split") == EVALUATED_SPLIT)
    return frame.with_columns(generation_id=pl.lit(_own_id(asked.id, evaluated, asked.recipe)))


def _own_id(wanted: str, written: pl.DataFrame, recipe: VersionRecipe) -> str:
    """Return the id of completions of the generation `wanted`: another one where windows had to be kept."""
    in_windows = written["windows"].is_not_null()
    if recipe.system == "lora":  # in other prompts examples count, too
        in_windows |= written["prompt_tokens"] > recipe.training.max_tokens
    return ids_of(wanted)[in_windows.any()]


def ids_of(wanted: str) -> tuple[str, str]:
    """Return the ids that completions of a generation may have: without and with windows that are kept."""
    return wanted, combined(wanted, "windows")
