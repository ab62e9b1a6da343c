"""Attacks by what stands in `data/medner.duckdb` and among the tables: names that hold SQL, other folders."""

from collections.abc import Callable, Iterator

import duckdb

from benchmarks.attacking.attack import Attack, Seen
from medner_assets_tests.support.checkout import Checkout

THREAT = "A file of the analyst that others wrote into"
POISONS = (
    (
        "a name in the list of medner's objects that holds a COPY",
        "create or replace view medner_catalogue as select 'x' as definition_hash, "
        "['view:\"; copy (select 42) to ''{out}''; --'] as objects",
    ),
    (
        "a kind in the list of medner's objects that holds a COPY",
        "create or replace view medner_catalogue as select 'x' as definition_hash, "
        "['view if exists x; copy (select 42) to ''{out}''; drop view:x'] as objects",
    ),
    (
        "a list of medner's objects that reads a file",
        "create or replace view medner_catalogue as "
        "select content as definition_hash, [content] as objects from read_text('{secret}')",
    ),
    (
        "a list of medner's objects that names an analyst's own view",
        "create or replace view medner_catalogue as select 'x' as definition_hash, ['view:own'] as objects",
    ),
    (
        "a macro that takes the name of a function of DuckDB",
        "create or replace macro sum(x) as (select content from read_text('{secret}'))",
    ),
)


def attacks() -> Iterator[Attack]:
    """Yield the attacks on the catalogue."""
    for name, poison in POISONS:
        for command in (("sql", "scores"), ("doctor",)):
            yield Attack(
                THREAT,
                f"{name} runs nothing when `medner {command[0]}` refreshes",
                _poisoned(poison, command),
            )
    yield Attack(
        "Folders among the tables",
        "a partition whose name is no key is neither read nor kept quiet",
        _planted,
    )
    yield Attack("Others on the machine", "a catalogue that others can read is the owner's again", _opened)


def _poisoned(poison: str, command: tuple[str, ...]) -> Callable[[Checkout], Seen]:
    def run(checkout: Checkout) -> Seen:
        out, secret = checkout.root / "out.csv", checkout.root / "secret"
        secret.write_text("canary")
        checkout.medner("sql", "scores")
        with duckdb.connect(checkout.data / "medner.duckdb") as file:
            file.execute("create table mine as select 7 as a; create view own as select 7 as a")
            file.execute(poison.format(out=out, secret=secret))
        view = checkout.root / "sql" / "views" / "zz.sql"  # something to refresh
        view.write_text("-- zz: one.\n-- Grain: one.\ncreate or replace view zz as select 1 as a;\n")
        ran = checkout.medner(*command)
        with duckdb.connect(checkout.data / "medner.duckdb", read_only=True) as file:
            kept = file.execute("from mine union all from own").fetchall() == [(7,), (7,)]
        told = ran.out + ran.err
        held = not out.exists() and "canary" not in told and kept and "Traceback" not in told
        return held, next((line for line in told.splitlines() if "medner.duckdb" in line), ran.reason)

    return run


def _planted(checkout: Checkout) -> Seen:
    checkout.medner("sql", "scores")
    source = checkout.data / "warehouse" / "recipes" / "model_version=_empty"
    planted = source.with_name("model_version=<script>")
    source.rename(planted)
    query = "select count(*) from recipes where model_version = '<script>'"
    asked, told = checkout.medner("sql", query, "--format", "csv"), checkout.medner("doctor")
    return asked.out.split()[-1:] == ["0"] and "is no partition" in told.out, asked.out.strip()


def _opened(checkout: Checkout) -> Seen:
    checkout.medner("sql", "scores")
    file = checkout.data / "medner.duckdb"
    file.chmod(0o644)
    checkout.medner("sql", "scores")
    return file.stat().st_mode & 0o077 == 0, f"{file.stat().st_mode & 0o777:o}"
