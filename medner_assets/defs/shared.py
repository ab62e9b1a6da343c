"""Adapters, reports and registered answers where MEDNER_DATA is an object store: kept there and brought here.

A unit is all files of one adapter, one report, or one file of answers; its place in the bucket is its place
below `paths.data()`. Where MEDNER_DATA is a folder, nothing of this does anything.
"""

import os
import re
from contextlib import AbstractContextManager
from pathlib import Path

from medner_assets import paths
from medner_assets.files import publish_file
from medner_assets.locks import exclusive
from medner_assets.modeling.publishing import publish_folder
from medner_assets.object_store.bucket import Bucket, Gone, Kept, Pointer, bucket
from medner_assets.object_store.notes import note, noted
from medner_assets.paths import bucket_url, is_name

KINDS = ("adapters", "reports", "submissions")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def keep(place: Path) -> None:
    """Keep an adapter's folder, a report or a file of answers as it is now.

    Raises MednerError where the store refuses, or another machine has replaced it meanwhile: it stays here,
    and is kept when it is next asked for.
    """
    url = bucket_url()
    if url is None:
        return
    with _held(place):
        store, unit = bucket(url), _unit(place)
        files = {file.name: file for file in _files(place)}
        gone = dict.fromkeys(store.pointer(unit).files.keys() - files.keys())
        note(_note(place), store.write(unit, {**gone, **files}))


def leave_out(place: Path) -> None:
    """Remove a unit from the store for good, or one file of an adapter; the caller removes what is here."""
    url = bucket_url()
    if url is None:
        return
    store = bucket(url)
    whole = place.parent.name in KINDS
    unit = _unit(place if whole else place.parent)
    named = [name for name in store.pointer(unit).files if whole or name == place.name]
    store.write(unit, dict.fromkeys(named))


def bring() -> None:
    """Bring what other machines have made, changed or removed since; each unit appears whole."""
    url = bucket_url()
    if url is None:
        return
    store = bucket(url)
    for kind in KINDS:
        for name, tag in sorted(store.pointers(kind).items()):
            place = paths.data() / kind / name
            if not (is_name(name) if kind == "adapters" else _FILE.fullmatch(name)):
                continue
            here = noted(_note(place))
            if tag != here.tag or (here.files and not place.exists()):
                with _held(place):
                    _bring(store, place)


def _bring(store: Bucket, place: Path) -> None:
    while True:
        now, before = store.pointer(_unit(place)), noted(_note(place))
        try:
            if now.files and (now.files != before.files or not place.exists()):
                _fill(store, place, now)
        except Gone:  # replaced meanwhile: there is a newer pointer
            continue
        break
    if not now.files and before.files and place.is_file():
        place.unlink()
    note(_note(place), now)


def _fill(store: Bucket, place: Path, now: Pointer) -> None:
    """Put what a pointer names in its place: a folder for an adapter, else its one file."""
    if place.parent.name == "adapters":
        publish_folder(place, lambda folder: _fetch_all(store, now, folder))
        return
    paths.private_folder(place.parent)
    partial = place.with_name(f".{place.name}.{os.getpid()}.partial")
    try:
        _fetch(store, now.files[place.name], partial)
        publish_file(place, partial)
    finally:
        partial.unlink(missing_ok=True)


def _fetch_all(store: Bucket, now: Pointer, folder: Path) -> None:
    for name, kept in now.files.items():
        if _FILE.fullmatch(name):
            _fetch(store, kept, folder / name)


def _fetch(store: Bucket, kept: Kept, file: Path) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        store.fetch(kept, stream)


def _files(place: Path) -> list[Path]:
    """Return the files of a unit, without what a writer has not finished."""
    return sorted(place.glob("[!.]*")) if place.is_dir() else [place]


def _unit(place: Path) -> str:
    return f"{place.parent.name}/{place.name}"


def _note(place: Path) -> Path:
    return paths.data() / "_copies" / place.parent.name / f"{place.name}.json"


def _held(place: Path) -> AbstractContextManager[int]:
    """Return the lock under which one process of this machine at a time keeps or brings a unit."""
    return exclusive(paths.data() / "_copies" / place.parent.name / f"{place.name}.lock", "keeping", None)
