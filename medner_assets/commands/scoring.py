"""`medner score`: any system's predictions against gold, with intervals and a paired test."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from medner_assets.commands.exchange import opened, read_documents
from medner_assets.corpus.building import mapped
from medner_assets.corpus.reading import ProblemKind
from medner_assets.defs.resources import Warehouse
from medner_assets.errors import MednerError
from medner_assets.recipes.loading import load_dataset
from medner_assets.recipes.sources import DatasetRecipe
from medner_assets.schema import Document
from medner_assets.scoring.external import ScoredSubmission, compared_submissions, scored_submission
from medner_assets.scoring.submissions import read_submission


def score_files(
    gold: Path,
    predicted: Path,
    *,
    as_json: bool,
    dataset: str | None = None,
    symmetric: Sequence[str] = (),
    baseline: Path | None = None,
) -> str:
    """Return the scores of predictions against gold, both JSON lines, as JSON or as lines to read.

    dataset: gold is of it: its symmetric types, type maps and level hold. symmetric: further relation types
    without direction. baseline: another system's predictions, for the paired test. Raises MednerError.
    """
    documents = gold_documents(gold)
    types = set(symmetric)
    if dataset is not None:
        recipe = load_dataset(dataset)
        types |= set(recipe.symmetric_relations)
        documents = _of_dataset(documents, recipe, dataset)
    known = {relation.type for document in documents for relation in document.relations}
    for kind in sorted(set(symmetric) - known):
        click.echo(f"--symmetric {kind}: no gold relation has this type", err=True)

    def scored(file: Path) -> ScoredSubmission:
        with opened(file) as lines:
            return scored_submission(documents, read_submission(lines, str(file)), symmetric=types)

    ours = scored(predicted)
    result: dict[str, Any] = ours.to_json()
    if baseline is not None:
        compared = compared_submissions(ours, scored(baseline), str(baseline))
        result["comparison"] = {"baseline": str(baseline), **compared}
    return json.dumps(result) if as_json else "\n".join(_told(result))


def gold_documents(file: Path) -> list[Document]:
    """Return the documents of a gold file. An annotation that stands twice counts once, and is told.

    Raises MednerError for anything else that a reader cannot place.
    """
    reading = read_documents(file, harmless=(ProblemKind.DUPLICATE_ANNOTATION,))
    repeated = sum(each.kind is ProblemKind.DUPLICATE_ANNOTATION for each in reading.problems)
    if repeated:
        click.echo(f"{file}: {repeated} annotations stand twice: each counts once", err=True)
    return list(reading.documents)


def _of_dataset(documents: Sequence[Document], recipe: DatasetRecipe, name: str) -> list[Document]:
    """Return gold with the dataset's types; raise MednerError where its level is another."""
    store = Warehouse.of_no_run().store()
    if store.has("documents", name):
        levels = set(store.read("documents", name)["level"].unique())
        others = [each for each in documents if each.level.value not in levels]
        if others:
            raise MednerError(
                f"gold document {others[0].id!r} is at {others[0].level.value} level, and dataset {name} at "
                f"{' and '.join(sorted(levels))} level: score it against its own dataset"
            )
    return [mapped(each, recipe.entity_types, recipe.relation_types) for each in documents]


def _told(result: Mapping[str, Any]) -> list[str]:
    told = [f"{result['documents']} documents, {result['signature']}"]
    for task in ("entity", "relation"):
        for scheme, counts in result[task].items():
            if counts is None:
                told.append(f"{task} {scheme}: not scored, offsets are missing")
                continue
            told.append(
                f"{task} {scheme}: P {counts['precision']:.4f}  R {counts['recall']:.4f}  "
                f"F1 {counts['f1']:.4f} ({counts['f1_low']:.4f} to {counts['f1_high']:.4f})  "
                f"(TP {counts['tp']}, FP {counts['fp']}, FN {counts['fn']})"
            )
    for task in ("entity", "relation"):
        row = result.get("comparison", {}).get(task)
        if row is not None:
            told.append(_told_difference(task, row, result["comparison"]["baseline"]))
    return told


def _told_difference(task: str, row: Mapping[str, Any], baseline: str) -> str:
    told = f"{task} F1 against {baseline}: {row['verdict']}, {100 * row['difference']:+.1f} points"
    if row["low"] is None or row["high"] is None:
        return told
    interval = f"{100 * row['low']:+.1f} to {100 * row['high']:+.1f}"
    return f"{told} ({interval}, adjusted p {row['p_adjusted']:.3f}, {row['groups']} groups)"
