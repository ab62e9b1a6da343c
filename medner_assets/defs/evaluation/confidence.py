"""How a version's probabilities are calibrated: fitted on its dev completions, kept beside its adapter."""

from medner_assets.defs.datasets.data import Data
from medner_assets.defs.evaluation.grounded import grounded
from medner_assets.defs.versions.beside import publish_beside
from medner_assets.defs.versions.calibration import FILE
from medner_assets.defs.versions.completion_rows import CALIBRATED_SPLIT
from medner_assets.recipes.loading import load_dataset
from medner_assets.recipes.version import VersionRecipe
from medner_assets.scoring.confidence.calibration import Calibration
from medner_assets.scoring.confidence.items import items_of
from medner_assets.scoring.evaluation import score_version
from medner_assets.scoring.frames import GoldFrames, PredictedFrames
from medner_assets.scoring.postprocessing import MIN_CONFIDENCE, relation_schema, stage_names
from medner_assets.scoring.staging import staged_frames
from medner_assets.warehouse.data_tables import DataTables


def calibrated(
    version: str, recipe: VersionRecipe, data: Data, generation: str, warehouse: DataTables
) -> Calibration | None:
    """Fit the calibration of a version on what it wrote about dev, write it beside its adapter, return it.

    generation: the id of its completions. None: it wrote nothing about dev, or without probabilities.
    """
    if not warehouse.store().has("dev_completions", version):
        return None
    written = warehouse.read("dev_completions", version)
    if written["generation_id"].unique().to_list() != [generation]:
        return None
    # Abstaining comes after: it needs what is fitted here.
    stages = [stage for stage in recipe.postprocessing if stage != MIN_CONFIDENCE]
    texts = dict(data.documents.select("doc_id", "text").iter_rows())
    predicted = staged_frames(
        grounded(written.iter_rows(named=True), texts), stages, relation_schema(data.gold_relations),
        evaluation_id=generation, dataset=data.name, split=CALIBRATED_SPLIT,
    )  # fmt: skip
    outcomes = score_version(
        GoldFrames(data.documents, data.gold_entities, data.gold_relations),
        PredictedFrames(predicted["predicted_entities"], predicted["predicted_relations"]),
        evaluation_id=generation,
        dataset=data.name,
        dataset_version=data.version,
        stages=stage_names(stages),
        seed=recipe.seed,
        symmetric=load_dataset(recipe.dataset).symmetric_relations,
        resamples=1,
        splits=(CALIBRATED_SPLIT,),
    )
    found = Calibration.fitted(generation, items_of({**predicted, **outcomes}))
    publish_beside(version, written["weights_hash"][0], FILE, found.model_dump_json(indent=1) + "\n")
    return found
