"""The training loop: transformers' Trainer with a loss on completion tokens only and a dev loss over all
its tokens."""

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medner_assets.errors import MednerError
from medner_assets.modeling.batches import IGNORED, collate
from medner_assets.modeling.checkpoints import seal
from medner_assets.modeling.head import SelectiveHead, completion_loss
from medner_assets.modeling.progress import Log, Reporter
from medner_assets.modeling.samples import Sample
from medner_assets.recipes.settings import TrainingRecipe

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import Trainer, TrainingArguments

_EVAL_BATCH = 32
_KINDS = (("train", "loss"), ("eval", "eval_loss"), ("end", "train_loss"))
"""Kind of a row of table `training_log`, and the key of its loss in the Trainer's history."""


def training_arguments(
    recipe: TrainingRecipe, seed: int, multiplier: float, work: Path, *, cuda: bool, bfloat16: bool
) -> "TrainingArguments":
    """Return the recipe in transformers' words. One evaluation and one checkpoint an epoch."""
    from transformers import TrainingArguments

    stops = recipe.early_stopping is not None
    return TrainingArguments(
        output_dir=str(work / "checkpoints"),
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.batch_size,
        per_device_eval_batch_size=_EVAL_BATCH,
        gradient_accumulation_steps=recipe.gradient_accumulation,
        learning_rate=recipe.learning_rate * multiplier,
        lr_scheduler_type=recipe.schedule if recipe.schedule != "constant" else "constant_with_warmup",
        warmup_steps=recipe.warmup_steps,
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_grad_norm,
        optim=recipe.optimizer,
        gradient_checkpointing=recipe.gradient_checkpointing == "on",
        bf16=bfloat16,
        use_cpu=not cuda,
        seed=seed,
        data_seed=seed,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=2,
        load_best_model_at_end=stops,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        logging_strategy="steps",
        logging_steps=1,
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        train_sampling_strategy="group_by_length",
        dataloader_num_workers=0,
        dataloader_pin_memory=cuda,
        ddp_find_unused_parameters=False,
    )


def make_trainer(
    model: "PeftModel",
    arguments: "TrainingArguments",
    train: Sequence[Sample],
    dev: Sequence[Sample],
    pad: int,
    recipe: TrainingRecipe,
    fingerprint: str,
    log: Log,
) -> "Trainer":
    """Return a Trainer over the samples; `log_rows` reads its history."""
    import torch
    from transformers import EarlyStoppingCallback, PrinterCallback, Trainer, TrainerCallback

    head = SelectiveHead(model)

    class CompletionTrainer(Trainer):
        """A Trainer whose loss counts completion tokens, and whose dev loss is their mean over the whole
        split."""

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            inputs = dict(inputs)
            labels, weights = inputs.pop("labels"), inputs.pop("weights")
            head.choose(labels)
            logits = model(**inputs, use_cache=False).logits
            items = num_items_in_batch if num_items_in_batch is not None else (labels != IGNORED).sum()
            loss = completion_loss(logits, labels, weights, items)
            if self.args.average_tokens_across_devices and num_items_in_batch is not None:
                loss = loss * self.accelerator.num_processes  # DDP takes the mean, `items` is the sum of all
            return (loss, logits) if return_outputs else loss

        def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
            model.eval()
            total, count = 0.0, 0
            by_length = sorted(dev, key=len)
            with torch.no_grad():
                for i in range(0, len(by_length), _EVAL_BATCH):
                    batch = collate(by_length[i : i + _EVAL_BATCH], pad)
                    batch["weights"] = torch.ones_like(batch["weights"])
                    batch = {key: value.to(self.args.device) for key, value in batch.items()}
                    total += float(self.compute_loss(model, batch, num_items_in_batch=torch.tensor(1.0)))
                    count += int((batch["labels"] != IGNORED).sum())
            metrics = {"eval_loss": total / count} if count else {}
            if metrics:
                self.log(metrics)
            self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
            return metrics

    class Watch(TrainerCallback):
        """Keeps the log, reports progress, seals checkpoints, and stops at a loss that is not a number."""

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
            for kind, key in _KINDS:
                if key not in logs:
                    continue
                if not math.isfinite(float(logs[key])):
                    raise MednerError(
                        f"the {kind} loss is {logs[key]} at step {state.global_step}: "
                        "lower training.learning_rate or raise warmup_steps; the last checkpoint stays"
                    )
            if "loss" in logs and self._reporter is not None:
                self._reporter.report(state.global_step, float(logs["loss"]))

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            seal(Path(args.output_dir) / f"checkpoint-{state.global_step}", fingerprint)

    callbacks: list[Any] = [Watch()]
    if recipe.early_stopping is not None:
        callbacks.append(
            EarlyStoppingCallback(recipe.early_stopping.patience, recipe.early_stopping.min_delta)
        )
    trainer = CompletionTrainer(
        model=model,
        args=arguments,
        train_dataset=_Lengths(train),
        eval_dataset=_Lengths(dev),
        data_collator=lambda samples: collate([entry["sample"] for entry in samples], pad),
        callbacks=callbacks,
    )
    trainer.remove_callback(PrinterCallback)  # Watch reports, and standard output stays clean
    # Trainer then counts the labelled tokens of all accumulated batches and passes the count to compute_loss.
    trainer.model_accepts_loss_kwargs = True
    return trainer


def log_rows(history: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of table `training_log` from a Trainer's history, which survives a resumed run."""
    return [
        {
            "step": int(entry["step"]),
            "epoch": float(entry.get("epoch") or 0.0),
            "kind": kind,
            "loss": float(entry[key]),
            "learning_rate": entry.get("learning_rate"),
            "grad_norm": entry.get("grad_norm"),
            "seconds": float(entry.get("seconds", 0.0)),
        }
        for entry in history
        for kind, key in _KINDS
        if key in entry
    ]


class _Lengths:
    """A dataset of samples in the form that Trainer's length-grouped sampler reads."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> dict[str, Any]:
        sample = self._samples[index]
        return {"sample": sample, "input_ids": range(len(sample))}
