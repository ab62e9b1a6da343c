"""Write completions: `python -m medner_assets.modeling.inference.generate --job JOB.json`. A process of its
own.

A document whose prompt exceeds `max_tokens` is read sentence by sentence, as training splits long
documents and as prediction reads them; what was written about each window is kept. Results are appended
batch by batch, so that a killed run goes on where it stopped; the output appears when all are there.

Exit code 0: it is there; 1: a mistake that the user can fix, described in the last line of standard error.
"""

import json
import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from traceback import clear_frames
from typing import IO, Any, Protocol

import click

from medner_assets.corpus.readers.jsonl import read_jsonl
from medner_assets.errors import MednerError
from medner_assets.files import publish_file
from medner_assets.modeling.inference.completer import Completer
from medner_assets.modeling.inference.decoding import Completion
from medner_assets.modeling.inference.one_base import OneBase
from medner_assets.modeling.job import REFUSED, GenerationJob, WritingJob
from medner_assets.modeling.process import process
from medner_assets.modeling.progress import Log, Named, Reporter
from medner_assets.modeling.time_limit import OutOfTime, time_is_up
from medner_assets.modeling.windows import Window
from medner_assets.paths import private_folder
from medner_assets.prompting.shots import answer_in

Key = tuple[str, int]
"""A document's id and the position of a window in it."""


class Writes(Protocol):
    """What completions come from: a model on this machine, or a server."""

    def windows(self, text: str) -> Iterator[Window]:
        """Yield the parts of a text that are read one by one."""

    def complete(
        self, texts: Sequence[str], *, named: Callable[[int], str], say: Callable[[str], None]
    ) -> Iterator[dict[int, Completion]]:
        """Yield completions by position in `texts`, in any order, as they are there."""


def generate(job: GenerationJob, log: Log, base: OneBase | None = None) -> int:
    """Write the completions of a model on this machine; return the number of documents, see `written`.

    base: see `Completer`.
    """
    return written(job, Completer(job, base), log)


def generate_together(jobs: Sequence[GenerationJob], log: Log) -> int:
    """Write the completions of `jobs`, replicates of one version, one after the other on one copy of the
    base; return the number of documents of the first.

    Each writes what it would write alone. Another one that fails is described in a line and leaves no
    completions. Raises what the first one raised.
    """
    base, count, failed = OneBase(log.info), 0, None
    try:
        count = generate(jobs[0], log, base)
    except OutOfTime:
        raise
    except Exception as error:  # noqa: BLE001 # raised when the others have had their turn
        clear_frames(error.__traceback__)  # they hold the model
        failed = error
    for other in jobs[1:]:
        named = Named(other.version, log)
        job = other.model_copy(update={"work": jobs[0].work})  # whose progress is watched
        try:
            named.info(f"{generate(job, named, base)} completions")
        except OutOfTime:
            break  # the rest is left to their own runs
        except Exception as error:  # noqa: BLE001 # one that fails leaves the others alone
            # Its words may quote a document unless they are medner's own.
            reason = str(error) if isinstance(error, MednerError) else type(error).__name__
            log.info(f"{job.version} was not generated with the others: {reason}")
    if failed is not None:
        raise failed
    return count


def written(job: WritingJob, completer: Writes, log: Log) -> int:
    """Write one JSON line a document to `job.output`, in the order of the documents; return their number."""
    documents = read_jsonl(job.documents).documents
    # Every document gets a completion, one of white space too.
    windows = {
        document.id: list(completer.windows(document.text)) or [Window(0, document.text)]
        for document in documents
    }
    partial = private_folder(job.output.parent) / f".{job.output.name}.partial"
    done = _completed(partial, job.generation_id, windows)
    total = sum(map(len, windows.values()))
    missing = [
        ((doc_id, n), window.text)
        for doc_id, parts in windows.items()
        for n, window in enumerate(parts)
        if (doc_id, n) not in done
    ]
    if done:
        log.info(f"{_finished(done, windows)} of {len(documents)} documents were already done")
    with partial.open("w", encoding="utf-8") as out:
        _append(out, [{"generation_id": job.generation_id}, *done.values()])
        batches = _complete(job, completer, missing, log) if missing else ()
        for number, rows in enumerate(batches, start=1):
            _append(out, list(rows.values()))
            done |= rows
            if len(done) < total and time_is_up(number, "batch", log.info):
                raise OutOfTime
    whole = partial.with_suffix(".whole")
    with whole.open("w", encoding="utf-8") as out:
        _append(out, [_of_document(doc_id, parts, done) for doc_id, parts in windows.items()])
    publish_file(job.output, whole)
    partial.unlink()
    return len(documents)


