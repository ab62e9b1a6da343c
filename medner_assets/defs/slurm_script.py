"""What sbatch is given: the batch script of a command, and its options. Pure."""

import hashlib
import shlex
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from medner_assets.defs.command import Beside
from medner_assets.errors import MednerError

NO_PYTHON, NOT_SHARED = 71, 72
"""Exit codes of the script where the command cannot begin: no Python there, or another folder."""

_NOTICE_SECONDS = 60
"""How long before its time limit a job is told. Slurm may tell up to a minute earlier."""
_AS_SBATCH_SAYS = {"cpus": "cpus-per-task"}
_OWN = frozenset({
    "--array", "--comment", "--error", "--export", "--job-name", "--no-requeue", "--open-mode", "--output",
    "--parsable", "--requeue", "--signal", "--wait", "--wrap",
})  # fmt: skip
"""Options that medner itself gives."""
_PREFIX = "medner"


def work_key(folder: Path) -> str:
    """Return what names the work of a step's folder: so short that those of 99 replicates fit a comment."""
    return hashlib.sha256(str(folder).encode()).hexdigest()[:8]


def comment(keys: Sequence[str]) -> str:
    """Return the comment of a job whose tasks work on `keys`, in their order; the last may stand for more."""
    kept = list(keys)
    while len(kept) > 1 and kept[-1] == kept[-2]:
        kept.pop()
    return " ".join((_PREFIX, *kept))


def works_on(job: str, said: str, keys: Collection[str]) -> bool:
    """Tell whether a job `12`, or a task `12_3` of one, with the comment `said` works on one of `keys`."""
    prefix, *own = said.split() or [""]
    number = job.partition("_")[2]
    if prefix != _PREFIX or not own or not (number or "0").isdigit():
        return False
    return own[min(int(number or 0), len(own) - 1)] in keys


def slurm_log(folder: Path, task: int, count: int) -> Path:
    """Return the file of Slurm's own words on a task: why it was ended, what its node could not do."""
    return folder / ("slurm.log" if count == 1 else f"slurm-{task}.log")


def options(
    folder: Path, tasks: Sequence[Beside], submitted: Sequence[int], settings: Mapping[str, str]
) -> list[str]:
    """Return the options of sbatch. submitted: the numbers of the tasks that are to run.

    settings: what is asked of Slurm, by its name in `environment.SLURM_SETTINGS`. Raises MednerError for
    further options that are none, or the engine's own.
    """
    log = str(slurm_log(folder, 0, 1) if len(tasks) == 1 else folder / "slurm-%a.log")
    if len(tasks) == 1:
        log = log.replace("%", "%%")
    asked = [
        f"--{_AS_SBATCH_SAYS.get(name, name)}={value}" for name, value in settings.items() if name != "extra"
    ]
    return [
        f"--job-name={_PREFIX}-{folder.parent.name}-{folder.name}",
        f"--comment={comment([work_key(each.folder) for each in tasks])}",
        f"--output={log}",
        "--open-mode=append",
        "--export=ALL",
        "--requeue",
        f"--signal=B:USR1@{_NOTICE_SECONDS}",
        *([f"--array={','.join(map(str, submitted))}"] if len(tasks) > 1 else []),
        *asked,
        *_further(settings.get("extra", "")),
    ]


def _further(stated: str) -> list[str]:
    try:
        words = shlex.split(stated)
    except ValueError as error:
        raise MednerError(f"MEDNER_SLURM_EXTRA: {error}: give options as on a command line") from None
    for word in words:
        if not word.startswith("--"):
            raise MednerError(
                f"MEDNER_SLURM_EXTRA: {word}: give options as --name=value, with spaces between"
            )
        if word.partition("=")[0] in _OWN:
            raise MednerError(f"MEDNER_SLURM_EXTRA: {word.partition('=')[0]} is medner's own: leave it out")
    return words


def script(tasks: Sequence[Beside], shared: Path) -> str:
    """Return the batch script of tasks. shared: a file that a node sees if it shares the folder.

    The command takes the place of the shell, so that Slurm's signals reach it. One that comes before it
    listens is ignored: the notice of a time limit would end it. Only the first task speaks with Dagster.
    """
    cases = [
        f"{number}) {_silent(number)}exec {shlex.join(each.argv)} >>{shlex.quote(str(each.log))} 2>&1 ;;"
        for number, each in enumerate(tasks)
    ]
    return "\n".join(
        [
            "#!/bin/sh",
            "umask 077",
            "trap '' USR1",
            f"test -e {shlex.quote(str(shared))} || exit {NOT_SHARED}",
            f"test -x {shlex.quote(tasks[0].argv[0])} || exit {NO_PYTHON}",
            "case ${SLURM_ARRAY_TASK_ID:-0} in",
            *cases,
            "esac",
            "",
        ]
    )


def _silent(number: int) -> str:
    return "unset DAGSTER_PIPES_CONTEXT DAGSTER_PIPES_MESSAGES; " if number else ""
