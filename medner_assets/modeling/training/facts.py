"""The facts of a training: a row of table `adapters`, and what `medner.json` keeps beside the weights."""

import json
import resource
from datetime import UTC, datetime
from importlib.metadata import distributions
from typing import TYPE_CHECKING, Any

from medner_assets.modeling.job import TrainingJob
from medner_assets.modeling.training.backends import Adapted
from medner_assets.modeling.training.data import TrainingData
from medner_assets.modeling.training.distributed import Ranks

if TYPE_CHECKING:
    import torch


def fixed_facts(
    job: TrainingJob, data: TrainingData, ready: Adapted, device: "torch.device", revision: str
) -> dict[str, Any]:
    """Return what is known before the first step and does not change. revision: of the base."""
    import torch

    from medner_assets.recipes.loading import recipe_hash

    trainable, total = ready.model.get_nb_trainable_parameters()
    cuda = device.type == "cuda"
    return {
        "dataset": job.recipe.dataset,
        "dataset_version": job.dataset_version,
        "recipe_hash": recipe_hash(job.recipe),
        "fingerprint": job.fingerprint,
        "base_model": job.recipe.base_model,
        "base_revision": revision,
        "backend": ready.backend,
        "device": torch.cuda.get_device_name() if cuda else "cpu",
        "trainable_parameters": int(trainable),
        "total_parameters": int(total),
        "train_documents": data.documents,
        "train_samples": len(data.train.samples),
        "train_tokens": data.train.tokens,
        "unplaced_annotations": data.train.unplaced,
        "seed": job.recipe.seed,
        "finished_at": datetime.now(UTC).isoformat(),
        "versions": json.dumps(_versions("torch", "transformers", "peft", "bitsandbytes", "unsloth")),
    }


def peak_memory(device: "torch.device", crew: Ranks) -> int:
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


def course(rows: list[dict[str, Any]], best_step: int | None) -> dict[str, Any]:
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
