"""Counts of all documents → the tables document_scores and metrics. Every total and interval derives from
the counts of single documents.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from medner_assets.scoring.coding import Coded
from medner_assets.scoring.matching import Counts, Mask, match
from medner_assets.scoring.schemes import Scheme, Task, counts_duplicates, signature, undirected, unit
from medner_assets.scoring.statistics.bootstrap import f1_intervals
from medner_assets.scoring.statistics.f1 import by_group, f1
from medner_assets.scoring.statistics.logit import logit_t_intervals
from medner_assets.scoring.statistics.simultaneous import FEWEST_GROUPS
from medner_assets.tables import TABLES


@dataclass(frozen=True, slots=True)
class Scored:
    """The counts of one task under one scheme at one stage."""

    stage: str
    task: Task
    scheme: Scheme
    documents: np.ndarray
    """(documents, 3): tp, fp, fn, in the order of the gold documents."""
    types: dict[str, np.ndarray]
    """Type → tp, fp, fn, over the documents that metrics are over."""

    @property
    def macro_f1(self) -> float:
        """Return the mean F1 over the types with gold or predictions; 0.0 where there are none."""
        present = [counts for _, counts in sorted(self.types.items()) if counts.any()]
        return float(f1(np.stack(present)).mean()) if present else 0.0


def scored(rows: Coded, stages: Sequence[str], measured: Mask) -> list[Scored]:
    """Return the counts of every stage and scheme. measured: which documents (bool a document) metrics are
    over.
    """
    result = []
    for code, stage in enumerate(stages):
        for (task, scheme), coded in rows.rows.items():
            predicted, gold = coded.at(code), coded.gold
            matched = match(
                gold["item"].to_numpy(),
                predicted["item"].to_numpy(),
                predicted["duplicate"].to_numpy(),
                counts_duplicates(stage),
            )
            doc, gold_doc = predicted["doc"].to_numpy(), gold["doc"].to_numpy()
            types = rows.entity_types if task == "entity" else rows.relation_types
            in_measured = matched if measured.all() else matched.of(measured[doc], measured[gold_doc])
            result.append(
                Scored(
                    stage,
                    task,
                    scheme,
                    matched.by(doc, gold_doc, len(measured)),
                    dict(
                        zip(
                            types,
                            in_measured.by(predicted["type"].to_numpy(), gold["type"].to_numpy(), len(types)),
                            strict=True,
                        )
                    ),
                )
            )
    return result


def joined(blocks: Sequence[Sequence[Scored]]) -> list[Scored]:
    """Return the counts of blocks of documents as those of all documents, in the order of the blocks."""
    result = []
    for parts in zip(*blocks, strict=True):
        types: dict[str, np.ndarray] = {}
        for part in parts:
            for kind, counts in part.types.items():
                types[kind] = types[kind] + counts if kind in types else counts
        counts = np.concatenate([part.documents for part in parts])
        result.append(Scored(parts[0].stage, parts[0].task, parts[0].scheme, counts, types))
    return result


def document_score_table(
    documents: pl.DataFrame, scores: Sequence[Scored], at: Mapping[str, str]
) -> pl.DataFrame:
    """Return the table document_scores. at: evaluation_id, dataset and dataset_version, the same in every
    row.
    """
    documents = documents.select("split", "doc_id", "group_id")
    parts = [
        documents.with_columns(
            stage=pl.lit(each.stage),
            task=pl.lit(each.task),
            scheme=pl.lit(each.scheme),
            **{
                name: pl.Series(each.documents[:, i], dtype=pl.Int64)
                for i, name in enumerate(("tp", "fp", "fn"))
            },
        )
        for each in scores
    ]
    same = {name: pl.lit(value) for name, value in at.items()}
    return pl.concat(parts).with_columns(**same).select(list(TABLES["document_scores"].schema))


def metric_table(
    documents: pl.DataFrame,
    scores: Sequence[Scored],
    at: Mapping[str, str],
    *,
    measured: Mask,
    symmetric: Collection[str],
    seed: int,
    resamples: int,
) -> pl.DataFrame:
    """Return the table metrics: totals over the measured documents, and 95 % intervals over their groups.

    symmetric: relation types without direction; signatures of relations name them.
    Below 20 groups a percentile bootstrap covers too little, and the interval is t on the logit scale.
    """
    documents = documents.filter(pl.Series(measured))
    levels = set(documents["level"].unique())
    turned = undirected(symmetric, documents["directed"].unique().to_list())
    counts = np.stack([each.documents[measured] for each in scores], axis=1)
    grouped = by_group(counts, documents["group_id"].to_numpy())
    intervals = (
        logit_t_intervals(grouped)
        if len(grouped) < FEWEST_GROUPS
        else f1_intervals(grouped, seed=seed, resamples=resamples)
    )
    rows = []
    for i, each in enumerate(scores):
        total = Counts(*(int(count) for count in counts[:, i].sum(axis=0)))
        what = unit(each.task, each.scheme, levels)
        turns = turned if each.task == "relation" else None
        rows.append(
            {
                **at, "stage": each.stage, "task": each.task, "scheme": each.scheme,
                "signature": signature(each.scheme, what, each.stage, turns),
                "tp": total.tp, "fp": total.fp, "fn": total.fn,
                "precision": total.precision, "recall": total.recall, "f1": total.f1,
                "f1_low": float(intervals[i, 0]), "f1_high": float(intervals[i, 1]),
                "macro_f1": each.macro_f1,
                "documents": documents.height, "seed": seed, "resamples": resamples,
            }
        )  # fmt: skip
    return pl.DataFrame(rows, schema=TABLES["metrics"].schema, orient="row")
