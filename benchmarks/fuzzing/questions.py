"""Values of SQL parameters and names of questions: whatever they are, they stay values and names."""

from pathlib import Path
from random import Random

from benchmarks.fuzzing.cases import Cases, refused
from medner_assets.commands.sql import parameters
from medner_assets.errors import MednerError
from medner_assets.warehouse.catalogue import connect
from medner_assets.warehouse.queries import ask, named_queries, query_errors
from medner_assets.warehouse.store import Store
from medner_assets_tests.support.rows import metric, put

_QUERIES = (
    "select model_version from metrics where model_version = $version",
    "select count(*) as n from metrics where f1 > try_cast($version as double)",
    "from error_counts where model_version = $version",
    "select $version::int as n",
)
_PIECES = (
    "v1", "v2", "'", "''", '"', ";", "--", "/*", "*/", " or 1=1", "'; drop table metrics; --",
    "') union select 1", "$version", "$$", "?", "%", "_", "\\", "\x00", "\n", "\t", " ", "😀", "\u2028",
    "\ufeff", "9" * 40,
    "NaN", "", "copy metrics to 'escaped.csv'", "attach 'escaped.duckdb' as x", "install httpfs",
    "\udcff", "=", "[]", "{}", "../../etc/passwd", "read_csv('/etc/passwd')", "e'\\x41'", "x" * 3000,
)  # fmt: skip


def question_cases(folder: Path) -> Cases:
    """Return the cases of questions over a small warehouse; its objects and rows stay what they are."""
    root = folder / "warehouse"
    Store(root).initialise()
    for version in ("v1", "v2"):
        put(root, "metrics", version, metric("entity", 0.5), metric("relation", 0.4))
    connection = connect(root)
    names = [each.name for each in named_queries()]

    def objects() -> list[tuple[str, ...]]:
        rows = connection.sql(
            "select view_name from duckdb_views() union all select table_name from duckdb_tables() "
            "union all select database_name from duckdb_databases() order by all"
        ).fetchall()
        return [*rows, *connection.sql("select count(*), sum(tp)::varchar from metrics").fetchall()]

    before, files = objects(), sorted(path.name for path in folder.rglob("*"))

    def case(rng: Random) -> str:
        def fuzzed(most: int) -> str:
            return "".join(rng.choices(_PIECES, k=rng.randrange(1, most)))

        what = rng.choice((rng.choice(names), rng.choice(names), rng.choice(_QUERIES), fuzzed(4)))
        keys = ["version", "baseline", "dataset", fuzzed(3)]
        chosen = rng.choice((keys[:1], keys[:1], keys[:2], keys[2:3], keys))
        try:
            given = parameters([f"{key}={fuzzed(5)}" for key in chosen])
            answer = ask(connection, what, given)
            with query_errors():
                answer.relation.fetchall()
        except MednerError as error:
            return refused(error)
        return "answered"

    def finish(rng: Random) -> None:
        changed = set(objects()) ^ set(before)
        assert not changed, f"a question changed the tables: {sorted(changed)[:5]}"
        assert sorted(path.name for path in folder.rglob("*")) == files, "a question wrote a file"
        assert not list(Path.cwd().glob("escaped*")), "a question wrote a file"

    return Cases(case, finish)
