"""How a process learns that a batch system is about to end it, and stops so that another goes on: SIGUSR1."""

import signal
from collections.abc import Callable
from types import FrameType

from medner_assets.errors import MednerError

OUT_OF_TIME = 75
"""Exit code of a process that stopped since its time was nearly up: what it has done is kept, and the same
command goes on from there."""


class OutOfTime(Exception):
    """Work stops here, since the batch system is about to end it; what is done is kept."""


class _Notice:
    is_given = False
    is_told = False


def listen_for_notice(also: Callable[[], None] = lambda: None) -> None:
    """Let SIGUSR1 say from now on that a time limit is near, see `time_is_up`. also: what else it does."""

    def given(number: int, frame: FrameType | None) -> None:
        _Notice.is_given = True
        also()

    _Notice.is_given = _Notice.is_told = False
    signal.signal(signal.SIGUSR1, given)


def time_is_up(done: int, unit: str, tell: Callable[[str], None]) -> bool:
    """Tell whether to stop after what is done: a time limit is near. tell: takes a line that says so.

    done: how many of `unit` (step, batch, shard) this process has done. Raises MednerError where these are
    fewer than two: the next job would come no further.
    """
    if _Notice.is_given and not _Notice.is_told:
        _Notice.is_told = True
        tell("the time limit is near: what is done is kept, and the rest is left to another job")
    if _Notice.is_given and done < 2:
        raise MednerError(
            f"the time limit leaves no time for a second {unit}: ask for more time (MEDNER_SLURM_TIME)"
        )
    return _Notice.is_given
