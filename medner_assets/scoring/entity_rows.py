"""Gold and predicted entities as integer rows with an item code for each scheme."""

import numpy as np
import polars as pl

from medner_assets.errors import MednerError
from medner_assets.schema import Grounding
from medner_assets.scoring.duplicates import duplicate_entities
from medner_assets.scoring.encoding import Codes, integers, joint_codes, packed
from medner_assets.scoring.frames import GoldFrames, PredictedFrames
from medner_assets.scoring.places import Places


def entity_rows(
    gold: GoldFrames,
    predicted: PredictedFrames,
    places: Places,
    types: tuple[Codes, Codes],
    strings: tuple[Codes, Codes],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return (gold, predicted) with columns row, doc, type, norm, start, end, string, text, span.

    types, strings: codes of the types and of the normalised strings of gold and predicted entities. norm is
    the code of the normalised string, `string` that of (document, norm), `text` and `span` the items of the
    two schemes. gold is sorted by document and place; predicted, which has also stage, ordinal and
    duplicate, by stage, document and ordinal. A prediction that cannot match a span (ungrounded, or found
    by a near match only) has an item of its type and string that no gold mention has.
    """
    gold_frame = pl.DataFrame(
        {
            "row": np.arange(gold.entities.height), "doc": places.gold_entities,
            "type": types[0], "norm": strings[0],
            "start": integers(gold.entities["start"]), "end": integers(gold.entities["end"]),
        }
    )  # fmt: skip
    if not _ascending(gold_frame, "doc", "start", "end", "type"):
        by_id = gold_frame.with_columns(gold.entities["entity_id"])
        gold_frame = by_id.sort("doc", "start", "end", "type", "entity_id").drop("entity_id")
    predicted_frame = pl.DataFrame(
        {
            "row": np.arange(predicted.entities.height), "stage": places.entity_stage,
            "doc": places.predicted_entities, "ordinal": integers(predicted.entities["ordinal"]),
            "type": types[1], "norm": strings[1],
            "start": integers(predicted.entities["start"]), "end": integers(predicted.entities["end"]),
            "exact": (predicted.entities["grounding"] != Grounding.FUZZY.value).fill_null(True),
        }
    )  # fmt: skip
    predicted_frame = in_order(predicted_frame, "predicted entities")
    doc, kind, norm, start, end = (
        np.concatenate([gold_frame[name].to_numpy(), predicted_frame[name].to_numpy()])
        for name in ("doc", "type", "norm", "start", "end")
    )
    string, _ = packed([doc, norm])
    text = joint_codes([doc, norm, kind])
    placeable = start >= 0
    placeable[gold_frame.height :] &= predicted_frame["exact"].to_numpy()
    width = int(end.max(initial=0)) + 1
    # What has no place is an item by its string, beyond all places.
    span = joint_codes([doc, np.where(placeable, start * width + end, width * width + norm), kind])
    gold_frame = gold_frame.with_columns(
        string=string[: gold_frame.height], text=text[: gold_frame.height], span=span[: gold_frame.height]
    )
    predicted_frame = predicted_frame.drop("exact").with_columns(
        string=string[gold_frame.height :], text=text[gold_frame.height :], span=span[gold_frame.height :]
    )
    repeats = duplicate_entities(
        *(predicted_frame[name].to_numpy() for name in ("stage", "text", "start", "end"))
    )
    return gold_frame, predicted_frame.with_columns(duplicate=pl.Series(repeats, dtype=pl.Boolean))


def in_order(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return predicted rows by stage, document and ordinal; raise MednerError if an ordinal stands twice."""
    place = ("stage", "doc", "ordinal")
    if _ascending(rows, *place):
        return rows
    ordered = rows.sort(*place)
    if not _ascending(ordered, *place):
        raise MednerError(
            f"{name}: an ordinal stands twice in a document at one stage: number the lines from 0"
        )
    return ordered


def _ascending(rows: pl.DataFrame, *columns: str) -> bool:
    """Return whether each row stands strictly above the one before."""
    place, _ = packed([rows[column].to_numpy() for column in columns])
    return bool((place[1:] > place[:-1]).all())
