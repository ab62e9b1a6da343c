"""Write completions: `python -m medner_assets.modeling.generate --job JOB.json`. A process of its own.

Results are appended batch by batch, so that a killed run goes on where it stopped; the output appears when
all are
there. Exit code 0: it is there; 1: a mistake that the user can mend, named in the last line of standard
error.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO

import click

from medner_assets.corpus.readers.jsonl import read_jsonl
from medner_assets.errors import MednerError
from medner_assets.modeling.adapters import load_merged, refuse_another_base
from medner_assets.modeling.fused.decoding import use_grouped_attention
from medner_assets.modeling.generation import generate_batches
from medner_assets.modeling.grammar import Grammar
from medner_assets.modeling.job import GenerationJob
from medner_assets.modeling.loading import find_weights, load_base, load_tokenizer, pick_device
from medner_assets.modeling.process import process
from medner_assets.modeling.progress import Log, Reporter
from medner_assets.modeling.publishing import publish_file
from medner_assets.modeling.samples import Encoder
from medner_assets.modeling.unpacking import unpack_where_it_fits
from medner_assets.paths import private_folder
from medner_assets.schema import Document


def generate(job: GenerationJob, log: Log) -> int:
    """Write one JSON line a document to `job.output`, in the order of the documents; return their number."""
    documents = read_jsonl(job.documents).documents
    partial = private_folder(job.output.parent) / f".{job.output.name}.partial"
    done = _completed(partial, job.generation_id, {document.id for document in documents})
    missing = [document for document in documents if document.id not in done]
    if done:
        log.info(f"{len(done)} of {len(documents)} documents were done before")
    with partial.open("w", encoding="utf-8") as out:
        _append(out, [{"generation_id": job.generation_id}, *done.values()])
        for lines in _complete(job, missing, log) if missing else ():
            _append(out, lines)
            done.update((line["doc_id"], line) for line in lines)
    whole = partial.with_suffix(".whole")
    with whole.open("w", encoding="utf-8") as out:
        _append(out, [done[document.id] for document in documents])
    publish_file(job.output, whole)
    partial.unlink()
    return len(documents)


def _complete(job: GenerationJob, documents: list[Document], log: Log) -> Iterator[list[dict]]:
    device = pick_device(job.device)
    folder = find_weights(job.base, job.base_folder)
    model = load_base(folder, job.base, device)
    full = job.base.quantization == "none" or unpack_where_it_fits(model, device)
    if job.adapter is not None:
        refuse_another_base(job.adapter, job.base, folder)
        model = load_merged(model, job.adapter, merge=full)
    model.eval()
    if device.type == "cuda":
        use_grouped_attention(model)
    encoder = Encoder(load_tokenizer(folder), job.base.prompt_style, job.entity_types, job.relation_types)
    prompts = [(document.id, encoder.prompt(document.text)) for document in documents]
    room = int(getattr(model.config, "max_position_embeddings", 0)) or None
    too_long = [doc_id for doc_id, tokens in prompts if room and len(tokens) >= room]
    if too_long:
        raise MednerError(
            f"{len(too_long)} documents exceed the {room} tokens that base model {folder.name} reads, "
            f"the first is {too_long[0]}: split them before the import"
        )
    reporter = Reporter(job.work, log, "generation", len(documents), "documents")
    finished = 0
    for batch in generate_batches(
        model,
        encoder.tokenizer,
        prompts,
        batch_size=job.decoding.batch_size,
        max_new_tokens=job.decoding.max_new_tokens,
        grammar=Grammar(encoder.tokenizer, job.entity_types, job.relation_types)
        if job.decoding.grammar
        else None,
        say=log.info,
    ):
        finished += len(batch)
        reporter.report(finished)
        yield [asdict(completion) for completion in batch]


def _completed(partial: Path, generation_id: str, wanted: set[str]) -> dict[str, dict]:
    """Return the whole lines of an earlier run of the same generation; {} if there are none."""
    if not partial.exists():
        return {}
    try:
        # A line without its end was cut by a kill.
        lines = partial.read_text(encoding="utf-8").split("\n")[:-1]
        rows = [json.loads(line) for line in lines]
        if not rows or rows[0]["generation_id"] != generation_id:
            return {}
        return {row["doc_id"]: row for row in rows[1:] if row["doc_id"] in wanted}
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}  # spoilt by something else than a kill: begin anew


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
