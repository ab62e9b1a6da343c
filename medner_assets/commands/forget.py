"""`medner forget`: remove what is kept of a dataset, a version, or some documents, and say what stays.

Nothing is removed before it was listed. What medner cannot reach is listed too: weights that learned from the
texts, the corpus files, exports, and tables of an analyst's own.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from medner_assets import paths
from medner_assets.columns import PartitionKey
from medner_assets.commands.predict_scratch import abandoned
from medner_assets.commands.rounds import folder_of, known_rounds, queue_of
from medner_assets.defs.shared import bring, leave_out
from medner_assets.errors import MednerError
from medner_assets.locks import is_held
from medner_assets.recipes.loading import dataset_names, load_version, version_names
from medner_assets.warehouse.forgetting import partitions_of, remove_documents, remove_partition, rows_in

_OF_OTHERS = ("annotations", "annotation_shards")
"""Tables of a version that hold no text of its dataset: what it read in corpora of the user's own."""


@dataclass(frozen=True)
class Plan:
    """What goes and what stays. `documents`: empty: all of them."""

    name: str
    documents: tuple[str, ...]
    partitions: tuple[Path, ...]
    rows: tuple[int, ...]
    folders: tuple[Path, ...]
    runs: tuple[str, ...]
    stays: tuple[str, ...]

    def lines(self) -> list[str]:
        """Return what goes and what stays, a line each."""
        of = f" of {len(self.documents)} documents" if self.documents else ""
        told = [
            f"removes  {rows} rows{of} in {folder}"
            for folder, rows in zip(self.partitions, self.rows, strict=True)
        ]
        told += [f"removes  {folder}" for folder in self.folders]
        told += [f"removes  Dagster's logs of {len(self.runs)} runs"] if self.runs else []
        return [*(told or [f"nothing is kept of {self.name}"]), *(f"stays    {each}" for each in self.stays)]


def planned(name: str, documents: Sequence[str] = ()) -> Plan:
    """Return what forgetting `name` would remove.

    name: a dataset or a version, with a recipe or with rows that are left of one. documents: ids; only their
    rows go, and whole reports and scratch folders, in which they may be quoted.
    Raises MednerError when there is nothing of that name, when it is both, and while its work is under way.
    """
    bring()
    root = paths.warehouse()
    of_dataset, of_version = partitions_of(root, "dataset", name), partitions_of(root, "model_version", name)
    is_dataset = bool(of_dataset) or name in dataset_names()
    is_version = bool(of_version) or name in version_names() or paths.adapter(name).exists()
    if is_dataset == is_version:
        both = "both a dataset and a version" if is_dataset else "neither a dataset nor a version"
        raise MednerError(f"{name}: {both}: see `medner versions`, and rename one where it is both")
    versions = _versions_of(name) if is_dataset else [name]
    for version in versions:
        if held := [lock.parent.name for lock in _work(version).glob("*/lock") if is_held(lock)]:
            raise MednerError(f"{held[0]} of {version} is under way: end it first, then forget")
    partitions = [*of_dataset] if is_dataset else []
    for version in versions:
        kept = _OF_OTHERS if is_dataset else ()
        kind: PartitionKey = "model_version"
        partitions += [each for each in partitions_of(root, kind, version) if each.parent.name not in kept]
    counted = [(folder, rows_in(folder, documents)) for folder in partitions]
    counted = [(folder, rows) for folder, rows in counted if rows or not documents]
    if documents and not counted:
        raise MednerError(
            f"{name}: no rows of {', '.join(documents[:3])[:100]}: check the ids, and see documents"
        )
    return Plan(
        name=name,
        documents=tuple(documents),
        partitions=tuple(folder for folder, _ in counted),
        rows=tuple(rows for _, rows in counted),
        folders=tuple(_folders(versions)),
        runs=tuple(_runs([name, *versions])),
        stays=tuple(_staying(name, versions, is_dataset=is_dataset, documents=documents)),
    )


def carry_out(plan: Plan) -> None:
    """Remove what the plan names. Done again it goes on where it was interrupted."""
    for folder in plan.folders:
        if not folder.is_relative_to(paths.data() / "work"):
            leave_out(folder)  # before it goes here: done again, it is still seen
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
        else:
            folder.unlink(missing_ok=True)
    for partition in plan.partitions:
        if plan.documents:
            remove_documents(paths.warehouse(), partition, plan.documents)
        elif partition.is_dir():
            remove_partition(paths.warehouse(), partition)
    logs = paths.DAGSTER_STORAGE / "compute_logs"
    for run in plan.runs:
        for folder in logs.rglob(run):
            shutil.rmtree(folder, ignore_errors=True)


def _versions_of(dataset: str) -> list[str]:
    """Return the versions that were trained or evaluated on a dataset: by their recipes or rows."""
    found = []
    kept = {each.name.partition("=")[2] for each in paths.warehouse().glob("*/model_version=*")}
    for name in sorted({*version_names(), *kept}):
        if not paths.is_name(name):
            continue
        try:
            of: str | None = load_version(name).dataset
        except MednerError:
            of = _dataset_of_rows(name)
        if of == dataset:
            found.append(name)
    return found


def _dataset_of_rows(version: str) -> str | None:
    """Return the dataset in the rows of a version whose recipe is gone."""
    from medner_assets.warehouse.store import Store

    for table in ("adapters", "completions"):
        store = Store(paths.warehouse())
        if store.has(table, version) and (rows := store.read(table, version)).height:
            return str(rows["dataset"][0])
    return None


def _work(version: str) -> Path:
    return paths.data() / "work" / paths.checked_name(version)


def _folders(versions: Sequence[str]) -> list[Path]:
    """Return scratch folders and reports that can quote texts of these versions or of predictions."""
    found = [*abandoned()]
    for version in versions:
        found += [_work(version)] if _work(version).exists() else []
        for pattern in (f"{version}-vs-*.html", f"*-vs-{version}.html", f"{version}.html"):
            found += sorted(paths.reports().glob(pattern))
        card = paths.adapter(version) / "README.md"
        found += [card] if card.exists() else []
    return list(dict.fromkeys(found))


def _runs(names: Sequence[str]) -> list[str]:
    """Return the ids of the runs that worked on these partitions and have logs."""
    logs = paths.DAGSTER_STORAGE / "compute_logs"
    if not logs.is_dir():
        return []
    from medner_assets.defs.instance import runs_of
    from medner_assets.launching import opened

    with opened() as dagster:
        ids = [run for name in dict.fromkeys(names) for run in runs_of(dagster, name)]
    return [each for each in ids if any(logs.rglob(each))]


def _staying(name: str, versions: Sequence[str], *, is_dataset: bool, documents: Sequence[str]) -> list[str]:
    told = [
        f"{paths.adapter(version)}: weights can repeat what they learned: remove the folder, or train without"
        for version in versions
        if paths.adapter(version).exists()
    ]
    told += [
        f"{folder_of(each.round)}: texts queued for correction: remove the folder once they are corrected"
        for each in map(queue_of, known_rounds())
        if each.dataset == name or each.version in versions
    ]
    if documents and versions:
        told.append(f"scores of {', '.join(versions)} still count these documents: train and evaluate again")
    if is_dataset:
        told.append(
            f"files of {name} in {paths.corpora()} and other corpora: yours, and read again by a build"
        )
    told.append("files of `medner import` and `medner export`, tables of your own in medner.duckdb, backups")
    return told
