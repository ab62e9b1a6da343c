"""Environment variables: what medner reads of them, and what its processes get. Folders are in `paths.py`.

No other module reads any, so that this page says all that a variable can change.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from medner_assets.errors import MednerError

TOKEN_VARIABLE, SERVE_TOKEN_VARIABLE = "MEDNER_UI_TOKEN", "MEDNER_SERVE_TOKEN"
PIPES = "DAGSTER_PIPES"
"""How the variables begin by which Dagster speaks with a process that it started."""

NO_REPORTS = {
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "UNSLOTH_DISABLE_STATISTICS": "1",
    "WANDB_MODE": "disabled",
    # Texts are tokenised one by one, and training forks: threads of the tokenizer would only be in the way.
    "TOKENIZERS_PARALLELISM": "false",
}
"""Nothing is reported to anybody."""
NO_HUB = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
"""No hub is asked for anything."""
QUIET = {
    **NO_REPORTS,
    **NO_HUB,
    "TRANSFORMERS_VERBOSITY": "error",
    "BITSANDBYTES_NOWELCOME": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TQDM_DISABLE": "1",
    # Threads that wait sleep: by default they spin, which on a machine with other work made training 3 times
    # slower (two threads, load 4).
    "OMP_WAIT_POLICY": "PASSIVE",
    # Before they sleep they look around a thousand times: a step of many short products takes a sixth less
    # time on an idle machine, and no more on a busy one (ten thousand times: half more).
    "GOMP_SPINCOUNT": "1000",
    # oneDNN keeps a compiled product for each shape that it met, by default 1,024 of them: hundreds of MB
    # when batches differ in length, and no time saved (benchmarked over 150 steps of the embedded base).
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "32",
}
"""Of a process with torch, before any library is imported that reads them; what is set stays."""

SLURM_SETTINGS = ("partition", "account", "qos", "gres", "time", "mem", "cpus", "extra")
"""What a Slurm job can be given, as $MEDNER_SLURM_<NAME>; extra: further options of sbatch."""


def be_quiet() -> None:
    """Set what is not set of `QUIET`, for this process."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


def of_child(more: Mapping[str, str] | None = None, *, without: str | None = None) -> dict[str, str]:
    """Return the environment of a process that this one starts: its own, and `more`.

    without: how variables begin that the process does not get.
    """
    kept = {name: value for name, value in os.environ.items() if not without or not name.startswith(without)}
    return {**kept, **(more or {})}


def of_step(*, offline: bool) -> dict[str, str]:
    """Return the environment of a training, generation or annotation: this one's, with all telemetry off.

    offline: the base model is a local folder, so nothing may be asked of a hub either.
    """
    return of_child({**NO_REPORTS, "PYTHONUNBUFFERED": "1", **(NO_HUB if offline else {})})


def engine_name() -> str:
    """Return what launches training, generation and annotation: $MEDNER_ENGINE, else local."""
    return os.environ.get("MEDNER_ENGINE") or "local"


def ray_settings() -> tuple[str, float]:
    """Return the address of Ray's dashboard, $RAY_ADDRESS, and the GPUs of a job, $MEDNER_RAY_GPUS (0: none).

    Raises MednerError when the number is none.
    """
    gpus = os.environ.get("MEDNER_RAY_GPUS") or "0"
    try:
        return os.environ.get("RAY_ADDRESS") or "http://127.0.0.1:8265", float(gpus)
    except ValueError:
        raise MednerError(f"MEDNER_RAY_GPUS={gpus}: not a number: give the GPUs of a job") from None


def slurm_settings() -> dict[str, str]:
    """Return what $MEDNER_SLURM_* ask of Slurm, by the rest of the name in lower case: see `SLURM_SETTINGS`.

    Raises MednerError for a name that is none of them: a setting that nobody reads would go unnoticed.
    """
    begin = "MEDNER_SLURM_"
    stated = {
        name.removeprefix(begin).lower(): value.strip()
        for name, value in os.environ.items()
        if name.startswith(begin) and value.strip()
    }
    if unknown := sorted(set(stated) - set(SLURM_SETTINGS)):
        known = ", ".join(begin + each.upper() for each in SLURM_SETTINGS)
        raise MednerError(f"{begin}{unknown[0].upper()}: there is no such setting: use one of {known}")
    return stated


def of_slurm_job(environment: Mapping[str, str], cpus: str | None) -> dict[str, str]:
    """Return the environment of a Slurm job: that of a process of this machine but for what names this one.

    GPUs and the job that this process may itself be part of are left out: Slurm states those of the new job.
    cpus: what is asked of Slurm. Threads are as many, where the user states no other number: a node that
    does not bind jobs to their cores would show all it has, and other threads give weights that differ in
    their last digits.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if name != "CUDA_VISIBLE_DEVICES" and (not name.startswith("SLURM_") or name == "SLURM_CONF")
    }
    return {"OMP_NUM_THREADS": cpus, **kept} if cpus else kept


def take_token(variable: str = TOKEN_VARIABLE) -> str | None:
    """Return the login of the UI or of a served version, and forget it: children do not inherit it."""
    return os.environ.pop(variable, None)


def secret(variable: str) -> str:
    """Return the key of a server, which only the environment holds; raise MednerError where it is not set."""
    key = os.environ.get(variable, "").strip()
    if not key.isascii() or not key.isprintable() or not key:
        raise MednerError(f"{variable} holds no key: set it where medner is started")
    return key


def allows_http() -> bool:
    """Tell whether an object store may be asked without encryption: $AWS_ALLOW_HTTP, for one on loopback."""
    return os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true")


def stated_gpus() -> tuple[str, ...] | None:
    """Return the GPUs that $CUDA_VISIBLE_DEVICES names; None where it is not set, and all are visible."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is None:
        return None
    return tuple(each.strip() for each in named.split(",") if each.strip() not in ("", "-1"))


def hub_cache() -> Path:
    """Return the folder of downloaded models, found as huggingface_hub finds it, without its import."""
    home = (
        os.environ.get("HF_HOME")
        or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface").expanduser()
    )
    return Path(os.environ.get("HF_HUB_CACHE") or Path(home, "hub")).expanduser()


def stated_dagster_home() -> str | None:
    """Return $DAGSTER_HOME; medner uses the project whatever it says."""
    return os.environ.get("DAGSTER_HOME")


def wants_colour() -> bool:
    """Tell whether the terminal may be coloured: not where $NO_COLOR is set (no-color.org)."""
    return not os.environ.get("NO_COLOR")


def speaks_with_dagster() -> bool:
    """Tell whether Dagster started this process and listens."""
    return f"{PIPES}_CONTEXT" in os.environ


def take_rank() -> tuple[int, int, int]:
    """Return rank, processes and local rank as torchrun states them, and forget them; 0, 1, 0 else."""
    rank, size, local = (os.environ.pop(name, None) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
    return int(rank or 0), int(size or 1), int(local or 0)


def process_count() -> int:
    """Return how many processes torchrun started together; 1 where it did not."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first() -> bool:
    """Tell whether this process is the first of those that torchrun started, or was not started by it."""
    return int(os.environ.get("RANK", "0")) == 0


def torchrun_error_file() -> str | None:
    """Return where torchrun looks for the reason of a process that failed; None: it started none."""
    return os.environ.get("TORCHELASTIC_ERROR_FILE")
