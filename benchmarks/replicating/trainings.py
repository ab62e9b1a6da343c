"""Train the replicates of versions on another machine, a GPU say, and bring the adapters home.

python -m benchmarks.replicating.trainings prepare FOLDER VERSION …   here: jobs, documents and the base
python -m benchmarks.replicating.trainings run FOLDER OUT             there: needs torch, transformers, peft
python -m benchmarks.replicating.trainings take OUT                   here: adapters into MEDNER_DATA

What comes home has the fingerprint of recipe, data and base, so that `medner evaluate VERSION` goes on from
there.
"""

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

TRAIN = "medner_assets.modeling.training.train"
PARALLEL, AN_ARCHIVE = 10, 4


@click.group()
def main() -> None:
    """Replicates on another machine."""


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("versions", nargs=-1, required=True)
def prepare(folder: Path, versions: tuple[str, ...]) -> None:
    """Write what `run` needs into FOLDER, paths relative to it; their datasets must be built."""
    from medner_assets.defs.resources import Warehouse
    from medner_assets.defs.versions.handover import inputs_of
    from medner_assets.recipes.loading import load_version
    from medner_assets.recipes.replicates import names_of

    folder.mkdir(parents=True, exist_ok=True)
    for version in versions:
        for name in names_of(version, load_version(version).replicates):
            inputs = inputs_of(name, Warehouse())
            data, base = inputs.data, folder / inputs.base.name
            if not base.exists():
                shutil.copytree(inputs.base.folder, base)
            for split in ("train", "dev", "test"):
                data.write(split, folder / f"{data.name}.{split}.jsonl")
            job = inputs.common() | {
                "base_folder": inputs.base.name,
                "recipe": inputs.recipe.model_dump(mode="json"),
                "train": f"{data.name}.train.jsonl",
                "dev": f"{data.name}.dev.jsonl",
                "fingerprint": inputs.fingerprint,
                "dataset_version": data.version,
            }
            (folder / f"{name}.job.json").write_text(json.dumps(job), encoding="utf-8")
            print(name, inputs.fingerprint)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
def run(folder: Path, out: Path) -> None:
    """Train every job of FOLDER, several at once, and write the adapters to archives in OUT."""
    jobs = sorted(folder.glob("*.job.json"), key=lambda file: file.stat().st_size)
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(PARALLEL) as pool:
        done = list(pool.map(lambda file: _trained(file, Path(scratch)), jobs))
        adapters = sorted(filter(None, done))
        # Few files, and none too large to send.
        for start in range(0, len(adapters), AN_ARCHIVE):
            with tarfile.open(out / f"{start:03}.adapters.tar.gz", "w:gz") as archive:
                for adapter in adapters[start : start + AN_ARCHIVE]:
                    archive.add(adapter, arcname=adapter.name)
    sys.exit(int(None in done))


def _trained(file: Path, scratch: Path) -> Path | None:
    """Return the adapter of a job; None when its training failed, which is told."""
    name = file.name.removesuffix(".job.json")
    job = json.loads(file.read_text(encoding="utf-8"))
    for key in ("base_folder", "train", "dev"):
        job[key] = str((file.parent / job[key]).resolve())
    job |= {"output": str(scratch / name), "work": str(scratch / f"{name}.work")}
    stated = scratch / f"{name}.json"
    stated.write_text(json.dumps(job), encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", TRAIN, "--job", str(stated)], capture_output=True, text=True, check=False
    )
    print(name, "trained" if ended.returncode == 0 else ended.stderr[-2000:], flush=True)
    return scratch / name if ended.returncode == 0 else None


@main.command()
@click.argument("out", type=click.Path(path_type=Path))
def take(out: Path) -> None:
    """Put the adapters of OUT where medner looks for them; one that is there already stays."""
    from medner_assets import paths

    folder = paths.private_folder(paths.data() / "adapters")
    for archive in sorted(out.glob("*.adapters.tar.gz")):
        with tarfile.open(archive) as opened:
            there = {each.name for each in folder.iterdir()}
            for member in opened.getmembers():
                if member.name.split("/")[0] not in there:
                    opened.extract(member, folder, filter="data")
                    if member.isdir():
                        print(member.name)


if __name__ == "__main__":
    main()
