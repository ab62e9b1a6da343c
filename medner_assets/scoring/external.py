"""Score any system's predictions against gold documents: the core of `medner score`. Pure.

The counts are those of the stage `final`: over the distinct items of each document. A gold document without
predictions counts as an empty prediction.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from medner_assets.errors import MednerError
from medner_assets.schema import Document, Grounding, Level
from medner_assets.scoring.coding import coded
from medner_assets.scoring.frames import PREDICTED_ENTITIES, PREDICTED_RELATIONS, PredictedFrames
from medner_assets.scoring.gold import gold_frames
from medner_assets.scoring.matching import Counts
from medner_assets.scoring.metrics import scored
from medner_assets.scoring.normalising import normalise
from medner_assets.scoring.places import symmetric_types
from medner_assets.scoring.schemes import FINAL, HEADLINES, SCHEMES, signature, unit
from medner_assets.scoring.submissions import SubmittedDocument, SubmittedEntity

_CONCEPTS = {"head_concept": pl.String(), "tail_concept": pl.String()}


def score_documents(gold: Sequence[Document], predicted: Sequence[SubmittedDocument]) -> dict[str, Any]:
    """Return the scores as `medner score --json` prints them: signature, documents, entity, relation.

    `span` is None where a gold mention has no offsets, or entities are predicted but none of them has. Raises
    MednerError for predictions of documents that gold lacks, spans that do not fit the text, and broken gold.
    """
    if not gold:
        raise MednerError("score: there are no gold documents: name a file that has some")
    texts = {document.id: document for document in gold}
    for submitted in predicted:
        if submitted.id not in texts:
            raise MednerError(
                f"{submitted.where}: document {submitted.id!r} is not in the gold file: "
                "score against the documents that the predictions are of"
            )
        _require_fitting(submitted, texts[submitted.id])
    frames = gold_frames(gold)
    rows = coded(
        frames,
        _frames(predicted, texts),
        [FINAL],
        symmetric=symmetric_types(frames),
        spans=frames.entities["start"].null_count() == 0,
    )
    totals = {
        (each.task, each.scheme): Counts(*(int(count) for count in each.documents.sum(axis=0)))
        for each in scored(rows, [FINAL], np.ones(len(gold), dtype=bool))
    }
    entities = [entity for submitted in predicted for entity in submitted.entities]
    if entities and not any(entity.span for entity in entities):
        totals.pop(("entity", "span"), None)
    result: dict[str, dict[str, Any]] = {"entity": {}, "relation": {}}
    for task, scheme in SCHEMES:
        total = totals.get((task, scheme))
        result[task][scheme] = None if total is None else _as_json(total)
    task, scheme = HEADLINES[-1]
    levels = {document.level.value for document in gold}
    return {
        "signature": signature(scheme, unit(task, scheme, levels), FINAL),
        "documents": len(gold),
        **result,
    }


def _as_json(counts: Counts) -> dict[str, float]:
    return {
        "tp": counts.tp, "fp": counts.fp, "fn": counts.fn,
        "precision": counts.precision, "recall": counts.recall, "f1": counts.f1,
    }  # fmt: skip


def _require_fitting(submitted: SubmittedDocument, gold: Document) -> None:
    """Raise MednerError if a span lies outside the text or is not the entity's string, or a level is mixed
    up.
    """
    for entity in submitted.entities:
        if entity.span is not None:
            _require_span(entity, gold.text, submitted.where)
    for i, relation in enumerate(submitted.relations):
        if relation.concepts is not None and gold.level is not Level.CONCEPT:
            raise MednerError(
                f"{submitted.where}: relation {i + 1} is between concepts, but gold document {gold.id!r} is "
                "at mention level: give head and tail as entity ids"
            )


def _require_span(entity: SubmittedEntity, text: str, where: str) -> None:
    start, end = entity.span or (0, 0)
    if not 0 <= start < end <= len(text):
        raise MednerError(
            f"{where}: entity {entity.id!r}: span {start}-{end} is not within the text of {len(text)} "
            "characters: offsets count Unicode code points, start inclusive, end exclusive"
        )
    # Offsets of another copy of the text (bytes, UTF-16, other line ends) would score wrongly in silence.
    if text[start:end] != entity.text and normalise(text[start:end]) != normalise(entity.text):
        raise MednerError(
            f"{where}: entity {entity.id!r}: gold has another string at {start}-{end}: offsets count Unicode "
            "code points of the gold text as it is; correct them or leave start and end out"
        )


def _frames(predicted: Sequence[SubmittedDocument], gold: Mapping[str, Document]) -> PredictedFrames:
    entities, relations = [], []
    for submitted in predicted:
        for i, entity in enumerate(submitted.entities):
            start, end = entity.span or (None, None)
            grounding = Grounding.NONE if start is None else Grounding.EXACT
            entities.append((FINAL, submitted.id, i, entity.type, entity.text, start, end, grounding.value))
        for i, relation in enumerate(submitted.relations):
            head, tail = (
                ((e.text, e.type) for e in relation.entities) if relation.entities else ((None,) * 2,) * 2
            )
            relations.append(
                (FINAL, submitted.id, i, relation.type, *head, *tail, *(relation.concepts or (None, None)))
            )
    return PredictedFrames(
        pl.DataFrame(entities, schema=PREDICTED_ENTITIES, orient="row"),
        pl.DataFrame(relations, schema={**PREDICTED_RELATIONS, **_CONCEPTS}, orient="row"),
    )
