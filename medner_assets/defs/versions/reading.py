"""What a version needs to read texts that are in no dataset: prediction and annotation state it alike."""

from typing import Any

from medner_assets import paths
from medner_assets.defs.identity import combined, evaluation_id, generation_id
from medner_assets.defs.versions.calibration import calibration_file, calibration_of
from medner_assets.defs.versions.finished import FinishedAdapter
from medner_assets.defs.versions.handover import VersionInputs, adapter_for
from medner_assets.scoring.confidence.calibration import Calibration
from medner_assets.scoring.postprocessing import MIN_CONFIDENCE, relation_schema
from medner_assets.scoring.schemes import SCORER_VERSION

READING_VERSION = "1"
"""Goes up whenever the same version would read another thing in the same text: windows, grounding."""

_ONE_WAY = "evaluation's forward pass"
"""Marks annotations of versions with a grammar or a 4-bit base. Those made before annotation and evaluation
shared one loader were read without the grammar and without unpacking: they are not taken for these."""


def reading_settings(inputs: VersionInputs, least: float | None = None) -> dict[str, Any]:
    """Return what every kind of reading job states (`modeling.job.ReadingJob`).

    least: the least probability of what is handed on; None: as the recipe says.
    """
    recipe = inputs.recipe
    stages, kept = list[str](recipe.postprocessing), recipe.least_probabilities
    if least is not None and MIN_CONFIDENCE in stages:
        kept = {task: max(least, own) for task, own in kept.items()}
    elif least is not None:
        stages, kept = [*stages, MIN_CONFIDENCE], dict.fromkeys(kept, least)
    schema = relation_schema(inputs.data.gold_relations)
    return {
        **inputs.common(),
        "adapter": str(paths.adapter(inputs.version)),
        "decoding": inputs.recipe.decoding.model_dump(mode="json"),
        "postprocessing": stages,
        "least": kept,
        "calibration": str(calibration_file(inputs.version)) if _calibration(inputs) else None,
        "triples": sorted(schema.triples),
        "symmetric": sorted(schema.symmetric),
        "max_tokens": inputs.recipe.training.max_tokens,
    }


def why_uncalibrated(inputs: VersionInputs) -> str:
    """Return why probabilities of a version are the model's own, in one line; empty: they are calibrated."""
    found = _calibration(inputs)
    if found is None:
        return f"there is no calibration of its present completions: run `medner evaluate {inputs.version}`"
    return "" if found.is_whole else "; ".join(found.said())


def _calibration(inputs: VersionInputs) -> Calibration | None:
    generation = generation_id(adapter_for(inputs).weights_hash, inputs.data.version, inputs.recipe)
    return calibration_of(inputs.version, generation)


def annotation_id(inputs: VersionInputs, finished: FinishedAdapter, least: float | None = None) -> str:
    """Return the hash of all that annotations depend on but the text: equal hash, nothing to read anew.

    The dataset counts: its types stand in the prompt and its relations in the post-processing.
    """
    generation = generation_id(finished.weights_hash, inputs.data.version, inputs.recipe)
    evaluation = evaluation_id(generation, inputs.recipe.repairs, str(SCORER_VERSION))
    differed = inputs.recipe.decoding.grammar or inputs.base.recipe.quantization != "none"
    calibration = calibration_of(inputs.version, generation)
    return combined(
        evaluation,
        READING_VERSION,
        *([_ONE_WAY] if differed else []),
        *([calibration.model_dump_json()] if calibration else []),
        *([f"min_confidence {least}"] if least is not None else []),
    )
