"""Train one adapter: `python -m medner_assets.modeling.training.train --job JOB.json`. A process of its own.

Reads documents and writes the adapter's folder, both named by the job (see `job.py`); knows neither the
warehouse nor Dagster beyond Pipes, so that the same command runs under Slurm, Kubernetes or Ray. Exit
code 0: the adapter is there; 1: a mistake that the user can fix, described in the last line of standard
error.
"""

import json
import resource
import time
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from medner_assets.corpus.readers.jsonl import read_jsonl
from medner_assets.errors import MednerError
from medner_assets.modeling.adapters import (
    adapted_layers,
    leave_casts_to_autocast,
    revision_of,
    save_adapter,
)
from medner_assets.modeling.job import TrainingJob
from medner_assets.modeling.loading import (
    fast_bfloat16,
    find_weights,
    load_tokenizer,
    pick_device,
)
from medner_assets.modeling.process import process
from medner_assets.modeling.progress import Log, Silence
from medner_assets.modeling.publishing import enough_disk, publish_folder
from medner_assets.modeling.samples import Encoder, SampleSet, build_samples
from medner_assets.modeling.training.backends import adapted
from medner_assets.modeling.training.batching import StepOrder
from medner_assets.modeling.training.checkpoints import last_checkpoint
from medner_assets.modeling.training.distributed import (
    Ranks,
    launch,
    processes_wanted,
    ranks,
    started_by_torchrun,
)
from medner_assets.modeling.training.equality import cache_folder, settle
from medner_assets.modeling.training.forking import cpu_process_count, forked
from medner_assets.modeling.training.steps import Steps
from medner_assets.modeling.training.trainer import log_rows, make_trainer, training_arguments
from medner_assets.modeling.training.unsloth import import_first
from medner_assets.paths import private_folder

if TYPE_CHECKING:
    import torch
    from peft import PeftModel


_CPU_TOKENS = 4096
"""Most tokens of the micro-batches of all processes on a CPU: about 330 MB of activations of the embedded
base."""


def train(job: TrainingJob, log: Log, processes: int = 1) -> dict[str, Any]:
    """Train the adapter of `job`, resuming from its last checkpoint, and return its facts (a row of
    `adapters`).

    processes: how many share a CPU, see `forking.py`. Where torchrun started several processes, all train
    together and the first one writes; the others return {}.
    """
    private_folder(job.work)
    crew_of = forked(processes, job.work, log) if processes > 1 else ranks(job.device)
    with enough_disk(job.work), crew_of as crew:
        return _train(job, log if crew.first else Silence(), crew)


def _train(job: TrainingJob, log: Log, crew: Ranks) -> dict[str, Any]:
    import torch

    device = pick_device(job.device)
    folder = find_weights(job.base, job.base_folder)
    encoder = Encoder(load_tokenizer(folder), job.base.prompt_style, job.entity_types, job.relation_types)
    recipe = job.recipe.training
    documents = read_jsonl(job.train).documents
    if not documents:
        raise MednerError(f"{job.recipe.dataset}: the train split is empty: nothing to learn from")
    if encoder.room is not None and encoder.room < recipe.max_tokens:
        log.info(f"the base reads at most {encoder.room} tokens: so do samples, not {recipe.max_tokens}")
    train_set = build_samples(
        documents, encoder, max_tokens=recipe.max_tokens, relation_weight=recipe.relation_loss_weight
    )
    dev_set = build_samples(read_jsonl(job.dev).documents, encoder, max_tokens=recipe.max_tokens)
    if recipe.early_stopping is not None and not dev_set.samples:
        raise MednerError(
            f"{job.recipe.dataset}: the dev split is empty, and early_stopping reads its loss: "
            "give the dataset a dev split, or take early_stopping out of the recipe"
        )
    log.info(
        f"{len(documents)} documents, {len(train_set.samples)} samples, {train_set.tokens} tokens per epoch, "
        f"{train_set.unplaced} annotations that fit into no sample"
    )

    torch.manual_seed(job.recipe.seed)
    ready = adapted(job, folder, device, log)
    model = ready.model
    layers = ", ".join(f"{count} {name}" for name, count in adapted_layers(model).items())
    log.info(f"adapters on {layers or 'what unsloth chose'}")
    crew.copy_from_first([p for p in model.parameters() if p.requires_grad])
    pad = encoder.tokenizer.pad_token_id
    pad = encoder.end if pad is None else pad
    settled = settle(
        ready,
        train_set.samples,
        device=device,
        pad=pad,
        cast=fast_bfloat16(device),
        log=log,
        ranks=crew,
        cache=cache_folder(job.work),
        base=revision_of(job.base, folder),
    )
    way = settled.way
    bfloat16 = fast_bfloat16(device) and way.layout == "padded"
    if bfloat16 and device.type == "cpu":
        leave_casts_to_autocast(model)
    arguments = training_arguments(
        recipe,
        job.recipe.seed,
        job.base.learning_rate_multiplier,
        job.work,
        cuda=device.type == "cuda",
        bfloat16=bfloat16,
    )
    together = recipe.batch_size if device.type == "cuda" else recipe.effective_batch
    steps = Steps(
        model,
        layout=way.layout,
        way=way.head,
        device=device,
        pad=pad,
        # Few large products keep all cores of a CPU busy, and its memory is not what is short.
        samples=1 if way.alone else together,
        tokens=None if device.type == "cuda" else _CPU_TOKENS // crew.size,
        log=log,
        ranks=crew,
        checkpointing=recipe.gradient_checkpointing,
    )
    steps.fit(train_set.samples, recipe.effective_batch)
    lengths = [len(sample) for sample in train_set.samples]
    order = StepOrder(lengths, recipe.effective_batch, job.recipe.seed, by_length=way.layout != "packed")
    trainer = make_trainer(
        model,
        arguments,
        train_set.samples,
        dev_set.samples,
        steps,
        recipe,
        job.fingerprint,
        log,
        order,
        crew,
    )
    checkpoint = last_checkpoint(job.work, job.fingerprint)
    if checkpoint is not None:
        log.info(f"resuming from {checkpoint.name}")
    began = time.monotonic()
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    peak = _peak_memory(device, crew)
    if not crew.first:
        return {}

    rows = log_rows(trainer.state.log_history)
    facts = {
        **_facts(job, folder, model, device, train_set, len(documents), ready.backend),
        **_course(rows, trainer.state.best_global_step if recipe.early_stopping else None),
        **settled.facts(),
        "adapted_layers": adapted_layers(model),
        "train_seconds": max((row["seconds"] for row in rows), default=time.monotonic() - began),
        "peak_memory_bytes": peak,
    }
    save_dtype = job.recipe.lora.save_dtype
    publish_folder(job.output, lambda partial: save_adapter(model, partial, facts, rows, save_dtype))
    return json.loads((job.output / "medner.json").read_text())


