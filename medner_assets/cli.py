"""`medner`: what people type. Results go to standard output; progress and reasons to standard error.

Exit codes: 0 done; 1 a mistake that the user can fix, described in one line; 130 interrupted. Everything is
imported inside the commands, so that help is there at once. Each command's help ends with examples.
"""

import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

try:
    import click
except ModuleNotFoundError:  # a checkout that was not installed
    sys.exit(f"Error: package click is not installed in {sys.executable}: run `make setup`")

from medner_assets.errors import MednerError
from medner_assets.recipes.formats import FORMATS
from medner_assets.terminal import Commands, console, show, width
from medner_assets.visible import escaped, visible


def _print_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        click.echo(f"medner {version('medner')}")
    except PackageNotFoundError:
        raise MednerError(f"medner is not installed in {sys.prefix}: run `make setup`") from None
    context.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version of medner and exit.",
)
def main() -> None:
    """Train, evaluate and compare versions that read clinical text into entities and relations.

    \b
    Examples:
      medner demo                 train and compare two versions on this machine's CPU
      medner versions             list the versions and their scores
      medner train --help         the options and examples of one command
    """


@main.command()
def demo() -> None:
    """Train, evaluate and compare two versions on this machine's CPU. A second run reuses what is there.

    \b
    Examples:
      medner demo
    """
    from medner_assets.commands.demo import NEXT
    from medner_assets.commands.demo import demo as run
    from medner_assets.reporting.terminal import comparison_table

    inputs, report = run(console(sys.stderr))
    show(comparison_table(inputs, report))
    click.echo("\nNext:")
    longest = max(len(command) for command, _ in NEXT)
    for command, purpose in NEXT:
        click.echo(f"  {command:<{longest}}  {purpose}")


@main.command()
@click.argument("base", required=False)
def doctor(base: str | None) -> None:
    """Check what this machine has and lacks, each with its remedy. Exit 1 when something needed is missing.

    With BASE: what that base model is and does before anything is trained on it: its files, tokenizer,
    positions, adapted layers, and whether loss and gradients are those of plain transformers and PEFT.

    \b
    Examples:
      medner doctor
      medner doctor medner-tiny
    """
    from medner_assets.commands.bases import examined as examined_base
    from medner_assets.commands.doctor import examined

    missing = []
    for finding in examined() if base is None else examined_base(base):
        click.echo(finding.line())
        if finding.state == "missing":
            missing.append(finding.name)
    if missing:
        raise MednerError(f"{', '.join(missing)}: see the remedies above")


@main.group("base")
def base_group() -> None:
    """Look after base models.

    \b
    Examples:
      medner base lock qwen3-8b
    """


@base_group.command("lock")
@click.argument("name")
def base_lock(name: str) -> None:
    """Write the present commit of base NAME's hub model into its recipe, so that it can be trained on.

    \b
    Examples:
      medner base lock qwen3-8b
    """
    from medner_assets.commands.bases import lock

    click.echo(lock(name))


@main.command()
@click.argument("name", required=False)
def versions(name: str | None) -> None:
    """List the versions and their scores; with NAME, one version: settings, entity and relation types.

    Scores are F1 in % on the test split, after post-processing. A pipe gets every column, unwrapped.

    \b
    Examples:
      medner versions
      medner versions tiny-v2
    """
    if name is not None:
        from medner_assets.commands.describing import described_version

        for line in described_version(name, width()):
            show(line)
        return
    from medner_assets.commands.listing import listed, plain_lines, versions_table

    found = listed()
    if (cells := width()) is None:
        for line in plain_lines(found):
            click.echo(line)
    else:
        table, left_out = versions_table(found, cells)
        show(table)
        if left_out:
            click.echo(
                f"not shown at this width: {', '.join(left_out)}; `medner versions NAME` shows all", err=True
            )
    for each in found:
        if each.problem:
            click.echo(f"{each.name}: unreadable: {each.problem}", err=True)


@main.command("import")
@click.argument("format", type=click.Choice(FORMATS))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File of JSON lines to write.")
def import_(format: str, files: Sequence[Path], out: Path) -> None:
    """Convert FILES of FORMAT to JSON lines; what cannot be placed is listed with file and line.

    \b
    Examples:
      medner import pubtator Train.PubTator --out train.jsonl
      medner import brat notes/ --out notes.jsonl
    """
    from medner_assets.commands.exchange import import_corpus

    import_corpus(format, files, out)


@main.command()
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


