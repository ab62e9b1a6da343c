"""What a name stands for now: a version with its evaluation and promotion, and the job that loads it.

A dataset's name stands for its champion, a version's for that version. Everything is read from files, now:
whoever serves asks again when `stamp` says that something changed.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medner_assets import paths
from medner_assets.defs.identity import evaluation_id, generation_id
from medner_assets.defs.reporting.promotions import serving
from medner_assets.defs.shared import bring
from medner_assets.defs.versions.completion_rows import ids_of
from medner_assets.defs.versions.handover import VersionInputs, adapter_for, inputs_of, require_adapters
from medner_assets.defs.versions.reading import reading_settings, why_uncalibrated
from medner_assets.errors import MednerError
from medner_assets.recipes.loading import dataset_names, load_version
from medner_assets.scoring.schemes import SCORER_VERSION
from medner_assets.warehouse.data_tables import DataTables


@dataclass(frozen=True, slots=True)
class Served:
    """A version that can be loaded. job: of `modeling.job.ReadingJob`; equal jobs and weights read alike."""

    version: str
    dataset: str
    weights: str
    """Hash of the adapter's weights."""
    evaluation: str | None
    """Id of the evaluation of these weights in the warehouse; None: they were not evaluated."""
    promotion: dict[str, Any] | None
    """kind, reason, since (ISO 8601) of the last promotion where it serves its dataset; else None."""
    note: str
    """Why probabilities are the model's own; empty: they are calibrated."""
    job: dict[str, Any]

    @property
    def facts(self) -> dict[str, Any]:
        """What stands in every answer."""
        return {
            "version": self.version,
            "dataset": self.dataset,
            "weights": self.weights,
            "evaluation": self.evaluation,
            "promotion": self.promotion,
            "calibrated": not self.note,
        }

    def reads_like(self, other: "Served") -> bool:
        """Tell whether the same process can answer for both."""
        return (self.weights, self.job) == (other.weights, other.job)


def resolved(name: str, least: float | None = None) -> Served:
    """Return what `name`, a dataset or a version, stands for now.

    least: the least probability of what is answered; None: as the recipe says. Raises MednerError where
    nothing of that name can serve, and says why; a champion whose present weights were never evaluated
    cannot.
    """
    bring()
    tables = DataTables()
    is_dataset = name in dataset_names()
    version = _champion(name, tables) if is_dataset else name
    require_adapters(version, load_version(version))
    inputs = inputs_of(version, tables)
    finished = adapter_for(inputs)
    evaluation = _evaluation(inputs, finished.weights_hash, tables)
    if is_dataset and evaluation is None:
        raise MednerError(
            f"{version} serves {name}, but its present weights are not evaluated: "
            f"run `medner evaluate {version}`"
        )
    return Served(
        version,
        inputs.recipe.dataset,
        finished.weights_hash,
        evaluation,
        _promotion(version, inputs.recipe.dataset, tables),
        why_uncalibrated(inputs),
        reading_settings(inputs, least),
    )


def _champion(dataset: str, tables: DataTables) -> str:
    has = tables.store().has("promotions", dataset)
    version = serving(tables.read("promotions", dataset)) if has else None
    if version is None:
        raise MednerError(
            f"no version serves {dataset} yet: run `medner promote VERSION --reason …`, or name a version"
        )
    return version


def _evaluation(inputs: VersionInputs, weights: str, tables: DataTables) -> str | None:
    """Return the id under which the warehouse has scores of these weights; None where it has none."""
    if not tables.store().has("document_scores", inputs.version):
        return None
    wanted = generation_id(weights, inputs.data.version, inputs.recipe)
    possible = [evaluation_id(each, inputs.recipe.repairs, str(SCORER_VERSION)) for each in ids_of(wanted)]
    scored = tables.read("document_scores", inputs.version)["evaluation_id"].unique().to_list()
    return scored[0] if len(scored) == 1 and scored[0] in possible else None


def _promotion(version: str, dataset: str, tables: DataTables) -> dict[str, Any] | None:
    if not tables.store().has("promotions", dataset):
        return None
    last = tables.read("promotions", dataset).sort("sequence").row(-1, named=True)
    if last["version"] != version:
        return None
    return {"kind": last["kind"], "reason": last["reason"], "since": last["decided_at"].isoformat()}


def stamp(name: str, version: str | None) -> tuple[object, ...]:
    """Return what changes whenever `name` may stand for something else: cheap, for asking every second.

    version: the one that serves now.
    """
    if paths.bucket_url() is not None:
        DataTables().store().has("promotions", name)  # brings what other machines wrote
    tables = paths.warehouse()
    files = [tables / "promotions" / f"dataset={name}" / "part-0.parquet"]
    if version is not None:
        adapter = paths.adapter(version)
        files += [
            adapter / "medner.json",
            adapter / "calibration.json",
            tables / "document_scores" / f"model_version={version}" / "part-0.parquet",
        ]
    return tuple(_of_file(each) for each in files)


def _of_file(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def is_gone(name: str, version: str) -> bool:
    """Tell whether `version`, which serves for `name`, must not be used any more.

    Its adapter was removed (`medner forget`), or the promotions of the dataset were.
    """
    return not paths.adapter(version).exists() or (name != version and stamp(name, None) == (None,))
