"""Classify relations at one stage: which rows are right, and which mistake explains which missed relation.

A wrong relation is compared with the missed gold relations of its document. An argument of it agrees with a
gold argument fully (same node), by string only (another type, or none), or by an overlap of their mentions,
with the same type or another. The classes follow from that:

    type            both arguments agree fully; the relation's type differs
    boundary        same relation type; the arguments overlap and have the right types
    type_boundary   as boundary, but the relation's type differs too
    direction       same relation type, both arguments agree fully, but turned round
    cascaded        same relation type; an argument has the wrong entity type (or no entity line at all)
"""

import numpy as np
import polars as pl

from medner_assets.scoring.errors import CODE, Mistakes, no_pairs, numbered, outcome_rows
from medner_assets.scoring.matching import marked
from medner_assets.scoring.pairing import overlapping, paired, paired_in_order

# How an argument agrees with a gold argument, best first.
_SAME, _OVERLAP, _OTHER_TYPE, _OVERLAP_OTHER_TYPE = range(4)


def relation_outcomes(
    gold: pl.DataFrame,
    predicted: pl.DataFrame,
    mentions: pl.DataFrame,
    entities: pl.DataFrame,
    absent: pl.DataFrame,
    count_duplicates: bool,
) -> pl.DataFrame:
    """Return the outcome rows (see `errors.outcome_rows`) of the relations of one stage under the scheme
    `strict`.

    gold, predicted: rows as `relation_rows` makes them. mentions: what gold mentions stand for (doc, norm,
    type, start, end, node). entities: the predicted entities of the stage (doc, norm, start, end). absent:
    (doc, norm) of the arguments that are not in the text.
    """
    gold_item, predicted_item = gold["item"].to_numpy(), predicted["item"].to_numpy()
    live = ~predicted["duplicate"].to_numpy()
    size = 1 + max(int(gold_item.max(initial=-1)), int(predicted_item.max(initial=-1)))
    hit = marked(gold_item, size)[predicted_item]
    found = marked(predicted_item[live], size)[gold_item]
    right, gold_right = np.flatnonzero(hit & live), np.flatnonzero(found)
    correct = paired_in_order(right, predicted_item[right], gold_right, gold_item[gold_right])
    missed, wrong = numbered(gold, ~found), numbered(predicted, ~hit & live)
    ungrounded = pl.concat(
        wrong.join(absent, left_on=["doc", f"{argument}_norm"], right_on=["doc", "norm"], how="semi")
        for argument in ("head", "tail")
    )["item"].unique()
    candidates = wrong.join(ungrounded.to_frame(), on="item", how="anti", maintain_order="left")
    mistakes = Mistakes(_explained(missed, candidates, mentions, entities), ungrounded.to_numpy())
    return outcome_rows(gold, predicted, correct, mistakes, count_duplicates)


def _explained(
    missed: pl.DataFrame, wrong: pl.DataFrame, mentions: pl.DataFrame, entities: pl.DataFrame
) -> pl.DataFrame:
    """Pair wrong items with missed items, each at most once, class by class in their order."""
    pairs = [no_pairs()]
    if not (missed.height and wrong.height):
        return pairs[0]
    edges = _edges(missed, wrong, _agreements(missed, wrong, mentions, entities))
    for error in ("type", "boundary", "type_boundary", "direction", "cascaded"):
        best = paired(edges.filter(pl.col("error") == CODE[error]))
        pairs.append(best.select("predicted_row", "gold_row", "error"))
        edges = edges.join(best, on="predicted", how="anti", maintain_order="left")
        edges = edges.join(best, on="gold", how="anti", maintain_order="left")
    return pl.concat(pairs)


