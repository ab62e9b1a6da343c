"""The training loop: transformers' Trainer with a loss on completion tokens only and a dev loss over all
its tokens."""

import math
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from medner_assets.errors import MednerError
from medner_assets.modeling.progress import Log, Reporter
from medner_assets.modeling.samples import Sample
from medner_assets.modeling.training.batching import StepOrder
from medner_assets.modeling.training.checkpoints import last_checkpoint, seal
from medner_assets.modeling.training.distributed import Ranks
from medner_assets.modeling.training.optimizer import flat_adamw_8bit
from medner_assets.modeling.training.steps import Steps
from medner_assets.recipes.settings import TrainingRecipe

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import Trainer, TrainingArguments

_KINDS = (("train", "loss"), ("eval", "eval_loss"), ("end", "train_loss"))
"""Kind of a row of table `training_log`, and the key of its loss in the Trainer's history."""


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


def make_trainer(
    model: "PeftModel",
    arguments: "TrainingArguments",
    train: Sequence[Sample],
    dev: Sequence[Sample],
    steps: Steps,
    recipe: TrainingRecipe,
    fingerprint: str,
    log: Log,
    order: StepOrder,
    ranks: Ranks = Ranks(),  # noqa: B008 # frozen
) -> "Trainer":
    """Return a Trainer over the samples; `log_rows` reads its history.

    steps: runs each step and evaluation. order: of the samples.
    """
    from torch.utils.data import DataLoader
    from transformers import EarlyStoppingCallback, PrinterCallback, Trainer, TrainerCallback

    samples: Any = _Samples(train)
    trained = model

    class CompletionTrainer(Trainer):
        """A Trainer whose loss counts completion tokens, and whose dev loss is their mean over the whole
        split."""

        def get_train_dataloader(self) -> Any:
            return DataLoader(samples, batch_sampler=order, collate_fn=self.data_collator)

        def create_optimizer(self, model: Any = None) -> Any:
            if recipe.optimizer != "adamw_8bit":
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
            return steps.train(model, inputs["samples"])

        def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
            trained.eval()
            total, count = steps.evaluate(dev)
            metrics = {"eval_loss": total / count} if count else {}
            if metrics:
                self.log(metrics)
            self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
            return metrics

        def floating_point_ops(self, inputs: Any) -> int:
            del inputs
            return 0  # would visit every parameter at every step

        def _save_checkpoint(self, *arguments: Any, **keywords: Any) -> None:
            if ranks.first:
                super()._save_checkpoint(*arguments, **keywords)

        def _load_best_model(self) -> None:
            if ranks.first:
                super()._load_best_model()

    class Watch(TrainerCallback):
        """Keeps the log, reports progress, seals checkpoints, and stops at a loss or a gradient that is not a
        number."""

        def __init__(self) -> None:
            self._began = time.monotonic()
            self._reporter: Reporter | None = None
            # What a killed run logged before its last checkpoint is in the state that Trainer restored.
            self._before = 0.0

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            work = Path(args.output_dir).parent
            self._reporter = Reporter(work, log, "training", state.max_steps, "steps", state.global_step)
            self._before = max((entry.get("seconds", 0.0) for entry in state.log_history), default=0.0)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            logs = logs or {}
            seconds = self._before + time.monotonic() - self._began
            if state.log_history:
                state.log_history[-1]["seconds"] = seconds  # kept in the checkpoint
            for kind, key in (*((f"{kind} loss", key) for kind, key in _KINDS), ("gradient", "grad_norm")):
                if key not in logs:
                    continue
                if not math.isfinite(float(logs[key])):
                    kept = last_checkpoint(Path(args.output_dir).parent, fingerprint)
                    raise MednerError(
                        f"the {kind} is {logs[key]} at step {state.global_step}: "
                        "lower training.learning_rate or raise warmup_steps; "
                        + (f"{kept.name} stays" if kept else "there is no earlier checkpoint")
                    )
            if "loss" in logs and self._reporter is not None and ranks.first:
                self._reporter.report(state.global_step, float(logs["loss"]))

        def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            order.epoch = state.global_step // len(order)

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if ranks.first:
                seal(Path(args.output_dir) / f"checkpoint-{state.global_step}", fingerprint)

    callbacks: list[Any] = [Watch()]
    if recipe.early_stopping is not None:
        callbacks.append(
            EarlyStoppingCallback(recipe.early_stopping.patience, recipe.early_stopping.min_delta)
        )
    trainer = CompletionTrainer(
        model=model,
        args=arguments,
        train_dataset=samples,
        eval_dataset=_Samples(dev),
        data_collator=lambda entries: {"samples": [entry["sample"] for entry in entries]},
        callbacks=callbacks,
    )
    trainer.remove_callback(PrinterCallback)  # Watch reports, and standard output stays clean
    return trainer


def log_rows(history: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of table `training_log` from a Trainer's history, which survives a resumed run.

    The loss at the end is the mean of all steps': the Trainer's own leaves out those before it resumed.
    """
    steps = [float(entry["loss"]) for entry in history if "loss" in entry]
    return [
        {
            "step": int(entry["step"]),
            "epoch": float(entry.get("epoch") or 0.0),
            "kind": kind,
            "loss": fmean(steps) if kind == "end" and steps else float(entry[key]),
            "learning_rate": entry.get("learning_rate"),
            "grad_norm": entry.get("grad_norm"),
            "seconds": float(entry.get("seconds", 0.0)),
        }
        for entry in history
        for kind, key in _KINDS
        if key in entry
    ]


class _Samples:
    """A dataset of samples in the form that Trainer takes."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"sample": self._samples[index]}
