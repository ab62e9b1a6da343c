"""What Dagster's catalogue shows of a table, taken from the tables' own declaration."""

import dagster as dg
import polars as pl

from medner_assets.columns import ENTITIES, RELATIONS, WINDOWS
from medner_assets.tables import TABLES

_TYPE_NAMES = {
    pl.String(): "varchar",
    pl.Int64(): "bigint",
    pl.Float64(): "double",
    pl.Boolean(): "boolean",
    pl.List(pl.String()): "varchar[]",
    pl.List(pl.Int32()): "integer[]",
    pl.List(pl.Float32()): "float[]",
    pl.Datetime("us", "UTC"): "timestamp with time zone",
    ENTITIES: "struct[]",
    RELATIONS: "struct[]",
    WINDOWS: "struct[]",
}


def table_metadata(main: str, *others: str) -> dict[str, dg.MetadataValue]:
    """Return the metadata of an asset that writes tables: the columns of `main`, the grain of each."""
    declared = TABLES[main]
    columns = [
        dg.TableColumn(declared.partition, "varchar", "the partition's key, part of the path"),
        *(
            dg.TableColumn(column.name, _TYPE_NAMES[column.dtype], column.meaning)
            for column in declared.columns
        ),
    ]
    grains = "\n".join(f"| `{name}` | {TABLES[name].grain} |" for name in (main, *others))
    return {
        "dagster/table_name": dg.MetadataValue.text(f"medner.{main}"),
        "dagster/column_schema": dg.MetadataValue.table_schema(dg.TableSchema(columns=columns)),
        "tables": dg.MetadataValue.md(f"| table | one row is |\n|---|---|\n{grains}"),
    }
