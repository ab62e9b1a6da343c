"""What must hold of a dataset before anything is trained on it. Frames in, a verdict out; pure.

The same functions stand behind the dataset's blocking checks and are asked again before training, because a
run of `adapter` alone would pass the checks by.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from medner_assets.errors import MednerError
from medner_assets.normalising import normalised
from medner_assets.recipes.sources import AcceptedLeakage


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """A verdict with its figures. `reason` is one line without clinical text; empty when it passed."""

    passed: bool
    reason: str
    figures: Mapping[str, int]


def placement_gate(
    documents: pl.DataFrame, gold_entities: pl.DataFrame, gold_relations: pl.DataFrame
) -> GateVerdict:
    """Check that mentions are at their offsets, ids are distinct, and relations have their arguments.

    Each frame: one partition of its table.
    """
    mentions = gold_entities.join(
        documents.select("doc_id", pl.col("text").alias("document")), on="doc_id", how="left"
    )
    placed = mentions.filter(pl.col("start").is_not_null() | pl.col("end").is_not_null())
    length = pl.col("text").str.len_chars().cast(pl.Int64)
    at_offsets = (
        (pl.col("start") >= 0)
        & (pl.col("end") == pl.col("start") + length)
        & (pl.col("document").str.slice(pl.col("start"), length) == pl.col("text"))
    ).fill_null(value=False)
    ids = gold_entities.select("doc_id", "entity_id")
    arguments = pl.concat(
        [gold_relations.select("doc_id", pl.col(side).alias("entity_id")) for side in ("head_id", "tail_id")]
    ).filter(pl.col("entity_id").is_not_null())
    concepts = gold_entities.select("doc_id", pl.col("concepts").alias("concept")).explode("concept")
    linked = pl.concat(
        [
            gold_relations.select("doc_id", pl.col(side).alias("concept"))
            for side in ("head_concept", "tail_concept")
        ]
    ).filter(pl.col("concept").is_not_null())
    figures = {
        "repeated document ids": documents.height - documents["doc_id"].n_unique(),
        "mentions without their document": mentions.filter(pl.col("document").is_null()).height,
        "mentions that are not at their offsets": placed.filter(~at_offsets).height,
        "repeated entity ids": ids.height - ids.unique().height,
        "relation arguments without their entity": arguments.join(
            ids, on=["doc_id", "entity_id"], how="anti"
        ).height,
        "relation arguments without their concept": linked.join(
            concepts, on=["doc_id", "concept"], how="anti"
        ).height,
    }
    wrong = [f"{count} {what}" for what, count in figures.items() if count]
    return GateVerdict(not wrong, ", ".join(wrong), figures)


def leakage_gate(documents: pl.DataFrame, accepted: AcceptedLeakage) -> GateVerdict:
    """Check that no test document shares its text or its group with train, beyond what the recipe accepts.

    documents: one partition of its table. When texts are the same is `normalising.py`'s rule, as in the
    audit and in scoring: they differ in case and white space only.
    """
    rows = documents.select("split", "group_id", normal=normalised(documents["text"]))
    test, train = rows.filter(pl.col("split") == "test"), rows.filter(pl.col("split") == "train")
    by_text = test.join(train.select("normal").unique(), on="normal", how="semi").height
    by_group = test.join(train.select("group_id").unique(), on="group_id", how="semi").height
    leaks = [
        f"{count} of {test.height} test documents share their {what} with train ({allowed} accepted)"
        for what, count, allowed in (
            ("text", by_text, accepted.text),
            ("group", by_group, accepted.group),
        )
        if count > allowed
    ]
    return GateVerdict(
        not leaks,
        "; ".join(leaks),
        {
            "test documents with a text of train": by_text,
            "test documents with a group of train": by_group,
            "accepted by text": accepted.text,
            "accepted by group": accepted.group,
        },
    )


def refusal(dataset: str, gate: GateVerdict) -> str:
    """Return the one line that a shut gate comes down to: what is wrong with the dataset, and what to do."""
    return (
        f"dataset {dataset} cannot be trained on: {gate.reason}: correct its source, "
        f"or accept a stated number in datasets/{dataset}.yaml where that is right"
    )


def require(dataset: str, *gates: GateVerdict) -> None:
    """Raise MednerError when a gate is shut."""
    for gate in gates:
        if not gate.passed:
            raise MednerError(refusal(dataset, gate))
