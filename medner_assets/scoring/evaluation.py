"""Score and classify one version: gold and predicted frames in, the rows of four tables out. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import polars as pl

from medner_assets.scoring.blocks import ROWS_AT_ONCE, in_blocks
from medner_assets.scoring.coding import coded
from medner_assets.scoring.frames import GoldFrames, PredictedFrames
from medner_assets.scoring.metrics import Scored, document_score_table, joined, metric_table, scored
from medner_assets.scoring.outcomes import entity_rows_by_stage, outcome_table, relation_rows_by_stage
from medner_assets.scoring.places import symmetric_types
from medner_assets.scoring.relation_spans import are_placed

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
    symmetric: Collection[str] = (),
    spans: bool = True,
    resamples: int = RESAMPLES,
    splits: Sequence[str] = (TEST,),
    rows_at_once: int = ROWS_AT_ONCE,
) -> dict[str, pl.DataFrame]:
    """Return the tables entity_outcomes, relation_outcomes, document_scores and metrics of one version.

    gold, predicted: may hold more splits than `splits`, the scored ones. Every document of these is scored,
    whether or not anything was predicted for it. symmetric: relation types without direction, besides those
    that gold marks so. spans: False where the predictions have none by nature, so that scoring them would
    say nothing; relations by places are scored where both sides have the columns `relation_spans.PLACES`.
    stages: all that were kept, in order
    (`postprocessing.stage_names`); a stage without rows predicted nothing. Metrics are over the test split;
    their intervals are seeded. rows_at_once bounds the memory and changes no number. Raises MednerError if
    there is nothing to score, or predictions belong to other documents or stages.
    """
    documents = gold.documents.filter(pl.col("split").is_in(list(splits)))
    unplaced = gold.entities.filter(pl.col("start").is_null())
    task = _Task(
        tuple(stages),
        symmetric_types(gold) | set(symmetric),
        spans and unplaced.join(documents, on="doc_id", how="semi").is_empty(),
        are_placed(documents, gold, predicted),
    )
    done = in_blocks(gold, predicted, splits, task.evaluated, rows_at_once)
    totals = joined([block.scores for block in done])
    at = {"evaluation_id": evaluation_id, "dataset": dataset}
    versioned = {**at, "dataset_version": dataset_version}
    return {
        "entity_outcomes": outcome_table([block.entities for block in done], stages, at, "entity_outcomes"),
        "relation_outcomes": outcome_table(
            [block.relations for block in done], stages, at, "relation_outcomes"
        ),
        "document_scores": document_score_table(documents, totals, versioned),
        "metrics": metric_table(
            documents,
            totals,
            versioned,
            measured=(documents["split"] == TEST).to_numpy(),
            symmetric=task.symmetric,
            seed=seed,
            resamples=resamples,
        ),
    }


@dataclass(frozen=True, slots=True)
class _ScoredBlock:
    """What is kept of a block: outcomes by stage, and counts."""

    entities: list[pl.DataFrame]
    relations: list[pl.DataFrame]
    scores: list[Scored]


@dataclass(frozen=True, slots=True)
class _Task:
    """What is the same for all blocks."""

    stages: tuple[str, ...]
    symmetric: frozenset[str]
    spans: bool
    relation_spans: bool

    def evaluated(self, gold: GoldFrames, predicted: PredictedFrames) -> _ScoredBlock:
        rows = coded(
            gold,
            predicted,
            self.stages,
            symmetric=self.symmetric,
            spans=self.spans,
            relation_spans=self.relation_spans,
        )
        return _ScoredBlock(
            entity_rows_by_stage(gold, predicted, rows, self.stages),
            relation_rows_by_stage(gold, predicted, rows, self.stages),
            scored(rows, self.stages, (gold.documents["split"] == TEST).to_numpy()),
        )
