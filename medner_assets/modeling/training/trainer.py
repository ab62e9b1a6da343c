"""The training loop: transformers' Trainer with a loss on completion tokens only and a dev loss over all
its tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medner_assets.modeling.progress import Log
from medner_assets.modeling.samples import Sample
from medner_assets.modeling.training.batching import StepOrder
from medner_assets.modeling.training.distributed import Ranks
from medner_assets.modeling.training.optimizer import flat_adamw_8bit
from medner_assets.modeling.training.steps import Steps
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
        logging_steps=1,
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_num_workers=0,
        dataloader_pin_memory=False,
    )


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
    return trainer


def _trainer_class(trained: "PeftModel", training: Training) -> "type[Trainer]":
    from torch.utils.data import DataLoader
    from transformers import Trainer

    class CompletionTrainer(Trainer):
        """A Trainer whose loss counts completion tokens, and whose dev loss is their mean over the split."""

        def get_train_dataloader(self) -> Any:
            samples: Any = self.train_dataset
            return DataLoader(samples, batch_sampler=training.order, collate_fn=self.data_collator)

        def create_optimizer(self, model: Any = None) -> Any:
            if training.recipe.optimizer != "adamw_8bit":
                return super().create_optimizer(model)
            self.optimizer = flat_adamw_8bit(
                [p for p in trained.parameters() if p.requires_grad],
                lr=self.args.learning_rate,
                betas=(self.args.adam_beta1, self.args.adam_beta2),
                eps=self.args.adam_epsilon,
                weight_decay=self.args.weight_decay,
            )
            return self.optimizer

        def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
            del num_items_in_batch  # the step counts its own tokens
            model.train()
            return training.steps.train(model, inputs["samples"])

        def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
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
