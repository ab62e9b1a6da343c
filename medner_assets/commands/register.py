"""`medner register NAME FILE --dataset D`: any system's answers as a version, from a file to a report.

The file is checked, kept under its hash, and a recipe is written. A registration that fails leaves what was
there before, and no file that was ever registered is changed. Dagster's definitions are read after the
recipe is written, so that they know the version.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import yaml

from medner_assets import paths
from medner_assets.defs.shared import keep
from medner_assets.errors import MednerError
from medner_assets.recipes.loading import dataset_names, load_version, validated_version, version_names
from medner_assets.recipes.replicates import is_replicate, replicate_name
from medner_assets.recipes.schemas import schema_line
from medner_assets.scoring.submissions import SubmittedDocument, read_submission


def register(
    name: str,
    file: Path,
    dataset: str,
    *,
    replicate: int = 1,
    baseline: str | None = None,
    tell: Callable[[str], None],
) -> None:
    """Register the answers in FILE as the version NAME, or as a replicate of it, and evaluate it.

    tell: takes what a person should know of the answers, a line each. Raises MednerError when the file does
    not fit the test documents of the dataset, or the name is taken by something else.
    """
    _require_name(name, dataset, replicate)
    content = _content(file)
    answers = read_submission(content.decode("utf-8").split("\n"), str(file))
    if not answers:
        raise MednerError(f"{file}: there are no answers in it: write one JSON object a document")
    digest = hashlib.sha256(content).hexdigest()
    recipe = _recipe(name, file, dataset, digest, replicate, baseline)
    validated_version(name, recipe)
    recipe_file = paths.RECIPES / "versions" / f"{name}.yaml"
    paths.project()  # outside a project, a recipe would land among those of the installed package
    before = recipe_file.read_bytes() if recipe_file.exists() else None
    _keep(digest, content)
    body = yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True, width=110)
    _write(recipe_file, f"{schema_line('version')}\n{body}".encode())
    try:
        _check(answers, dataset, tell)
    except BaseException:
        if before is None:
            recipe_file.unlink(missing_ok=True)
        else:
            _write(recipe_file, before)
        raise
    _evaluate(replicate_name(name, replicate), name)


def _require_name(name: str, dataset: str, replicate: int) -> None:
    paths.checked_name(name)
    if is_replicate(name):
        raise MednerError(f"{name}: names that end in .rN are those of replicates: use --replicate")
    if dataset not in dataset_names():
        raise MednerError(f"unknown dataset {dataset[:80]!r}: choose one of {', '.join(dataset_names())}")
    if replicate > 1 and name not in version_names():
        raise MednerError(
            f"--replicate {replicate}: {name} is not registered yet: register its first answers"
        )


def _content(file: Path) -> bytes:
    try:
        content = file.read_bytes()
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MednerError(f"{file}: not valid UTF-8 at byte {error.start}: save it as UTF-8") from None
    except OSError as error:
        raise MednerError(f"{file}: cannot be read ({error.strerror}): check the name") from None
    return content


def _recipe(
    name: str, file: Path, dataset: str, digest: str, replicate: int, baseline: str | None
) -> dict[str, object]:
    """Return the recipe to write; raise MednerError where the name has other answers."""
    files: list[str] = []
    if name in version_names():
        there = load_version(name)
        if there.system != "predictions" or there.dataset != dataset:
            raise MednerError(
                f"{name} is a version of system {there.system} on {there.dataset}: choose another name"
            )
        files, baseline = list(there.submissions), baseline or there.baseline
    if replicate > len(files) + 1:
        raise MednerError(
            f"--replicate {replicate}: {name} has {len(files)}: register {len(files) + 1} first"
        )
    if replicate <= len(files) and files[replicate - 1] != digest:
        raise MednerError(
            f"{replicate_name(name, replicate)} is registered with other answers: choose another name, or "
            f"--replicate {len(files) + 1} for another run of the same system"
        )
    if replicate > len(files):
        files.append(digest)
    if baseline is not None and load_version(baseline).dataset != dataset:
        raise MednerError(f"--baseline {baseline}: it is evaluated on another dataset than {dataset}")
    stated: dict[str, object] = {"summary": f"Answers of {file.name}, registered"[:300]}
    if baseline is not None:
        stated["baseline"] = baseline
    return stated | {
        "system": "predictions",
        "dataset": dataset,
        "replicates": len(files),
        "postprocessing": [],
        "submissions": files,
    }


def _keep(digest: str, content: bytes) -> None:
    """Keep a file of answers under its hash, whole or not at all; the same one again changes nothing."""
    file = paths.submission(digest)
    if not file.exists() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
        paths.private_folder(file.parent)
        _write(file, content)
    keep(file)


def _write(file: Path, content: bytes) -> None:
    partial = file.with_name(f".{file.name}.{os.getpid()}.partial")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        partial.replace(file)
    except OSError as error:
        raise MednerError(f"{file}: cannot be written ({error.strerror}): choose another place") from None
    finally:
        partial.unlink(missing_ok=True)


def _check(answers: list[SubmittedDocument], dataset: str, tell: Callable[[str], None]) -> None:
    """Hold the answers against the dataset, building it first where need be; raise MednerError."""
    from medner_assets.commands.runs import ensure_dataset
    from medner_assets.defs.datasets.data import data_of
    from medner_assets.defs.resources import Warehouse
    from medner_assets.defs.versions.submitted import require_registrable

    ensure_dataset(dataset)
    data = data_of(dataset, Warehouse.of_no_run())
    require_registrable(answers, data)
    asked = data.documents.filter(data.documents["split"] == "test").height
    if len(answers) < asked:
        tell(f"{asked - len(answers)} of {asked} test documents have no answer: each counts as an empty one")
    for what, known, said in (
        ("entity", data.gold_entities, [e.type for each in answers for e in each.entities]),
        ("relation", data.gold_relations, [r.type for each in answers for r in each.relations]),
    ):
        types = set(known["type"].unique())
        for kind, count in sorted(Counter(said).items()):
            if kind in types:
                continue
            tell(f"{what} type {kind[:80]!r} is not of {dataset}: its {count} items count as wrong")


def _evaluate(partition: str, version: str) -> None:
    """Score the answers and write the report of the version."""
    from medner_assets.launching import launch

    chain = ["recipe", "predictions", "metrics"]
    if partition != version:
        launch(chain, partition)
    launch([*chain, "comparison_report", "leaderboard"], version)