def _facts(
    job: TrainingJob,
    folder: Path,
    model: "PeftModel",
    device: "torch.device",
    train_set: SampleSet,
    documents: int,
    backend: str,
) -> dict[str, Any]:
    """Return what is known before the first step and does not change."""
    import torch

    from medner_assets.recipes.loading import recipe_hash

    trainable, total = model.get_nb_trainable_parameters()
    cuda = device.type == "cuda"
    return {
        "dataset": job.recipe.dataset,
        "dataset_version": job.dataset_version,
        "recipe_hash": recipe_hash(job.recipe),
        "fingerprint": job.fingerprint,
        "base_model": job.recipe.base_model,
        "base_revision": revision_of(job.base, folder),
        "backend": backend,
        "device": torch.cuda.get_device_name() if cuda else "cpu",
        "trainable_parameters": int(trainable),
        "total_parameters": int(total),
        "train_documents": documents,
        "train_samples": len(train_set.samples),
        "train_tokens": train_set.tokens,
        "unplaced_annotations": train_set.unplaced,
        "seed": job.recipe.seed,
        "finished_at": datetime.now(UTC).isoformat(),
        "versions": json.dumps(_versions("torch", "transformers", "peft", "bitsandbytes", "unsloth")),
    }


def _peak_memory(device: "torch.device", crew: Ranks) -> int:
    """Return bytes: of this GPU; on a CPU of all processes, with what they share counted in each."""
    import torch

    if device.type == "cuda":
        return torch.cuda.max_memory_allocated()
    mine = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return int(crew.sum(torch.tensor(mine, dtype=torch.float64)))


def _versions(*packages: str) -> dict[str, str]:
    """Return package → version of those that are installed."""
    known = {distribution.name.lower(): distribution.version for distribution in distributions()}
    return {name: known[name] for name in packages if name in known}


def _course(rows: list[dict[str, Any]], best_step: int | None) -> dict[str, Any]:
    """Return how training went. best_step: the step whose weights were kept; None: the last."""
    losses = [row for row in rows if row["kind"] == "train"]
    evals = {row["step"]: row["loss"] for row in rows if row["kind"] == "eval"}
    steps = max((row["step"] for row in losses), default=0)
    epochs = max((row["epoch"] for row in losses), default=0.0)
    last_epoch = [row["loss"] for row in losses if row["epoch"] > epochs - 1]
    kept = best_step or steps
    return {
        "epochs": epochs,
        "steps": steps,
        "best_step": kept,
        "final_train_loss": sum(last_epoch) / len(last_epoch) if last_epoch else None,
        "best_eval_loss": evals.get(kept),
    }


@click.command()
@click.option(
    "--job", "job_file", type=click.Path(path_type=Path), required=True, help="The job, a JSON file."
)
def main(job_file: Path) -> None:
    """Train one LoRA adapter as JOB says, in as many processes as its recipe asks for GPUs."""

    def import_what_must_be_first() -> None:
        import_first(TrainingJob.read(job_file))

    if not started_by_torchrun():
        with process(reports=False, first=import_what_must_be_first):
            job = TrainingJob.read(job_file)
            processes = processes_wanted(job.recipe.training.gpus, job.device)
            if processes > 1:
                launch(job_file, processes)
                return
    with process(first=import_what_must_be_first) as log:
        job = TrainingJob.read(job_file)
        facts = train(job, log, 1 if started_by_torchrun() else cpu_process_count(job))
        if facts:
            log.info(f"trained {facts['steps']} steps in {facts['train_seconds']:.0f} s")


if __name__ == "__main__":
    main()
