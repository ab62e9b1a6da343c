"""A training made ready: base, adapter, samples, the path that is proven equal, and steps that fit."""

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medner_assets.modeling.adapters import (
    adapted_layers,
    leave_casts_to_autocast,
    save_adapter,
)
from medner_assets.modeling.base_revision import base_revision
from medner_assets.modeling.job import TrainingJob
from medner_assets.modeling.laps import Laps
from medner_assets.modeling.loading import (
    fast_bfloat16,
    find_weights,
    load_tokenizer,
    pick_device,
)
from medner_assets.modeling.progress import Log
from medner_assets.modeling.publishing import publish_folder
from medner_assets.modeling.samples import Encoder
from medner_assets.modeling.training.backends import Adapted, SharedBase, adapted
from medner_assets.modeling.training.batching import StepOrder
from medner_assets.modeling.training.checkpoints import last_checkpoint
from medner_assets.modeling.training.comparisons import TrainingPath, cache_folder
from medner_assets.modeling.training.data import TrainingData, training_data
from medner_assets.modeling.training.distributed import Ranks
from medner_assets.modeling.training.equality import Settled, settle
from medner_assets.modeling.training.facts import course, fixed_facts, peak_memory
from medner_assets.modeling.training.optimizer import FlatParameters
from medner_assets.modeling.training.rounding import in_order_of_use
from medner_assets.modeling.training.steps import OWN_FORWARD, Steps
from medner_assets.modeling.training.trainer import Training, make_trainer, training_arguments
from medner_assets.modeling.training.turns import PassOn
from medner_assets.modeling.training.watch import log_rows

if TYPE_CHECKING:
    import torch
    from transformers import Trainer


_CPU_TOKENS = 4096
"""Most tokens of the micro-batches of all processes on a CPU: about 330 MB of activations of the embedded
base."""


def prepared(
    job: TrainingJob,
    log: Log,
    crew: Ranks = Ranks(),  # noqa: B008 # frozen
    shared: SharedBase | None = None,
    pass_on: PassOn | None = None,
) -> "PreparedTraining":
    """Load all that `job` needs and return its training, ready to run.

    shared: the base that this training has in common with others; pass_on: lets those take their turns.
    """
    import torch

    laps = Laps(of_process=shared is None or not shared.is_loaded)
    place = Surroundings(pick_device(job.device, job.base), log, crew, shared, pass_on)
    folder = find_weights(job.base, job.base_folder)
    laps.done("start")
    revision = base_revision(job.base, folder)
    laps.done("revision")

    def read() -> tuple[TrainingData, int]:
        tokenizer = load_tokenizer(folder)
        encoder = Encoder(tokenizer, job.base.prompt_style, job.entity_types, job.relation_types)
        laps.done("tokenizer")
        return training_data(job, encoder, log), len(tokenizer)

    data, tokens = shared.samples(job, read) if shared else read()
    laps.done("samples")

    torch.manual_seed(job.recipe.seed)
    ready = adapted(job, folder, place.device, log, shared, tokens=tokens)
    laps.done("base")
    model = ready.model
    layers = ", ".join(f"{count} {name}" for name, count in adapted_layers(model).items())
    log.info(f"adapters on {layers or 'what unsloth chose'}")
    crew.copy_from_first([p for p in model.parameters() if p.requires_grad])
    settled = settle(
        ready,
        data.train.samples,
        device=place.device,
        pad=data.pad,
        cast=fast_bfloat16(place.device),
        log=log,
        ranks=crew,
        cache=cache_folder(job.work),
        base=revision,
    )
    laps.done("comparison")
    steps, trainer = _trainer(job, data, ready, settled.way, place)
    laps.done("memory" if place.device.type == "cuda" else "trainer")
    log.info(laps.words("the first step"))
    return PreparedTraining(job, data, ready, settled, revision, place, steps, trainer, laps.seconds)


@dataclass(frozen=True, slots=True)
class PreparedTraining:
    """A training whose first step is the next thing to come."""

    job: TrainingJob
    data: TrainingData
    ready: Adapted
    settled: Settled
    revision: str
    place: "Surroundings"
    steps: Steps
    trainer: "Trainer"
    start_seconds: dict[str, float]
    """Before the first step, by what was done."""

    def run(self) -> dict[str, Any]:
        """Train from the last checkpoint to the end, publish the adapter and return its facts."""
        job, model, log = self.job, self.ready.model, self.place.log
        checkpoint = last_checkpoint(job.work, sealed_with(job, self.place.device))
        if checkpoint is not None:
            log.info(f"resuming from {checkpoint.name}")
        began = time.monotonic()
        self.trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        peak = peak_memory(self.place.device, self.place.ranks)
        if not self.place.ranks.first:
            return {}

        rows = log_rows(self.trainer.state.log_history)
        stopped = job.recipe.training.early_stopping is not None
        facts = {
            **fixed_facts(job, self.data, self.ready, self.place.device, self.revision),
            **course(rows, self.trainer.state.best_global_step if stopped else None),
            **self.settled.facts(),
            "adapted_layers": adapted_layers(model),
            "start_seconds": {what: round(each, 2) for what, each in self.start_seconds.items()},
            "train_seconds": max((row["seconds"] for row in rows), default=time.monotonic() - began),
            "peak_memory_bytes": peak,
        }
        save_dtype = job.recipe.lora.save_dtype
        publish_folder(job.output, lambda partial: save_adapter(model, partial, facts, rows, save_dtype))
        return json.loads((job.output / "medner.json").read_text())


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a training runs, whom it tells, and who runs beside it."""

    device: "torch.device"
    log: Log
    ranks: Ranks
    shared: SharedBase | None
    pass_on: PassOn | None


def sealed_with(job: TrainingJob, device: "torch.device") -> str:
    """Return what checkpoints of `job` are sealed with: the optimiser of a GPU has one flat tensor, and what
    another one left does not fit it."""
    return f"{job.fingerprint}, flat" if device.type == "cuda" else job.fingerprint


def _trainer(
    job: TrainingJob, data: TrainingData, ready: Adapted, way: TrainingPath, place: Surroundings
) -> tuple[Steps, "Trainer"]:
    """Return steps that fit into memory, and the Trainer of `job`: the recipe in transformers' words."""
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
    trained = in_order_of_use(ready.model)
    flat = FlatParameters(trained) if cuda and len({each.dtype for each in trained}) == 1 else None
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
        flat=flat,
        pool=None if place.shared is None else lambda: place.shared and place.shared.pool,
    )
    steps.fit(data.train.samples, recipe.effective_batch)
    lengths = [len(sample) for sample in data.train.samples]
    by_length = way.layout in ("aligned", "padded")
    order = StepOrder(lengths, recipe.effective_batch, job.recipe.seed, by_length=by_length)
    samples = data.train.samples
    steps.plan([samples[i] for i in step] for epoch in range(recipe.epochs) for step in order.of(epoch))
    training = Training(
        recipe,
        samples,
        data.dev.samples,
        steps,
        order,
        sealed_with(job, place.device),
        place.log,
        place.ranks,
        flat,
        place.pass_on,
    )
    return steps, make_trainer(ready.model, arguments, training)
