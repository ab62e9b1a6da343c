"""Rows of a made-up warehouse, as SQL that DuckDB fills Parquet files from. Deterministic; no clinical text.

Versions with two stages each predict on the same test documents: per document six entities and four
relations (the reference has 4.6 and 1.8), three in four of them right.
"""

import sys
from pathlib import Path

import duckdb

from medner_assets.tables import TABLES
from medner_assets.warehouse.store import Store

STAGES, ENTITIES, RELATIONS = ("raw", "final"), 6, 4

_ENTITY_TYPES = "['Drug', 'Disease', 'Symptom', 'Procedure', 'Anatomy']"
_RELATION_TYPES = "['treats', 'causes', 'prevents', 'diagnoses', 'located_in']"
_ENTITY_ERRORS = "['duplicate', 'ungrounded', 'type', 'boundary', 'type_boundary', 'spurious']"
_RELATION_ERRORS = "['duplicate', 'ungrounded', 'type', 'direction', 'cascaded', 'spurious']"
_PAIRED = "('type', 'boundary', 'type_boundary', 'direction', 'cascaded')"
_SQL_TYPE = {
    "String": "varchar", "Int64": "bigint", "Float64": "double", "Boolean": "boolean",
    "List(Int32)": "integer[]", "List(Float32)": "float[]",
}  # fmt: skip

_DOCUMENT = "printf('pubmed-%07d', d)"
_TEXT = """'Patient ' || d || ' was given term-' || hash(d, 1) % 5000 || ' for term-' || hash(d, 2) % 5000
    || repeat('. The finding was stable and no change of treatment was needed', 2 + (hash(d, 3) % 6)::int)"""
_EVERY_STAGE = f"(values {', '.join(f'({name!r})' for name in STAGES)}) as stages(stage)"
_SCHEMES = """(values ('entity', 'text'), ('entity', 'span'), ('relation', 'strict'),
    ('relation', 'boundaries')) as schemes(task, scheme)"""


def make_warehouse(root: Path, predictions: int, versions: int, memory_gb: int) -> dict[str, int]:
    """Write all tables so that `versions` versions have `predictions` predicted rows in all.

    Returns table → rows.
    """
    names = [f"v{number}" for number in range(1, versions + 1)]
    documents = predictions // (versions * len(STAGES) * (ENTITIES + RELATIONS))
    Store(root).initialise()
    connection = duckdb.connect(config={"threads": 2, "memory_limit": f"{memory_gb}GB"})
    written: dict[str, int] = {}
    for key, tables in [
        ("bench", _dataset(documents)),
        *((name, _version(name, documents)) for name in names),
    ]:
        print(f"writing {key}", file=sys.stderr)
        for table, query in tables.items():
            written[table] = written.get(table, 0) + _write(connection, root, table, key, query)
    return written


def _write(connection: duckdb.DuckDBPyConnection, root: Path, table: str, key: str, query: str) -> int:
    """Write the rows of one partition with the declared columns and types, what is not named null."""
    declared = TABLES[table]
    named = {row[0] for row in connection.execute(f"describe {query}").fetchall()}
    columns = []
    for column in declared.columns:
        kind = _SQL_TYPE.get(str(column.dtype), "varchar[]" if "List" in str(column.dtype) else "timestamptz")
        value = f'made."{column.name}"' if column.name in named else "null"
        columns.append(f'{value}::{kind} as "{column.name}"')
    folder = root / table / f"{declared.partition}={key}"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "part-0.parquet"
    chosen = f"select {', '.join(columns)} from ({query}) as made"
    connection.execute(f"copy ({chosen}) to '{file}' (format parquet, compression zstd)")
    return connection.execute(f"select count(*) from '{file}'").fetchall()[0][0]


def _term(*parts: str) -> str:
    """Return the SQL of a made-up mention, one of 5,000."""
    return f"'term-' || hash({', '.join(parts)}) % 5000"


def _one_of(words: str, *parts: str) -> str:
    """Return the SQL of one of a list of words."""
    return f"{words}[1 + (hash({', '.join(parts)}) % len({words}))::int]"


def _lines(version: str, documents: int, items: int, errors: str) -> str:
    """Return the SQL of the lines of every stage with their class, and of a miss in every second document."""
    why = _one_of(errors, "d", "k", f"'{version}'", "7")
    at = f"'bench' as dataset, stage, 'test' as split, {_DOCUMENT} as doc_id, d"
    return f"""
        select {at}, k, k as ordinal,
            case when hash(d, k, '{version}') % 4 > 0 then 'correct' else {why} end as error
        from range({documents}) as documents(d), range({items}) as items(k), {_EVERY_STAGE}
        union all
        select {at}, {items} + d % {items} as k, null as ordinal, 'missing' as error
        from range({documents}) as documents(d), {_EVERY_STAGE} where d % 2 = 0"""


