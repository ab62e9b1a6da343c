"""Scheme `overlap`: entities of the same type whose spans share a character are one item. One to one.

The lenient convention of clinical shared tasks (i2b2, n2c2), and `ent_type` of SemEval 2013 task 9: a
boundary that is off costs nothing. Here no gold mention is found twice: pairs are made exact spans first,
then by the longest overlap, so that tp + fp is the number of distinct predicted spans and tp + fn that of
distinct gold spans.
"""

import numpy as np
import polars as pl

from medner_assets.scoring.encoding import Codes, dense, joint_codes
from medner_assets.scoring.matching import marked
from medner_assets.scoring.pairing import overlapping, paired


def overlap_items(gold: pl.DataFrame, predicted: pl.DataFrame) -> tuple[Codes, Codes]:
    """Return the items of both sides: of gold its span items; of a predicted row that of the gold mention
    that it is paired with, else its own.

    gold, predicted: rows as `entity_rows` makes them, with their span items. Only placed rows are paired. A
    gold mention is paired once at each stage.
    """
    return gold["span"].to_numpy(), _paired_items(gold, predicted)


def _paired_items(gold: pl.DataFrame, predicted: pl.DataFrame) -> Codes:
    item, of_gold = predicted["span"].to_numpy().copy(), gold["span"].to_numpy()
    rows = np.flatnonzero(predicted["placed"].to_numpy())
    golds = np.flatnonzero(gold["start"].to_numpy() >= 0)
    if not len(rows) or not len(golds):
        return item
    # Exact spans come first and are most: a prediction that is one keeps its item, and its gold mention is
    # taken at that stage.
    size, stages = 1 + max(int(item.max()), int(of_gold.max())), predicted["stage"].to_numpy()
    exact = marked(of_gold[golds], size)[item[rows]]
    taken = np.zeros((int(stages.max()) + 1, size), dtype=bool)
    taken[stages[rows[exact]], item[rows[exact]]] = True
    rows = rows[~exact]
    sides = [
        [frame[name].to_numpy()[at] for name in ("doc", "start", "end")]
        for frame, at in ((predicted, rows), (gold, golds))
    ]
    left, right, common = overlapping(*sides[0], *sides[1])
    left, right = rows[left], golds[right]
    open_ = predicted["type"].to_numpy()[left] == gold["type"].to_numpy()[right]
    open_ &= ~taken[stages[left], of_gold[right]]
    left, right, common = left[open_], right[open_], common[open_]
    if not len(left):
        return item
    stage, own, other = stages[left], item[left], of_gold[right]
    edges = pl.DataFrame(
        {
            "predicted": dense(joint_codes([stage, own])),
            "gold": dense(joint_codes([stage, other])),
            "common": common,
            "length": (predicted["end"] - predicted["start"]).to_numpy()[left]
            + (gold["end"] - gold["start"]).to_numpy()[right],
            "start": predicted["start"].to_numpy()[left],
            "gold_start": gold["start"].to_numpy()[right],
            "type": gold["type"].to_numpy()[right],
            "end": predicted["end"].to_numpy()[left],
            "gold_end": gold["end"].to_numpy()[right],
            "other": other,
        }
    )
    order = ["common", "length", "start", "gold_start", "type", "end", "gold_end"]
    edges = edges.sort(order, descending=[name == "common" for name in order])
    best = paired(edges)
    partner = np.full(int(edges["predicted"].max()) + 1, -1, dtype=np.int64)  # type: ignore[arg-type]
    partner[best["predicted"].to_numpy()] = best["other"].to_numpy()
    found = partner[dense(joint_codes([stage, own]))]
    item[left[found >= 0]] = found[found >= 0]
    return item
