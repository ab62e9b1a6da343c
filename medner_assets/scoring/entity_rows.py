"""Gold and predicted entities as integer rows with an item code for each scheme."""

import numpy as np
import polars as pl

from medner_assets.errors import MednerError
from medner_assets.schema import Grounding
from medner_assets.scoring.duplicates import duplicate_entities
from medner_assets.scoring.encoding import Codes, integers, joint_codes
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
    ).with_columns(gold.entities["entity_id"])  # fmt: skip
    gold_frame = gold_frame.sort("doc", "start", "end", "type", "entity_id").drop("entity_id")
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
    string = joint_codes([doc, norm])
    text = joint_codes([string, kind])
    placeable = np.append(np.ones(gold_frame.height, dtype=bool), predicted_frame["exact"].to_numpy()) & (
        start >= 0
    )
    span = joint_codes(
        [
            doc,
            kind,
            np.where(placeable, start, -1),
            np.where(placeable, end, -1),
            np.where(placeable, -1, norm),
        ]
    )
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
    ordered = rows.sort("stage", "doc", "ordinal")
    same = pl.all_horizontal(pl.col("stage", "doc", "ordinal") == pl.col("stage", "doc", "ordinal").shift(1))
    if ordered.select(same.any()).item():
        raise MednerError(
            f"{name}: an ordinal stands twice in a document at one stage: number the lines from 0"
        )
    return ordered
