"""One of several processes, one a GPU, that train together: python -m torch.distributed.run …
benchmarks/gpu_ranks.py OUT.

Each effective batch is measured with this process alone (the others wait) and with all; both begin with the
same weights and see the same samples, so that their losses can be compared.
"""

import json
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.gpu_model import GEOMETRY, SMALL, random_mistral, random_samples
from medner_assets.modeling.adapters import add_adapter
from medner_assets.modeling.fused.layers import fuse, keep_unpacked
from medner_assets.modeling.progress import Silence
from medner_assets.modeling.training.distributed import Ranks, ranks
from medner_assets.modeling.training.optimizer import FlatParameters, flat_adamw
from medner_assets.modeling.training.steps import Steps
from medner_assets.recipes.settings import LoraRecipe


def main() -> None:
    """Measure effective batches of 16, 64 and 128; on a GPU the small geometry in fp32 too, whose losses show
    what is left of a difference without bf16's rounding.
    """
    with ranks("auto") as crew:
        cuda = torch.cuda.is_available()
        small = [("small in fp32", SMALL, torch.float32, 16 if cuda else 4, 12 if cuda else 3)]
        large = [
            ("Mistral-7B in bf16", GEOMETRY, torch.bfloat16, batch, count)
            for batch, count in ((16, 12), (64, 6), (128, 5))
        ]
        rows: list[dict[str, object]] = []
        model = None
        for name, geometry, kind, batch, count in [*large, *small] if cuda else small:
            if model is None or not rows or rows[-1]["model"] != name:
                model = None  # frees the one before
                model = prepared(geometry, kind, crew)
            rows.append({"model": name, "effective_batch": batch} | compared(model, batch, count, crew))
            if crew.first:
                Path(sys.argv[1]).write_text(json.dumps(rows))


def prepared(geometry, kind, crew):
    """Return a model with an adapter, the same in every process."""
    cuda = torch.cuda.is_available()
    device = torch.device("cuda" if cuda else "cpu")
    nf4 = kind == torch.bfloat16
    model = add_adapter(random_mistral(device, geometry, kind, nf4=nf4), LoraRecipe())
    fuse(model)
    if nf4:
        keep_unpacked(model, torch.bfloat16)
    model.train()
    crew.copy_from_first([p for p in model.parameters() if p.requires_grad])
    return model


def compared(model, batch: int, count: int, crew: Ranks) -> dict[str, object]:
    """Measure with this process alone (the others wait) and with all, from the same weights."""
    trained = [p for p in model.parameters() if p.requires_grad]
    start = [p.detach().clone() for p in trained]
    samples = random_samples(batch * count, seed=batch)
    row: dict[str, object] = {}
    for size in (1, crew.size):
        torch.distributed.barrier()
        if size == 1 and not crew.first:
            torch.distributed.barrier()
            continue
        for parameter, value in zip(trained, start, strict=True):
            parameter.data.copy_(value)
        row |= measured(model, trained, samples, batch, Ranks() if size == 1 else crew, trained[0].device)
        if size == 1:
            torch.distributed.barrier()
    for parameter, value in zip(trained, start, strict=True):
        parameter.data.copy_(value)
    return row


def measured(model, trained, samples, batch, team, device) -> dict[str, object]:
    """Return seconds a step (the first two left out) and the losses of all steps."""
    flat = FlatParameters(trained) if device.type == "cuda" else None
    steps = Steps(
        model, layout="packed", device=device, pad=0, samples=batch, log=Silence(), ranks=team,
        checkpointing="auto", tokens=16_384, flat=flat,
    )  # fmt: skip
    settings = {"lr": 2e-4, "weight_decay": 0.01}
    optimizer = (
        flat_adamw(flat, "adamw_8bit", **settings)
        if flat is not None
        else torch.optim.AdamW(trained, **settings)
    )
    losses, times = [], []
    for i in range(0, len(samples), batch):
        loss = steps.train(model, samples[i : i + batch])
        _ = flat.clip(1.0) if flat is not None else torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss))
        times.append(time.monotonic())
    return {
        f"seconds_a_step_{team.size}": (times[-1] - times[1]) / (len(times) - 2),
        f"losses_{team.size}": losses,
    }


if __name__ == "__main__":
    main()
