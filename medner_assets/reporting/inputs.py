"""What a report is written from: the warehouse's rows of a version, its baseline and their dataset. Values
only.

Everything but the names may be missing. What is missing is None here, said in the report, and never a
default.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from medner_assets.errors import MednerError
from medner_assets.recipes.endpoint import EndpointRecipe
from medner_assets.recipes.expectations import Expectation
from medner_assets.recipes.sources import Targets

DATASET_TABLES = ("documents", "gold_entities", "gold_relations", "audits")
"""Read for the dataset of the version."""
PAIR_TABLES = ("completions", "rejected_lines", "document_scores", "entity_outcomes", "relation_outcomes",
               "training_log", "comparisons", "recipe_comparisons", "confidence_comparisons", "confidence",
               "test_reads")  # fmt: skip
"""Read for the version and its baseline."""
FAMILY_TABLES = ("recipes", "adapters", "metrics")
"""Read for the version and its baseline; rows of the dataset's other versions, where given, make the
lessons."""


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """What is there of one version."""

    name: str
    recipe: Mapping[str, str] | None
    """Setting → value of the resolved recipe, JSON unless text."""
    recipe_hash: str | None
    expectation: Expectation | None
    adapter: Mapping[str, Any] | None
    """The row of `adapters`; None: never trained, or of a system that has none."""
    logged: bool
    """Whether `training_log` has rows."""
    scored: bool
    """Whether `metrics` has rows."""
    evaluated: int
    """Test documents that are scored."""
    completed: int
    """Test documents that have a completion."""
    scored_at: datetime | None
    """When the evaluation that its tables carry was first scored; None: not, or no table says."""
    evaluations: tuple[str, ...]
    """Evaluation ids that the version's tables carry; more than one: the tables do not belong together."""

    @property
    def system(self) -> str:
        """What gives the answers, as recipes call it: lora (an adapter), prompted, endpoint, …"""
        return (self.recipe or {}).get("system", "lora")

    @property
    def sent_to(self) -> str | None:
        """The other machine that its texts are sent to; None: they stay on this one."""
        stated = self.recipe or {}
        if self.system != "endpoint":
            return None
        server = EndpointRecipe(url=stated["endpoint.url"], model="m", allow_remote=True)
        return server.host if server.is_remote else None


@dataclass(frozen=True, slots=True)
class ReportInputs:
    """One comparison: `version` against `baseline` (None: the version names none) on one dataset."""

    version: VersionFacts
    baseline: VersionFacts | None
    dataset: str
    test_documents: int | None
    """Documents of the test split; None: the dataset's table is missing."""
    targets: Targets | None
    margin: float | None
    """How much entity F1 a promotion may cost; None: not known."""
    missing_replicates: Mapping[str, tuple[str, ...]]
    """Version → why declared replicates of it do not count, a line each."""
    tables: Mapping[str, pl.DataFrame]
    """Table → rows with the columns of warehouse/tables.py and the partition key; a table may be empty."""

    @property
    def pair(self) -> tuple[VersionFacts, ...]:
        """The baseline, if there is one, and the version: the order in which the report shows them."""
        return (self.version,) if self.baseline is None else (self.baseline, self.version)

    @property
    def scored_at(self) -> datetime | None:
        """When the later of the pair's evaluations was scored: the age of what is compared."""
        return max((each.scored_at for each in self.pair if each.scored_at is not None), default=None)

    @property
    def are_adapters(self) -> bool:
        """Whether all of the pair are adapters, and not other systems' answers."""
        return all(each.system == "lora" for each in self.pair)


