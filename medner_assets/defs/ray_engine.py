"""Run a command as a job of a Ray cluster whose nodes share the file system and the environment's path.

What was found on Ray and is met here: a client serves one call, since a second one loses its messages; jobs
carry a key of their work, and what an earlier, killed run left of it is stopped first; a job whose last
message did not arrive has failed; a job is stopped, and seen to have ended, however its step ends.
"""

import hashlib
import shlex
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from medner_assets.defs.command import Command
from medner_assets.environment import ray_settings
from medner_assets.errors import MednerError
from medner_assets.files import write_private
from medner_assets.modeling.process import FINISHED

if TYPE_CHECKING:
    from ray.job_submission import JobSubmissionClient

KEY = "medner/work"
"""Metadata of a job: what it works on. Of one key only one job may run."""

_PIPES_LINE = '{"__dagster_pipes_version"'
_STOP_SECONDS = 10.0
_ALL_THREADS = ("env", "-u", "OMP_NUM_THREADS")
"""Ray gives a job one thread whatever its node has; then one process trains where two do on a machine of the
same cores, and its weights differ in their last digits."""
_PASSED = ("MEDNER_", "HF_", "TRANSFORMERS_", "DO_NOT_TRACK", "UNSLOTH_", "WANDB_", "TOKENIZERS_", "PYTHON")
"""Variables that a job gets, by how they begin: not the whole environment of who submits it."""


def run_on_ray(command: Command) -> int:
    """Run the command as one Ray job and return 0 when it succeeded and 1 when not.

    Raises MednerError when Ray is not installed, not reachable, refuses the credentials, or when the channel
    of messages was lost.
    """
    try:
        from dagster_ray import PipesRayJobClient
    except ImportError:
        raise MednerError(
            "MEDNER_ENGINE=ray: dagster-ray is not installed: pip install -e '.[ray]' -c constraints.txt"
        ) from None
    address, gpus = ray_settings()
    key = hashlib.sha256(str(command.folder).encode()).hexdigest()[:16]
    job = f"medner-{key}-{uuid.uuid4().hex[:8]}"
    with _reachable(address):
        jobs = _client(address)
        _stop_leftovers(jobs, key, command)
    environment = {name: value for name, value in command.environment.items() if name.startswith(_PASSED)}
    finished = False
    try:
        with _reachable(address):
            done = PipesRayJobClient(address=address, poll_interval=0.5).run(
                context=command.context,
                submit_job_params={
                    "entrypoint": shlex.join([*_ALL_THREADS, *command.argv]),
                    "submission_id": job,
                    "metadata": {KEY: key},
                    "runtime_env": {"env_vars": environment},
                    **({"entrypoint_num_gpus": gpus} if gpus else {}),
                },
            )
        finished = True
    except RuntimeError:
        if str(jobs.get_job_status(job)) != "FAILED":
            raise
        return 1
    finally:
        if not finished:
            _stopped(jobs, job)
        _keep_log(jobs, job, command)
    if FINISHED not in done.get_custom_messages():
        raise MednerError(
            f"{command.what} ended on Ray without its last message: the connection was lost, run it again"
        )
    return 0


def _client(address: str) -> "JobSubmissionClient":
    from ray.job_submission import JobSubmissionClient

    return JobSubmissionClient(address)


@contextmanager
def _reachable(address: str) -> Iterator[None]:
    """Turn what Ray says of an address or a token that is wrong into one line."""
    from ray.exceptions import AuthenticationError

    try:
        yield
    except AuthenticationError:
        raise MednerError(
            f"Ray at {address} refuses the credentials: set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN"
        ) from None
    except ConnectionError:
        raise MednerError(
            f"Ray at {address} is not reachable: start the cluster, or set RAY_ADDRESS to its dashboard"
        ) from None


def _stop_leftovers(jobs: "JobSubmissionClient", key: str, command: Command) -> None:
    """Stop the jobs of this work that an earlier run left: that run was killed, and could not."""
    for each in jobs.list_jobs():
        if each.submission_id and (each.metadata or {}).get(KEY) == key and not each.status.is_terminal():
            command.context.log.info(f"stopping {each.submission_id}, left by an earlier run")
            _stopped(jobs, each.submission_id)


def _stopped(jobs: "JobSubmissionClient", job: str) -> None:
    """Stop a job and wait until it has ended; raise MednerError when it does not."""
    try:
        if jobs.get_job_status(job).is_terminal():
            return
    except RuntimeError:
        return  # it was never submitted
    jobs.stop_job(job)
    give_up = time.monotonic() + _STOP_SECONDS
    while not jobs.get_job_status(job).is_terminal():
        if time.monotonic() > give_up:
            raise MednerError(f"Ray job {job} does not stop: see it with `ray job status {job}`")
        time.sleep(0.2)


def _keep_log(jobs: "JobSubmissionClient", job: str, command: Command) -> None:
    """Leave what the job said, without its messages, where a local process leaves it."""
    try:
        said: Any = jobs.get_job_logs(job)
    except (RuntimeError, ConnectionError):
        said = ""
    lines = [line for line in str(said).splitlines(keepends=True) if not line.startswith(_PIPES_LINE)]
    write_private(command.folder / "stderr.log", "".join(lines))
