"""Registered files of answers: any system's predictions as a version, read from the file that is kept.

A file is kept under its SHA-256 and never changed. What stands in `completions` of such a version are the
lines of its file, one a test document; a document that the file leaves out has an empty answer.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

import polars as pl

from medner_assets import paths
from medner_assets.defs.datasets.data import Data
from medner_assets.defs.identity import submission_id
from medner_assets.errors import MednerError
from medner_assets.prompting.grounding import ground_entities
from medner_assets.recipes.replicates import version_and_index
from medner_assets.recipes.version import VersionRecipe
from medner_assets.schema import (
    Grounding,
    ParsedEntity,
    PredictedEntity,
    PredictedRelation,
    Prediction,
)
from medner_assets.scoring.external import require_fitting
from medner_assets.scoring.submissions import SubmittedDocument, read_submission, submitted_document
from medner_assets.tables import TABLES

ANSWERED, MISSING = "stop", "missing"


def digest_of(version: str, recipe: VersionRecipe) -> str:
    """Return the SHA-256 of the file that is this replicate's."""
    return recipe.submissions[version_and_index(version)[1] - 1]


def submission_rows(version: str, recipe: VersionRecipe, data: Data) -> pl.DataFrame:
    """Return the rows of `completions`: the file's line of each test document, in the documents' order.

    Raises MednerError when the file is gone or was changed, or does not fit the documents.
    """
    digest = digest_of(version, recipe)
    lines = {each.id: line for each, line in _read(digest, version, data)}
    return answer_rows(lines, data, submission_id(digest, data.version), digest[:16])


def answer_rows(lines: Mapping[str, str], data: Data, generation: str, writer: str) -> pl.DataFrame:
    """Return answers in JSON, by document, as rows of `completions`, in the documents' order."""
    asked = data.documents.filter(pl.col("split") == "test")["doc_id"].to_list()
    return pl.DataFrame(
        [
            {
                "dataset": data.name,
                "dataset_version": data.version,
                "split": "test",
                "doc_id": doc_id,
                "generation_id": generation,
                "weights_hash": writer,
                "completion": lines.get(doc_id, ""),
                "finish_reason": ANSWERED if doc_id in lines else MISSING,
                "prompt_tokens": 0,
                "completion_tokens": 0,
                "seconds": 0.0,
            }
            for doc_id in asked
        ],
        schema=TABLES["completions"].schema,
        strict=False,
    )


def answers_of(written: pl.DataFrame) -> list[SubmittedDocument]:
    """Return the answers in rows of `completions`, one a document; empty where the file has none."""
    return [
        submitted_document(json.loads(line), doc_id) if line else SubmittedDocument(doc_id, doc_id, (), ())
        for doc_id, line in written.select("doc_id", "completion").iter_rows()
    ]


def prediction_of(answer: SubmittedDocument, text: str) -> Prediction:
    """Return an answer as a prediction, in the order of the file.

    An entity without a span is looked for in the text, so that errors can be told, and marked as a near
    match: it never counts as a span. Where one with a span stands it has no place, so that neither is taken
    for a repetition of the other.
    """
    taken = {each.span for each in answer.entities}
    entities = tuple(ParsedEntity(i, each.type, each.text) for i, each in enumerate(answer.entities))
    placed = tuple(
        replace(
            _unplaced(found, taken)
            if each.span is None
            else PredictedEntity(found.ordinal, each.type, each.text, *each.span, Grounding.EXACT),
            probability=each.probability,
            votes=each.votes,
        )
        for each, found in zip(answer.entities, ground_entities(entities, text), strict=True)
    )
    relations = []
    for i, each in enumerate(answer.relations):
        (head, head_type), (tail, tail_type) = each.strings
        strings = (head or "", head_type, tail or "", tail_type)
        relations.append(PredictedRelation(i, each.type, *strings, each.probability, each.votes))
    return Prediction(answer.id, placed, tuple(relations))


def require_registrable(answers: list[SubmittedDocument], data: Data) -> None:
    """Raise MednerError for answers that the dataset's test documents cannot have.

    Relations between concepts by their ids are refused: tables hold the strings that a system wrote.
    """
    documents = {document.id: document for document in data.documents_of("test")}
    for answer in answers:
        for i, relation in enumerate(answer.relations):
            if relation.concepts is not None:
                raise MednerError(
                    f"{answer.where}: relation {i + 1} is between concept ids: give head and tail as entities"
                )
    require_fitting(answers, documents)


def _unplaced(found: PredictedEntity, taken: Collection[tuple[int, int] | None]) -> PredictedEntity:
    if found.start is None or (found.start, found.end) in taken:
        return PredictedEntity(found.ordinal, found.type, found.text, None, None, Grounding.NONE)
    return PredictedEntity(found.ordinal, found.type, found.text, found.start, found.end, Grounding.FUZZY)


def _read(digest: str, version: str, data: Data) -> Iterator[tuple[SubmittedDocument, str]]:
    """Yield each answer with its line; raise MednerError."""
    file = paths.submission(digest)
    try:
        content = file.read_bytes()
    except OSError as error:
        reason = error.strerror
        raise MednerError(f"{version}: its file of answers is gone ({file}: {reason}): register it") from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise MednerError(f"{version}: {file} was changed since it was registered: register it again")
    lines = [line for line in content.decode("utf-8").removeprefix("\ufeff").split("\n") if line.strip()]
    answers = read_submission(lines, version)
    require_registrable(answers, data)
    yield from zip(answers, lines, strict=True)
