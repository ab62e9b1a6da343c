"""Files in, files out, and questions: `import`, `audit`, `score`, `sql`, `export`."""

from collections.abc import Sequence
from pathlib import Path

import click

from medner_assets.errors import MednerError
from medner_assets.recipes.formats import FORMATS
from medner_assets.visible import visible


@click.command("import")
@click.argument("format", type=click.Choice(FORMATS))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="File of JSON lines to write; - for output.")
@click.option(
    "--round", "round_", metavar="DATASET@N",
    help="In place of --out: FILES are the corrected queue of this round, and make its dataset.",
)  # fmt: skip
@click.option("--problems", type=click.Path(path_type=Path), help="File of all problems, as JSON lines.")
@click.option("--strict", is_flag=True, help="Write nothing and exit 1 if anything is lost.")
@click.option("--column", type=click.IntRange(1), help="conll: the column of the words, from 1.")
def import_(
    format: str,
    files: Sequence[Path],
    out: Path | None,
    round_: str | None,
    problems: Path | None,
    strict: bool,
    column: int | None,
) -> None:
    """Convert FILES of FORMAT to JSON lines; what is lost or taken for granted is told by kind.

    FILES are files, folders of them, ZIP archives, or - for standard input; gz, xz, bz2 and zst are unpacked.

    \b
    Examples:
      medner import pubtator Train.PubTator --out train.jsonl
      medner import brat notes/ --out notes.jsonl --problems problems.jsonl
      medner import label-studio export.json --round synthetic-small@1
    """
    if round_ is not None:
        if out is not None or problems is not None or strict:
            raise MednerError("--round makes a dataset: leave --out, --problems and --strict out")
        from medner_assets.commands.round_import import import_round

        for line in import_round(
            format, files, round_, column=column, tell=lambda line: click.echo(visible(line), err=True)
        ):
            click.echo(visible(line))
        return
    if out is None:
        raise MednerError("name the file to write with --out, or the round with --round")
    from medner_assets.commands.importing import import_corpus

    import_corpus(format, files, out, problems=problems, strict=strict, column=column)


@click.command()
@click.argument("train", type=click.Path(path_type=Path))
@click.argument("dev", type=click.Path(path_type=Path))
@click.argument("test", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def audit(train: Path, dev: Path, test: Path, as_json: bool) -> None:
    """Check what a model can learn from a dataset, given as three files of JSON lines.

    \b
    Examples:
      medner audit train.jsonl dev.jsonl test.jsonl
      medner audit train.jsonl dev.jsonl test.jsonl --json > audit.json
    """
    from medner_assets.commands.exchange import audit_files

    click.echo(audit_files(train, dev, test, as_json=as_json))


@click.command()
@click.argument("gold", type=click.Path(path_type=Path))
@click.argument("predicted", type=click.Path(path_type=Path))
@click.option("--dataset", metavar="D", help="Gold is of D: its symmetric types, type names and level hold.")
@click.option(
    "--symmetric", multiple=True, metavar="TYPE", help="A relation type without direction; can be repeated."
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    metavar="OTHER",
    help="Other predictions, for a paired test.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def score(
    gold: Path,
    predicted: Path,
    dataset: str | None,
    symmetric: Sequence[str],
    baseline: Path | None,
    as_json: bool,
) -> None:
    """Score predictions against gold, both as JSON lines, with 95 % intervals.

    \b
    Examples:
      medner score test.jsonl predicted.jsonl
      medner score test.jsonl predicted.jsonl --json > scores.json
      medner score test.jsonl predicted.jsonl --dataset biored --baseline other.jsonl
    """
    from medner_assets.commands.scoring import score_files

    click.echo(
        score_files(gold, predicted, as_json=as_json, dataset=dataset, symmetric=symmetric, baseline=baseline)
    )


@click.command()
@click.argument("query", required=False)
@click.option(
    "--format",
    type=click.Choice(["table", "csv", "json", "parquet"]),
    default="table",
    show_default=True,
    help="How the rows are written.",
)
@click.option(
    "--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter of a named question."
)
@click.option("--rows", default=200, show_default=True, help="Most rows that a table shows.")
@click.option(
    "--allow-read", "readable", multiple=True, metavar="FOLDER", type=click.Path(path_type=Path),
    help="A folder or file of yours that the query may read besides the warehouse.",
)  # fmt: skip
@click.option("--excel", is_flag=True, help="With --format csv: no cell begins as a formula does.")
def sql(
    query: str | None, format: str, params: Sequence[str], rows: int, readable: Sequence[Path], excel: bool
) -> None:
    """Answer QUERY: the name of a question, view or table, or SQL; without it, list what can be asked.

    \b
    Examples:
      medner sql
      medner sql leaderboard
      medner sql lost_and_gained --param version=tiny-v2 --param baseline=tiny-v1
      medner sql 'select error, items from error_counts' --format csv > errors.csv
      medner sql --allow-read lists "from documents semi join 'lists/ids.csv' using (doc_id)"
    """
    from medner_assets.commands.sql import answer

    answer(query, format, params, rows, readable, excel=excel)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--format",
    type=click.Choice(["duckdb", "jsonl", "brat", "pubtator"]),
    default="duckdb",
    show_default=True,
    help="duckdb: all tables; jsonl, brat (a folder), pubtator: the predictions of a version.",
)
@click.option("--version", help="Version whose predictions are written.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
def export(file: Path, format: str, version: str | None, force: bool) -> None:
    """Write all tables as one DuckDB file, or the predictions of a version.

    \b
    Examples:
      medner export all.duckdb
      medner export predicted.jsonl --format jsonl --version tiny-v2
    """
    from medner_assets.commands.exchange import export as run

    click.echo(run(file, format, version, force=force))


COMMANDS = (import_, audit, score, sql, export)
