"""A corpus of any size as shards: which parts of which files, known by their content. One shard is one file
of results.

A shard's name is a hash of its place and its bytes: the same part of the same file has the same name on every
machine, and a file that changes has other shards. `.jsonl` files are cut every so many lines, of `.parquet`
files each row group is a shard, and `.txt` files (a note each) are taken so many at a time.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from medner_assets.corpus.readers.files import decoded, read_text
from medner_assets.corpus.readers.json_records import parsed_json
from medner_assets.corpus.readers.parquet import json_row, no_parquet
from medner_assets.errors import MednerError

SUFFIXES = (".jsonl", ".parquet", ".txt")


class Shard(BaseModel):
    """A part of a corpus. Files are relative to its folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(description="16 hexadecimal digits of the SHA-256 of place and content.")
    kind: Literal["jsonl", "parquet", "text"]
    files: tuple[str, ...] = Field(description="One, but for texts.")
    start: int = Field(0, ge=0, description="jsonl: first byte; parquet: the row group.")
    size: int = Field(0, ge=0, description="jsonl: bytes.")
    first: int = Field(1, ge=1, description="jsonl and parquet: number of the first line or row.")
    documents: int = Field(ge=0, description="Documents, as far as that can be known before reading them.")

    @property
    def place(self) -> str:
        """Where the shard begins, for people."""
        return f"{self.files[0]}:{self.first}" if self.kind != "text" else self.files[0]


class Text(BaseModel):
    """One document of a shard: what is read, and where it stands."""

    model_config = ConfigDict(frozen=True)

    id: str
    text: str
    file: str
    line: int | None


def plan(folder: Path, documents_a_shard: int) -> list[Shard]:
    """Return the shards of the files below `folder`, by the names of the files; reads every byte once.

    Hidden files and those with other suffixes than `SUFFIXES` are passed over. Raises MednerError when there
    is no folder, nothing to read in it, or two parts of one content and place.
    """
    if not folder.is_dir():
        raise MednerError(f"{folder}: there is no such folder: name the folder of the corpus")
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not files:
        raise MednerError(
            f"{folder}: no file with suffix {', '.join(SUFFIXES)} below it: nothing to annotate"
        )
    shards: list[Shard] = []
    for file in files:
        name = file.relative_to(folder).as_posix()
        if file.suffix == ".jsonl":
            shards += _of_lines(file, name, documents_a_shard)
        elif file.suffix == ".parquet":
            shards += _of_row_groups(file, name)
    notes = [file for file in files if file.suffix == ".txt"]
    shards += [
        _of_texts(folder, notes[i : i + documents_a_shard]) for i in range(0, len(notes), documents_a_shard)
    ]
    return shards


def texts(folder: Path, shard: Shard) -> list[Text]:
    """Return the documents of a shard; raise MednerError naming file and line of the first that is none.

    A line needs `id` and `text`; what else it holds is not looked at.
    """
    if shard.kind == "text":
        found = [
            Text(id=name.removesuffix(".txt"), text=read_text(folder / name), file=name, line=None)
            for name in shard.files
        ]
    else:
        name = shard.files[0]
        records = _lines(folder, shard) if shard.kind == "jsonl" else _rows(folder, shard)
        found = [_text(record, name, line) for line, record in records]
    seen: dict[str, Text] = {}
    for each in found:
        if each.id in seen:
            raise MednerError(f"{_where(each)}: document {each.id!r} occurs twice: give each its own id")
        seen[each.id] = each
    return found


def _of_lines(file: Path, name: str, documents: int) -> Iterator[Shard]:
    """Yield shards of whole lines; a blank line counts as a line and is no document."""
    with file.open("rb") as stream:
        start, size, first, count, digest = 0, 0, 1, 0, hashlib.sha256()
        for number, line in enumerate(stream, start=1):
            digest.update(line)
            size += len(line)
            count += bool(line.strip())
            if count == documents:
                yield _shard("jsonl", (name,), digest.digest(), count, start=start, size=size, first=first)
                start, first, size, count, digest = start + size, number + 1, 0, 0, hashlib.sha256()
        if count:
            yield _shard("jsonl", (name,), digest.digest(), count, start=start, size=size, first=first)


def _of_row_groups(file: Path, name: str) -> Iterator[Shard]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with file.open("rb") as stream:
        content = hashlib.file_digest(stream, "sha256").digest()
    try:
        about = pq.read_metadata(file)
        groups = [about.row_group(group).num_rows for group in range(about.num_row_groups)]
    except (pa.ArrowException, OSError):
        groups = [0]  # it is set aside when it is read
    first = 1
    for group, rows in enumerate(groups):
        yield _shard("parquet", (name,), content, rows, start=group, first=first)
        first += rows


def _of_texts(folder: Path, files: Sequence[Path]) -> Shard:
    digest = hashlib.sha256()
    names = tuple(file.relative_to(folder).as_posix() for file in files)
    for file in files:
        content = file.read_bytes()
        digest.update(len(content).to_bytes(8, "big") + content)
    return _shard("text", names, digest.digest(), len(names))


def _shard(
    kind: Literal["jsonl", "parquet", "text"],
    files: tuple[str, ...],
    content: bytes,
    documents: int,
    *,
    start: int = 0,
    size: int = 0,
    first: int = 1,
) -> Shard:
    # The line and not the byte: a change of one shard leaves those after it what they are.
    place = "\0".join((kind, str(first), *files)).encode()
    name = hashlib.sha256(place + b"\0" + content).hexdigest()[:16]
    return Shard(name=name, kind=kind, files=files, start=start, size=size, first=first, documents=documents)


def _lines(folder: Path, shard: Shard) -> Iterable[tuple[int, Any]]:
    name = shard.files[0]
    with (folder / name).open("rb") as stream:
        stream.seek(shard.start)
        lines = stream.read(shard.size).split(b"\n")
    for number, line in enumerate(lines, start=shard.first):
        if line.strip():
            try:
                yield number, parsed_json(decoded(line, f"{name}:{number}").strip())
            except MednerError as error:
                raise MednerError(f"{name}:{number}: {_plain(error, name, number)}") from None


def _plain(error: MednerError, name: str, number: int) -> str:
    return str(error).removeprefix(f"{name}:{number}: ")


def _rows(folder: Path, shard: Shard) -> Iterable[tuple[int, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    name = shard.files[0]
    try:
        with pq.ParquetFile(folder / name) as file:
            rows = file.read_row_group(shard.start, columns=["id", "text"]).to_pylist()
    except (pa.ArrowException, OSError, ValueError, IndexError, KeyError) as error:
        raise no_parquet(name, error) from None
    return [(number, json_row(row)) for number, row in enumerate(rows, start=shard.first)]


def _text(record: object, file: str, line: int) -> Text:
    content = record if isinstance(record, dict) else {}
    doc_id, text = content.get("id"), content.get("text")
    if isinstance(doc_id, int) and not isinstance(doc_id, bool):
        doc_id = str(doc_id)
    if not isinstance(doc_id, str) or not doc_id or not isinstance(text, str):
        raise MednerError(f"{file}:{line}: no document with id and text: see docs/formats.md")
    return Text(id=doc_id, text=text, file=file, line=line)


def _where(text: Text) -> str:
    return text.file if text.line is None else f"{text.file}:{text.line}"