def inputs_from_frames(
    version: str,
    baseline: str | None,
    dataset: str,
    tables: Mapping[str, pl.DataFrame],
    targets: Targets | None = None,
    begun: Mapping[str, int] | None = None,
    missing_replicates: Mapping[str, tuple[str, ...]] | None = None,
    margin: float | None = None,
) -> ReportInputs:
    """Return the inputs of the report of `version` against `baseline`.

    tables: name → rows as the warehouse reads them, with `dataset` or `model_version` as a column,
    for the tables of `DATASET_TABLES`, `PAIR_TABLES` and `FAMILY_TABLES`. Rows of other versions and
    datasets are left out, except those of `FAMILY_TABLES`. Every table must be there, typed; an empty
    one is reported as missing.
    targets: of the dataset's recipe; None: the report names no targets.
    margin: of the dataset's recipe.
    missing_replicates: version → why declared replicates do not count, a line each.
    begun: version → test documents that a generation under way has completed; they stand in no table yet.
    """
    wanted = (*DATASET_TABLES, *PAIR_TABLES, *FAMILY_TABLES)
    if absent := [name for name in wanted if name not in tables]:
        raise MednerError(
            f"report of {version}: no frame for {', '.join(absent)}: pass every table, also without rows"
        )
    pair = [name for name in (baseline, version) if name is not None]
    kept = {name: frame for name, frame in tables.items() if name in FAMILY_TABLES}
    for name in DATASET_TABLES:
        kept[name] = tables[name].filter(pl.col("dataset") == dataset)
    for name in PAIR_TABLES:
        kept[name] = tables[name].filter(pl.col("model_version").is_in(pair))
    for name in ("comparisons", "recipe_comparisons"):
        kept[name] = tables[name].filter(
            (pl.col("model_version") == version) & (pl.col("baseline") == (baseline or ""))
        )
    documents = kept["documents"]
    return ReportInputs(
        version=_facts(version, kept, begun or {}),
        baseline=None if baseline is None else _facts(baseline, kept, begun or {}),
        dataset=dataset,
        test_documents=None if documents.is_empty() else documents.filter(pl.col("split") == "test").height,
        targets=targets,
        margin=margin,
        missing_replicates=missing_replicates or {},
        tables=kept,
    )


def _facts(name: str, tables: Mapping[str, pl.DataFrame], begun: Mapping[str, int]) -> VersionFacts:
    def rows(table: str) -> pl.DataFrame | None:
        own = tables[table].filter(pl.col("model_version") == name)
        return None if own.is_empty() else own

    recipe, adapter = rows("recipes"), rows("adapters")
    settings = None if recipe is None else dict(recipe.select("setting", "value").iter_rows())
    ids = {
        value
        for table in ("document_scores", "metrics", "entity_outcomes", "relation_outcomes")
        if (own := rows(table)) is not None
        for value in own["evaluation_id"].unique()
    }
    return VersionFacts(
        name=name,
        recipe=settings,
        recipe_hash=None if recipe is None else recipe["recipe_hash"][0],
        expectation=None if settings is None else _expectation(settings),
        adapter=None if adapter is None else adapter.row(0, named=True),
        logged=rows("training_log") is not None,
        scored=rows("metrics") is not None,
        evaluated=_test_documents(rows("document_scores")),
        completed=_test_documents(rows("completions")) or begun.get(name, 0),
        scored_at=_first_read(rows("test_reads"), ids),
        evaluations=tuple(sorted(ids)),
    )


def _first_read(reads: pl.DataFrame | None, evaluations: Collection[str]) -> datetime | None:
    if reads is None:
        return None
    own = reads.filter(
        (pl.col("purpose") == "evaluation") & pl.col("evaluation_id").is_in(list(evaluations))
    )["read_at"].drop_nulls()
    return None if own.is_empty() else min(own.to_list())


def _test_documents(frame: pl.DataFrame | None) -> int:
    return 0 if frame is None else frame.filter(pl.col("split") == "test")["doc_id"].n_unique()


def _expectation(settings: Mapping[str, str]) -> Expectation | None:
    """Return the expectation that the flattened settings hold; None where the recipe states none."""
    nested: dict[str, Any] = {}
    for key, value in settings.items():
        first, *path = key.split(".")
        if first != "expectation" or not path:
            continue
        inner = nested
        for part in path[:-1]:
            inner = inner.setdefault(part, {})
        inner[path[-1]] = json.loads(value)
    return Expectation.model_validate(nested) if nested else None
