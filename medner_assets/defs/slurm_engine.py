"""Run a command as a Slurm job, or as the first task of a job array, on nodes that share the file system.

What is kept here: a job carries the keys of its work in its comment, and what an earlier, killed run left of
it is cancelled before the next is submitted; a job that Slurm queues again goes on from its checkpoint, and
one that stopped since its time limit was near, or was preempted for good, is submitted again; a job whose
last message did not arrive has failed; a job is cancelled, and seen to have ended, however its step ends.
"""

import shutil
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import dagster as dg

from medner_assets.defs import slurm
from medner_assets.defs.command import Beside, Command
from medner_assets.defs.shared_messages import SharedFileReader
from medner_assets.defs.slurm_script import (
    NO_PYTHON,
    NOT_SHARED,
    options,
    script,
    slurm_log,
    work_key,
    works_on,
)
from medner_assets.environment import of_slurm_job, slurm_settings
from medner_assets.errors import MednerError
from medner_assets.files import write_private
from medner_assets.modeling.process import FINISHED
from medner_assets.modeling.time_limit import OUT_OF_TIME
from medner_assets.paths import private_folder

_POLL_SECONDS, _SLOWEST_POLL_SECONDS = 0.5, 10.0
_STOP_SECONDS = 45.0
"""A job that does not heed its end is killed after the site's KillWait, 30 s where it states none."""
_HEARD_SECONDS = 60.0
"""A network file system may show a file's end as late as this."""
_NO_OUTPUT = -53
"""The signal by which Slurm says that a node could not open the job's output file."""
_FORGOTTEN = slurm.Task("FORGOTTEN")
_FOR_MEMORY = ("exceeded memory limit", "oom_kill", "oom-kill", "Out Of Memory")
"""What slurmstepd says, with and without cgroups, where the state does not."""


def run_on_slurm(command: Command) -> int:
    """Run the command as one Slurm job and return its exit code, negative for a signal.

    Raises MednerError when Slurm does not answer, does not take the job or ended it, when the folder is not
    shared, and when the channel of messages was lost.
    """
    settings = {**slurm_settings(), **command.resources}
    first = Beside(command.argv, command.folder, command.folder / "stderr.log", command.what, True)
    tasks = [first, *command.beside]
    options(command.folder, tasks, [0], settings)  # what is wrong with them is said before anything else
    stop_leftovers(tasks, command.context.log)
    messages = command.folder / "messages"
    shutil.rmtree(messages, ignore_errors=True)
    # A name that no job had before: a node that sees this file shares the folder.
    shared = private_folder(messages) / f"context-{uuid.uuid4().hex[:8]}"
    for number, each in enumerate(tasks):
        for file in (each.log, slurm_log(command.folder, number, len(tasks))):
            private_folder(file.parent)
            write_private(file, "")
    write_private(command.folder / "job.sh", script(tasks, shared))
    with dg.open_pipes_session(
        context=command.context,
        context_injector=dg.PipesFileContextInjector(str(shared)),
        message_reader=SharedFileReader(messages / "messages"),
    ) as session:
        variables = {**command.environment, **session.get_bootstrap_env_vars()}
        environment = of_slurm_job(variables, settings.get("cpus"))
        return _Array(command, tasks, settings, environment, session).run()


