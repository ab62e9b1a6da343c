"""`medner`: what people type. Results go to standard output; progress and reasons to standard error.

Exit codes: 0 done; 1 a mistake that the user can mend, told in one line; 130 interrupted. Everything is
imported inside the commands, so that help is there at once.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from medner_assets.errors import MednerError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

FORMATS = (
    "ade", "pubtator", "bioc-xml", "bioc-json", "brat", "conll", "label-studio", "prodigy", "doccano",
    "jsonl", "parquet",
)  # fmt: skip


@contextmanager
def user_errors() -> Iterator[None]:
    """Turn every mistake of a user into one line on standard error and exit code 1; nothing else does."""
    try:
        yield
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.ClickException as error:
        _refuse(error.format_message())
    except (MednerError, PermissionError, NotADirectoryError, IsADirectoryError) as error:
        _refuse(str(error))
    except OSError as error:
        # A full disk, a broken device: nothing of ours is wrong, and the name of the file says where.
        _refuse(f"{error.filename or 'the system'}: {error.strerror or error}")
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        sys.exit(130)


class Commands(click.Group):
    """A group whose commands share one error boundary."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command; never returns without an exit code."""
        with user_errors():
            super().main(*args, **{**kwargs, "standalone_mode": False})
        sys.exit(0)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="medner")
def main() -> None:
    """Train, evaluate and compare versions that read clinical text into entities and relations."""


@main.command()
def demo() -> None:
    """Train, evaluate and compare two versions on this machine's CPU."""
    from medner_assets.commands.demo import NEXT
    from medner_assets.commands.demo import demo as run
    from medner_assets.reporting.terminal import comparison_table

    inputs, report = run(_console(stderr=True))
    _show(comparison_table(inputs, report))
    click.echo("\nGo on with:")
    for command, purpose in NEXT:
        click.echo(f"  {command:<62} {purpose}")


@main.command()
def doctor() -> None:
    """Say what this machine has and lacks, each with its remedy. Exit 1 when something needed is missing."""
    from medner_assets.commands.doctor import examined

    findings = examined()
    for finding in findings:
        click.echo(finding.line())
    missing = [finding.name for finding in findings if finding.state == "missing"]
    if missing:
        raise MednerError(f"{', '.join(missing)}: see the remedies above")


@main.command()
def versions() -> None:
    """List the versions, what each is compared with, and its scores."""
    from medner_assets.commands.listing import versions_table

    _show(versions_table())


@main.command("import")
@click.argument("format", type=click.Choice(FORMATS))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File of JSON lines to write.")
def import_(format: str, files: Sequence[Path], out: Path) -> None:
    """Convert FILES of FORMAT to JSON lines; what cannot be placed is told with file and line."""
    from medner_assets.commands.exchange import import_corpus

    import_corpus(format, files, out)


