"""The naive path: transformers and peft as their documentation has it, padded, checkpointing, one by one."""

import statistics
import tempfile
import time
from typing import Any

import torch


def naive_adapter(model: Any, rank: int = 16, *, kbit: bool = True) -> Any:
    """Return the model with an adapter; kbit: prepared for 4-bit training with gradient checkpointing."""
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    if kbit:
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=True)
    targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    config = LoraConfig(r=rank, lora_alpha=rank, target_modules=targets, task_type="CAUSAL_LM")
    return get_peft_model(model, config)


def naive_training(
    model: Any, samples: list, steps: int, *, cuda: bool, kbit: bool = True, liger: bool = False
) -> dict[str, float]:
    """Train 8 × 2 samples a step with transformers' Trainer; return seconds a step (median, the first left
    out) and real tokens a second at that pace.

    kbit: with checkpointing and 8-bit AdamW, as for a 4-bit base. liger: with Liger's kernels.
    """
    from transformers import Trainer, TrainerCallback, TrainingArguments

    class Clock(TrainerCallback):
        def __init__(self) -> None:
            self.times: list[float] = []

        def on_step_end(self, *_: Any, **__: Any) -> None:
            if cuda:
                torch.cuda.synchronize()
            self.times.append(time.monotonic())

    def collate(entries: list) -> dict[str, torch.Tensor]:
        longest = max(len(each["ids"]) for each in entries)
        ids = torch.zeros(len(entries), longest, dtype=torch.long)
        mask, labels = torch.zeros_like(ids), torch.full_like(ids, -100)
        for row, each in enumerate(entries):
            size = len(each["ids"])
            ids[row, :size], mask[row, :size] = torch.tensor(each["ids"]), 1
            labels[row, each["border"] : size] = ids[row, each["border"] : size]
        return {"input_ids": ids, "attention_mask": mask, "labels": labels}

    data = [{"ids": s.prompt + s.completion, "border": len(s.prompt)} for s in samples[: steps * 16]]
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder, max_steps=steps, per_device_train_batch_size=8, gradient_accumulation_steps=2,
            gradient_checkpointing=kbit, bf16=cuda, use_cpu=not cuda, use_liger_kernel=liger,
            optim="adamw_8bit" if cuda and kbit else "adamw_torch", learning_rate=2e-4, report_to="none",
            save_strategy="no", logging_steps=1, disable_tqdm=True, remove_unused_columns=False,
        )  # fmt: skip
        if cuda:
            torch.cuda.reset_peak_memory_stats()
        trainer = Trainer(
            model=model, args=arguments, train_dataset=data, data_collator=collate, callbacks=[clock]
        )
        trainer.train()
    taken = [b - a for a, b in zip(clock.times[1:], clock.times[2:], strict=False)]
    tokens = sum(len(each["ids"]) for each in data) / steps
    return {
        "seconds_a_step": statistics.median(taken),
        "mean_seconds_a_step": statistics.mean(taken),
        "tokens_a_second": tokens / statistics.median(taken),
        "peak_gib": torch.cuda.max_memory_allocated() / 2**30 if cuda else 0.0,
    }


def naive_generation(model: Any, prompts: list, tokens: int) -> float:
    """Return seconds a completion, one prompt at a time, greedy, with a key-value cache."""
    model.eval()
    model.config.use_cache = True
    times = []
    for _, ids in prompts:
        began = time.monotonic()
        with torch.inference_mode():
            model.generate(
                input_ids=torch.tensor([ids], device=model.device), do_sample=False, max_new_tokens=tokens,
                min_new_tokens=tokens, pad_token_id=0, use_cache=True,
            )  # fmt: skip
        times.append(time.monotonic() - began)
    return statistics.median(times)
