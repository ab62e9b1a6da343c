"""Versions: `versions`, `train`, `evaluate`, `compare`, `promote`, `register`."""

from collections.abc import Sequence
from pathlib import Path

import click

from medner_assets.terminal import show, width
from medner_assets.visible import visible


@click.command()
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
        from medner_assets.commands.one_version import described_version

        for line in described_version(name, width()):
            show(line)
        return
    from medner_assets.commands.versions import listed, plain_lines, versions_table

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
        if each.problem or each.note:
            click.echo(f"{each.name}: {each.problem or each.note}", err=True)


@click.command()
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
    Replicates are trained side by side where one GPU takes them.
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
        from medner_assets.commands.child_version import child_version

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


@click.command()
@click.argument("version")
def evaluate(version: str) -> None:
    """Evaluate VERSION: completions, predictions, metrics, report, leaderboard.

    Its trained replicates come before it; one process writes the completions of all.

    \b
    Examples:
      medner evaluate tiny-v1
    """
    from medner_assets.commands.compare import last_comparison
    from medner_assets.commands.runs import evaluate as run
    from medner_assets.reporting.terminal import comparison_table

    run(version)
    show(comparison_table(*last_comparison(version)))


@click.command()
@click.argument("version")
@click.option("--baseline", help="Version to compare with. Default: the recipe's baseline.")
def compare(version: str, baseline: str | None) -> None:
    """Compare VERSION with its baseline, or with another version of the same dataset.

    \b
    Examples:
      medner compare tiny-v2
      medner compare tiny-v3 --baseline tiny-v1
    """
    from medner_assets.commands.compare import compare as run
    from medner_assets.reporting.terminal import comparison_table

    show(comparison_table(*run(version, baseline)))


@click.command()
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


@click.command()
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dataset", required=True, metavar="D", help="The dataset whose test documents were read.")
@click.option("--replicate", type=click.IntRange(1, 99), default=1, help="Another run of the same system.")
@click.option("--baseline", metavar="V", help="Version that the report compares with.")
def register(name: str, file: Path, dataset: str, replicate: int, baseline: str | None) -> None:
    """Register any system's answers to the test documents of D as version NAME, and evaluate them.

    FILE has one JSON object a document, as `medner score` reads them. It is kept by its hash, and a recipe is
    written; the version then stands in reports, leaderboard and SQL beside all others.

    \b
    Examples:
      medner register gliner answers.jsonl --dataset ade --baseline tiny-ade-v1
      medner register gliner second-run.jsonl --dataset ade --replicate 2
    """
    from medner_assets.commands.register import register as run

    run(
        name, file, dataset, replicate=replicate, baseline=baseline,
        tell=lambda line: click.echo(visible(line), err=True),
    )  # fmt: skip
    from medner_assets.commands.compare import last_comparison
    from medner_assets.reporting.terminal import comparison_table

    show(comparison_table(*last_comparison(name)))


COMMANDS = (versions, train, evaluate, compare, promote, register)