@main.command()
@click.argument("train", type=click.Path(path_type=Path))
@click.argument("dev", type=click.Path(path_type=Path))
@click.argument("test", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def audit(train: Path, dev: Path, test: Path, as_json: bool) -> None:
    """Say what a dataset (three files of JSON lines) can and cannot teach."""
    from medner_assets.commands.exchange import audit_files

    click.echo(audit_files(train, dev, test, as_json=as_json))


@main.command()
@click.argument("gold", type=click.Path(path_type=Path))
@click.argument("predicted", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def score(gold: Path, predicted: Path, as_json: bool) -> None:
    """Score predictions against gold, both as JSON lines."""
    from medner_assets.commands.exchange import score_files

    click.echo(score_files(gold, predicted, as_json=as_json))


@main.command()
@click.argument("version")
@click.option("--force", is_flag=True, help="Train anew although nothing changed.")
@click.option(
    "--replicates", default=1, show_default=True, type=click.IntRange(1, 99),
    help="How many of the recipe's trainings, each with a seed of its own.",
)  # fmt: skip
def train(version: str, force: bool, replicates: int) -> None:
    """Train the adapter of VERSION, and build its dataset where that is needed."""
    from medner_assets import paths
    from medner_assets.commands.runs import train as run

    trained = run(version, force=force, replicates=replicates)
    if not trained:
        click.echo("nothing to train: same recipe, data and base (--force trains anew)", err=True)
    click.echo(paths.adapter(version))


@main.command()
@click.argument("version")
def evaluate(version: str) -> None:
    """Evaluate VERSION: completions, predictions, metrics, report, leaderboard."""
    from medner_assets.commands.comparing import last_comparison
    from medner_assets.commands.runs import evaluate as run
    from medner_assets.reporting.terminal import comparison_table

    run(version)
    _show(comparison_table(*last_comparison(version)))


@main.command()
@click.argument("version")
@click.option("--baseline", help="Version to compare with; without it, the one that the recipe names.")
def compare(version: str, baseline: str | None) -> None:
    """Compare VERSION with its baseline, or with another version of the same dataset."""
    from medner_assets.commands.comparing import compare as run
    from medner_assets.reporting.terminal import comparison_table

    _show(comparison_table(*run(version, baseline)))


@main.command()
@click.argument("version")
@click.option("--reason", required=True, help="Why; it stands in the history.")
def promote(version: str, reason: str) -> None:
    """Let VERSION serve its dataset from now on; a version that served before is a rollback."""
    from medner_assets.commands.runs import promote as run

    click.echo(run(version, reason))


@main.command()
@click.argument("version")
@click.argument("text", required=False)
@click.option("--json", "as_json", is_flag=True, help="JSON lines, as `medner score` reads them.")
def predict(version: str, text: str | None, as_json: bool) -> None:
    """Read entities and relations in TEXT, a file, a folder, or standard input with VERSION.

    A long text is read sentence by sentence, and shown as it is read.
    """
    from medner_assets.commands.predicting import inputs, told
    from medner_assets.commands.predicting import predict as run

    sources = inputs(text, sys.stdin)
    with closing(run(version, sources)) as parts:
        sound = told(parts, len(sources))
        if as_json:
            from medner_assets.commands.showing import json_lines

            for line in json_lines(sound):
                click.echo(line)
        else:
            from medner_assets.commands.showing import shown_parts

            for each in shown_parts(sound, named=len(sources) > 1):
                _show(each)


@main.command()
@click.argument("version")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", help="What the corpus is called in the tables; without it, as its folder.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes; without it, one a GPU, else one.")
@click.option(
    "--shard-documents", default=1000, show_default=True, type=click.IntRange(1, 1_000_000),
    help="Documents a shard.",
)  # fmt: skip
def annotate(version: str, folder: Path, name: str | None, workers: int | None, shard_documents: int) -> None:
    """Let VERSION read all .jsonl, .parquet and .txt files of FOLDER, in shards; run it again to go on."""
    from medner_assets.commands.annotating import annotate as run

    config = {"name": name or "", "workers": workers or 0, "shard_documents": shard_documents}
    for line in run(version, folder, config):
        click.echo(line)


@main.command()
@click.argument("query", required=False)
@click.option(
    "--format",
    type=click.Choice(["table", "csv", "json", "parquet"]),
    default="table",
    show_default=True,
    help="How the rows are written.",
)
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter of the question.")
@click.option("--rows", default=200, show_default=True, help="Rows that a table shows at most.")
def sql(query: str | None, format: str, params: Sequence[str], rows: int) -> None:
    """Answer QUERY: the name of a question, view or table, or SQL; without it, list what can be asked."""
    from medner_assets.commands.asking import answer

    answer(query, format, params, rows)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--format",
    type=click.Choice(["duckdb", "jsonl", "brat", "pubtator"]),
    default="duckdb",
    show_default=True,
    help="duckdb: all tables; jsonl, brat (a folder), pubtator: the predictions of a version.",
)
@click.option("--version", help="Version whose predictions to write.")
@click.option("--force", is_flag=True, help="Take the place of a file that is there.")
def export(file: Path, format: str, version: str | None, force: bool) -> None:
    """Write all tables as one DuckDB file, or the predictions of a version."""
    from medner_assets.commands.exchange import export as run

    click.echo(run(file, format, version, force=force))


def _console(*, stderr: bool = False) -> "Console":
    from rich.console import Console

    # A file or a pipe has no width: nothing is wrapped for it.
    width = None if (sys.stderr if stderr else sys.stdout).isatty() else 200
    return Console(stderr=stderr, highlight=False, width=width)


def _show(renderable: "RenderableType") -> None:
    _console().print(renderable)


def _refuse(message: str) -> None:
    click.echo(f"Error: {' '.join(message.split())}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