def _version(version: str, documents: int) -> dict[str, str]:
    """Return table → SQL of its rows of one version."""
    at = f"left(md5('{version}'), 16) as evaluation_id, 'content' as dataset_version"
    lines = _lines(version, documents, ENTITIES, _ENTITY_ERRORS)
    links = _lines(version, documents, RELATIONS, _RELATION_ERRORS)
    first, second = _term("d", "k"), _term("d", "k", "1")
    entity_type, relation_type = _one_of(_ENTITY_TYPES, "d", "k"), _one_of(_RELATION_TYPES, "d", "k")
    other_type = _one_of(_ENTITY_TYPES, "d", "k", f"'{version}'")
    guess = f"if(error = 'correct', {entity_type}, {other_type})"

    def outcomes(rows: str, predicted: dict[str, str], gold: dict[str, str]) -> str:
        sides = [f"if(error = 'missing', null, {value}) as {name}" for name, value in predicted.items()]
        sides += [f"if(has_gold, {value}, null) as {name}" for name, value in gold.items()]
        return f"""
            select {at}, *, {", ".join(sides)},
                (error = 'correct')::int as tp, (error not in ('correct', 'missing'))::int as fp,
                (error = 'missing' or error in {_PAIRED})::int as fn
            from (
                select *, error in ('correct', 'missing') or error in {_PAIRED} as has_gold from ({rows})
            )"""

    return {
        "predicted_entities": f"""
            select {at}, *, {entity_type} as type, {first} as text, 10 * k as start, 10 * k + 8 as "end",
                'exact' as grounding from ({lines}) where error <> 'missing'""",
        "predicted_relations": f"""
            select {at}, *, {relation_type} as type, {first} as head_text, 'Drug' as head_type,
                {second} as tail_text, 'Disease' as tail_type from ({links}) where error <> 'missing'""",
        "entity_outcomes": outcomes(
            lines,
            {
                "predicted_type": guess, "predicted_text": first, "predicted_start": "10 * k",
                "predicted_end": "10 * k + 8",
            },
            {
                "entity_id": "'T' || k", "gold_type": entity_type, "gold_text": first,
                "gold_start": "10 * k", "gold_end": "10 * k + 8",
            },
        ),
        "relation_outcomes": outcomes(
            links,
            {
                "predicted_type": relation_type, "predicted_head": first, "predicted_head_type": "'Drug'",
                "predicted_tail": second, "predicted_tail_type": "'Disease'",
            },
            {
                "relation_id": "k", "gold_type": relation_type, "gold_head": first,
                "gold_head_type": entity_type, "gold_tail": second, "gold_tail_type": "'Disease'",
            },
        ),
        "document_scores": f"""
            select {at}, 'bench' as dataset, stage, 'test' as split, task, scheme, {_DOCUMENT} as doc_id,
                {_DOCUMENT} as group_id, if(silent, 0, hash(d, task, '{version}') % 5) as tp,
                if(silent, 0, hash(d, 1) % 3) as fp, hash(d, 2) % 3 as fn
            from (
                select *, task = 'relation' and hash(d, '{version}', 3) % 10 = 0 as silent
                from range({documents}) as documents(d), {_EVERY_STAGE}, {_SCHEMES}
            )""",
        "metrics": f"""
            select {at}, 'bench' as dataset, stage, task, scheme, 'bench' as signature, 3 as tp, 1 as fp,
                1 as fn, 0.75 as precision, 0.75 as recall, 0.75 as f1, 0.7 as f1_low, 0.8 as f1_high,
                0.7 as macro_f1, {documents} as documents, 1 as seed, 1000 as resamples
            from {_EVERY_STAGE}, {_SCHEMES}""",
        "comparisons": f"""
            select {at}, 'v1' as baseline, 'bench' as dataset, stage, task, scheme, 0.1 as difference
            from {_EVERY_STAGE}, {_SCHEMES}""",
        "completions": f"""
            select 'bench' as dataset, 'test' as split, {_DOCUMENT} as doc_id, {_TEXT} as completion,
                if(d % 50 = 0, 'length', 'stop') as finish_reason, 0.1 as seconds
            from range({documents}) as documents(d)""",
        "training_log": """
            select i as step, i / 1000 as epoch, if(i % 1000 = 0, 'eval', 'train') as kind,
                exp(-i / 4000.0) as loss, 0.0002 as learning_rate, 0.2 as grad_norm, i / 2.0 as seconds
            from range(1, 10001) as steps(i)""",
        "recipes": "select 'postprocessing' as setting, '[]' as value, 'h' as recipe_hash",
        "adapters": "select 'bench' as dataset, 'content' as dataset_version, 3180.0 as train_seconds",
    }  # fmt: skip


def _dataset(documents: int) -> dict[str, str]:
    """Return table → SQL of its rows of the one dataset, as many train documents as test documents."""
    both = f"""(
        select d, split, if(split = 'test', '', 'train-') || {_DOCUMENT} as doc_id
        from range({documents}) as documents(d), (values ('test'), ('train')) as splits(split)
    )"""
    return {
        "documents": f"""
            select 'content' as dataset_version, *, doc_id as group_id, {_TEXT} as text,
                length({_TEXT}) as characters, true as directed, 'mention' as level from {both}""",
        "gold_entities": f"""
            select *, 'T' || k as entity_id, {_one_of(_ENTITY_TYPES, "d", "k")} as type, 10 * k as start,
                10 * k + 8 as "end", {_term("d", "k")} as text, []::varchar[] as concepts
            from {both}, range({ENTITIES}) as items(k)""",
        "gold_relations": f"""
            select *, k as relation_id, {_one_of(_RELATION_TYPES, "d", "k")} as type, false as symmetric,
                {_term("d", "k")} as head_text, 'Drug' as head_type, {_term("d", "k", "1")} as tail_text,
                'Disease' as tail_type from {both}, range({RELATIONS}) as items(k)""",
        "audits": """
            select 'content' as dataset_version, probe, 'f1' as figure, 'gold_entities' as setting,
                0.5 as value from (values ('all_pairs'), ('without_reading')) as probes(probe)""",
    }
