"""What happens beside the steps of a training: its log, its progress, its checkpoints, and when it stops."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from medner_assets.errors import MednerError
from medner_assets.modeling.progress import Log, Reporter
from medner_assets.modeling.time_limit import OutOfTime, time_is_up
from medner_assets.modeling.training.batching import StepOrder
from medner_assets.modeling.training.checkpoints import last_checkpoint, seal

if TYPE_CHECKING:
    from transformers import TrainerCallback

_KINDS = (("train", "loss"), ("eval", "eval_loss"), ("end", "train_loss"))
"""Kind of a row of table `training_log`, and the key of its loss in the Trainer's history."""


def watch(fingerprint: str, order: StepOrder, log: Log, *, writes: bool) -> "TrainerCallback":
    """Return a callback that keeps the log, reports, seals checkpoints and stops at a number that is none.

    fingerprint: what a checkpoint is sealed with. order: of the samples, told each epoch. writes: whether
    this process reports and seals; one of several does.
    """
    from transformers import TrainerCallback

    class Watch(TrainerCallback):
        def __init__(self) -> None:
            self._began = time.monotonic()
            self._reporter: Reporter | None = None
            # What a killed run logged before its last checkpoint is in the state that Trainer restored.
            self._before = 0.0
            self._first, self._stops = 0, False

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            work = Path(args.output_dir).parent
            self._reporter = Reporter(work, log, "training", state.max_steps, "steps", state.global_step)
            self._first = state.global_step
            self._before = max((entry.get("seconds", 0.0) for entry in state.log_history), default=0.0)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            logs = logs or {}
            if state.log_history:  # kept in the checkpoint
                at = state.log_history[-1].pop("at", None) or time.monotonic()  # of a step that is read later
                state.log_history[-1]["seconds"] = self._before + max(0.0, at - self._began)
            for kind, value in _not_finite(logs):
                kept = last_checkpoint(Path(args.output_dir).parent, fingerprint)
                raise MednerError(
                    f"the {kind} is {value} at step {state.global_step}: "
                    "lower training.learning_rate or raise warmup_steps; "
                    + (f"{kept.name} stays" if kept else "there is no earlier checkpoint")
                )
            if "loss" in logs and self._reporter is not None and writes:
                self._reporter.report(state.global_step, float(logs["loss"]))

        def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            order.epoch = state.global_step // len(order)

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            # One of several processes is told and writes; where it ends, so do the others.
            done, is_last = state.global_step - self._first, state.global_step >= state.max_steps
            if writes and not is_last and time_is_up(done, "step", log.info):
                self._stops = control.should_log = control.should_save = True

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if writes:
                seal(Path(args.output_dir) / f"checkpoint-{state.global_step}", fingerprint)
            if self._stops:
                raise OutOfTime

    return Watch()


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


def _not_finite(logs: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what was logged and is no finite number: its kind and value."""
    for kind, key in (*((f"{kind} loss", key) for kind, key in _KINDS), ("gradient", "grad_norm")):
        if key in logs and not math.isfinite(float(logs[key])):
            yield kind, logs[key]
