"""Attacks on `medner sql`: statements that write behind what looks like a query, and reading elsewhere."""

from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.attacking.attack import Attack, Seen
from medner_assets_tests.support.checkout import Checkout

THREAT = "A query that does more than ask"
WRITES = (
    (
        "an EXPLAIN ANALYZE behind nested comments",
        "explain analyze /* /* */ select 1 -- */ copy (select 42) to '{out}'",
    ),
    (
        "a COPY of a PIVOT behind nested comments",
        "/* /* */ select 1 -- */ copy (pivot (values (1, 2)) t(a, b) on a using max(b)) to '{out}'",
    ),
    (
        "a COPY inside of a WITH, which the parser calls a SELECT",
        "with x as (copy (select 1) to '{out}') from x",
    ),
    ("a COPY in text that query() runs", "from query('with x as (copy (select 1) to ''{out}'') from x')"),
    (
        "a COPY in a serialised statement",
        "from json_execute_serialized_sql(json_serialize_sql("
        "'with x as (copy (select 1) to ''{out}'') from x'))",
    ),
    (
        "a COPY in what a PIVOT looks its columns up in",
        "with x as (copy (select 1) to '{out}') pivot x on #1 using count(*)",
    ),
    (
        "a log that is turned on",
        "from enable_logging(storage := 'file', storage_config := {{'path': '{out}'}})",
    ),
    ("a profile that is saved", "from enable_profiling(save_location := '{out}')"),
    ("ATTACH of a new file", "attach '{out}' as other"),
    ("EXPORT DATABASE", "export database '{out}'"),
    ("two statements", "select 1; copy (select 1) to '{out}'"),
)
READS = (
    ("a file of the system", "from read_text('/etc/passwd')"),
    ("the environment", "from read_text('/proc/self/environ')"),
    ("a file outside by its name", "from '{secret}'"),
    ("a file outside by `..`", "from read_text('{data}/warehouse/../../secret.csv')"),
    ("a file outside in text that query() runs", "from query('from read_text(''{secret}'')')"),
    ("what there is outside", "from glob('{folder}/*.csv')"),
)


def attacks() -> Iterator[Attack]:
    """Yield the attacks on SQL."""
    for name, query in WRITES:
        for where in ("{folder}/out.parquet", "{data}/warehouse/metrics/out.parquet"):
            place = "the warehouse" if "metrics" in where else "a folder"
            yield Attack(THREAT, f"{name} writes no file into {place}", _writing(query, where))
    for name, query in READS:
        yield Attack("A query that reads elsewhere", f"{name} cannot be read", _reading(query))
    yield Attack(THREAT, "the kernel refuses a COPY that every check let pass", _kernel)


def _writing(query: str, where: str) -> Callable[[Checkout], Seen]:
    def run(checkout: Checkout) -> Seen:
        out = Path(where.format(folder=checkout.root, data=checkout.data))
        checkout.medner("sql", "scores")  # makes the folders
        ran = checkout.medner("sql", query.format(out=out))
        return ran.code == 1 and not out.exists(), ran.reason

    return run


def _reading(query: str) -> Callable[[Checkout], Seen]:
    def run(checkout: Checkout) -> Seen:
        secret = checkout.root / "secret.csv"
        secret.write_text("name\ncanary\n")
        ran = checkout.medner("sql", query.format(secret=secret, data=checkout.data, folder=checkout.root))
        return ran.code == 1 and "canary" not in ran.out + ran.err and "root:" not in ran.out, ran.reason

    return run


def _kernel(checkout: Checkout) -> Seen:
    ran = checkout.python(
        "from pathlib import Path",
        "from medner_assets.warehouse.catalogue import connect, spilled",
        "from medner_assets.warehouse.read_only_thread import kernel_bars_writing, writes_nowhere",
        "if not kernel_bars_writing(): raise SystemExit('this kernel has no Landlock')",
        "connect().close()  # makes the folders",
        "def attack():",
        "    with connect() as connection: connection.execute(\"copy (select 1) to 'barred.csv'\")",
        "writes_nowhere(attack, but_in=[spilled()])",
    )
    return ran.code == 1 and not (checkout.root.parent / "barred.csv").exists(), ran.reason
