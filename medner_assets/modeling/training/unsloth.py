"""The second training backend: unsloth's kernels under the same steps, losses and files.

unsloth replaces parts of transformers, peft and trl when it is imported, for the rest of the process: it is
imported first, and only by a process that trains with it.
"""

import contextlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from medner_assets.errors import MednerError
from medner_assets.modeling.job import TrainingJob
from medner_assets.modeling.training.distributed import visible_gpus
from medner_assets.recipes.settings import ALL_LINEAR, ALL_PROJECTIONS

if TYPE_CHECKING:
    import torch
    from peft import PeftModel


def import_first(job: TrainingJob) -> None:
    """Import unsloth where `job` trains with it; must run before anything imports transformers.

    Raises MednerError where it is not installed, does not import, finds no GPU, or is asked for several: it
    looks for its GPU when it is imported, before a process could be given its own.
    """
    recipe = job.recipe.training
    if recipe.backend != "unsloth":
        return
    if recipe.gpus != 1:
        raise MednerError(
            f"version {job.version}: backend unsloth trains on one GPU: set training.gpus to 1, "
            "or the backend to peft"
        )
    if importlib.util.find_spec("unsloth") is None:
        raise MednerError(
            f"version {job.version}: backend unsloth is not installed: "
            "pip install 'medner-assets[gpu]', or set training.backend to peft"
        )
    if job.device == "cpu" or not visible_gpus():
        raise MednerError(
            f"version {job.version}: backend unsloth needs a CUDA GPU and none is visible: "
            "set training.backend to peft or auto"
        )
    # Where it writes code that it generates; by default into the folder that the process was started in.
    os.environ.setdefault("UNSLOTH_COMPILE_LOCATION", str(job.work / "unsloth"))
    try:
        with _banners_aside():
            import unsloth  # noqa: F401
    except Exception as error:  # noqa: BLE001 # it fails in many ways on what it does not know: drivers, versions
        reason = " ".join(str(error).split())[:200]
        raise MednerError(
            f"version {job.version}: unsloth does not import ({type(error).__name__}: {reason}): "
            "see its documentation, or set training.backend to peft"
        ) from None


def unsloth_model(job: TrainingJob, folder: Path, device: "torch.device") -> "PeftModel":
    """Return the base in `folder` with a fresh adapter, both from unsloth."""
    import torch
    from unsloth import FastLanguageModel

    recipe, lora = job.recipe.training, job.recipe.lora
    checkpointing = "unsloth" if recipe.gradient_checkpointing == "on" else False
    with _banners_aside():
        model, _ = FastLanguageModel.from_pretrained(
            model_name=str(folder),
            max_seq_length=recipe.max_tokens,
            dtype=torch.bfloat16 if device.type == "cuda" else torch.float32,
            load_in_4bit=job.base.quantization == "nf4",
            use_gradient_checkpointing=checkpointing,
            local_files_only=True,
            trust_remote_code=False,
        )
        adapted: PeftModel = FastLanguageModel.get_peft_model(
            model,
            r=lora.rank,
            lora_alpha=lora.alpha,
            lora_dropout=lora.dropout,
            target_modules=list(
                ALL_PROJECTIONS if lora.target_modules == ALL_LINEAR else lora.target_modules
            ),
            use_gradient_checkpointing=checkpointing,
            random_state=job.recipe.seed,
        )
    return adapted


@contextlib.contextmanager
def _banners_aside() -> Iterator[None]:
    """Send what is printed to standard error: standard output is the caller's."""
    with contextlib.redirect_stdout(sys.stderr):
        yield
