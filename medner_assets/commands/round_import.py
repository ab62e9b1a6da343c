"""`medner import … --round DATASET@N`: corrected documents become the next round of a dataset.

The round is a dataset of its own: the train split of the one before and the corrected documents, with the
same dev and test. Nothing of it is there before every document was held against what was queued. What the
version that chose them says of test is registered on the new dataset too: a version that is trained there is
compared with it, and its report says what the round bought.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml

from medner_assets import paths
from medner_assets.commands.register import register
from medner_assets.commands.rounds import (
    PREDICTED,
    Queue,
    before_name,
    folder_of,
    known_rounds,
    queue_of,
    text_hash,
)
from medner_assets.corpus.importing import import_files
from medner_assets.corpus.jsonl import write_documents
from medner_assets.corpus.readers.sources import Options
from medner_assets.corpus.splitting import SPLITS
from medner_assets.defs.datasets.data import Data, data_of
from medner_assets.errors import MednerError
from medner_assets.recipes.loading import load_dataset
from medner_assets.recipes.schemas import schema_line
from medner_assets.recipes.sources import DatasetRecipe
from medner_assets.schema import Document, Level
from medner_assets.scoring.external import scored_submission
from medner_assets.scoring.statistics.simultaneous import FEWEST_GROUPS
from medner_assets.scoring.submissions import read_submission
from medner_assets.warehouse.data_tables import DataTables
from medner_assets.warehouse.export import export_predictions

ROUNDS = "rounds"
"""The folder of their documents, below that of the corpora."""


def import_round(
    format: str, files: Sequence[Path], round_: str, *, column: int | None, tell: Callable[[str], None]
) -> list[str]:
    """Make the dataset `round_` of the corrected `files`; return what was made of it, a line each.

    tell: takes what is lost or missing. Raises MednerError, and changes nothing, where a document is not of
    this round or its text was changed.
    """
    queued = queue_of(round_)
    imported = import_files(format, files, Options(column=column))
    for line in imported.told.problem_lines():
        tell(line)
    _require_queued(imported.documents, queued, files)
    missing = len(queued.documents) - len(imported.documents)
    if missing:
        drawn = _of_part(queued, "random") - {each.id for each in imported.documents}
        tell(
            f"{missing} of {len(queued.documents)} documents of {round_} are not in it, {len(drawn)} of them "
            "of the random part: what is estimated holds only if they were left out by chance"
        )
    data = data_of(queued.dataset, DataTables())
    corrected = [_as_train(each, data) for each in imported.documents]
    recipe, documents = _recipe(queued, len(corrected)), _documents(data, corrected)
    file = paths.corpora() / ROUNDS / f"{round_}.jsonl"
    paths.private_folder(file.parent)
    write_documents(file, documents)
    paths.project()  # outside a project, a recipe would land among those of the installed package
    with _recipe_of(round_, recipe):
        before = _registered_before(queued, round_, tell)
    return [
        f"{round_}: {len(data.documents_of('train'))} documents of {queued.dataset} and {len(corrected)} "
        "corrected ones to train on, the same dev and test",
        *_estimate(queued, corrected, recipe),
        *([f"{before}: what {queued.version} says of test, to compare with"] if before else []),
        f"go on with: medner train {queued.version} --set dataset={round_} --as NAME",
    ]


def _require_queued(documents: Sequence[Document], queued: Queue, files: Sequence[Path]) -> None:
    """Raise MednerError where a document is of no queue, of another round's, or was changed."""
    for each in documents:
        there = queued.documents.get(each.id)
        where = f"{files[0]}: document {each.id[:80]!r}"
        if there is None:
            others = [name for name in known_rounds() if each.id in queue_of(name).documents]
            known = "it was never queued"
            if others:
                known = f"it is of {others[0]}: import it with --round {others[0]}"
            raise MednerError(f"{where} is not of {queued.round}: {known}")
        if text_hash(each.text) != there.text:
            raise MednerError(
                f"{where} has another text than was queued: correct the annotations, and leave the texts"
            )


