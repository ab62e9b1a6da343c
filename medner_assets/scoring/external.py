"""Score any system's predictions against gold documents: the core of `medner score`. Pure.

The counts are those of the stage `final`: over the distinct items of each document. A gold document without
predictions counts as an empty prediction. The same functions score a registered system (`submitted_frames`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from medner_assets.errors import MednerError
from medner_assets.normalising import normalise
from medner_assets.schema import Document, Grounding, Level
from medner_assets.scoring.comparison import compare_versions
from medner_assets.scoring.evaluation import RESAMPLES, TEST, score_version
from medner_assets.scoring.frames import PREDICTED_ENTITIES, PREDICTED_RELATIONS, PredictedFrames
from medner_assets.scoring.gold import gold_frames
from medner_assets.scoring.relation_spans import PLACES, argument_places
from medner_assets.scoring.schemes import FINAL, HEADLINES, SCHEMES
from medner_assets.scoring.submissions import SubmittedDocument, SubmittedEntity

SEED = 42
"""Of intervals and tests; that of a recipe that names none."""
_CONCEPTS = {"head_concept": pl.String(), "tail_concept": pl.String()}
_COUNTS = ("tp", "fp", "fn", "precision", "recall", "f1", "f1_low", "f1_high")
_COMPARED = ("version_f1", "baseline_f1", "difference", "low", "high", "p_adjusted", "verdict", "groups")


@dataclass(frozen=True, slots=True)
class ScoredSubmission:
    """What a system's predictions are worth."""

    metrics: pl.DataFrame
    """Rows of the table of that name: totals with intervals."""
    document_scores: pl.DataFrame

    def to_json(self) -> dict[str, Any]:
        """Return the scores as `medner score --json` prints them: signature, documents, entity, relation.

        A scheme is None where it is not scored: a gold mention has no offsets, or no prediction has.
        """
        rows = {(row["task"], row["scheme"]): row for row in self.metrics.iter_rows(named=True)}
        result: dict[str, dict[str, Any]] = {"entity": {}, "relation": {}}
        for task, scheme in SCHEMES:
            row = rows.get((task, scheme))
            result[task][scheme] = row and {name: row[name] for name in _COUNTS}
        headline = rows[HEADLINES[-1]]
        return {"signature": headline["signature"], "documents": headline["documents"], **result}


def score_documents(gold: Sequence[Document], predicted: Sequence[SubmittedDocument]) -> dict[str, Any]:
    """Return the scores of predictions as `medner score --json` prints them; see `scored_submission`."""
    return scored_submission(gold, predicted).to_json()


def scored_submission(
    gold: Sequence[Document],
    predicted: Sequence[SubmittedDocument],
    *,
    symmetric: Collection[str] = (),
    seed: int = SEED,
    resamples: int = RESAMPLES,
) -> ScoredSubmission:
    """Score predictions; every gold document is scored, whatever its split.

    symmetric: relation types without direction. Raises MednerError for predictions of documents that gold
    lacks, spans that do not fit the text, and broken gold.
    """
    if not gold:
        raise MednerError("score: there are no gold documents: name a file that has some")
    texts = {document.id: document for document in gold}
    require_fitting(predicted, texts)
    frames = gold_frames(
        [replace(document, split=TEST) for document in gold], symmetric_types=frozenset(symmetric)
    )
    tables = score_version(
        frames,
        submitted_frames(predicted, [FINAL]),
        evaluation_id="",
        dataset="",
        dataset_version="",
        stages=[FINAL],
        seed=seed,
        symmetric=symmetric,
        spans=has_spans(predicted),
        resamples=resamples,
    )
    return ScoredSubmission(tables["metrics"], tables["document_scores"])


def has_spans(predicted: Sequence[SubmittedDocument]) -> bool:
    """Tell whether spans can be scored: False where entities are predicted, and none of them has one.

    medner's own answers, whose relations are by strings, give a place to each string that stands in the text:
    where none does, all are absent, and their spans are wrong.
    """
    entities = [entity for submitted in predicted for entity in submitted.entities]
    own = any(not submitted.names_places for submitted in predicted)
    return own or not entities or any(entity.span for entity in entities)


def compared_submissions(
    ours: ScoredSubmission, theirs: ScoredSubmission, baseline: str, *, seed: int = SEED
) -> dict[str, dict[str, Any]]:
    """Return the paired test of two systems on the same documents, one entry a headline metric (its task).

    baseline: the name of the other, for errors.
    """
    rows = compare_versions(ours.document_scores, theirs.document_scores, baseline=baseline, seed=seed)
    return {
        row["task"]: {name: row[name] for name in _COMPARED}
        for row in rows.iter_rows(named=True)
        if (row["task"], row["scheme"]) in HEADLINES
    }


def require_fitting(predicted: Sequence[SubmittedDocument], gold: Mapping[str, Document]) -> None:
    """Raise MednerError for a document that gold lacks, a span that does not fit, or a mixed-up level.

    gold: document id → the document.
    """
    for submitted in predicted:
        if submitted.id not in gold:
            raise MednerError(
                f"{submitted.where}: document {submitted.id!r} is not in the gold file: "
                "score against the documents that the predictions are of"
            )
        _require_fitting(submitted, gold[submitted.id])


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


def submitted_frames(predicted: Sequence[SubmittedDocument], stages: Sequence[str]) -> PredictedFrames:
    """Return the predictions as the frames that scoring reads, the same rows at each of `stages`."""
    entities, relations = [], []
    for submitted in predicted:
        for i, entity in enumerate(submitted.entities):
            start, end = entity.span or (None, None)
            grounding = Grounding.NONE if start is None else Grounding.EXACT
            entities.append((submitted.id, i, entity.type, entity.text, start, end, grounding.value))
        for i, relation in enumerate(submitted.relations):
            head, tail = relation.strings
            relations.append(
                (submitted.id, i, relation.type, *head, *tail, *(relation.concepts or (None, None)),
                 *argument_places(submitted, relation))
            )  # fmt: skip

    def staged(rows: Sequence[tuple[Any, ...]], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
        own = {name: dtype for name, dtype in schema.items() if name != "stage"}
        frame = pl.DataFrame(rows, schema=own, orient="row")
        return pl.concat([frame.select(pl.lit(stage).alias("stage"), pl.all()) for stage in stages])

    return PredictedFrames(
        staged(entities, PREDICTED_ENTITIES),
        staged(relations, {**PREDICTED_RELATIONS, **_CONCEPTS, **PLACES}),
    )
