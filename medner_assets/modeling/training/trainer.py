"""The training loop: transformers' Trainer with a loss on completion tokens only and a dev loss over all
its tokens."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from medner_assets.modeling.progress import Log
from medner_assets.modeling.samples import Sample
from medner_assets.modeling.training.batching import StepOrder
from medner_assets.modeling.training.distributed import Ranks
from medner_assets.modeling.training.optimizer import FlatParameters, flat_adamw
from medner_assets.modeling.training.steps import Steps
from medner_assets.modeling.training.turns import PassOn
from medner_assets.modeling.training.watch import watch
from medner_assets.recipes.settings import TrainingRecipe

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import Trainer, TrainingArguments


def training_arguments(
    recipe: TrainingRecipe, seed: int, multiplier: float, work: Path, *, cuda: bool, bfloat16: bool
) -> "TrainingArguments":
    """Return the recipe in transformers' words. One evaluation and one checkpoint an epoch.

    A batch of its is a whole optimiser step: `Steps` cuts it into micro-batches.
    """
    from transformers import TrainingArguments

    stops = recipe.early_stopping is not None
    return TrainingArguments(
        output_dir=str(work / "checkpoints"),
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.effective_batch,
        gradient_accumulation_steps=1,
        learning_rate=recipe.learning_rate * multiplier,
        lr_scheduler_type=recipe.schedule if recipe.schedule != "constant" else "constant_with_warmup",
        warmup_steps=recipe.warmup_steps,
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_grad_norm,
        optim="adamw_torch_fused" if recipe.optimizer == "adamw_torch" else recipe.optimizer,
        bf16=bfloat16,
        use_cpu=not cuda,
        seed=seed,
        data_seed=seed,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=2,
        load_best_model_at_end=stops,
        metric_for_best_model="eval_loss" if stops else None,
        greater_is_better=False if stops else None,
        logging_strategy="steps",
        # Every step is logged, see `_read`; on a GPU ten at a time, since reading a number waits for it.
        logging_steps=_STEPS_A_READING if cuda else 1,
        logging_first_step=True,
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_num_workers=0,
        dataloader_pin_memory=False,
    )


_STEPS_A_READING = 10


@dataclass(frozen=True, slots=True)
class Training:
    """One training: what is learned from, how each step is taken, and whose checkpoints are its own."""

    recipe: TrainingRecipe
    train: Sequence[Sample]
    dev: Sequence[Sample]
    steps: Steps
    """Runs each step and evaluation."""
    order: StepOrder
    """The order of the samples."""
    fingerprint: str
    """Of recipe, data and base: what a checkpoint is sealed with."""
    log: Log
    ranks: Ranks = Ranks()  # noqa: RUF009 # frozen
    flat: FlatParameters | None = None
    """What is trained, where it is one tensor."""
    pass_on: PassOn | None = None
    """Lets trainings beside this one take their turns."""


def make_trainer(model: "PeftModel", arguments: "TrainingArguments", training: Training) -> "Trainer":
    """Return a Trainer of `training`; `watch.log_rows` reads its history."""
    from transformers import EarlyStoppingCallback, PrinterCallback

    stopping = training.recipe.early_stopping
    callbacks: list[Any] = [
        watch(training.fingerprint, training.order, training.log, writes=training.ranks.first)
    ]
    if stopping is not None:
        callbacks.append(EarlyStoppingCallback(stopping.patience, stopping.min_delta))
    trainer = _trainer_class(model, training)(
        model=model,
        args=arguments,
        train_dataset=_Samples(training.train),
        eval_dataset=_Samples(training.dev),
        data_collator=lambda entries: {"samples": [entry["sample"] for entry in entries]},
        callbacks=callbacks,
    )
    trainer.remove_callback(PrinterCallback)  # `watch` reports, and standard output stays clean
    if training.flat is not None:
        # Trainer asks the model itself at every step, which would visit each of its modules.
        cast("Any", model).zero_grad = lambda set_to_none=True: None
    return trainer


@dataclass(slots=True)
class _Unread:
    """A step whose numbers are on the device. before: steps before it; rate: its learning rate."""

    before: int
    loss: Any
    rate: float
    norm: Any = None


def _numbers(values: list[Any]) -> list[float]:
    """Return tensors of one number each as numbers, in one transfer."""
    import torch

    if not values or any(not torch.is_tensor(each) for each in values):
        return [float(each) for each in values]
    return [float(each) for each in torch.stack([each.detach().float() for each in values]).tolist()]


def _trainer_class(trained: "PeftModel", training: Training) -> "type[Trainer]":
    from torch.utils.data import DataLoader
    from transformers import Trainer

    class CompletionTrainer(Trainer):
        """A Trainer whose loss counts completion tokens, and whose dev loss is their mean over the split."""

        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self._unread: list[_Unread] = []
            self._read_at = time.monotonic()

        def get_train_dataloader(self) -> Any:
            samples: Any = self.train_dataset
            return DataLoader(samples, batch_sampler=training.order, collate_fn=self.data_collator)

        def create_optimizer(self, model: Any = None) -> Any:
            if training.flat is None:
                return super().create_optimizer(model)
            self.optimizer = flat_adamw(
                training.flat,
                training.recipe.optimizer,
                lr=self.args.learning_rate,
                betas=(self.args.adam_beta1, self.args.adam_beta2),
                eps=self.args.adam_epsilon,
                weight_decay=self.args.weight_decay,
            )
            return self.optimizer

        def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
            del num_items_in_batch  # the step counts its own tokens
            if training.pass_on is not None:
                training.pass_on()
            if not model.training:
                model.train()
            loss = training.steps.train(model, inputs["samples"])
            self._unread.append(_Unread(self.state.global_step, loss, self._get_learning_rate()))
            return loss

        def _clip_grad_norm(self, model: Any) -> Any:
            if training.flat is None:
                return super()._clip_grad_norm(model)
            return training.flat.clip(self.args.max_grad_norm)

        def _get_grad_norm(self, model: Any, grad_norm: Any = None) -> Any:
            if grad_norm is None and training.flat is not None:
                grad_norm = training.flat.clip(math.inf)
            norm = self._unread[-1].norm = super()._get_grad_norm(model, grad_norm=grad_norm)
            return norm

        def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
            """Log each step since the last reading as an entry of its own, then what is no step's."""
            self._read()
            if "loss" not in logs:
                super().log(logs, start_time)

        def _read(self) -> None:
            """Read the numbers of the steps since the last reading; a device is waited for once."""
            unread, self._unread = self._unread, []
            now = (self.state.global_step, self.state.epoch)
            began, self._read_at = self._read_at, time.monotonic()
            losses, norms = (_numbers([getattr(e, name) for e in unread]) for name in ("loss", "norm"))
            for i, (step, loss, norm) in enumerate(zip(unread, losses, norms, strict=True)):
                whole, part = divmod(step.before, len(training.order))
                self.state.global_step = step.before + 1
                self.state.epoch = whole + (part + 1) / len(training.order)
                # The steps of a reading ran one after the other while the host was ahead of the device.
                at = began + (self._read_at - began) * (i + 1) / len(unread)
                super().log({"loss": loss, "grad_norm": norm, "learning_rate": step.rate, "at": at})
            self.state.global_step, self.state.epoch = now

        def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
            self._read()  # before a checkpoint is kept: what it holds is not logged again
            trained.eval()
            total, count = training.steps.evaluate(training.dev)
            metrics = {"eval_loss": total / count} if count else {}
            if metrics:
                self.log(metrics)
            self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
            return metrics

        def floating_point_ops(self, inputs: Any) -> int:
            del inputs
            return 0  # would visit every parameter at every step

        def _save_checkpoint(self, *arguments: Any, **keywords: Any) -> None:
            if training.ranks.first:
                super()._save_checkpoint(*arguments, **keywords)

        def _load_best_model(self) -> None:
            if training.ranks.first:
                super()._load_best_model()

    return CompletionTrainer


class _Samples:
    """A dataset of samples in the form that Trainer takes."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"sample": self._samples[index]}
