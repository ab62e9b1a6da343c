"""Texts of one's own: `predict`, `serve`, `annotate`, `queue`, `forget`."""

import sys
from contextlib import closing
from pathlib import Path

import click

from medner_assets.errors import MednerError
from medner_assets.terminal import show
from medner_assets.visible import escaped, visible

_LEAST = click.option(
    "--min-confidence", type=click.FloatRange(0, 1, min_open=True),
    help="Leave out what is less probable than this, and relations of what is left out.",
)  # fmt: skip


@click.command()
@click.argument("version")
@click.argument("input", required=False)
@click.option(
    "--text", "is_text", is_flag=True, help="INPUT is the text itself, even if it looks like a path."
)
@click.option("--json", "as_json", is_flag=True, help="JSON lines, as `medner score` reads them.")
@_LEAST
def predict(
    version: str, input: str | None, is_text: bool, as_json: bool, min_confidence: float | None
) -> None:
    """Find entities and relations with VERSION in INPUT: a file, a folder, a text, or standard input.

    A .jsonl file holds documents, one per line; any other file is one text. A long text is read sentence by
    sentence and shown as it is read. A text given as an argument can be seen in the process list and stays in
    the shell's history: for clinical text use a file or a pipe.

    \b
    Examples:
      medner predict tiny-v2 note.txt
      medner predict tiny-v2 notes/ --json > predicted.jsonl
      medner predict tiny-v2 note.txt --min-confidence 0.9
      medner predict tiny-v2 < note.txt
      echo 'She took ibuprofen for migraine.' | medner predict tiny-v2
    """
    from medner_assets.commands.predict import described, inputs, trained
    from medner_assets.commands.predict import predict as run

    trained(version)
    sources = inputs(input, sys.stdin, is_text=is_text)
    if any(source.is_argument for source in sources):
        click.echo(
            "note: a text given as an argument can be seen in the process list and stays in the shell's "
            "history: use a file or a pipe for clinical text",
            err=True,
        )
    with closing(run(version, sources, min_confidence)) as parts:
        read = described(parts, len(sources))
        if as_json:
            from medner_assets.commands.predict_output import json_lines

            for line in json_lines(read):
                click.echo(escaped(line) if sys.stdout.isatty() else line)
        else:
            from medner_assets.commands.predict_output import shown_parts

            for each in shown_parts(read, named=len(sources) > 1):
                show(each)


@click.command()
@click.argument("name", metavar="DATASET|VERSION")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: any free one."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Another than loopback needs a token.")
@click.option("--allow-host", "hosts", multiple=True, metavar="NAME", help="A further name that reaches it.")
@click.option(
    "--log", "logged", type=click.Choice(["nothing", "requests", "texts"]), default="nothing",
    show_default=True, help="What is written of each request; texts are clinical.",
)  # fmt: skip
@_LEAST
def serve(
    name: str, port: int, host: str, hosts: tuple[str, ...], logged: str, min_confidence: float | None
) -> None:
    """Answer over HTTP with the champion of DATASET, or with VERSION, until Ctrl-C.

    POST /extract takes {"text": …} or {"texts": […]} as JSON; GET / is a page to try it on, /health and
    /metrics are for who watches it. A new champion takes over without a request being lost.
    MEDNER_SERVE_TOKEN in the environment is asked for where it is set (`Authorization: Bearer …`).

    \b
    Examples:
      medner serve synthetic-small
      medner serve tiny-v2 --port 8001 --min-confidence 0.9
    """
    try:
        from medner_assets.serving.server import Serving
        from medner_assets.serving.server import serve as run
    except ModuleNotFoundError as missing:
        if missing.name not in ("fastapi", "prometheus_client"):
            raise
        raise MednerError(f"package {missing.name} is not here: run `pip install 'medner[serve]'`") from None

    run(Serving(name, host, port, hosts, min_confidence, logged))  # type: ignore[arg-type]


@click.command()
@click.argument("version")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", help="Name of the corpus in the tables. Default: the folder's name.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes. Default: one per GPU, else one.")
@click.option(
    "--shard-documents", default=1000, show_default=True, type=click.IntRange(1, 1_000_000),
    help="Documents per shard.",
)  # fmt: skip
@_LEAST
def annotate(
    version: str,
    folder: Path,
    name: str | None,
    workers: int | None,
    shard_documents: int,
    min_confidence: float | None,
) -> None:
    """Annotate all .jsonl, .parquet and .txt files of FOLDER with VERSION, in shards.

    The results are in tables for SQL. Run it again after an interruption: finished shards are kept.

    \b
    Examples:
      medner annotate tiny-v2 notes/
      medner annotate tiny-v2 notes/ --name clinic-2026 --shard-documents 200
    """
    from medner_assets.commands.annotate import annotate as run

    config = {
        "name": name or "",
        "workers": workers or 0,
        "shard_documents": shard_documents,
        "min_confidence": min_confidence,
    }
    for line in run(version, folder, config):
        click.echo(line)


@click.command()
@click.argument("version")
@click.argument("corpus")
@click.option(
    "--documents", "count", default=100, show_default=True, type=click.IntRange(1, 100_000),
    help="How many to choose.",
)  # fmt: skip
@click.option(
    "--against", metavar="OTHER", help="Another version: where the two disagree, errors are expected."
)
@click.option(
    "--random", "random_share", default=0.2, show_default=True, type=click.FloatRange(0, 1),
    help="Share that is drawn at random, so that estimates hold for the whole corpus.",
)  # fmt: skip
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Of what is drawn.")
def queue(version: str, corpus: str, count: int, against: str | None, random_share: float, seed: int) -> None:
    """Choose documents of CORPUS for a person to correct: where VERSION errs most for the time they take.

    CORPUS is a file or folder as `medner predict` reads them. The documents are written with what VERSION
    says of them, for Label Studio and Prodigy, as the next round of VERSION's dataset; `medner import
    --round` makes the dataset of what was corrected.

    \b
    Examples:
      medner queue tiny-v2 notes/ --documents 50
      medner queue tiny-v2 notes.jsonl --against tiny-v1
    """
    from medner_assets.commands.queueing import queue as run

    for line in run(version, corpus, count, against=against, random_share=random_share, seed=seed):
        click.echo(visible(line))


@click.command()
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
    from medner_assets.commands.forget import carry_out, planned

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


COMMANDS = (predict, serve, annotate, queue, forget)
