"""The asset `dataset_audit`: what a dataset can and cannot teach, before anything is trained."""

import dagster as dg
import polars as pl

from medner_assets.audit.audit import audit_dataset
from medner_assets.audit.frames import audit_frame
from medner_assets.defs.datasets.data import data_of
from medner_assets.defs.datasets.dataset import dataset
from medner_assets.defs.descriptions import table_metadata
from medner_assets.defs.failures import clear_failures
from medner_assets.defs.identity import combined
from medner_assets.defs.partitions import DATASETS, FROM_DATASET_FILES
from medner_assets.defs.resources import Warehouse
from medner_assets.recipes.loading import load_dataset


@dg.asset(
    partitions_def=DATASETS,
    deps=[dataset, FROM_DATASET_FILES],
    group_name="datasets",
    kinds={"polars", "scikitlearn", "parquet"},
    owners=["team:data"],
    code_version="1",
    metadata=table_metadata("audits"),
)
@clear_failures()
def dataset_audit(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """Trivial baselines, the best score without reading the text, leaks, and what the text says."""
    name = context.partition_key
    recipe, data = load_dataset(name), data_of(name, warehouse)
    audit = audit_dataset(
        *(data.documents_of(split) for split in ("train", "dev", "test")),
        symmetric_types=recipe.symmetric_relations,
        targets=recipe.targets,
    )
    frame = audit_frame(audit, data.version)
    rows = warehouse.replace({"audits": frame}, name)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(combined(data.version, frame.write_csv())),
        metadata={
            "dagster/row_count": rows,
            "verdict": audit.verdict.value,
            "in short": audit.lead_sentence,
            "reasons": dg.MetadataValue.md("\n".join(f"- {reason}" for reason in audit.reasons)),
            **headline(frame),
        },
    )


def headline(audits: pl.DataFrame) -> dict[str, float]:
    """Return F1 of the trivial rules, one number a probe and setting, for the plots."""
    rows = audits.filter((pl.col("figure") == "f1") & pl.col("value").is_not_null())
    return {f"{row['probe']} {row['setting']} f1".replace("  ", " "): row["value"] for row in rows.to_dicts()}
