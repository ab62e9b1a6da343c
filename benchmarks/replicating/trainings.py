"""Train the replicates of versions on another machine, a GPU say, let them read the test split, and bring all
home.

python -m benchmarks.replicating.trainings prepare FOLDER VERSION …   here: jobs, documents and the base
python -m benchmarks.replicating.trainings run FOLDER OUT             there: needs torch, transformers, peft
python -m benchmarks.replicating.trainings take OUT                   here: into MEDNER_DATA

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

TRAIN, GENERATE = "medner_assets.modeling.training.train", "medner_assets.modeling.inference.generate"
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
            inputs = inputs_of(name, Warehouse.of_no_run())
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
                "test": f"{data.name}.test.jsonl",
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
            with tarfile.open(out / f"{start:03}.replicates.tar.gz", "w:gz") as archive:
                for adapter in adapters[start : start + AN_ARCHIVE]:
                    archive.add(adapter, arcname=adapter.name)
    sys.exit(int(None in done))


def _trained(file: Path, scratch: Path) -> Path | None:
    """Return the folder of a job's adapter and completions; None when a step failed, which is told."""
    from medner_assets.defs.identity import generation_id
    from medner_assets.recipes.version import VersionRecipe

    name = file.name.removesuffix(".job.json")
    job = json.loads(file.read_text(encoding="utf-8"))
    for key in ("base_folder", "train", "dev", "test"):
        job[key] = str((file.parent / job[key]).resolve())
    test, made = job.pop("test"), scratch / name
    common = {key: job[key] for key in ("version", "base", "base_folder", "entity_types", "relation_types")}
    adapter = made / "adapter"
    made.mkdir()
    (scratch / f"{name}.generation").mkdir()
    training = job | {"output": str(adapter), "work": str(scratch / f"{name}.work")}
    if not _ran(name, TRAIN, training, scratch):
        return None
    recipe = VersionRecipe.model_validate(job["recipe"])
    weights = json.loads((adapter / "medner.json").read_text(encoding="utf-8"))["weights_hash"]
    wanted = generation_id(weights, job["dataset_version"], recipe)
    generation = common | {
        "adapter": str(adapter), "documents": test, "decoding": job["recipe"]["decoding"],
        "max_tokens": recipe.training.max_tokens, "output": str(made / "completions.jsonl"),
        "work": str(scratch / f"{name}.generation"), "generation_id": wanted,
    }  # fmt: skip
    return made if _ran(name, GENERATE, generation, scratch) else None


def _ran(name: str, module: str, job: dict[str, object], scratch: Path) -> bool:
    step = module.rsplit(".", 1)[1]
    stated = scratch / f"{name}.{step}.json"
    stated.write_text(json.dumps(job), encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", module, "--job", str(stated)], capture_output=True, text=True, check=False
    )
    print(name, step, "done" if ended.returncode == 0 else ended.stderr[-2000:], flush=True)
    return ended.returncode == 0


@main.command()
@click.argument("out", type=click.Path(path_type=Path))
def take(out: Path) -> None:
    """Put adapters and completions of OUT where medner looks for them; an adapter that is there stays."""
    from medner_assets import paths
    from medner_assets.defs.resources import Warehouse
    from medner_assets.defs.versions.completion_rows import completion_rows
    from medner_assets.defs.versions.completions import read_lines
    from medner_assets.defs.versions.generation import generation_of
    from medner_assets.defs.versions.handover import adapter_for, inputs_of

    folder, warehouse = paths.private_folder(paths.data() / "adapters"), Warehouse.of_no_run()
    with tempfile.TemporaryDirectory() as scratch:
        for archive in sorted(out.glob("*.replicates.tar.gz")):
            with tarfile.open(archive) as opened:
                opened.extractall(scratch, filter="data")
        for made in sorted(Path(scratch).iterdir()):
            if not (folder / made.name).exists():
                shutil.move(made / "adapter", folder / made.name)
            inputs = inputs_of(made.name, warehouse)
            finished = adapter_for(inputs)
            lines = read_lines(made / "completions.jsonl")
            rows = completion_rows(lines, generation_of(made.name, inputs.recipe, warehouse))
            warehouse.replace({**finished.tables(), "completions": rows}, made.name)
            print(made.name, f"{rows.height} completions")


if __name__ == "__main__":
    main()
