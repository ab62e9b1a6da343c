"""What a version needs to read texts that are in no dataset: prediction and annotation state it alike."""

from typing import Any

from medner_assets import paths
from medner_assets.defs.identity import combined, evaluation_id, generation_id
from medner_assets.defs.versions.finished import FinishedAdapter
from medner_assets.defs.versions.handover import VersionInputs
from medner_assets.scoring.postprocessing import relation_schema
from medner_assets.scoring.schemes import SCORER_VERSION

READING_VERSION = "1"
"""Goes up whenever the same version would read another thing in the same text: windows, grounding."""

_ONE_WAY = "evaluation's forward pass"
"""Marks annotations of versions with a grammar or a 4-bit base. Those made before annotation and evaluation
shared one loader were read without the grammar and without unpacking: they are not taken for these."""


def reading_settings(inputs: VersionInputs) -> dict[str, Any]:
    """Return what every kind of reading job states (`modeling.job.ReadingJob`)."""
    schema = relation_schema(inputs.data.gold_relations)
    return {
        **inputs.common(),
        "adapter": str(paths.adapter(inputs.version)),
        "decoding": inputs.recipe.decoding.model_dump(mode="json"),
        "postprocessing": list(inputs.recipe.postprocessing),
        "triples": sorted(schema.triples),
        "symmetric": sorted(schema.symmetric),
        "max_tokens": inputs.recipe.training.max_tokens,
    }


def annotation_id(inputs: VersionInputs, finished: FinishedAdapter) -> str:
    """Return the hash of all that annotations depend on but the text: equal hash, nothing to read anew.

    The dataset counts: its types stand in the prompt and its relations in the post-processing.
    """
    generation = generation_id(finished.weights_hash, inputs.data.version, inputs.recipe)
    evaluation = evaluation_id(generation, inputs.recipe.postprocessing, str(SCORER_VERSION))
    differed = inputs.recipe.decoding.grammar or inputs.base.recipe.quantization != "none"
    return combined(evaluation, READING_VERSION, *([_ONE_WAY] if differed else []))