class _Array:
    """The tasks of one call, and the jobs that they are submitted as until all have ended."""

    def __init__(
        self,
        command: Command,
        tasks: Sequence[Beside],
        settings: Mapping[str, str],
        environment: Mapping[str, str],
        session: dg.PipesSession,
    ) -> None:
        self._command, self._tasks, self._settings = command, tasks, settings
        self._environment, self._session = environment, session
        self._log = command.context.log
        self._own = {number for number, each in enumerate(tasks) if each.is_own_work}

    def run(self) -> int:
        """Submit, wait, and submit again what has stopped before its end; return the first task's code."""
        ended: dict[int, slurm.Task] = {}
        waiting, jobs = list(range(len(self._tasks))), list[str]()
        while waiting:
            job = self._submitted(waiting)
            jobs.append(job)
            now = self._ended(job, waiting)
            ended |= now
            stopped = {n for n in self._own & set(waiting) if _has_stopped(now[n])}
            # Who helps the first task is of use again where that goes on.
            waiting = [n for n in waiting if n in stopped or (0 in stopped and n not in self._own)]
            if waiting:
                self._log.info(f"Slurm job {job} stopped before its end: it is queued again, and goes on")
        for number in sorted(self._own - {0}):
            if not _has_succeeded(ended[number]):
                each = self._tasks[number]
                self._log.error(f"{each.what} did not succeed ({ended[number].state}): see {each.log}")
        self._command.context.add_output_metadata(
            {"Slurm job": ", ".join(jobs), "Slurm log": dg.MetadataValue.path(self._tasks[0].log)}
        )
        return self._code(ended[0], jobs[-1])

    def _submitted(self, numbers: Sequence[int]) -> str:
        """Submit the tasks of these numbers and return the job; leave none behind where that fails."""
        folder = self._command.folder
        asked = options(folder, self._tasks, numbers, self._settings)
        try:
            job = slurm.submit(folder / "job.sh", asked, self._environment, self._command.what)
        except BaseException:
            with suppress(MednerError):  # it may have been taken although sbatch failed or was interrupted
                stop_leftovers(self._tasks, self._log)
            raise
        tasks = f", tasks {','.join(map(str, numbers))}" if len(self._tasks) > 1 else ""
        self._log.info(f"{self._command.what} is Slurm job {job}{tasks}; its log is {self._tasks[0].log}")
        return job

    def _ended(self, job: str, numbers: Sequence[int]) -> dict[int, slurm.Task]:
        """Wait until the work of these tasks has ended and return how; nothing of the job runs then."""
        seen: dict[int, slurm.Task] = {}
        is_over = False
        try:
            seen = self._watched(job, numbers)
            is_over = all(task.is_over or task is _FORGOTTEN for task in seen.values())
        finally:
            if not is_over:
                cancelled([job])
        return seen

    def _watched(self, job: str, numbers: Sequence[int]) -> dict[int, slurm.Task]:
        """Return the tasks once those that are waited for are over; raise where one can never start."""
        awaited = self._own & set(numbers)
        ended: dict[int, slurm.Task] = {}  # Slurm forgets a task minutes after its end, while others go on
        pause, told, answers = _POLL_SECONDS, "", True
        while True:
            try:
                there = slurm.tasks_of(job)
            except slurm.NotAnswered as error:
                if answers:
                    self._log.warning(
                        f"Slurm does not answer ({error}): the job may go on, it is asked again"
                    )
                there, answers = None, False
            if there is not None:
                answers = True
                ended |= {number: task for number, task in there.items() if task.is_over}
                rest = there.get(slurm.REST, _FORGOTTEN)
                seen = {n: there.get(n) or ended.get(n, rest) for n in numbers}
                if all(seen[n].is_over or seen[n] is _FORGOTTEN for n in awaited):
                    return seen
                if stuck := [n for n in awaited if seen[n].never_starts]:
                    raise MednerError(
                        f"{self._tasks[stuck[0]].what}: Slurm job {job} waits for what will not come "
                        f"({seen[stuck[0]].reason}): correct MEDNER_SLURM_*, see `sinfo`"
                    )
                now = _told(job, seen[min(awaited)])
                if now != told:
                    self._log.info(now)
                    told, pause = now, _POLL_SECONDS
            if FINISHED in self._session.get_custom_messages():
                pause = _POLL_SECONDS
            time.sleep(pause)
            pause = min(pause * 1.2, _SLOWEST_POLL_SECONDS)

    def _code(self, task: slurm.Task, job: str) -> int:
        """Return the first task's exit code; raise MednerError where Slurm, not the command, ended it."""
        what, node = self._command.what, task.node or "its node"
        if _has_succeeded(task) or task is _FORGOTTEN:
            self._require_last_word(job)
            return 0
        if task.state == "OUT_OF_MEMORY" or self._was_killed_for_memory():
            raise MednerError(
                f"{what} was killed for memory on {node}: {task.memory or 'what the site gives'} was asked "
                "for: raise MEDNER_SLURM_MEM"
            )
        if task.state == "TIMEOUT":
            raise MednerError(
                f"{what} was ended at its time limit of {task.limit or 'the site'}: raise MEDNER_SLURM_TIME; "
                "what it had finished is kept"
            )
        if task.code in (NOT_SHARED, _NO_OUTPUT):
            raise MednerError(
                f"{what} cannot run: {node} does not see {self._command.folder}: "
                "put MEDNER_DATA on a file system that all nodes share"
            )
        if task.code == NO_PYTHON:
            python = self._command.argv[0]
            raise MednerError(f"{what} cannot run: {node} has no {python}: install medner where nodes see it")
        if task.state != "FAILED":
            raise MednerError(
                f"{what}: Slurm job {job} ended as {task.state} on {node}: run it again, it goes on from its "
                "last checkpoint"
            )
        return task.code

    def _was_killed_for_memory(self) -> bool:
        said = slurm_log(self._command.folder, 0, len(self._tasks)).read_text(errors="replace")
        return any(words in said for words in _FOR_MEMORY)

    def _require_last_word(self, job: str) -> None:
        give_up = time.monotonic() + _HEARD_SECONDS
        while FINISHED not in self._session.get_custom_messages():
            if time.monotonic() > give_up:
                raise MednerError(
                    f"{self._command.what} ended as Slurm job {job} without its last message: "
                    "the connection was lost, run it again"
                )
            time.sleep(_POLL_SECONDS)


