"""`medner audit` and `export`: files in, files or figures out."""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from medner_assets.audit.audit import audit_dataset
from medner_assets.commands.export_annotations import export_annotations
from medner_assets.corpus.importing import problem_line
from medner_assets.corpus.reading import ProblemKind, Reading
from medner_assets.errors import MednerError
from medner_assets.recipes.loading import load_version
from medner_assets.scoring.statistics.power import planned
from medner_assets.warehouse.export import export_predictions, export_tables


def audit_files(train: Path, dev: Path, test: Path, *, as_json: bool) -> str:
    """Return the audit of three files of JSON lines, as JSON or as lines to read."""
    splits = [read_documents(file).documents for file in (train, dev, test)]
    audited = audit_dataset(*splits)
    if as_json:
        return json.dumps(audited.to_json())
    told = [f"verdict: {audited.verdict.value}", audited.lead_sentence]
    groups = {each.group or each.id for each in splits[2] if each.entities}
    found = planned(len(groups), 1)
    return "\n".join([*told, *(f"- {line}" for line in (*audited.reasons, *found))])


def export(file: Path, format: str, version: str | None, *, force: bool) -> str:
    """Write all tables or a version's predictions to `file`; return what was written."""
    if format == "duckdb":
        if version is not None:
            raise MednerError(
                "--version: a DuckDB file holds all versions: leave it out, or name another --format"
            )
        written, what = export_tables(file, force=force), "rows"
    else:
        if version is None:
            raise MednerError(f"--format {format} writes one version: give it with --version")
        dataset = load_version(version).dataset
        if format == "jsonl":
            written, what = export_predictions(file, version, force=force), "documents"
        else:
            written, what = export_annotations(file, format, version, dataset, force=force), "documents"
    if written.note:
        click.echo(written.note, err=True)
    return f"{written.path}: {written.rows} {what}"


def read_documents(file: Path, harmless: Collection[ProblemKind] = ()) -> Reading:
    """Return the documents of JSON lines; raise MednerError unless every line is a sound document.

    harmless: kinds of problems that lose nothing for the caller; they stay in the reading.
    """
    from medner_assets.corpus.readers.jsonl import read_jsonl

    reading = read_jsonl(file)
    lost = [each for each in reading.problems if each.kind.loses and each.kind not in harmless]
    if lost:
        more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
        raise MednerError(f"{problem_line(lost[0])}{more}: correct the file first")
    return reading


@contextmanager
def opened(file: Path) -> Iterator[TextIO]:
    """Open a text file; raise MednerError when it cannot be read or is not UTF-8."""
    try:
        with file.open(encoding="utf-8") as lines:
            yield lines
    except UnicodeDecodeError as error:
        raise MednerError(f"{file}: not valid UTF-8 at byte {error.start}: save it as UTF-8") from None
    except FileNotFoundError:
        raise MednerError(f"{file}: there is no such file: check the name") from None
