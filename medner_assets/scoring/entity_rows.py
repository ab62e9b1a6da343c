"""Gold and predicted entities as integer rows with an item code for each scheme."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl

from medner_assets.errors import MednerError
from medner_assets.schema import Grounding
from medner_assets.scoring.duplicates import duplicate_entities
from medner_assets.scoring.encoding import Codes, integers, joint_codes, packed
from medner_assets.scoring.frames import GoldFrames, PredictedFrames
from medner_assets.scoring.overlap import overlap_items
from medner_assets.scoring.places import Places

SPAN_SCHEMES: dict[str, Callable[[pl.DataFrame, pl.DataFrame], tuple[Codes, Codes]]] = {
    "overlap": overlap_items,
}
"""Scheme → the items of (gold, predicted) rows, from their columns; it is scored where spans are."""


def entity_rows(
    gold: GoldFrames,
    predicted: PredictedFrames,
    places: Places,
    types: tuple[Codes, Codes],
    strings: tuple[Codes, Codes],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return (gold, predicted) with columns row, doc, type, norm, start, end, and the items of each scheme.

    types, strings: codes of the types and of the normalised strings of gold and predicted entities. norm is
    the code of the normalised string; `text`, `span` and those of SPAN_SCHEMES are items. gold is sorted by
    document and place; predicted, which has also stage, duplicate and placed, by stage, document and ordinal.
    A prediction that cannot match a span (ungrounded, or found by a near match only) has an item of its type
    and string that no gold mention has; placed: it can, and is no duplicate.
    """
    own = {
        "row": np.arange(gold.entities.height), "doc": places.gold_entities, "type": types[0],
        "norm": strings[0], "start": integers(gold.entities["start"]), "end": integers(gold.entities["end"]),
    }  # fmt: skip
    if not ascending(own["doc"], own["start"], own["end"], own["type"]):
        by_id = pl.DataFrame(own).with_columns(gold.entities["entity_id"])
        by_place = by_id.sort("doc", "start", "end", "type", "entity_id")["row"].to_numpy()
        own = {name: column[by_place] for name, column in own.items()}
    said = {
        "row": np.arange(predicted.entities.height), "stage": places.entity_stage,
        "doc": places.predicted_entities, "type": types[1], "norm": strings[1],
        "start": integers(predicted.entities["start"]), "end": integers(predicted.entities["end"]),
    }  # fmt: skip
    exact = predicted.entities["grounding"].ne_missing(Grounding.FUZZY.value).to_numpy()
    order = in_order(
        said["stage"], said["doc"], integers(predicted.entities["ordinal"]), "predicted entities"
    )
    if order is not None:
        said = {name: column[order] for name, column in said.items()}
        exact = exact[order]
    doc, kind, norm, start, end = (
        np.concatenate([own[name], said[name]]) for name in ("doc", "type", "norm", "start", "end")
    )
    placeable = start >= 0
    placeable[len(own["row"]) :] &= exact
    width = int(end.max(initial=0)) + 1
    # What has no place is an item by its string, beyond all places.
    place = np.where(placeable, start * width + end, width * width + norm)
    with ThreadPoolExecutor(1) as pool:  # each sorts all rows, so two at a time
        span = pool.submit(joint_codes, [doc, place, kind])
        items = {"text": joint_codes([doc, norm, kind]), "span": span.result()}
    own |= {scheme: item[: len(own["row"])] for scheme, item in items.items()}
    said |= {scheme: item[len(own["row"]) :] for scheme, item in items.items()}
    said["duplicate"] = duplicate_entities(said["stage"], said["text"], said["start"], said["end"])
    said["placed"] = placeable[len(own["row"]) :] & ~said["duplicate"]
    golds, predictions = pl.DataFrame(own), pl.DataFrame(said)
    for scheme, items_of in SPAN_SCHEMES.items():
        of_gold, of_predicted = items_of(golds, predictions)
        golds = golds.with_columns(pl.Series(scheme, of_gold))
        predictions = predictions.with_columns(pl.Series(scheme, of_predicted))
    return golds, predictions


def in_order(stage: Codes, doc: Codes, ordinal: Codes, name: str) -> Codes | None:
    """Return the order of predicted rows by stage, document and ordinal, None if that is how they stand.

    Raises MednerError if an ordinal occurs twice in a document at one stage.
    """
    if ascending(stage, doc, ordinal):
        return None
    order = np.lexsort([ordinal, doc, stage])
    if not ascending(stage[order], doc[order], ordinal[order]):
        raise MednerError(
            f"{name}: an ordinal occurs twice in a document at one stage: number the lines from 0"
        )
    return order


def ascending(*columns: Codes) -> bool:
    """Return whether each row stands strictly above the one before."""
    place, _ = packed(columns)
    return bool((place[1:] > place[:-1]).all())
