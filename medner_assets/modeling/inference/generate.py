"""Write completions: `python -m medner_assets.modeling.inference.generate --job JOB.json`. A process of its
own.

A document whose prompt exceeds `max_tokens` is read sentence by sentence, as training splits long
documents and as prediction reads them; its completions are joined to one. Results are appended batch by
batch, so that a killed run goes on where it stopped; the output appears when all are there.

Exit code 0: it is there; 1: a mistake that the user can fix, described in the last line of standard error.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO

import click

from medner_assets.corpus.readers.jsonl import read_jsonl
from medner_assets.errors import MednerError
from medner_assets.modeling.adapters import load_merged, refuse_another_base
from medner_assets.modeling.fused.decoding import use_grouped_attention
from medner_assets.modeling.inference.decoding import generate_batches
from medner_assets.modeling.inference.grammar import Grammar
from medner_assets.modeling.inference.model import unpack_where_it_fits
from medner_assets.modeling.job import GenerationJob
from medner_assets.modeling.loading import (
    find_weights,
    load_base,
    load_tokenizer,
    longest_prompt,
    pick_device,
)
from medner_assets.modeling.process import process
from medner_assets.modeling.progress import Log, Reporter
from medner_assets.modeling.publishing import publish_file
from medner_assets.modeling.samples import Encoder
from medner_assets.paths import private_folder
from medner_assets.prompting.joining import join_completions

Key = tuple[str, int]
"""A document's id and the position of a window in it."""


def generate(job: GenerationJob, log: Log) -> int:
    """Write one JSON line a document to `job.output`, in the order of the documents; return their number."""
    documents = read_jsonl(job.documents).documents
    folder = find_weights(job.base, job.base_folder)
    encoder = Encoder(load_tokenizer(folder), job.base.prompt_style, job.entity_types, job.relation_types)
    most = longest_prompt(folder, job.max_tokens) if job.max_tokens is not None else None
    windows = {document.id: _windows(document.text, encoder, most) for document in documents}
    partial = private_folder(job.output.parent) / f".{job.output.name}.partial"
    done = _completed(partial, job.generation_id, windows)
    missing = [
        ((doc_id, n), encoder.prompt(text))
        for doc_id, texts in windows.items()
        for n, text in enumerate(texts)
        if (doc_id, n) not in done
    ]
    if done:
        log.info(f"{_finished(done, windows)} of {len(documents)} documents were already done")
    with partial.open("w", encoding="utf-8") as out:
        _append(out, [{"generation_id": job.generation_id}, *done.values()])
        for rows in _complete(job, folder, encoder, missing, log) if missing else ():
            _append(out, list(rows.values()))
            done |= rows
    whole = partial.with_suffix(".whole")
    with whole.open("w", encoding="utf-8") as out:
        _append(out, [_joined([done[doc_id, n] for n in range(len(windows[doc_id]))]) for doc_id in windows])
    publish_file(job.output, whole)
    partial.unlink()
    return len(documents)


def _windows(text: str, encoder: Encoder, most: int | None) -> list[str]:
    """Return the parts of a text that are read one by one: at least one, the text itself if it fits."""
    return [text] if most is None else [window.text for window in encoder.windows(text, most)] or [text]


def _finished(done: Mapping[Key, dict], windows: Mapping[str, list[str]]) -> int:
    """Return how many documents have all their windows done."""
    return sum(all((doc_id, n) in done for n in range(len(texts))) for doc_id, texts in windows.items())


def _joined(rows: list[dict]) -> dict:
    """Return the row of a document from those of its windows; none of them says which window it was."""
    return {
        "doc_id": rows[0]["doc_id"],
        "completion": join_completions([row["completion"] for row in rows]),
        "finish_reason": "length" if any(row["finish_reason"] == "length" for row in rows) else "stop",
        **{key: sum(row[key] for row in rows) for key in ("prompt_tokens", "completion_tokens", "seconds")},
    }


def _complete(
    job: GenerationJob, folder: Path, encoder: Encoder, prompts: list[tuple[Key, list[int]]], log: Log
) -> Iterator[dict[Key, dict]]:
    """Yield the rows of batches of windows."""
    device = pick_device(job.device)
    model = load_base(folder, job.base, device)
    full = job.base.quantization == "none" or unpack_where_it_fits(model, device)
    if job.adapter is not None:
        refuse_another_base(job.adapter, job.base, folder)
        model = load_merged(model, job.adapter, merge=full)
    model.eval()
    use_grouped_attention(model)
    room = int(getattr(model.config, "max_position_embeddings", 0)) or None
    too_long = [doc_id for (doc_id, _), tokens in prompts if room and len(tokens) >= room]
    if too_long:
        raise MednerError(
            f"{len(too_long)} documents exceed the {room} tokens that base model {folder.name} reads, "
            f"the first is {too_long[0]}: split them before the import"
        )
    # Where documents are read in windows, windows are counted: one document may have most of them.
    whole = all(window == 0 for (_, window), _ in prompts)
    reporter = Reporter(job.work, log, "generation", len(prompts), "documents" if whole else "windows")
    finished = 0
    for batch in generate_batches(
        model,
        encoder.tokenizer,
        [(str(at), tokens) for at, (_, tokens) in enumerate(prompts)],
        batch_size=job.decoding.batch_size,
        max_new_tokens=job.decoding.max_new_tokens,
        grammar=Grammar(encoder.tokenizer, job.entity_types, job.relation_types)
        if job.decoding.grammar
        else None,
        say=log.info,
    ):
        finished += len(batch)
        reporter.report(finished)
        rows = {}
        for completion in batch:
            doc_id, window = prompts[int(completion.doc_id)][0]
            rows[doc_id, window] = {**asdict(completion), "doc_id": doc_id, "window": window}
        yield rows


def _completed(partial: Path, generation_id: str, windows: Mapping[str, list[str]]) -> dict[Key, dict]:
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
    with process() as log:
        count = generate(GenerationJob.read(job_file), log)
        log.info(f"{count} completions")


if __name__ == "__main__":
    main()
