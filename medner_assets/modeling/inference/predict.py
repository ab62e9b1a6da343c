"""Read texts as they come: `python -m medner_assets.modeling.inference.predict`, a process of its own.

The job is one line of JSON on standard input, which may come late: libraries load meanwhile. Each line of
standard output is a part of a text, in order, so that the first is there long before the last and no more
than a part is held: `{"id", "start", "text", "entities", "relations", "cut", "last"}`, or `{"id", "error"}`
for an input that cannot be read. Exit code 0: all inputs were read or refused by name.
"""

import json
import os
import sys
from collections.abc import Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import IO, Any

from medner_assets.corpus.readers.files import read_text
from medner_assets.corpus.readers.jsonl import read_jsonl
from medner_assets.errors import MednerError
from medner_assets.modeling.inference.extractor import Extractor
from medner_assets.modeling.inference.parts import part_of
from medner_assets.modeling.job import PredictionJob
from medner_assets.modeling.process import process

_FIRST_WINDOWS = 8
"""Windows of the first part: few, so that something is seen soon."""


def predict(job: PredictionJob, out: IO[str]) -> None:
    """Read every input with the version and write its parts to `out`."""
    extractor = Extractor(job)
    for path, name in zip(job.inputs, job.names, strict=True):
        try:
            documents = list(_documents(path, name))
        except MednerError as error:
            _tell(out, {"id": name, "error": str(error)})
            continue
        for doc_id, text in documents:
            for part in _parts(extractor, doc_id, text):
                _tell(out, part)


def _documents(path: Path, name: str) -> Iterator[tuple[str, str]]:
    """Yield (id, text) of a file; raise MednerError if it holds none that can be read."""
    if path.suffix == ".jsonl":
        reading = read_jsonl(path)
        if not reading.documents:
            raise MednerError(f"{path}: no document in it: see docs/formats.md")
        yield from ((each.id, each.text) for each in reading.documents)
        return
    text = read_text(path)
    if not text.strip():
        raise MednerError(f"{name}: the text is empty: give some text")
    yield name, text


def _parts(extractor: Extractor, doc_id: str, text: str) -> Iterator[dict[str, Any]]:
    windows = extractor.windows(text)
    size, start = _FIRST_WINDOWS, 0
    batch = list(islice(windows, size))
    while True:
        size = min(2 * size, 4 * extractor.batch_size)
        following = list(islice(windows, size))
        end = following[0].start if following else len(text)
        yield part_of(doc_id, text, start, end, extractor.read(batch) if batch else [], is_last=not following)
        if not following:
            return
        batch, start = following, end


def _tell(out: IO[str], part: dict[str, Any]) -> None:
    out.write(json.dumps(part, ensure_ascii=False) + "\n")
    out.flush()


def main() -> None:
    """Read what the job on standard input names."""
    # Libraries that print must not spoil the results.
    results = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with process(compiles=False):
        for name in ("torch", "transformers.models.auto.modeling_auto", "transformers.models.mistral"):
            import_module(name)  # now, while the job is on its way
        predict(PredictionJob.parsed(sys.stdin.readline(), "the job"), results)


if __name__ == "__main__":
    main()
