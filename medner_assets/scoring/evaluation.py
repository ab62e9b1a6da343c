"""Score and classify one version: gold and predicted frames in, the rows of four tables out. Pure."""

from collections.abc import Sequence

import polars as pl

from medner_assets.errors import MednerError
from medner_assets.scoring.coding import coded
from medner_assets.scoring.frames import GoldFrames, PredictedFrames
from medner_assets.scoring.metrics import document_score_table, metric_table, scored
from medner_assets.scoring.outcomes import entity_outcome_table, relation_outcome_table

TEST = "test"
RESAMPLES = 10_000


def score_version(
    gold: GoldFrames,
    predicted: PredictedFrames,
    *,
    evaluation_id: str,
    dataset: str,
    dataset_version: str,
    stages: Sequence[str],
    seed: int,
    resamples: int = RESAMPLES,
    splits: Sequence[str] = (TEST,),
) -> dict[str, pl.DataFrame]:
    """Return the tables entity_outcomes, relation_outcomes, document_scores and metrics of one version.

    gold, predicted: may hold more splits than `splits`, the scored ones. Every document of these is scored,
    whether or not anything was predicted for it. stages: all that were kept, in order
    (`postprocessing.stage_names`); a stage without rows predicted nothing. Metrics are over the test split;
    their intervals are seeded. Raises MednerError if there is nothing to score, or predictions belong to
    other documents or stages.
    """
    for frame in (predicted.entities, predicted.relations):
        strays = frame.join(gold.documents, on="doc_id", how="anti")
        if strays.height:
            raise MednerError(
                f"predictions: document {strays['doc_id'][0]!r} is not among the gold documents: "
                "score them against the dataset version that they were made for"
            )
    gold = gold.of_splits(splits)
    predicted = predicted.of_documents(gold.documents)
    if not gold.documents.height:
        raise MednerError(
            f"gold documents: none in split {', '.join(splits)}: score another split or dataset"
        )
    rows = coded(gold, predicted, stages)
    measured = (gold.documents["split"] == TEST).to_numpy()
    scores = scored(rows, stages, measured)
    at = {"evaluation_id": evaluation_id, "dataset": dataset}
    versioned = {**at, "dataset_version": dataset_version}
    return {
        "entity_outcomes": entity_outcome_table(gold, predicted, rows, stages, at),
        "relation_outcomes": relation_outcome_table(gold, predicted, rows, stages, at),
        "document_scores": document_score_table(gold, scores, versioned),
        "metrics": metric_table(gold, scores, versioned, measured=measured, seed=seed, resamples=resamples),
    }