def _as_train(document: Document, data: Data) -> Document:
    """Return a corrected document as one to train on; raise MednerError where relations are of concepts."""
    if Level.CONCEPT.value in set(data.documents["level"]):
        raise MednerError(
            f"{data.name} relates concepts, and an annotation tool gives none: its rounds cannot be made"
        )
    return document.with_split("train")


def _documents(data: Data, corrected: Sequence[Document]) -> list[Document]:
    before = [each.with_split(split) for split in SPLITS for each in data.documents_of(split)]
    return [*before, *corrected]


def _recipe(queued: Queue, corrected: int) -> DatasetRecipe:
    before = load_dataset(queued.dataset)
    summary = f"{queued.dataset} with {corrected} documents more, corrected by a person; {before.summary}"
    return DatasetRecipe.model_validate(
        {
            "summary": summary[:300],
            "source": {
                "kind": "files",
                "format": "jsonl",
                "files": {"all": [f"{ROUNDS}/{queued.round}.jsonl"]},
            },
            "split": {"kind": "documents"},
            **before.model_dump(
                include={"symmetric_relations", "targets", "margin", "accepted_leakage", "licence"}
            ),
        }
    )


@contextmanager
def _recipe_of(round_: str, recipe: DatasetRecipe) -> Iterator[None]:
    """Write the recipe of a dataset; after an error what was there before is there again."""
    file = paths.RECIPES / "datasets" / f"{round_}.yaml"
    there = file.read_bytes() if file.exists() else None
    content = recipe.model_dump(mode="json", exclude_defaults=True)
    body = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)
    _replace(file, f"{schema_line('dataset')}\n{body}".encode())
    try:
        yield
    except BaseException:
        if there is None:
            file.unlink()
        else:
            _replace(file, there)
        raise


def _replace(file: Path, content: bytes) -> None:
    partial = file.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(file)


def _registered_before(queued: Queue, round_: str, tell: Callable[[str], None]) -> str | None:
    """Build the dataset, and register the version's answers to test as a version of it; return its name.

    None, and why is told, where the version is not evaluated. Dagster's definitions are read here and not
    before: they know the recipes that are there then.
    """
    if not DataTables().store().has("predicted_entities", queued.version):
        from medner_assets.commands.runs import ensure_dataset

        ensure_dataset(round_)
        tell(f"{queued.version} is not evaluated: nothing to compare a version of {round_} with")
        return None
    name = before_name(queued.version, round_)
    with tempfile.TemporaryDirectory(dir=folder_of(round_)) as folder:
        file = Path(folder) / f"{queued.version} before {round_}.jsonl"
        export_predictions(file, queued.version)
        register(name, file, round_, tell=tell)
    return name


def _of_part(queued: Queue, part: str) -> set[str]:
    return {name for name, each in queued.documents.items() if each.part == part}


def _estimate(queued: Queue, corrected: Sequence[Document], recipe: DatasetRecipe) -> list[str]:
    """Return how good the version was on the corpus, by the random part, a line a task; few say nothing."""
    drawn = [each for each in corrected if each.id in _of_part(queued, "random")]
    if len(drawn) < FEWEST_GROUPS:
        return [
            f"{len(drawn)} documents were drawn at random: from {FEWEST_GROUPS} on they say how good "
            f"{queued.version} is on this corpus"
        ]
    file = folder_of(queued.round) / PREDICTED
    ids = {each.id for each in drawn}
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if json.loads(line)["id"] in ids]
    scored = scored_submission(
        drawn, read_submission(lines, str(file)), symmetric=set(recipe.symmetric_relations)
    ).to_json()
    told = []
    for task, scheme in (("entity", "text"), ("relation", "strict")):
        each = scored[task][scheme]
        told.append(
            f"{queued.version} on this corpus, by {len(drawn)} documents drawn at random: {task} F1 "
            f"{100 * each['f1']:.1f} ({100 * each['f1_low']:.1f} to {100 * each['f1_high']:.1f})"
        )
    return told
