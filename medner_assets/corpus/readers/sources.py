"""What a path on the command line or in a recipe stands for: one file, a folder of them, or an archive.

Every reader takes one `Source` at a time and knows nothing of folders and archives.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from medner_assets.corpus.readers.files import Lines, archive_members, decoded, opened
from medner_assets.errors import MednerError

PACKED = (".gz", ".xz", ".bz2", ".zst")
STANDARD_INPUT = Path("/dev/stdin")


@dataclass(frozen=True, slots=True)
class Options:
    """What the user says of the files, where they do not say it themselves."""

    column: int | None = None
    """Of files of columns: which one holds the word, from 1."""


AS_SHOWN = Options()
"""Nothing is said: files show it."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read: on disk, a member of an archive, or bytes at hand.

    name: what problems call it. stem: what ids made of it begin with; sources of one import have distinct
    ones. alone: it was named itself, so that what is wrong with it ends the import; else it costs itself.
    """

    name: str
    stem: str
    path: Path | None = None
    member: str | None = None
    content: bytes | None = None
    alone: bool = True

    @contextmanager
    def stream(self) -> Iterator[BinaryIO]:
        """Open it, unpacked; raise MednerError if it cannot be read."""
        if self.content is not None or self.path is None:
            yield io.BytesIO(self.content or b"")
            return
        with opened(self.path, self.member) as stream:
            yield stream

    def read(self) -> bytes:
        """Return all of it, unpacked."""
        with self.stream() as stream:
            return stream.read()

    def text(self, *, keep_mark: bool = False) -> str:
        """Return all of it as text, line ends as they are; raise MednerError if it is not UTF-8."""
        return decoded(self.read(), self.name, keep_mark=keep_mark)

    @contextmanager
    def lines(self) -> Iterator[Lines]:
        """Open it as lines: (number from 1, line without its end), decoded."""
        with self.stream() as stream:
            yield Lines(stream, self.name)

    def each_line(self) -> Iterator[tuple[int, str]]:
        """Yield (number from 1, line without its end), decoded."""
        with self.lines() as lines:
            yield from lines

    @property
    def file_name(self) -> str:
        """The last part of its name."""
        return PurePosixPath(self.member).name if self.member else Path(self.name).name

    @property
    def suffix(self) -> str:
        """What its name ends on, in small letters, packing apart; with the dot."""
        return suffix_of(self.file_name)

    def beside(self, file_name: str) -> "Source | None":
        """Return the file of that name in the same folder or archive; None if there is none.

        file_name: may begin with `../FOLDER/`, for a folder beside that of this file.
        """
        if self.path is None:
            return None
        if self.member is None:
            path = self.path.parent / file_name
            if file_name.startswith("../"):
                path = self.path.parent.parent / file_name.removeprefix("../")
            return Source(str(path), self.stem, path, alone=self.alone) if path.is_file() else None
        folder = PurePosixPath(self.member).parent
        up = file_name.startswith("../")
        member = str((folder.parent if up else folder) / file_name.removeprefix("../"))
        if member not in (archive_members(self.path) or ()):
            return None
        return Source(f"{self.path}/{member}", self.stem, self.path, member, alone=self.alone)

    def rewindable(self) -> "Source":
        """Return the same as bytes at hand if it can be read only once, as what is piped in."""
        if self.path is None or self.path.is_file():
            return self
        return Source(self.name, self.stem, content=self.read(), alone=self.alone)


def suffix_of(file_name: str) -> str:
    """Return what a name ends on, in small letters, packing apart; with the dot."""
    name = file_name.lower()
    for packed in PACKED:
        name = name.removesuffix(packed)
    return PurePosixPath(name).suffix


def sources(paths: Sequence[Path], suffixes: Sequence[str]) -> list[Source]:
    """Return the files that `paths` stand for, in their order; those of a folder or archive by name.

    suffixes: of the format's files. In a folder, at any depth, files with other suffixes are passed over, and
    so is what is hidden. Raise MednerError for a path that is not there, or holds no such file.
    """
    found: list[Source] = []
    for path in paths:
        path = STANDARD_INPUT if str(path) == "-" else path
        if not path.exists():
            raise MednerError(f"{path}: there is no such file or folder: check the path, or MEDNER_CORPORA")
        if path.is_dir():
            found += _of_folder(path, suffixes)
        elif (members := archive_members(path)) is not None:
            found += _of_archive(path, members, suffixes)
        else:
            found.append(Source(str(path), _stem(path.name), path))
    return found


def _of_folder(folder: Path, suffixes: Sequence[str]) -> list[Source]:
    found = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if suffix_of(path.name) not in suffixes or any(part.startswith(".") for part in inside.parts):
            continue
        if path.is_file():
            stem = (inside.parent / _stem(path.name)).as_posix()
            found.append(Source(str(path), stem, path, alone=False))
    if not found:
        raise MednerError(
            f"{folder}: no file with suffix {', '.join(suffixes)} in this folder: check folder and format"
        )
    return found


def _of_archive(path: Path, members: Sequence[str], suffixes: Sequence[str]) -> list[Source]:
    kept = [each for each in members if suffix_of(each) in suffixes] if len(members) > 1 else list(members)
    if not kept:
        raise MednerError(
            f"{path}: no file with suffix {', '.join(suffixes)} in this archive: check archive and format"
        )
    return [
        Source(
            f"{path}/{member}",
            (PurePosixPath(member).parent / _stem(PurePosixPath(member).name)).as_posix(),
            path,
            member,
            alone=len(kept) == 1,
        )
        for member in kept
    ]


def _stem(file_name: str) -> str:
    """Return a file's name without packing and suffix."""
    end = len(suffix_of(file_name))
    name = file_name
    for packed in PACKED:
        if name.lower().endswith(packed):
            name = name[: -len(packed)]
    return name[: len(name) - end] or file_name


def with_distinct_stems(found: Sequence[Source]) -> list[Source]:
    """Give files of one stem as many of their folders' names as it takes to tell them apart."""
    by_stem: dict[str, list[Source]] = {}
    for each in found:
        by_stem.setdefault(each.stem, []).append(each)
    return [_told_apart(each, by_stem[each.stem]) for each in found]


def _told_apart(source: Source, alike: Sequence[Source]) -> Source:
    if len(alike) == 1:
        return source
    own, others = _parts(source), [_parts(each) for each in alike if each is not source]
    for count in range(1, len(own) + 1):
        if all(other[-count:] != own[-count:] for other in others):
            return replace(source, stem="/".join(own[-count:]))
    return source


def _parts(source: Source) -> tuple[str, ...]:
    path = PurePosixPath(source.name)
    return (*(part.strip("/") or "root" for part in path.parent.parts), _stem(path.name))
