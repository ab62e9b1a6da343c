"""`medner predict`: read texts with a version, in a process that loads it once, and hand on what it finds.

Only what is light is imported here: the process loads its libraries while the rest of this one does.
"""

import json
import os
import re
import shutil
import sys
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any, TextIO

from medner_assets import paths
from medner_assets.commands.predict_scratch import scratch
from medner_assets.corpus.readers.files import read_text
from medner_assets.defs.processes import started
from medner_assets.defs.shared import bring
from medner_assets.environment import of_child
from medner_assets.errors import MednerError
from medner_assets.visible import visible

Part = dict[str, Any]
"""A part of a text and what was read in it; `inference.predict` says its keys."""


_PATH = re.compile(r"(/|~|\./|\.\./).*|\S*/\S*|.*\.(txt|jsonl?|tsv|csv|xml|ann|md|pdf|docx?)", re.IGNORECASE)
"""What looks like the name of a file or folder: starts like a path, is one word with a slash, or ends like a
file's name."""


@dataclass(frozen=True, slots=True)
class Input:
    """One file to read, or a text as typed. `name` becomes the id of its document."""

    name: str
    file: Path | None
    text: str = ""
    is_argument: bool = False
    """Whether the text stood on the command line, where others can see it."""


def inputs(text: str | None, stream: TextIO, *, is_text: bool = False) -> list[Input]:
    """Return what to read: the file or folder of that name, a text as typed, or the stream where there is
    none or `-`.

    A file whose name ends in .jsonl holds documents, one per line; any other is one text. Of a folder every
    .txt and .jsonl file below it is read, by name. is_text: the text is one, whatever it looks like.
    Raises MednerError when there is nothing to read, or when what looks like a path is none.
    """
    if text is None and is_text:
        raise MednerError("--text: give the text as the argument after the version")
    if text is None or (text == "-" and not is_text):
        if stream.isatty():
            raise MednerError("nothing to read: name a file or a folder, or pipe a text in")
        return [Input("stdin", None, _worded(stream.read()))]
    if is_text or not text.strip():
        return [Input("text", None, _worded(text), is_argument=True)]
    path = Path(text) if len(text) <= 4096 and "\n" not in text and "\0" not in text else None
    if path is not None and _is(path.is_dir):
        files = sorted(
            file
            for file in path.rglob("*")
            if file.suffix in (".txt", ".jsonl") and file.is_file() and not file.name.startswith(".")
        )
        if not files:
            raise MednerError(f"{path}: no .txt or .jsonl file below it: nothing to read")
        return [Input(file.relative_to(path).as_posix(), file.resolve()) for file in files]
    if path is not None and _is(path.is_file):
        if path.suffix != ".jsonl":
            _worded(read_text(path))
        return [Input(path.name, path.resolve())]
    if path is not None and _is(path.exists):  # what the shell hands over is read; any other pipe is refused
        return [Input(path.name, None, _worded(read_text(path)))]
    if path is not None and _PATH.fullmatch(text):
        raise MednerError(
            f"{text}: there is no such file or folder: check the name, or use --text if it is a text"
        )
    return [Input("text", None, text, is_argument=True)]


def trained(version: str) -> None:
    """Raise MednerError when the version is unknown or has no adapter."""
    from medner_assets.recipes.loading import load_version

    system = load_version(version).system
    if system != "lora":
        raise MednerError(f"{version} is of system {system}: only a version with an adapter reads new texts")
    bring()
    if not paths.adapter(version).exists():
        raise MednerError(f"{version} has no adapter yet: run `medner train {version}`")


def predict(version: str, sources: list[Input], least: float | None = None) -> Generator[Part, None, None]:
    """Yield what `version` reads, part by part, in the order of `sources`; close it to end the process.

    least: the least probability of what is told; None: as the recipe says. Raises MednerError when the
    version is unknown or not trained. An input that cannot be read is a part with `error`, and the others go
    on.
    """
    trained(version)
    with scratch() as folder:
        with started(
            [sys.executable, "-m", "medner_assets.modeling.inference.predict"],
            of_child({"PYTHONUNBUFFERED": "1"}),
            folder,
            stdin=PIPE,
            stdout=PIPE,
        ) as process:
            _hand_over(process, job(version, sources, folder, least))
            assert process.stdout is not None
            for line in process.stdout:
                yield json.loads(line)
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        if process.returncode != 0:
            raise MednerError(_explained(process.returncode, folder, version))


def described(parts: Iterator[Part], count: int) -> Iterator[Part]:
    """Yield the parts that were read; describe the others on standard error.

    Raises MednerError at the end when one of the `count` inputs could not be read.
    """
    failed, cut = 0, 0
    for part in parts:
        if "error" in part:
            failed += 1
            if count == 1:
                raise MednerError(part["error"])
            sys.stderr.write(f"{visible(part['error'])}\n")
        else:
            cut += part["cut"]
            yield part
    if cut:
        sys.stderr.write(
            f"{cut} completions were cut at max_new_tokens: the last items of these texts may be missing\n"
        )
    if failed:
        raise MednerError(f"{failed} of {count} inputs could not be read: see the lines above")


def job(version: str, sources: list[Input], folder: Path, least: float | None) -> dict[str, Any]:
    """Return the job of the process (`modeling.job.PredictionJob`); texts as typed go into `folder`."""
    from medner_assets.defs.versions.handover import adapter_for, inputs_of
    from medner_assets.defs.versions.reading import reading_settings, why_uncalibrated
    from medner_assets.warehouse.data_tables import DataTables

    order = inputs_of(version, DataTables())
    adapter_for(order)
    files = []
    for number, source in enumerate(sources):
        file = source.file or folder / f"input-{number}"
        if source.file is None:
            file.touch(mode=0o600)
            file.write_text(source.text, encoding="utf-8", newline="")
        files.append(str(file))
    settings = reading_settings(order, least)
    if why := why_uncalibrated(order):
        sys.stderr.write(f"note: probabilities are the model's own: {why}\n")
    return {**settings, "inputs": files, "names": [source.name for source in sources]}


def _hand_over(process: "Popen[bytes]", job: dict[str, Any]) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(json.dumps(job).encode() + b"\n")
        process.stdin.close()
    except BrokenPipeError:
        return  # it has ended before; its exit code and last line say why


def _explained(code: int, folder: Path, version: str) -> str:
    from medner_assets.defs.pipes import explained

    kept = paths.private_folder(paths.work(version, "prediction")) / "stderr.log"
    shutil.copyfile(folder / "stderr.log", kept)
    return explained(code, kept, f"prediction with {version}")


def _is(asked: Any) -> bool:
    try:
        return bool(asked())
    except OSError:  # a text too long to be a name
        return False


def _worded(text: str) -> str:
    if not text.strip():
        raise MednerError("the text is empty: give some text")
    return text
