"""A bucket that keeps immutable objects and small pointers to them, for several machines at once.

A *pointer* is one JSON object that says, for each file of a unit (a partition's tables, an adapter), which
object holds it. No object is ever overwritten: its name holds the hash of its content and the id of the one
write that made it. A pointer is replaced only where it is still the one that the writer has read (create-only
and ETag-conditional writes), so all files that are written together change together, and of two writers of
one file the second is told. No clock decides anything.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from medner_assets.errors import MednerError
from medner_assets.object_store.client import Client, ObjectState, is_of_no_bucket

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_PIECE = 32 * 2**20
"""Bytes of an object that are asked for at a time: each piece has the request's whole patience."""
_TURNS = 50
"""How often a pointer that others replace meanwhile is read anew, before the writer gives up."""
_OBJECT = re.compile(r"objects/[A-Za-z0-9._=/-]+")


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it is kept: the object that holds it, the SHA-256 of its content, its size."""

    object: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a unit has now: file → object. `state`: None where it was never written."""

    files: Mapping[str, Kept] = field(default_factory=dict)
    state: ObjectState | None = None

    @property
    def tag(self) -> str | None:
        """The server's mark of this state, as a listing shows it too; None: never written."""
        return self.state.e_tag if self.state else None


class Bucket:
    """The objects and pointers below one URL: `s3://bucket/prefix`, `gs://`, `az://`, or `file:///folder`.

    Every method raises MednerError, in one line, where the server refuses or does not answer in time.
    """

    def __init__(self, url: str, store: "ObjectStore | None" = None) -> None:
        """store: see `Client`."""
        self._client = Client(url, store)
        self.url, self._store, self._asking = url, self._client.store, self._client.asking

    def pointers(self, kind: str) -> dict[str, str]:
        """Return the units of a kind that were ever written, by name, each with the tag of its pointer."""
        prefix = f"pointers/{kind}/"
        with self._asking():
            listed = self._store.list(prefix).collect()
        return {
            each["path"].removeprefix(prefix).removesuffix(".json"): each["e_tag"] or ""
            for each in listed
            if each["path"].endswith(".json")
        }

    def pointer(self, unit: str) -> Pointer:
        """Return what a unit has now; without files where it was never written."""
        with self._asking():
            try:
                found = self._store.get(_pointer_path(unit))
            except FileNotFoundError as error:
                if is_of_no_bucket(error):
                    raise
                return Pointer()
            content, state = bytes(found.bytes()), ObjectState.of(found.meta)
        try:
            stated = json.loads(content)
            files = {name: Kept(**each) for name, each in stated["files"].items()}
            if not all(_OBJECT.fullmatch(each.object) and ".." not in each.object for each in files.values()):
                raise ValueError("an object out of place")
        except (ValueError, TypeError, KeyError, AttributeError):
            raise MednerError(
                f"{self.url}/{_pointer_path(unit)}: not a pointer of medner's: remove it and make anew what "
                "it named"
            ) from None
        return Pointer(files, state)

    def write(self, unit: str, changes: Mapping[str, Path | None], before: Pointer | None = None) -> Pointer:
        """Put files of a unit in the place of those that are there, all at once; return what it has then.

        changes: name → its new content; None: the file goes. before: the state from which these files were
        made, where they were; else the one at the beginning of this call. Raises MednerError where another
        writer has replaced one of them since; then nothing of this writer is seen by anybody.
        Whatever is interrupted leaves the old state or the new one, and objects that nothing names, which the
        next writer of these files removes.
        """
        before = before or self.pointer(unit)
        # Listed before the pointer is replaced: who wrote any of these meant the state that ends with it, and
        # will be refused. So those that the new state does not name can go, without asking how old they are.
        listed = self._objects_of(unit, changes)
        mine = {
            name: None if path is None else self._uploaded(unit, name, path, before.files.get(name))
            for name, path in changes.items()
        }
        try:
            after = self._replaced(unit, before, mine)
        except _Conflict:  # no pointer has named them, and no request on its way can any more
            others = before.files.values()
            self._remove([each.object for each in mine.values() if each is not None and each not in others])
            raise
        changed = [name for name in changes if after.files.get(name) != before.files.get(name)]
        named = {each.object for each in after.files.values()}
        made = [each.object for each in mine.values() if each is not None]
        unnamed = {each for name in changed for each in listed[name]} | set(made)
        self._remove(sorted(unnamed - named))
        return after

    def fetch(self, kept: Kept, stream: BinaryIO) -> None:
        """Write an object's content to a stream.

        Raises Gone where it is not there any more, since its file was replaced meanwhile, and MednerError
        where what arrives is not what was written.
        """
        digest = hashlib.sha256()
        for start in range(0, kept.bytes, _PIECE):
            with self._asking():
                try:
                    end = min(start + _PIECE, kept.bytes)
                    piece = self._store.get_range(kept.object, start=start, end=end)
                except FileNotFoundError as error:
                    if is_of_no_bucket(error):
                        raise
                    raise Gone(kept.object) from None
            digest.update(piece)
            stream.write(piece)
        if digest.hexdigest() != kept.sha256:
            raise MednerError(
                f"{self.url}/{kept.object}: not what was written there: make its rows anew, or restore it"
            )

    def _uploaded(self, unit: str, name: str, path: Path, before: Kept | None) -> Kept:
        """Return a file as an object; where the present one has the same content, that one."""
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if before is not None and before.sha256 == digest:
            return before
        made = Kept(f"{_objects_path(unit, name)}{digest}-{uuid.uuid4().hex}", digest, path.stat().st_size)
        with self._asking(), path.open("rb") as stream:
            self._store.put(made.object, stream)
        return made

    def _replaced(self, unit: str, before: Pointer, mine: Mapping[str, Kept | None]) -> Pointer:
        """Replace the pointer; other files of the unit stay as they are by then. Return the new state."""
        now = self.pointer(unit)
        for _ in range(_TURNS):
            changes = dict(mine)
            for name, each in mine.items():
                there = now.files.get(name)
                if there == each:
                    continue
                if each is not None and there is not None and there.sha256 == each.sha256:
                    changes[name] = there  # another writer was first, with the same content
                elif there != before.files.get(name):
                    raise _Conflict(
                        f"{unit}: another writer replaced {name} meanwhile: its result stands and yours was "
                        "not kept: run it again to have yours"
                    )
            files = {**now.files, **changes}
            wanted = {name: each for name, each in sorted(files.items()) if each is not None}
            if wanted == now.files:
                return now
            state = self._put_pointer(unit, wanted, now.state)
            if state is not None:
                return Pointer(wanted, state)
            # Also where the server has replaced it and its answer was lost: then `now` has all of `mine`.
            now = self.pointer(unit)
        raise _Conflict(f"{unit}: others replace it all the time: nothing was kept: run it again later")

    def _put_pointer(
        self, unit: str, files: Mapping[str, Kept], before: ObjectState | None
    ) -> ObjectState | None:
        """Replace a pointer that is still in this state; return its new one, None where it is in another."""
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        stated = {"files": {name: asdict(each) for name, each in files.items()}}
        content = json.dumps(stated, indent=1).encode()
        with self._asking():
            try:
                return self._client.put_if(_pointer_path(unit), content, before)
            except (AlreadyExistsError, PreconditionError):
                return None

    def _objects_of(self, unit: str, names: Collection[str]) -> dict[str, list[str]]:
        """Return the objects that were ever written for these files and are still there."""
        with self._asking():
            return {
                name: [each["path"] for each in self._store.list(_objects_path(unit, name)).collect()]
                for name in names
            }

    def _remove(self, objects: list[str]) -> None:
        with self._asking():
            for each in objects:
                with suppress(FileNotFoundError):  # another writer removed it too
                    self._store.delete(each)


class _Conflict(MednerError):
    """Another writer was first."""


class Gone(Exception):
    """An object that a pointer named a moment ago."""


@lru_cache(maxsize=4)
def bucket(url: str) -> Bucket:
    """Return the bucket of a URL, opened once in a process."""
    return Bucket(url)


def _pointer_path(unit: str) -> str:
    return f"pointers/{unit}.json"


def _objects_path(unit: str, name: str) -> str:
    return f"objects/{unit}/{name}/"
