"""Train one adapter: `python -m medner_assets.modeling.training.train --job JOB.json`. A process of its own.

Reads documents and writes the adapter's folder, both named by the job (see `job.py`); knows neither the
warehouse nor Dagster beyond Pipes, so that the same command runs under Slurm, Kubernetes or Ray. Exit
code 0: the adapter is there; 1: a mistake that the user can fix, described in the last line of standard
error.
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from medner_assets.modeling.adapters import (
    adapted_layers,
    leave_casts_to_autocast,
    save_adapter,
)
from medner_assets.modeling.base_revision import base_revision
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
from medner_assets.modeling.samples import Encoder
from medner_assets.modeling.training.backends import Adapted, adapted
from medner_assets.modeling.training.batching import StepOrder
from medner_assets.modeling.training.checkpoints import last_checkpoint
from medner_assets.modeling.training.comparisons import TrainingPath, cache_folder
from medner_assets.modeling.training.data import TrainingData, training_data
from medner_assets.modeling.training.distributed import (
    Ranks,
    launch,
    processes_wanted,
    ranks,
    started_by_torchrun,
)
from medner_assets.modeling.training.equality import settle
from medner_assets.modeling.training.facts import course, fixed_facts, peak_memory
from medner_assets.modeling.training.forking import cpu_process_count, forked
from medner_assets.modeling.training.steps import OWN_FORWARD, Steps
from medner_assets.modeling.training.trainer import Training, make_trainer, training_arguments
from medner_assets.modeling.training.unsloth import import_first
from medner_assets.modeling.training.watch import log_rows
from medner_assets.paths import private_folder

if TYPE_CHECKING:
    import torch
    from transformers import Trainer


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
    revision = base_revision(job.base, folder)
    encoder = Encoder(load_tokenizer(folder), job.base.prompt_style, job.entity_types, job.relation_types)
    data = training_data(job, encoder, log)

    torch.manual_seed(job.recipe.seed)
    ready = adapted(job, folder, device, log)
    model = ready.model
    layers = ", ".join(f"{count} {name}" for name, count in adapted_layers(model).items())
    log.info(f"adapters on {layers or 'what unsloth chose'}")
    crew.copy_from_first([p for p in model.parameters() if p.requires_grad])
    settled = settle(
        ready,
        data.train.samples,
        device=device,
        pad=data.pad,
        cast=fast_bfloat16(device),
        log=log,
        ranks=crew,
        cache=cache_folder(job.work),
        base=revision,
    )
    trainer = _trainer(job, data, ready, settled.way, _Place(device, log, crew))
    checkpoint = last_checkpoint(job.work, job.fingerprint)
    if checkpoint is not None:
        log.info(f"resuming from {checkpoint.name}")
    began = time.monotonic()
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    peak = peak_memory(device, crew)
    if not crew.first:
        return {}

    rows = log_rows(trainer.state.log_history)
    stopped = job.recipe.training.early_stopping is not None
    facts = {
        **fixed_facts(job, data, ready, device, revision),
        **course(rows, trainer.state.best_global_step if stopped else None),
        **settled.facts(),
        "adapted_layers": adapted_layers(model),
        "train_seconds": max((row["seconds"] for row in rows), default=time.monotonic() - began),
        "peak_memory_bytes": peak,
    }
    save_dtype = job.recipe.lora.save_dtype
    publish_folder(job.output, lambda partial: save_adapter(model, partial, facts, rows, save_dtype))
    return json.loads((job.output / "medner.json").read_text())


@dataclass(frozen=True, slots=True)
class _Place:
    """Where this process trains, and whom it tells."""

    device: "torch.device"
    log: Log
    ranks: Ranks


def _trainer(
    job: TrainingJob, data: TrainingData, ready: Adapted, way: TrainingPath, place: _Place
) -> "Trainer":
    """Return the Trainer of `job`: the recipe in transformers' words, and steps that fit into memory."""
    recipe, cuda = job.recipe.training, place.device.type == "cuda"
    bfloat16 = fast_bfloat16(place.device) and way.layout in OWN_FORWARD
    if bfloat16 and not cuda:
        leave_casts_to_autocast(ready.model)
    arguments = training_arguments(
        recipe,
        job.recipe.seed,
        job.base.learning_rate_multiplier,
        job.work,
        cuda=cuda,
        bfloat16=bfloat16,
    )
    together = recipe.batch_size if cuda else recipe.effective_batch
    steps = Steps(
        ready.model,
        layout=way.layout,
        way=way.head,
        device=place.device,
        pad=data.pad,
        # Few large products keep all cores of a CPU busy, and its memory is not what is short.
        samples=1 if way.alone else together,
        tokens=None if cuda else _CPU_TOKENS // place.ranks.size,
        log=place.log,
        ranks=place.ranks,
        checkpointing=recipe.gradient_checkpointing,
    )
    steps.fit(data.train.samples, recipe.effective_batch)
    lengths = [len(sample) for sample in data.train.samples]
    by_length = way.layout in ("aligned", "padded")
    order = StepOrder(lengths, recipe.effective_batch, job.recipe.seed, by_length=by_length)
    training = Training(
        recipe, data.train.samples, data.dev.samples, steps, order, job.fingerprint, place.log, place.ranks
    )
    return make_trainer(ready.model, arguments, training)


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
