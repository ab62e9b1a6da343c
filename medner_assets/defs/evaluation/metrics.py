"""The asset `metrics`: a version's scores, intervals and errors, one row for each."""

import dagster as dg
import polars as pl

from medner_assets.defs.conditions import WHEN_INPUTS_CHANGE
from medner_assets.defs.datasets.data import Data, data_of
from medner_assets.defs.descriptions import table_metadata
from medner_assets.defs.evaluation.predictions import completions_of, predictions
from medner_assets.defs.evaluation.reads import note_evaluation
from medner_assets.defs.failures import clear_failures
from medner_assets.defs.identity import evaluation_id
from medner_assets.defs.partitions import FROM_FILES, VERSIONS
from medner_assets.defs.resources import Warehouse
from medner_assets.defs.versions.calibration import calibration_of
from medner_assets.defs.versions.completion_rows import EVALUATED_SPLIT
from medner_assets.defs.versions.submitted import answers_of
from medner_assets.errors import MednerError
from medner_assets.recipes.loading import load_dataset, load_version
from medner_assets.recipes.version import GIVES_PLACES
from medner_assets.reporting.error_table import errors_markdown
from medner_assets.scoring.confidence.items import items_of
from medner_assets.scoring.confidence.rows import with_confidence
from medner_assets.scoring.evaluation import score_version
from medner_assets.scoring.external import has_spans
from medner_assets.scoring.frames import GoldFrames, PredictedFrames
from medner_assets.scoring.postprocessing import stage_names
from medner_assets.scoring.relation_spans import with_places
from medner_assets.scoring.schemes import FINAL, HEADLINES, RAW, SCORER_VERSION


@dg.asset(
    partitions_def=VERSIONS,
    deps=[predictions, FROM_FILES],
    group_name="evaluation",
    kinds={"polars", "parquet"},
    owners=["team:evaluation"],
    code_version=str(SCORER_VERSION),
    automation_condition=WHEN_INPUTS_CHANGE,
    metadata=table_metadata(
        "metrics", "confidence", "document_scores", "entity_outcomes", "relation_outcomes", "test_reads"
    ),
)
@clear_failures()
def metrics(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """Scores of a version on the test split with seeded intervals, and the class of every error."""
    version = context.partition_key
    recipe = load_version(version)
    data = data_of(recipe.dataset, warehouse)
    written = completions_of(warehouse, version, data.version)
    generation = written["generation_id"][0]
    evaluation = evaluation_id(generation, recipe.repairs, str(SCORER_VERSION))
    gold, predicted = gold_of(data), predicted_of(warehouse, version, evaluation)
    answers = answers_of(written) if recipe.system in GIVES_PLACES else None
    # A step that turns relations round leaves the places of the answers behind.
    if answers is not None and "fix_direction" not in recipe.postprocessing:
        gold, predicted = with_places(gold, predicted, answers)
    scored = score_version(
        gold,
        predicted,
        evaluation_id=evaluation,
        dataset=data.name,
        dataset_version=data.version,
        stages=stage_names(recipe.postprocessing),
        seed=recipe.seed,
        symmetric=load_dataset(recipe.dataset).symmetric_relations,
        spans=answers is None or has_spans(answers),
    )
    documents = data.documents.filter(pl.col("split") == EVALUATED_SPLIT)
    items = items_of(
        {**scored, "predicted_entities": predicted.entities, "predicted_relations": predicted.relations}
    )
    scored |= with_confidence(scored, items, documents, calibration_of(version, generation), recipe.seed)
    rows = warehouse.replace(scored, version)
    note_evaluation(warehouse, version, data.name, data.version, evaluation)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(evaluation),
        metadata={
            "dagster/row_count": rows,
            "errors": dg.MetadataValue.md(
                errors_markdown(version, scored["entity_outcomes"], scored["relation_outcomes"])
            ),
            **headline(scored["metrics"]),
        },
    )


def gold_of(data: Data) -> GoldFrames:
    """Return a dataset as scoring takes it."""
    return GoldFrames(data.documents, data.gold_entities, data.gold_relations)


def predicted_of(warehouse: Warehouse, version: str, evaluation: str) -> PredictedFrames:
    """Return the predictions of an evaluation; raise MednerError when those that are there are of another."""
    frames = [
        warehouse.read(table, version)
        for table in ("predicted_entities", "predicted_relations")
        if warehouse.store().has(table, version)
    ]
    if len(frames) < 2 or any(set(frame["evaluation_id"].unique()) - {evaluation} for frame in frames):
        raise MednerError(
            f"the predictions of {version} are missing or were made with other settings: "
            "materialise `predictions` first"
        )
    return PredictedFrames(*frames)


def headline(metrics: pl.DataFrame) -> dict[str, float]:
    """Return the numbers that Dagster plots, one point per version: P, R and F1 of both tasks, raw and final.

    metrics: rows of that table. A figure that is not defined is left out.
    """
    rows = {(row["stage"], row["task"], row["scheme"]): row for row in metrics.iter_rows(named=True)}
    return {
        f"{stage} {task} {figure}": rows[stage, task, scheme][figure]
        for stage in (RAW, FINAL)
        for task, scheme in HEADLINES
        for figure in ("precision", "recall", "f1")
        if rows[stage, task, scheme][figure] is not None
    }
