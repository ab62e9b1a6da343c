"""`medner doctor`: what this machine has and lacks, each finding with its remedy."""

import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from medner_assets import paths
from medner_assets.commands.base import unlocked
from medner_assets.commands.findings import Finding, State
from medner_assets.commands.leftovers import looked_for
from medner_assets.environment import stated_dagster_home
from medner_assets.errors import MednerError
from medner_assets.layout import LAYOUT
from medner_assets.modeling.requirements import base_folder, largest_gpu_gib, missing_requirements
from medner_assets.recipes.editions import another_medner
from medner_assets.recipes.loading import base_model_names, load_base_model, load_version, version_names

GIB = 2**30
MEMORY_GIB, DISK_GIB = 3, 5
"""What the demo needs at most, and what a few adapters with their tables need."""


def examined() -> list[Finding]:
    """Return all findings, in the order in which things go wrong on a new machine."""
    return [
        python(),
        *packages(),
        memory(),
        disk(),
        gpu(),
        *bases(),
        *recipes(),
        home(),
        corpora(),
        *generated(),
    ]


def python() -> Finding:
    """Name the interpreter; one that is too old does not get this far."""
    return Finding("Python", "ok", f"{sys.version.split()[0]} at {sys.executable}")


def packages() -> list[Finding]:
    """Look at the packages that medner names: those that lack, or are of another version than it wants."""
    from packaging.requirements import Requirement

    try:
        named = requires("medner") or []
    except PackageNotFoundError:
        return [Finding("medner", "missing", f"not installed in {sys.prefix}", "make setup")]
    wanted = [Requirement(line) for line in named if "extra ==" not in line]
    wrong = []
    for each in wanted:
        try:
            installed = version(each.name)
        except PackageNotFoundError:
            wrong.append(Finding(each.name, "missing", "not installed", "make setup"))
            continue
        if not each.specifier.contains(installed, prereleases=True):
            remedy = f"medner wants {each.specifier}: make setup"
            wrong.append(Finding(each.name, "missing", installed, remedy))
    return wrong or [Finding("packages", "ok", f"all {len(wanted)} are installed")]


def memory() -> Finding:
    """Look at the memory that is free."""
    import psutil

    free = psutil.virtual_memory().available / GIB
    found = f"{free:.1f} GiB free"
    if free >= MEMORY_GIB:
        return Finding("memory", "ok", found)
    return Finding("memory", "note", found, f"the demo needs up to {MEMORY_GIB} GiB: close other programs")


def disk() -> Finding:
    """Look at the disk on which data/ is."""
    folder = next(each for each in (paths.data(), *paths.data().parents) if each.exists())
    free = shutil.disk_usage(folder).free / GIB
    found = f"{free:.1f} GiB free at {folder}"
    if not os.access(folder, os.W_OK):
        return Finding(
            "disk", "missing", f"{folder} cannot be written", "set MEDNER_DATA to a folder that you can write"
        )
    if free >= DISK_GIB:
        return Finding("disk", "ok", found)
    return Finding(
        "disk", "note", found, f"keep {DISK_GIB} GiB free, or set MEDNER_DATA to a folder on another disk"
    )


def gpu() -> Finding:
    """Look for a CUDA device; none is needed for the embedded base."""
    gib = largest_gpu_gib()
    if gib is None:
        return Finding("GPU", "note", "none: the embedded base trains on the CPU, larger bases do not")
    return Finding("GPU", "ok", f"{gib:.0f} GiB")


def bases() -> Iterator[Finding]:
    """Look at each base model's weights and what else it needs."""
    waiting = unlocked(base_model_names())
    for name in base_model_names():
        if name in waiting:
            continue
        try:
            base = load_base_model(name)
            lacking = missing_requirements(name, base)
        except MednerError as error:
            yield Finding(f"base {name}", "note", "unreadable", str(error))
            continue
        if lacking is None:
            yield Finding(f"base {name}", "ok", f"ready at {base_folder(base)}")
        else:
            state: State = "missing" if base.path is not None and base.wheel is None else "note"
            yield Finding(f"base {name}", state, lacking.removeprefix(f"base model {name} "))

    if waiting:
        yield Finding("unlocked bases", "note", ", ".join(waiting), "`medner base lock NAME` before training")


def recipes() -> Iterator[Finding]:
    """Look for recipes of versions that cannot be read; the others work all the same."""
    unreadable = 0
    for name in version_names():
        try:
            load_version(name)
        except MednerError as error:
            unreadable += 1
            yield Finding(f"version {name}", "note", "unreadable", str(error))
    if not unreadable:
        yield Finding(
            "recipes", "ok", f"{len(version_names())} versions can be read{another_medner(paths.RECIPES)}"
        )


def home() -> Finding:
    """Look at where Dagster keeps its runs."""
    stated = stated_dagster_home()
    if stated and Path(stated).resolve() != paths.project():
        remedy = f"medner uses {paths.project()}; start the UI with {paths.UI} so that it shows the same runs"
        return Finding("Dagster home", "note", f"DAGSTER_HOME is {stated}", remedy)
    there = paths.DAGSTER_STORAGE.exists()
    return Finding("Dagster home", "ok", f"{paths.project()}{'' if there else ', nothing was run yet'}")


def corpora() -> Finding:
    """Look at the folder of corpora; only datasets made of files need it."""
    folder = paths.corpora()
    if folder.is_dir():
        return Finding("corpora", "ok", str(folder))
    return Finding(
        "corpora", "note", f"{folder} is not there", "set MEDNER_CORPORA for datasets made of files"
    )


def generated() -> Iterator[Finding]:
    """Look at what is generated: its layout, the analyst's file and what was left lying about."""
    from medner_assets.warehouse.store import Store

    try:
        store = Store(paths.warehouse())
        begun_by = store.initialise()
        store.bring()
    except MednerError as error:
        yield Finding("data", "missing", "cannot be read", str(error))
        return
    place = paths.bucket_url() or paths.data()
    yield Finding(
        "data", "ok", f"{place} has layout {LAYOUT}, which this medner reads; begun by medner {begun_by}"
    )
    yield catalogue()
    yield from looked_for()


def catalogue() -> Finding:
    """Look at the analyst's DuckDB file: whether it has the present views, and whether someone holds it."""
    from medner_assets.warehouse.analyst_file import refresh

    refreshed = refresh()
    if refreshed.outcome in ("held", "refused"):
        return Finding("catalogue", "note", refreshed.message)
    written = f"{paths.catalogue()} has the present views, written {_time_of([paths.catalogue()])}"
    parts = list(paths.warehouse().glob("*/*=[!_]*/part-0.parquet"))
    rows = f"its newest rows are of {_time_of(parts)}" if parts else "there are no rows yet"
    return Finding("catalogue", "ok", f"{written}; {rows}")


def _time_of(files: list[Path]) -> str:
    """Return when the latest of the files was written."""
    return f"{datetime.fromtimestamp(max(file.stat().st_mtime for file in files), UTC):%Y-%m-%d %H:%M} UTC"
