"""The part of `gpu.py` that trains with backend unsloth; called by it.

    python benchmarks/gpu_unsloth.py ROW.json

unsloth loads models from folders only: the random Mistral-7B is written to a temporary one first, 14.5 GB.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from medner_assets import paths
from medner_assets.modeling.job import TrainingJob
from medner_assets.modeling.training.unsloth import import_first
from medner_assets.recipes.loading import load_base_model, load_version


def job() -> TrainingJob:
    """Return a job of recipe v1 with backend unsloth; its files are not read."""
    version, nowhere = load_version("v1"), Path(tempfile.gettempdir())
    training = version.training.model_copy(update={"backend": "unsloth"})
    return TrainingJob(
        version="v1", recipe=version.model_copy(update={"training": training}), entity_types=(),
        relation_types=(), base=load_base_model(version.base_model), train=nowhere, dev=nowhere,
        output=nowhere, work=nowhere, fingerprint="benchmark", dataset_version="random",
    )  # fmt: skip


def main() -> None:
    """Measure and write the row."""
    wanted = job()
    import_first(wanted)
    import torch

    from benchmarks.gpu import DEVICE, KIND, SHAPE, training
    from benchmarks.gpu_model import random_mistral
    from medner_assets.modeling.memory import release
    from medner_assets.modeling.training.unsloth import unsloth_model

    with tempfile.TemporaryDirectory() as folder:
        random_mistral(DEVICE, SHAPE, KIND, nf4=False).save_pretrained(folder)
        for file in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(paths.EMBEDDED_BASES / "medner-tiny" / file, folder)
        release()
        torch.cuda.reset_peak_memory_stats()
        model = unsloth_model(wanted, Path(folder), DEVICE)
    # Its first steps of each length compile for it: what counts is how it goes on.
    first = training(model, 16, 30, warm=8, layout="padded")
    row = training(model, 16, 30, warm=8, layout="padded")
    row["mean_seconds_a_step_at_first"] = first["mean_seconds_a_step"]
    # Steps of like lengths differ from each other: the mean number of tokens takes the mean time.
    slower = row["seconds_a_step"] / row["mean_seconds_a_step"]
    row["tokens_a_second"] *= slower
    row["peak_flops_share"] *= slower
    Path(sys.argv[1]).write_text(json.dumps(row))


if __name__ == "__main__":
    main()
