"""`medner import`: files of a format in, documents as JSON lines out, and what became of the rest."""

import gc
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from medner_assets.corpus.importing import Import, problem_to_json
from medner_assets.corpus.jsonl import json_line, written
from medner_assets.corpus.readers.sources import Options
from medner_assets.corpus.reading import Problem
from medner_assets.errors import MednerError
from medner_assets.visible import visible

STANDARD_OUTPUT = Path("-")


def import_corpus(
    format: str,
    files: Sequence[Path],
    out: Path,
    *,
    problems: Path | None = None,
    strict: bool = False,
    column: int | None = None,
) -> None:
    """Write the documents of `files` to `out` (`-`: standard output).

    Counts go to standard output, or to standard error where the documents go there; problems, by kind, to
    standard error, and all of them to the file `problems`. With `strict` nothing is written to `out` when
    anything is lost. Raise MednerError.
    """
    running = Import(format, files, Options(column=column))
    _refuse_places(running, out, problems)
    if strict and out == STANDARD_OUTPUT:
        raise MednerError("--strict writes no document before all are read: name a file with --out")
    if problems is None:
        _write(running, out, lambda problem: None, strict=strict)
    else:
        _write_both(running, out, problems, strict=strict)
    for line in running.told.problem_lines():
        click.echo(visible(line), err=True)
    for name, count in running.told.summary().items():
        click.echo(f"{name}\t{count}", err=out == STANDARD_OUTPUT)


def _refuse_places(running: Import, out: Path, problems: Path | None) -> None:
    """Raise MednerError where a file that is written is one of those that are read, or both are one."""
    for name, place in (("--out", out), ("--problems", problems)):
        if place is not None and place != STANDARD_OUTPUT and running.reads(place):
            raise MednerError(f"{name} {place}: is one of the files that are read: name another")
    if problems is not None and problems.absolute() == out.absolute():
        raise MednerError(f"--problems {problems}: is the file of --out too: name another")


def _write_both(running: Import, out: Path, problems: Path, *, strict: bool) -> None:
    """Write documents and problems; the problems also where the import ends with an error."""
    error: MednerError | None = None
    with written(problems) as lines:

        def keep(problem: Problem) -> None:
            lines.write(json.dumps(problem_to_json(problem), ensure_ascii=False) + "\n")

        try:
            _write(running, out, keep, strict=strict)
        except MednerError as raised:
            error = raised
    if error is not None:
        raise error


def _write(running: Import, out: Path, keep: Callable[[Problem], None], *, strict: bool) -> None:
    gc.set_threshold(200_000, 20, 20)  # values without cycles by the million: looking for some takes a fifth
    documents = running.documents(keep)
    if out == STANDARD_OUTPUT:
        for document in documents:
            click.echo(json_line(document), nl=False)
        return
    with written(out) as lines:
        for document in documents:
            lines.write(json_line(document))
        if strict and running.told.lost:
            raise MednerError(
                f"--strict: {running.told.problem_lines()[0]}: {out} is not written; "
                "correct the files, or leave --strict out"
            )
