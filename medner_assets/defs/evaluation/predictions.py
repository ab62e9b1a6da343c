"""The asset `predictions`: completions read as entities and relations, at every post-processing stage."""

from collections.abc import Iterator, Mapping

import dagster as dg
import polars as pl

from medner_assets.defs.conditions import WHEN_INPUTS_CHANGE
from medner_assets.defs.datasets.data import data_of
from medner_assets.defs.descriptions import table_metadata
from medner_assets.defs.evaluation.confidence import calibrated
from medner_assets.defs.evaluation.grounded import grounded
from medner_assets.defs.failures import clear_failures
from medner_assets.defs.identity import evaluation_id
from medner_assets.defs.partitions import FROM_FILES, VERSIONS
from medner_assets.defs.resources import Warehouse
from medner_assets.defs.versions.completion_rows import EVALUATED_SPLIT
from medner_assets.defs.versions.completions import answers_in, completions
from medner_assets.defs.versions.submitted import answers_of, prediction_of
from medner_assets.errors import MednerError
from medner_assets.recipes.loading import load_version
from medner_assets.recipes.version import GIVES_PLACES, NOT_GENERATED
from medner_assets.scoring.postprocessing import relation_schema
from medner_assets.scoring.schemes import FINAL, RAW, SCORER_VERSION
from medner_assets.scoring.staging import WindowPrediction, staged_frames


@dg.asset(
    partitions_def=VERSIONS,
    deps=[completions, FROM_FILES],
    group_name="evaluation",
    kinds={"polars", "parquet"},
    owners=["team:evaluation"],
    code_version=str(SCORER_VERSION),
    automation_condition=WHEN_INPUTS_CHANGE,
    metadata=table_metadata("predicted_entities", "predicted_relations", "rejected_lines"),
)
@clear_failures()
def predictions(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """What a version says, grounded in the text: one set of rows for each post-processing stage.

    Every line of a completion becomes a prediction or a row of `rejected_lines` with its reason.
    """
    version = context.partition_key
    recipe = load_version(version)
    data = data_of(recipe.dataset, warehouse)
    if recipe.system in NOT_GENERATED:  # the file or the replicates as they are
        warehouse.replace({"completions": answers_in(version, recipe, data, warehouse)}, version)
    written = completions_of(warehouse, version, data.version)
    evaluation = evaluation_id(written["generation_id"][0], recipe.repairs, str(SCORER_VERSION))
    texts = dict(data.documents.select("doc_id", "text").iter_rows())
    calibration = calibrated(version, recipe, data, written["generation_id"][0], warehouse)
    frames = staged_frames(
        _submitted(written, texts)
        if recipe.system in GIVES_PLACES
        else grounded(written.iter_rows(named=True), texts),
        recipe.postprocessing,
        relation_schema(data.gold_relations),
        calibration=calibration,
        least=recipe.least_probabilities,
        evaluation_id=evaluation,
        dataset=data.name,
        split=EVALUATED_SPLIT,
    )
    rows = warehouse.replace(frames, version)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(evaluation),
        metadata={
            "dagster/row_count": rows,
            "rejected_lines": frames["rejected_lines"].height,
            "probabilities": "; ".join(calibration.said()) if calibration else _uncalibrated(frames),
            **{
                f"{stage} {what}": frames[f"predicted_{what}"].filter(pl.col("stage") == stage).height
                for stage in (RAW, FINAL)
                for what in ("entities", "relations")
            },
        },
    )


def _uncalibrated(frames: Mapping[str, pl.DataFrame]) -> str:
    """Return why predictions have no calibrated probabilities."""
    if frames["predicted_entities"]["model_probability"].null_count() == frames["predicted_entities"].height:
        return "none: the tokens' probabilities were not kept"
    return "the model's own: it wrote nothing about dev, on which they would be calibrated"


def _submitted(written: pl.DataFrame, texts: Mapping[str, str]) -> Iterator[WindowPrediction]:
    """Yield what each line of a registered file says, in the order of the rows."""
    for answer in answers_of(written):
        yield WindowPrediction(prediction_of(answer, texts[answer.id]), texts[answer.id])


def completions_of(warehouse: Warehouse, version: str, dataset_version: str) -> pl.DataFrame:
    """Return the completions of a version; raise MednerError when there are none for the dataset as it is."""
    again = f"run `medner evaluate {version}`"
    if not warehouse.store().has("completions", version):
        raise MednerError(f"{version} has no completions yet: {again}")
    written = warehouse.read("completions", version)
    if written["dataset_version"].unique().to_list() != [dataset_version]:
        raise MednerError(
            f"the completions of {version} are of another state of its dataset: "
            f"run `medner train {version}`, then {again}"
        )
    return written