def _finished(done: Mapping[Key, dict], windows: Mapping[str, list[Window]]) -> int:
    """Return how many documents have all their windows done."""
    return sum(all((doc_id, n) in done for n in range(len(parts))) for doc_id, parts in windows.items())


def _of_document(doc_id: str, windows: Sequence[Window], done: Mapping[Key, dict]) -> dict:
    """Return the row of a document; `windows` is None where it was read whole."""
    rows = [done[doc_id, n] for n in range(len(windows))]
    reasons = [row["finish_reason"] for row in rows]
    retries = sum((Counter(row.get("retries", {})) for row in rows), Counter[str]())
    kept = [
        {
            "start": window.start,
            "end": window.start + len(window.text),
            "completion": row["completion"],
            "finish_reason": row["finish_reason"],
        }
        for window, row in zip(windows, rows, strict=True)
    ]
    return {
        "doc_id": doc_id,
        "completion": "\n".join(row["completion"] for row in rows),
        "finish_reason": next((each for each in ("length", REFUSED) if each in reasons), "stop"),
        **{key: sum(row[key] for row in rows) for key in ("prompt_tokens", "completion_tokens", "seconds")},
        "windows": kept if len(kept) > 1 else None,
        **({"retries": dict(retries)} if retries else {}),
        **_tokens(rows),
    }


def _tokens(rows: Sequence[dict]) -> dict:
    """Return where each token begins in the completions joined by line ends, and its log-probability."""
    if any(row.get("token_starts") is None for row in rows):  # of a server, or of before they were kept
        return {"token_starts": None, "log_probabilities": None}
    starts, begin = list[int](), 0
    for row in rows:
        starts += [begin + start for start in row["token_starts"]] if begin else row["token_starts"]
        begin += len(row["completion"]) + 1
    return {
        "token_starts": starts,
        "log_probabilities": [each for row in rows for each in row["log_probabilities"]],
    }


def _complete(
    job: WritingJob, completer: Writes, texts: list[tuple[Key, str]], log: Log
) -> Iterator[dict[Key, dict]]:
    """Yield the rows of batches of windows."""
    # Where documents are read in windows, windows are counted: one document may have most of them.
    whole = all(window == 0 for (_, window), _ in texts)
    reporter = Reporter(job.work, log, "generation", len(texts), "documents" if whole else "windows")
    finished = 0
    for batch in completer.complete(
        [text for _, text in texts], named=lambda n: texts[n][0][0], say=log.info
    ):
        finished += len(batch)
        reporter.report(finished)
        rows: dict[Key, dict[str, Any]] = {}
        for n, completion in batch.items():
            doc_id, window = texts[n][0]
            row = {each.name: getattr(completion, each.name) for each in fields(completion)}
            rows[doc_id, window] = {**row, "doc_id": doc_id, "window": window}
            if job.shots is not None:
                rows[doc_id, window] |= _answer(completion)
        yield rows


def _answer(completion: Completion) -> dict[str, Any]:
    """Return the answer of a model that was not trained on the format, its tokens, and whether it was cut."""
    answer = answer_in(completion.completion)
    if answer == completion.completion:
        return {}
    starts, likely = completion.token_starts, completion.log_probabilities
    if starts is not None and likely is not None:
        tokens = bisect_left(starts, len(answer))
        starts, likely = starts[:tokens], likely[:tokens]
    return {
        "completion": answer, "finish_reason": "stop", "token_starts": starts, "log_probabilities": likely
    }  # fmt: skip


def _completed(partial: Path, generation_id: str, windows: Mapping[str, list[Window]]) -> dict[Key, dict]:
    """Return the whole lines of an earlier run of the same generation; {} if there are none."""
    if not partial.exists():
        return {}
    try:
        # A line without its end was cut by a kill.
        lines = partial.read_text(encoding="utf-8").split("\n")[:-1]
        rows = [json.loads(line) for line in lines]
        if not rows or rows[0]["generation_id"] != generation_id:
            return {}
        found = {(row["doc_id"], row["window"]): row for row in rows[1:]}
        return {key: row for key, row in found.items() if key[1] < len(windows.get(key[0], ()))}
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}  # corrupt for another reason than a kill: start again


def _append(out: IO[str], rows: list[dict]) -> None:
    out.write("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    out.flush()
    os.fsync(out.fileno())


@click.command()
@click.option(
    "--job", "job_file", type=click.Path(path_type=Path), required=True, help="The job, a JSON file."
)
def main(job_file: Path) -> None:
    """Write the completions that JOB asks for."""
    with process(compiles=False) as log:
        job = GenerationJob.read(job_file)
        others = [GenerationJob.read(file) for file in job.beside]
        count = generate_together([job, *others], log) if others else generate(job, log)
        log.info(f"{count} completions")


if __name__ == "__main__":
    main()
