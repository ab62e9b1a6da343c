"""Where things live. The only file that knows the places of `sql/`, `data/` and recipes.

It alone reads MEDNER_DATA, MEDNER_COPIES, MEDNER_CORPORA and MEDNER_RECIPES. The project is found once, when
this module is loaded, from the folder in which the process was started.
"""

import hashlib
import os
import re
from pathlib import Path

from medner_assets.errors import MednerError

PACKAGE = Path(__file__).resolve().parent

_ABOVE = PACKAGE.parent
CHECKOUT = _ABOVE if (_ABOVE / "pyproject.toml").exists() and (_ABOVE / "sql").exists() else None
"""The folder of pyproject.toml, dagster.yaml, sql/ and data/ where medner runs from its sources.

None where it was installed from a wheel.
"""

SHIPPED = CHECKOUT or PACKAGE / "shipped"
"""The folder of sql/, data/base/, dagster.yaml and pyproject.toml: the checkout; in a wheel, their copies."""

SQL = SHIPPED / "sql"
EMBEDDED_BASES = SHIPPED / "data" / "base"
"""Base models that come with medner, whatever MEDNER_DATA is."""


def project_above(folder: Path, checkout: Path | None = CHECKOUT) -> Path | None:
    """Return the project that `folder` is in, None where it is in none.

    It is the nearest folder, upwards, that is the checkout or has dagster.yaml and recipes/, as `medner init`
    makes them.
    """
    for each in (folder, *folder.parents):
        if each == checkout or ((each / "dagster.yaml").is_file() and (each / "recipes").is_dir()):
            return each
    return None


def _started_in() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:  # someone removed it
        return Path("/")


_FOUND = project_above(_started_in()) or CHECKOUT
PROJECT = _FOUND or _started_in()
"""The project, see `project()`; where there is none, the current folder."""

SHIPPED_RECIPES = PACKAGE / "recipes"
_OWN_RECIPES = SHIPPED_RECIPES if _FOUND in (CHECKOUT, None) else PROJECT / "recipes"
RECIPES = Path(os.environ.get("MEDNER_RECIPES") or _OWN_RECIPES).resolve()
"""The folder of `versions/`, `datasets/` and `base_models/`: $MEDNER_RECIPES, else the project's own."""

DAGSTER_STORAGE = PROJECT / "data" / "dagster"
"""Dagster's own storage, whatever MEDNER_DATA is: dagster.yaml names it relative to the project."""

UI = "make ui" if PROJECT == CHECKOUT else "medner ui"
"""What starts Dagster's UI in the project."""

BUCKETS = ("s3", "gs", "az", "file")
"""The kinds of object store that MEDNER_DATA can name; `file` is a folder that is used as one."""

SIMPLE_NAME = "[a-z0-9][a-z0-9.-]{0,62}"
NAME = f"{SIMPLE_NAME}(@[1-9][0-9]{{0,2}})?"
"""The pattern of a partition key; `..` is no part of one. `@N` is the N-th round of a dataset."""


def project() -> Path:
    """Return the project: the folder made by `medner init` that the current folder is in, else the checkout.

    Raises MednerError where medner was installed from a wheel and no project is here.
    """
    if _FOUND is None:
        raise MednerError(
            f"{PROJECT} is in no medner project: make one with `medner init FOLDER` and go there"
        )
    return _FOUND


def recipe_folders(folder: Path) -> tuple[Path, ...]:
    """Return where the recipes of `folder` are looked for, in this order.

    A project made by `medner init` has its own and, below them, those that come with medner; any other folder
    stands for itself.
    """
    own = _FOUND not in (CHECKOUT, None) and folder == PROJECT / "recipes"
    return (folder, SHIPPED_RECIPES) if own else (folder,)


def bucket_url() -> str | None:
    """Return the URL of the object store that keeps what is generated: $MEDNER_DATA, where it is one.

    Raises MednerError for a URL of another kind, and for one with a password in it.
    """
    stated = os.environ.get("MEDNER_DATA") or ""
    kind, is_url, rest = stated.partition("://")
    if not is_url:
        return None
    if kind not in BUCKETS or not rest.strip("/") or (kind == "file" and not rest.startswith("/")):
        raise MednerError(
            f"MEDNER_DATA={kind}://…: give a folder, or an object store as {'://…, '.join(BUCKETS)}://…"
        )
    if "@" in rest.split("/")[0] or "?" in rest or "#" in rest:
        raise MednerError(f"MEDNER_DATA={kind}://…: give bucket and prefix only: keys are in the environment")
    return stated.rstrip("/")


def data() -> Path:
    """Return the folder of all that is generated: $MEDNER_DATA, else `data/` of the project.

    Where MEDNER_DATA is an object store it is this machine's copy of it: a folder of its name below
    $MEDNER_COPIES, else below `data/copies/` of the project.
    """
    url = bucket_url()
    if url is None:
        return Path(os.environ.get("MEDNER_DATA") or project() / "data").expanduser().resolve()
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", url).strip("-")
    copies = os.environ.get("MEDNER_COPIES") or project() / "data" / "copies"
    return Path(copies, f"{name}-{hashlib.sha256(url.encode()).hexdigest()[:8]}").expanduser().resolve()


def corpora() -> Path:
    """Return the folder of the corpora that users bring, which no object store keeps.

    It is $MEDNER_CORPORA, else `corpora/` below `data()`, or below `data/` of the project where `data()` is
    the copy of an object store.
    """
    generated = data() if bucket_url() is None else project() / "data"
    return Path(os.environ.get("MEDNER_CORPORA") or generated / "corpora").expanduser().resolve()


def settle() -> None:
    """Let folders that variables name stay the same ones after the working directory has changed."""
    for name, folder in (("MEDNER_DATA", data), ("MEDNER_CORPORA", corpora)):
        if os.environ.get(name) and not (name == "MEDNER_DATA" and bucket_url()):
            os.environ[name] = str(folder())
    if copies := os.environ.get("MEDNER_COPIES"):
        os.environ["MEDNER_COPIES"] = str(Path(copies).expanduser().resolve())


def warehouse() -> Path:
    """Return the folder of the tables."""
    return data() / "warehouse"


def catalogue() -> Path:
    """Return the analyst's DuckDB file; runs never open it."""
    return data() / "medner.duckdb"


def reports() -> Path:
    """Return the folder of the HTML reports."""
    return data() / "reports"


def adapter(version: str) -> Path:
    """Return the folder of a version's finished adapter."""
    return data() / "adapters" / checked_name(version)


def submission(digest: str) -> Path:
    """Return the file of registered answers with this SHA-256."""
    return data() / "submissions" / f"{digest}.jsonl"


def work(version: str, step: str) -> Path:
    """Return the scratch folder of one step (`training`, `generation`) of a version: inputs, checkpoints,
    partial results."""
    return data() / "work" / checked_name(version) / checked_name(step)


def checked_name(name: str) -> str:
    """Return `name` if it is a partition key, so that it can stand in a path; raise MednerError if not."""
    if not is_name(name):
        raise MednerError(
            f"{name!r} is not a valid name: use 1 to 63 of a-z, 0-9, '.' and '-', a letter or digit first"
        )
    return name


def is_name(name: str) -> bool:
    """Tell whether `name` can be a partition key."""
    return re.fullmatch(NAME, name) is not None and ".." not in name


def private_folder(folder: Path) -> Path:
    """Create `folder` and what is missing above it, readable by the owner only, and return it."""
    missing = []
    step = folder
    while not step.exists():
        missing.append(step)
        step = step.parent
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
    return folder
