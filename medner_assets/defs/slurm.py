"""Slurm's commands as functions: submit, look, cancel. Knows no Dagster.

`scontrol` is asked about a job, since it knows one for minutes after its end without any accounting; `sacct`
where it no longer does. Nothing is parsed but `NAME=VALUE` and columns that are asked for.
"""

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from medner_assets.errors import MednerError

_SECONDS = 120.0
"""The longest that a command of Slurm's may take; one that finds no controller gives up after 20 or so."""
_UNKNOWN_JOB = "Invalid job id"
_NO_NUMBER = ("4294967294", "N/A")

REST = -1
"""Stands for the tasks of an array that were cancelled while they waited."""

OVER = frozenset({
    "BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED",
    "TIMEOUT",
})  # fmt: skip
"""States in which nothing of a task runs any more, and Slurm will not start it again."""
_NEVER = frozenset({
    "PartitionTimeLimit", "PartitionNodeLimit", "PartitionConfig", "BadConstraints", "InvalidAccount",
    "InvalidQOS", "AccountNotAllowed", "QOSNotAllowed", "JobHeldAdmin", "launch_failed_requeued_held",
})  # fmt: skip
"""Reasons to wait that do not pass by waiting."""


class NotAnswered(Exception):
    """A command of Slurm's failed: most likely its controller is down for a while. Holds what it said."""


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a job as Slurm has it; a job that is no array has one, of number 0."""

    state: str
    reason: str = "None"
    """Why it waits or was ended, in Slurm's word."""
    code: int = 0
    """Its exit code, negative for a signal."""
    node: str = ""
    restarts: int = 0
    """How often Slurm has queued it again."""
    limit: str = ""
    """Its time limit, [days-]hours:minutes:seconds."""
    memory: str = ""
    """What it may use on a node, with its unit."""

    @property
    def is_over(self) -> bool:
        """Whether nothing of it runs, and nothing will."""
        return self.state in OVER

    @property
    def never_starts(self) -> bool:
        """Whether it waits for what does not come."""
        return self.state == "PENDING" and self.reason in _NEVER


def submit(script: Path, options: Sequence[str], environment: Mapping[str, str], what: str) -> str:
    """Submit a batch script and return the job's number; raise MednerError with Slurm's reason."""
    ran = _run(["sbatch", "--parsable", *options, str(script)], environment)
    if ran.returncode != 0:
        raise MednerError(f"Slurm does not take {what} ({_said(ran)}): correct MEDNER_SLURM_*, see `sinfo`")
    return ran.stdout.strip().splitlines()[-1].partition(";")[0]


def tasks_of(job: str) -> dict[int, Task]:
    """Return the tasks of a job by number; {} where Slurm has forgotten it. Raises NotAnswered."""
    ran = _run(["scontrol", "show", "job", "--oneliner", job])
    if ran.returncode == 0:
        return parsed(ran.stdout)
    if _UNKNOWN_JOB not in ran.stderr:
        raise NotAnswered(_said(ran))
    if shutil.which("sacct") is None:
        return {}
    columns = "--format=JobID,State,ExitCode,NodeList,ReqMem"
    ran = _run(["sacct", "--noheader", "--parsable2", "--allocations", f"--jobs={job}", columns])
    return accounted(ran.stdout) if ran.returncode == 0 else {}


def work_of_own_jobs() -> dict[str, str]:
    """Return job, or job_task, → its comment, of the user's jobs that are not over. Raises MednerError."""
    ran = _run(["squeue", "--me", "--noheader", "--array", "--format=%i|%k"])
    if ran.returncode != 0:
        raise MednerError(
            f"Slurm does not answer ({_said(ran)}): is slurmctld up, and is this machine part of the cluster?"
        )
    pairs = (line.partition("|") for line in ran.stdout.splitlines())
    return {job.strip(): comment.strip() for job, _, comment in pairs}


def cancel(jobs: Sequence[str]) -> str | None:
    """Cancel jobs or tasks; return what Slurm said where it did not, of those that are not over."""
    ran = _run(["scancel", *jobs])
    return None if ran.returncode == 0 or _UNKNOWN_JOB in ran.stderr else _said(ran)


def parsed(text: str) -> dict[int, Task]:
    """Return the tasks that `scontrol show job --oneliner` prints; tasks that wait share a line.

    Those that were cancelled while they waited have lost their numbers: they are `REST`.
    """
    found: dict[int, Task] = {}
    for line in text.splitlines():
        values = dict(re.findall(r"(?:^|\s)([A-Za-z]+)=(\S*)", line))
        if "JobState" not in values:
            continue
        memory = re.search(r"\bmem=([^,\s]+)", values.get("TRES", ""))
        task = Task(
            values["JobState"],
            values.get("Reason", "None"),
            _code(values.get("ExitCode", "0:0")),
            "" if values.get("NodeList", "(null)") == "(null)" else values["NodeList"],
            int(values.get("Restarts", "0")),
            values.get("TimeLimit", ""),
            memory.group(1) if memory else "",
        )
        named = values.get("ArrayTaskId", "0")
        found |= dict.fromkeys([REST] if named in _NO_NUMBER else numbers(named), task)
    return found


def accounted(text: str) -> dict[int, Task]:
    """Return the tasks that `sacct` prints in the columns of `tasks_of`."""
    found: dict[int, Task] = {}
    for line in text.splitlines():
        job, state, code, node, memory = line.split("|")
        number = job.partition("_")[2]
        # A cancelled job's state names who did it.
        task = Task(state.split()[0], code=_code(code), node=node, memory=memory)
        found |= dict.fromkeys(numbers(number.strip("[]")) if number else [0], task)
    return found


def numbers(text: str) -> list[int]:
    """Return the task numbers of Slurm's notation: `3`, `0,2-4`, `0-8:2`, `5-9%2`."""
    found: list[int] = []
    for part in text.partition("%")[0].split(","):
        begin, _, rest = part.partition("-")
        end, _, step = rest.partition(":")
        found += range(int(begin), int(end or begin) + 1, int(step or 1))
    return found


def _code(text: str) -> int:
    code, _, signal = text.partition(":")
    return -int(signal) if int(signal or 0) else int(code)


def _said(ran: "subprocess.CompletedProcess[str]") -> str:
    """Return what a command said on standard error, in one line and each thing once."""
    lines = [re.sub(r"^\w+: (?:error: )?", "", line.strip()) for line in ran.stderr.splitlines()]
    told = dict.fromkeys(line for line in lines if line and "attempt number" not in line)
    return "; ".join(told)[:300] or f"exit code {ran.returncode}"


def _run(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            list(command),
            env=None if environment is None else dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
            start_new_session=True,  # a second Ctrl-C must not cut a cancellation short
        )
    except FileNotFoundError:
        raise MednerError(
            f"MEDNER_ENGINE=slurm: there is no `{command[0]}` on this machine's PATH: "
            "run medner where jobs can be submitted"
        ) from None
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(list(command), 1, "", f"no answer within {_SECONDS:.0f} s")