def _agreements(
    missed: pl.DataFrame, wrong: pl.DataFrame, mentions: pl.DataFrame, entities: pl.DataFrame
) -> pl.DataFrame:
    """Return how strings of wrong arguments agree with missed gold arguments: doc, norm, type, node,
    agreement.

    Full agreement is left to the node itself. Only nodes that a missed relation has in that document are
    kept.
    """
    nodes = pl.concat(missed.select("doc", node=f"{argument}_node") for argument in ("head", "tail")).unique()
    asked = pl.concat(
        wrong.select("doc", norm=f"{argument}_norm", type=f"{argument}_type") for argument in ("head", "tail")
    ).unique()
    open_mentions = mentions.join(nodes, on=["doc", "node"], how="semi")
    by_string = asked.join(
        open_mentions.select("doc", "norm", "node", gold_type="type"), on=["doc", "norm"]
    ).filter(pl.col("type") != pl.col("gold_type"))
    by_string = by_string.select("doc", "norm", "type", "node", agreement=pl.lit(_OTHER_TYPE, dtype=pl.Int64))
    placed = entities.filter(pl.col("start") >= 0).join(asked, on=["doc", "norm"], how="semi")
    placed = placed.select("doc", "norm", "start", "end").unique(maintain_order=True)
    open_mentions = open_mentions.filter(pl.col("start") >= 0)
    row, other, _ = overlapping(
        *(frame[name].to_numpy() for frame in (placed, open_mentions) for name in ("doc", "start", "end"))
    )
    left, right = placed[row], open_mentions[other]
    overlaps = pl.DataFrame(
        {"doc": left["doc"], "norm": left["norm"], "node": right["node"], "gold_type": right["type"],
         "same_string": left["norm"] == right["norm"]}
    ).filter(~pl.col("same_string"))  # fmt: skip
    agreement = pl.when(pl.col("type") == pl.col("gold_type")).then(_OVERLAP).otherwise(_OVERLAP_OTHER_TYPE)
    by_overlap = asked.join(overlaps, on=["doc", "norm"]).select(
        "doc", "norm", "type", "node", agreement=agreement.cast(pl.Int64)
    )
    return (
        pl.concat([by_string, by_overlap])
        .group_by("doc", "norm", "type", "node")
        .agg(pl.col("agreement").min())
    )


def _edges(missed: pl.DataFrame, wrong: pl.DataFrame, agreements: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs of items that a class explains, best first: predicted, gold, error and the rows."""
    sides = wrong.select(
        "at", "doc", "item", "type", "symmetric",
        "head_norm", "head_type", "head_node", "tail_norm", "tail_type", "tail_node",
    )  # fmt: skip
    for argument in ("head", "tail"):
        keys = {"norm": f"{argument}_norm", "type": f"{argument}_type", "node": f"{argument}_node"}
        same = sides.with_columns(
            pl.col(keys["node"]).alias(f"{argument}_gold"),
            pl.lit(_SAME, dtype=pl.Int64).alias(f"{argument}_agreement"),
        )
        near = sides.join(
            agreements.rename({"node": f"{argument}_gold", "agreement": f"{argument}_agreement"}),
            left_on=["doc", keys["norm"], keys["type"]],
            right_on=["doc", "norm", "type"],
        ).filter(pl.col(f"{argument}_gold") != pl.col(keys["node"]))
        sides = pl.concat([same, near.select(same.columns)])
    gold = missed.select(
        "doc",
        gold_row="at",
        gold="item",
        gold_type="type",
        gold_symmetric="symmetric",
        h="head_node",
        t="tail_node",
    )
    ways = [
        sides.join(
            gold, left_on=["doc", f"{first}_gold", f"{second}_gold"], right_on=["doc", "h", "t"]
        ).with_columns(turned=pl.lit(turned))
        for first, second, turned in (("head", "tail", False), ("tail", "head", True))
    ]
    edges = pl.concat(ways, how="diagonal").with_columns(
        turned=pl.col("turned") & ~pl.col("symmetric") & ~pl.col("gold_symmetric"),
        worst=pl.max_horizontal("head_agreement", "tail_agreement"),
        same_type=pl.col("type") == pl.col("gold_type"),
    )
    straight, same_type, worst = ~pl.col("turned"), pl.col("same_type"), pl.col("worst")
    error = (
        pl.when(straight & (worst == _SAME) & ~same_type).then(CODE["type"])
        .when(straight & (worst == _OVERLAP) & same_type).then(CODE["boundary"])
        .when(straight & (worst == _OVERLAP) & ~same_type).then(CODE["type_boundary"])
        .when(~straight & (worst == _SAME) & same_type).then(CODE["direction"])
        .when(straight & (worst > _OVERLAP) & same_type).then(CODE["cascaded"])
    )  # fmt: skip
    disagreement = pl.col("head_agreement") + pl.col("tail_agreement")
    return (
        edges.with_columns(error=error.cast(pl.Int64), disagreement=disagreement)
        .filter(pl.col("error").is_not_null())
        .sort("error", "disagreement", "at", "gold_row")
        .unique(["item", "gold"], keep="first", maintain_order=True)
        .rename({"at": "predicted_row", "item": "predicted"})
    )
