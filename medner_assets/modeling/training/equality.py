"""Before the first step: are loss and gradients those of plain transformers + PEFT?

A few samples go through the model as training will run it and, one by one, without padding, without anything
of medner's own, through the model's published forward pass. Beyond tolerance training goes on with the next
plainer path, and says so. What was found is kept per base and path, so that it costs seconds once.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medner_assets.errors import MednerError
from medner_assets.modeling.fused.layers import as_published, unfuse
from medner_assets.modeling.progress import Log
from medner_assets.modeling.samples import Sample
from medner_assets.modeling.training.backends import Adapted
from medner_assets.modeling.training.borders import LEAK, across_borders
from medner_assets.modeling.training.comparisons import PathComparison, TrainingPath, cached, keep, key_of
from medner_assets.modeling.training.distributed import Ranks
from medner_assets.modeling.training.loss import head_of
from medner_assets.modeling.training.steps import OWN_FORWARD, Steps

if TYPE_CHECKING:
    import torch

TOLERANCE = {"float32": (1e-4, 1e-3), "bfloat16": (2e-2, 1.5e-1), "float16": (2e-2, 1.5e-1)}
"""Type of the computation → largest difference of the loss (nats a token, relative above 1) and of all
gradients together (L2, relative). Two ways of rounding to 16 bits differ by about a tenth of what is allowed;
the wrong losses that this is for differed by 110 % in the gradients, or more."""
_SAMPLES, _TOKENS = 4, 384
"""Samples of a probe, and most tokens of each where there are such."""
_FILL = 0.05


@dataclass(frozen=True, slots=True)
class Settled:
    """The path that training takes, and what was found of it and of those before it."""

    way: TrainingPath
    findings: tuple[PathComparison, ...]

    def facts(self) -> dict[str, Any]:
        """Return what `medner.json` says of it."""
        return {"path": self.way.words(), "equality": [asdict(each) for each in self.findings]}


def settle(
    ready: Adapted,
    samples: Sequence[Sample],
    *,
    device: "torch.device",
    pad: int,
    cast: bool,
    log: Log,
    ranks: Ranks = Ranks(),  # noqa: B008 # frozen
    cache: Path | None = None,
    base: str = "",
) -> Settled:
    """Return the fastest path whose loss and gradients are those of plain transformers + PEFT.

    cast: whether padded batches will be computed under autocast to bfloat16. cache: a folder for what was
    found; base: what pins the base's weights, part of the key. Weights and random numbers are left as they
    were. Raises MednerError when no path is right.
    """
    if ready.backend == "unsloth":
        way = TrainingPath("padded", "plain")
        return Settled(
            way, (PathComparison(way.words(), None, None, None, "", 0, True, "unsloth: not compared"),)
        )
    chosen = probed(samples)
    findings: list[PathComparison] = []
    plain: dict[bool, _Result] = {}
    for way in ways(ready):
        if way.layout in OWN_FORWARD:
            unfuse(ready.model)
        key = key_of(ready, way, base, device, cast)
        found = cached(cache, key)
        if found is None:
            with _filled(ready.model):
                found = _compare(ready, way, chosen, plain, device=device, pad=pad, cast=cast)
        if found.plain_loss is not None and not math.isfinite(found.plain_loss):
            raise MednerError(
                f"the loss of the base itself is {found.plain_loss} before any step: "
                "its weights are damaged, get them anew"
            )
        agreed = bool(ranks.least(int(found.equal), device))
        findings.append(found if agreed == found.equal else replace(found, equal=agreed))
        if cache is not None and ranks.first:
            keep(cache, key, found)
        if not agreed:
            log.info(f"not taken, {way.words()}: {found.words()}")
            continue
        log.info(f"path: {way.words()}; against plain transformers + peft: {found.words()}")
        return Settled(way, tuple(findings))
    raise MednerError(
        "no path of training gives the loss of plain transformers + peft for this base: "
        f"{findings[-1].words()}: choose another base"
    )


def ways(ready: Adapted) -> list[TrainingPath]:
    """Return the paths that a model may take, the fastest first."""
    found = [] if ready.layout in OWN_FORWARD else [TrainingPath(ready.layout, "plain")]
    head = head_of(ready.model)
    if ready.may_join:
        found += [
            TrainingPath("joined", each) for each in ("plain", "own") if each == head or head == "plain"
        ]
    if head == "plain":
        found.append(TrainingPath("padded", "plain"))
    if head != "whole":
        found.append(TrainingPath("padded", "own"))
    return [*found, TrainingPath("padded", "whole"), TrainingPath("padded", "whole", alone=True)]


def probed(samples: Sequence[Sample]) -> list[Sample]:
    """Return a few of `samples`, of different lengths, none longer than needed."""
    ordered = sorted(samples, key=len)
    short = [each for each in ordered if len(each) <= _TOKENS] or ordered[:1]
    count = min(_SAMPLES, len(short))
    picked = [short[i * (len(short) - 1) // max(1, count - 1)] for i in range(count)]
    return picked[1::2] + picked[::2]  # not sorted: a longer sample before a shorter one


@dataclass(frozen=True, slots=True)
class _Result:
    loss: float
    gradients: list["torch.Tensor"]


def _compare(
    ready: Adapted,
    way: TrainingPath,
    samples: Sequence[Sample],
    plain: dict[bool, _Result],
    *,
    device: "torch.device",
    pad: int,
    cast: bool,
) -> PathComparison:
    import torch

    model, casts = ready.model, cast and way.layout in OWN_FORWARD
    kind = "bfloat16" if casts else str(next(model.parameters()).dtype).removeprefix("torch.")
    if any(getattr(each, "quant_state", None) is not None for each in model.parameters()):
        kind = "bfloat16" if cast or device.type == "cuda" else kind
    items = sum(len(sample.completion) for sample in samples)
    none = PathComparison(way.words(), None, None, None, kind, len(samples), equal=False)
    autocast = torch.autocast(device.type, torch.bfloat16, enabled=casts)
    trained = [p for p in model.parameters() if p.requires_grad]
    was_training = model.training
    model.eval()  # no dropout; gradients do not depend on it otherwise
    steps = Steps(
        model, layout=way.layout, device=device, pad=pad, samples=1 if way.alone else len(samples),
        log=_Nobody(), way=way.head,
    )  # fmt: skip
    try:
        with autocast:
            if casts not in plain:
                with as_published(model):
                    plain[casts] = _plainly(model, samples, items, device, trained)
            loss = float(steps.train(model, samples))
            leak = across_borders(model, samples, device) if way.layout == "joined" else 0.0
        ours = _Result(loss, _taken(trained))
    except (RuntimeError, ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
        reason = " ".join(str(error).split())[:160]
        return replace(none, trouble=f"{type(error).__name__}: {reason}")
    finally:
        steps.close()
        for parameter in trained:
            parameter.grad = None
        model.train(was_training)
    reference = plain[casts]
    apart = abs(ours.loss - reference.loss)
    squares = [
        (float((a - b).double().square().sum()), float(b.double().square().sum()))
        for a, b in zip(ours.gradients, reference.gradients, strict=True)
    ]
    whole = sum(each for _, each in squares) ** 0.5
    gradients = (
        sum(each for each, _ in squares) ** 0.5 / whole if whole else float(any(a for a, _ in squares))
    )
    allowed, relative = TOLERANCE.get(kind, TOLERANCE["float32"])
    equal = apart <= allowed * max(1.0, abs(reference.loss)) and gradients <= relative
    found = replace(none, loss=apart, gradients=gradients, plain_loss=reference.loss, equal=equal)
    if leak > LEAK.get(kind, LEAK["float32"]):
        return replace(found, equal=False, trouble=f"samples of a row see each other ({leak:.1e})")
    return found


def _plainly(
    model: Any,
    samples: Sequence[Sample],
    items: int,
    device: "torch.device",
    trained: Sequence["torch.Tensor"],
) -> _Result:
    """Return loss and gradients of the samples one by one, from the model's own scores of every position."""
    import torch
    import torch.nn.functional as F

    total = 0.0
    for sample in samples:
        ids = torch.tensor([sample.prompt + sample.completion], device=device)
        scores = model(input_ids=ids, use_cache=False).logits[0, len(sample.prompt) - 1 : -1].float()
        targets = torch.tensor(sample.completion, device=device)
        weights = torch.tensor(sample.weights, device=device)
        loss = (F.cross_entropy(scores, targets, reduction="none") * weights).sum() / items
        loss.backward()
        total += float(loss.detach())
    return _Result(total, _taken(trained))


def _taken(trained: Sequence["torch.Tensor"]) -> list["torch.Tensor"]:
    """Return the gradients and leave none; zeros for what got none (an expert that no token chose)."""
    import torch

    taken = []
    for parameter in trained:
        gradient = parameter.grad
        taken.append(torch.zeros_like(parameter) if gradient is None else gradient.detach().clone())
        parameter.grad = None
    return taken


@contextmanager
def _filled(model: Any) -> Iterator[None]:
    """Give the adapter random weights for as long as the block runs: a fresh one adds nothing, and half of
    its gradients are zero."""
    import torch

    trained = [p for p in model.parameters() if p.requires_grad]
    kept = [parameter.detach().clone() for parameter in trained]
    chance = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in trained:
            drawn = torch.randn(parameter.shape, generator=chance) * (_FILL / parameter.shape[-1] ** 0.5)
            parameter.add_(drawn.to(parameter.device, parameter.dtype))
    try:
        yield
    finally:
        with torch.no_grad():
            for parameter, before in zip(trained, kept, strict=True):
                parameter.copy_(before)


class _Nobody:
    """Takes the lines of a probe's steps."""

    def info(self, msg: str) -> None:
        """Take a line."""