def _has_succeeded(task: slurm.Task) -> bool:
    return task.state == "COMPLETED" and task.code == 0


def _has_stopped(task: slurm.Task) -> bool:
    """Tell whether a task has more to do: its time limit was near, or it had to give way for good."""
    return task.code == OUT_OF_TIME or task.state == "PREEMPTED"


def _told(job: str, task: slurm.Task) -> str:
    again = f", for the {task.restarts + 1}. time: it goes on from its checkpoint" if task.restarts else ""
    if task.state == "PENDING":
        why = "" if task.reason == "None" else f" ({task.reason})"
        return f"Slurm job {job} waits{why}{again}"
    return f"Slurm job {job} is {task.state} on {task.node}{again}"


def stop_leftovers(tasks: Sequence[Beside], log: Any) -> None:
    """Cancel the jobs of this work that an earlier run left: that run was killed, and could not."""
    keys = {work_key(each.folder) for each in tasks}
    left = [job for job, said in slurm.work_of_own_jobs().items() if works_on(job, said, keys)]
    if left:
        log.info(f"cancelling Slurm job {', '.join(left)}, left by an earlier run")
        cancelled(left)


def cancelled(jobs: Sequence[str]) -> None:
    """Cancel jobs and wait until nothing of them runs; raise MednerError when one does not end."""
    refused = slurm.cancel(jobs)
    give_up = time.monotonic() + _STOP_SECONDS
    for job in jobs:
        while not _is_over(job):
            if time.monotonic() > give_up:
                said = f" ({refused})" if refused else ""
                raise MednerError(f"Slurm job {job} does not end{said}: cancel it with `scancel {job}`")
            time.sleep(_POLL_SECONDS / 2)


def _is_over(job: str) -> bool:
    """Tell whether nothing of a job, or of a task of one, waits or runs; not where Slurm does not answer."""
    try:
        return not any(job in (each, each.partition("_")[0]) for each in slurm.work_of_own_jobs())
    except MednerError:
        return False
