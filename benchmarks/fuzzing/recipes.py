"""Mutated recipe files: versions with their baselines, datasets and base models."""

from pathlib import Path
from random import Random

from benchmarks.fuzzing.cases import Cases, refused
from benchmarks.fuzzing.mutations import mutant
from medner_assets.errors import MednerError
from medner_assets.paths import RECIPES
from medner_assets.recipes.loading import (
    flattened,
    load_base_model,
    load_dataset,
    load_version,
    recipe_hash,
)

_LOADERS = {"versions": load_version, "datasets": load_dataset, "base_models": load_base_model}
_TRAPS = (
    b"baseline: mutant\n", b"baseline: ../../base_models/medner-tiny\n", b"dataset: [a]\n", b"training: []\n",
    b"a: &a [*a]\n", b"training: &t {lora: *t}\n", b"summary: !!python/object/apply:os.system ['true']\n",
    b"a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n"
    b"d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nsummary: [*e,*e,*e,*e,*e,*e]\n",
    b"? [a, b]\n: c\n", b"1: 2\n", b"null: x\n", b"summary: 2024-13-45\n", b"seed: 1e999\n", b"seed: .nan\n",
    b"source: {kind: files, format: jsonl, files: {all: [../../../../etc/passwd]}}\n",
)  # fmt: skip


def recipe_cases(folder: Path) -> Cases:
    """Return the cases of recipes, in a folder that also holds sound ones."""
    sound = {kind: sorted((RECIPES / kind).glob("*.yaml")) for kind in _LOADERS}
    seeds = {kind: [file.read_bytes() for file in files] for kind, files in sound.items()}
    for kind in _LOADERS:
        (folder / kind).mkdir()
        for file in sound[kind]:
            (folder / kind / file.name).write_bytes(file.read_bytes())

    def case(rng: Random) -> str:
        kind = rng.choice(sorted(_LOADERS))
        content = mutant(rng, seeds[kind])
        if rng.random() < 0.15:
            content += b"\n" + rng.choice(_TRAPS)
        file = folder / kind / "mutant.yaml"
        file.write_bytes(content)
        try:
            recipe = _LOADERS[kind]("mutant", folder)
        except MednerError as error:
            return refused(error)
        recipe_hash(recipe)
        flattened(recipe)
        return "read"

    return Cases(case)
