"""Votes of a version's replicates as a version of its own: what most of them say at `final`.

What stands in `completions` of such a version are its answers in JSON, one a test document, as those of a
registered file.
"""

import json
from dataclasses import dataclass

import polars as pl

from medner_assets.defs.datasets.data import Data
from medner_assets.defs.identity import combined
from medner_assets.defs.versions.submitted import answer_rows
from medner_assets.errors import MednerError
from medner_assets.recipes.loading import load_version
from medner_assets.recipes.replicates import names_of
from medner_assets.recipes.version import NOT_GENERATED, VersionRecipe
from medner_assets.scoring.confidence.items import TABLE_OF
from medner_assets.scoring.confidence.votes import majority, voted
from medner_assets.scoring.schemes import FINAL
from medner_assets.warehouse.data_tables import DataTables
from medner_assets.warehouse.export import document_json

FEWEST = 2


@dataclass(frozen=True, slots=True)
class Voters:
    """The replicates that vote: those that are evaluated on the dataset as it is."""

    present: tuple[str, ...]
    missing: tuple[str, ...]
    id: str
    """Hash of their evaluations: equal ids, equal votes."""


def voters_of(version: str, recipe: VersionRecipe, data: Data, warehouse: DataTables) -> Voters:
    """Return who votes; raise MednerError where fewer than two can, or they are of another dataset."""
    name = recipe.members or ""
    voting = load_version(name)
    if voting.dataset != recipe.dataset or voting.system in NOT_GENERATED:
        what = f"of dataset {voting.dataset}" if voting.dataset != recipe.dataset else f"of {voting.system}"
        raise MednerError(
            f"{version}: its members {name} are {what}: name a version that was trained on {recipe.dataset}"
        )
    names = names_of(name, voting.replicates)
    evaluations = {each: _evaluation(each, data.version, warehouse) for each in names}
    present = tuple(each for each in names if evaluations[each])
    if len(present) < FEWEST:
        replicate = next((each for each in names if each not in present), f"{name}.r{FEWEST}")
        raise MednerError(
            f"{version}: {len(present)} of {len(names)} replicates of {name} are evaluated, and a vote needs "
            f"{FEWEST}: run `medner train {name} --replicates {FEWEST}` and `medner evaluate {replicate}`"
        )
    return Voters(
        present,
        tuple(each for each in names if each not in present),
        combined("ensemble", data.version, *(evaluations[each] for each in present)),
    )


def _evaluation(version: str, dataset_version: str, warehouse: DataTables) -> str:
    """Return the evaluation of a replicate on the dataset as it is; empty where there is none."""
    store = warehouse.store()
    if not all(store.has(table, version) for table in ("metrics", *TABLE_OF.values())):
        return ""
    metrics = warehouse.read("metrics", version).filter(pl.col("dataset_version") == dataset_version)
    return str(metrics["evaluation_id"][0]) if metrics.height else ""


def ensemble_rows(version: str, recipe: VersionRecipe, data: Data, warehouse: DataTables) -> pl.DataFrame:
    """Return the rows of `completions`: what more than half of the replicates that are there say."""
    voters = voters_of(version, recipe, data, warehouse)
    frames = {}
    for task, table in TABLE_OF.items():
        said = [warehouse.read(table, name).filter(pl.col("stage") == FINAL) for name in voters.present]
        rows = majority(voted(task, said), len(said))
        frames[task] = rows.partition_by("doc_id", as_dict=True)
    texts = data.documents.filter(pl.col("split") == "test").select("doc_id", "text")
    lines = {
        doc_id: json.dumps(
            document_json(
                doc_id, "test", text, frames["entity"].get((doc_id,)), frames["relation"].get((doc_id,))
            ),
            ensure_ascii=False,
        )
        for doc_id, text in texts.iter_rows()
    }
    return answer_rows(lines, data, voters.id, voters.id)
