"""What makes two trainings, two generations or two evaluations the same: hashes of all that decides them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from medner_assets.recipes.sources import BaseModelRecipe
from medner_assets.recipes.version import VersionRecipe

TRAINER_VERSION = 1
"""Goes up whenever the same recipe, data and base would give other weights; part of every fingerprint."""


def training_fingerprint(
    recipe: VersionRecipe, base: BaseModelRecipe, base_revision: str, dataset_version: str
) -> str:
    """Return the hash of all that an adapter's weights depend on: equal hash, nothing to train anew.

    Decoding, post-processing, summary and expectation do not count: they change no weight.
    """
    return _digest(
        {
            "trainer_version": TRAINER_VERSION,
            "seed": recipe.seed,
            "training": recipe.training.model_dump(mode="json"),
            "lora": recipe.lora.hashed(),
            "base": base.model_dump(
                mode="json", exclude={"summary", "licence", "path", "minimum_gpu_gib", "gated"}
            ),
            "base_revision": base_revision,
            "dataset_version": dataset_version,
        }
    )


def generation_id(weights_hash: str, dataset_version: str, recipe: VersionRecipe) -> str:
    """Return the id of a set of completions: adapter weights, dataset version, decoding, and how long texts
    are cut.

    The batch size counts too: it can change the last bits of a logit, and so a token.
    """
    asked = {
        "weights_hash": weights_hash,
        "dataset_version": dataset_version,
        "decoding": recipe.decoding.model_dump(mode="json"),
        "max_tokens": recipe.training.max_tokens,
    }
    if recipe.system == "prompted":
        asked["shots"] = [recipe.shots, recipe.shot_choice, recipe.seed]
    return _digest(asked)


def asking_id(recipe: VersionRecipe, dataset_version: str) -> str:
    """Return the id of a set of a server's answers: what is asked of which server, examples, dataset."""
    return _digest(
        {
            "endpoint": recipe.server.asked(),
            "shots": [recipe.shots, recipe.shot_choice, recipe.seed],
            "dataset_version": dataset_version,
        }
    )


def submission_id(digest: str, dataset_version: str) -> str:
    """Return the id of a registered file's answers: the file's SHA-256 and the dataset version."""
    return _digest({"submission": digest, "dataset_version": dataset_version})


def evaluation_id(generation: str, postprocessing: Sequence[str], scorer_version: str) -> str:
    """Return the id that rows of one evaluation share: the generation, its post-processing and the scorer."""
    return _digest(
        {
            "generation_id": generation,
            "postprocessing": list(postprocessing),
            "scorer_version": scorer_version,
        }
    )


def combined(*versions: str) -> str:
    """Return one data version for an asset that is made from several others, in the order given."""
    return _digest({"versions": list(versions)})


def _digest(parts: Mapping[str, Any]) -> str:
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
