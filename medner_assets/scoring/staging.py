"""What a model said of each window → rows of documents at every stage. Pure.

The one way from grounded completions to what is counted, served and annotated. A window is a document that
is read whole, or a sentence of one that is too long; post-processing works on each window by itself, so
that what is said of a sentence depends on nothing else.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from medner_assets.schema import Prediction
from medner_assets.scoring.confidence.calibration import Calibration
from medner_assets.scoring.confidence.items import TABLE_OF
from medner_assets.scoring.postprocessing import LEAST, RelationSchema, apply_stages
from medner_assets.scoring.schemes import Task
from medner_assets.scoring.tabulation import prediction_frames

_DIGITS = 12


@dataclass(frozen=True, slots=True)
class WindowPrediction:
    """What was said of the characters [start, start + len(text)) of a document; places count within `text`.

    lines: of the completion, so that lines of a document's completions can be numbered through.
    """

    said: Prediction
    text: str
    start: int = 0
    lines: int = 0


def staged_frames(
    windows: Iterable[WindowPrediction],
    stages: Sequence[str],
    schema: RelationSchema,
    *,
    calibration: Calibration | None = None,
    least: Mapping[Task, float] = LEAST,
    evaluation_id: str = "",
    dataset: str = "",
    split: str = "",
) -> dict[str, pl.DataFrame]:
    """Return the rows of `predicted_entities`, `predicted_relations` (raw to final) and `rejected_lines`.

    windows: those of a document in the order of its text. Places, ordinals and line numbers of the rows are
    those of the document. calibration: None: probabilities are the model's. least: what the stage
    min_confidence keeps.
    """
    placed, texts, before = [], {}, Counter[tuple[str, str]]()
    for n, window in enumerate(windows):
        # Sorts as the document's id does; each window is a document of its own until all stages are through.
        key = f"{window.said.doc_id}\0{n:0{_DIGITS}}"
        placed.append(replace(_in_document(window, before), doc_id=key))
        texts[key] = window.text
    frames = prediction_frames(placed, evaluation_id=evaluation_id, dataset=dataset, split=split)
    if calibration is not None:
        frames |= {table: calibration.applied(task, frames[table]) for task, table in TABLE_OF.items()}
    frames["predicted_entities"], frames["predicted_relations"] = apply_stages(
        frames["predicted_entities"],
        frames["predicted_relations"],
        stages,
        schema,
        pl.DataFrame(list(texts.items()), schema={"doc_id": pl.String(), "text": pl.String()}, orient="row"),
        least,
    )
    document = pl.col("doc_id").str.head(-1 - _DIGITS)
    return {name: frame.with_columns(document) for name, frame in frames.items()}


def _in_document(window: WindowPrediction, before: Counter[tuple[str, str]]) -> Prediction:
    """Return what was said with the places of the document; `before` counts what its earlier windows have."""
    said, start = window.said, window.start
    entities, relations, lines = ((said.doc_id, what) for what in ("entities", "relations", "lines"))
    placed = replace(
        said,
        entities=tuple(
            replace(
                each,
                ordinal=each.ordinal + before[entities],
                start=None if each.start is None else each.start + start,
                end=None if each.end is None else each.end + start,
            )
            for each in said.entities
        ),
        relations=tuple(replace(each, ordinal=each.ordinal + before[relations]) for each in said.relations),
        rejected=tuple(replace(each, line_number=each.line_number + before[lines]) for each in said.rejected),
    )
    before[entities] += len(said.entities)
    before[relations] += len(said.relations)
    before[lines] += window.lines
    return placed