@main.command()
@click.argument("gold", type=click.Path(path_type=Path))
@click.argument("predicted", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def score(gold: Path, predicted: Path, as_json: bool) -> None:
    """Score predictions against gold, both as JSON lines.

    \b
    Examples:
      medner score test.jsonl predicted.jsonl
      medner score test.jsonl predicted.jsonl --json > scores.json
    """
    from medner_assets.commands.exchange import score_files

    click.echo(score_files(gold, predicted, as_json=as_json))


@main.command()
@click.argument("version")
@click.option("--force", is_flag=True, help="Train again although nothing changed.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A changed setting; needs --as.")
@click.option("--as", "child", metavar="NAME", help="Name of the new version that has the changed settings.")
@click.option(
    "--replicates", default=1, show_default=True, type=click.IntRange(1, 99),
    help="How many of the recipe's trainings, each with a seed of its own.",
)  # fmt: skip
def train(version: str, force: bool, settings: Sequence[str], child: str | None, replicates: int) -> None:
    """Train the adapter of VERSION, and build its dataset where that is needed.

    With --set and --as, a new version NAME is written beside VERSION, with VERSION as its baseline, and
    trained; with --replicates it declares as many.
    `medner versions VERSION` lists the settings. An interrupted training resumes from its last
    checkpoint.

    \b
    Examples:
      medner train tiny-v1
      medner train tiny-v1 --replicates 5
      medner train tiny-v1 --set training.epochs=5 --as tiny-v1-long
      medner train tiny-v1 --set lora.rank=32 --set lora.alpha=32 --as tiny-v1-r32
      medner train tiny-v1 --set training.epochs=5 --as longer --replicates 5
    """
    from medner_assets import paths

    if settings or child:
        from medner_assets.commands.children import child_version

        if replicates > 1 and not any(each.startswith("replicates=") for each in settings):
            settings = [*settings, f"replicates={replicates}"]
        version, written = child_version(version, settings, child)
        if written is not None:
            click.echo(f"wrote {written}", err=True)
    from medner_assets.commands.runs import train as run

    def warn(line: str) -> None:
        click.echo(f"note: {line}", err=True)

    trained = run(version, force=force, replicates=replicates, warn=warn)
    if not trained:
        click.echo("nothing to train: same recipe, data and base (--force trains again)", err=True)
    click.echo(paths.adapter(version))


@main.command()
@click.argument("version")
def evaluate(version: str) -> None:
    """Evaluate VERSION: completions, predictions, metrics, report, leaderboard.

    \b
    Examples:
      medner evaluate tiny-v1
    """
    from medner_assets.commands.comparing import last_comparison
    from medner_assets.commands.runs import evaluate as run
    from medner_assets.reporting.terminal import comparison_table

    run(version)
    show(comparison_table(*last_comparison(version)))


@main.command()
@click.argument("version")
@click.option("--baseline", help="Version to compare with. Default: the recipe's baseline.")
def compare(version: str, baseline: str | None) -> None:
    """Compare VERSION with its baseline, or with another version of the same dataset.

    \b
    Examples:
      medner compare tiny-v2
      medner compare tiny-v3 --baseline tiny-v1
    """
    from medner_assets.commands.comparing import compare as run
    from medner_assets.reporting.terminal import comparison_table

    show(comparison_table(*run(version, baseline)))


@main.command()
@click.argument("version")
@click.option("--reason", required=True, help="Why; it is kept in the history.")
def promote(version: str, reason: str) -> None:
    """Make VERSION the one that serves its dataset; naming a version that served before is a rollback.

    \b
    Examples:
      medner promote tiny-v2 --reason 'relation F1 +2.1, interval above 0'
    """
    from medner_assets.commands.runs import promote as run

    click.echo(run(version, reason))


@main.command()
@click.argument("version")
@click.argument("input", required=False)
@click.option(
    "--text", "is_text", is_flag=True, help="INPUT is the text itself, even if it looks like a path."
)
@click.option("--json", "as_json", is_flag=True, help="JSON lines, as `medner score` reads them.")
def predict(version: str, input: str | None, is_text: bool, as_json: bool) -> None:
    """Find entities and relations with VERSION in INPUT: a file, a folder, a text, or standard input.

    A .jsonl file holds documents, one per line; any other file is one text. A long text is read sentence by
    sentence and shown as it is read. A text given as an argument can be seen in the process list and stays in
    the shell's history: for clinical text use a file or a pipe.

    \b
    Examples:
      medner predict tiny-v2 note.txt
      medner predict tiny-v2 notes/ --json > predicted.jsonl
      medner predict tiny-v2 < note.txt
      echo 'She took ibuprofen for migraine.' | medner predict tiny-v2
    """
    from medner_assets.commands.predicting import described, inputs, trained
    from medner_assets.commands.predicting import predict as run

    trained(version)
    sources = inputs(input, sys.stdin, is_text=is_text)
    if any(source.is_argument for source in sources):
        click.echo(
            "note: a text given as an argument can be seen in the process list and stays in the shell's "
            "history: use a file or a pipe for clinical text",
            err=True,
        )
    with closing(run(version, sources)) as parts:
        read = described(parts, len(sources))
        if as_json:
            from medner_assets.commands.showing import json_lines

            for line in json_lines(read):
                click.echo(escaped(line) if sys.stdout.isatty() else line)
        else:
            from medner_assets.commands.showing import shown_parts

            for each in shown_parts(read, named=len(sources) > 1):
                show(each)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """Make a project in FOLDER: recipes to start from, Dagster's settings, data/ and a .gitignore.

    medner's commands use the project that the current folder is in. Its own recipes stand over those that
    come with medner. No file is overwritten.

    \b
    Examples:
      medner init my-project
    """
    from medner_assets.commands.starting import make_project

    for name in make_project(folder):
        click.echo(folder / name)
    click.echo(f"go on with: cd {folder} && medner demo", err=True)


@main.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
def schema(folder: Path | None) -> None:
    """Write the JSON schemas of version, dataset and base recipes to FOLDER, else beside the recipes.

    An editor with a YAML language server then completes and checks a recipe whose first line is
    `# yaml-language-server: $schema=../schemas/version.json` (or dataset.json, base_model.json).

    \b
    Examples:
      medner schema
      medner schema build/schemas
    """
    from medner_assets.commands.schemas import write_schemas

    for file in write_schemas(folder):
        click.echo(file)


@main.command()
@click.argument("version")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", help="Name of the corpus in the tables. Default: the folder's name.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes. Default: one per GPU, else one.")
@click.option(
    "--shard-documents", default=1000, show_default=True, type=click.IntRange(1, 1_000_000),
    help="Documents per shard.",
)  # fmt: skip
def annotate(version: str, folder: Path, name: str | None, workers: int | None, shard_documents: int) -> None:
    """Annotate all .jsonl, .parquet and .txt files of FOLDER with VERSION, in shards.

    The results are in tables for SQL. Run it again after an interruption: finished shards are kept.

    \b
    Examples:
      medner annotate tiny-v2 notes/
      medner annotate tiny-v2 notes/ --name clinic-2026 --shard-documents 200
    """
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
    from medner_assets.commands.asking import answer

    answer(query, format, params, rows, readable, excel=excel)


@main.command()
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


@main.command()
@click.option(
    "--port", default=3000, show_default=True, type=click.IntRange(0, 65535), help="0: any free one."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Another than loopback needs a login.")
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="A further name by which people reach it, as behind a proxy.",
)
@click.option(
    "--login",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Ask for a name and password of FILE. MEDNER_UI_TOKEN in the environment asks for that instead.",
)
@click.option("--add-login", metavar="NAME", help="Ask for a password, write it into --login FILE, and end.")
@click.option("--read-only", is_flag=True, help="For looking only, beside another UI; no daemon.")
def ui(
    port: int, host: str, hosts: tuple[str, ...], login: Path | None, add_login: str | None, read_only: bool
) -> None:
    """Serve the Dagster UI and run its daemon until Ctrl-C.

    \b
    Examples:
      medner ui
      medner ui --port 3001
      medner ui --login logins --add-login ada
      medner ui --login logins --allow-host medner.example.org
    """
    if add_login is not None:
        from medner_assets.web.logins import add_login as add

        if login is None:
            raise MednerError("--add-login needs the file: --login FILE")
        add(login, add_login, click.prompt("Password", hide_input=True, confirmation_prompt=True))
        click.echo(f"{add_login} may log in: medner ui --login {login}")
        return
    from medner_assets.services import Settings, serve

    serve(Settings(host, port, hosts, login, read_only))


@main.command()
@click.argument("name", metavar="DATASET|VERSION")
@click.option("--documents", metavar="IDS", help="Only these documents, ids separated by commas.")
@click.option("--yes", is_flag=True, help="Remove without asking; what goes is listed all the same.")
def forget(name: str, documents: str | None, yes: bool) -> None:
    """Remove the texts of a dataset or a version and what was made of them; list what stays.

    \b
    Examples:
      medner forget ade
      medner forget ade --documents 1234,5678 --yes
      medner forget tiny-v1
    """
    from medner_assets.commands.forgetting import carry_out, planned

    ids = [each.strip() for each in documents.split(",") if each.strip()] if documents is not None else []
    if documents is not None and not ids:
        raise MednerError("--documents: names none: give ids, separated by commas")
    plan = planned(name, ids)
    for line in plan.lines():
        click.echo(visible(line))
    if not (plan.partitions or plan.folders or plan.runs):
        return
    if not yes:
        if not sys.stdin.isatty():
            raise MednerError("nothing was removed: add --yes to remove what is listed")
        click.confirm("Remove all that is listed?", abort=True)
    carry_out(plan)
    click.echo("removed")


if __name__ == "__main__":
    main()
