"""`medner`: what people type. Results go to standard output; progress and reasons to standard error.

Exit codes: 0 done; 1 a mistake that the user can fix, described in one line; 130 interrupted. The commands
are in `command_line/`; what each does is imported inside it, so that help is there at once. Each command's
help ends with examples.
"""

import sys

try:
    import click
except ModuleNotFoundError:  # a checkout that was not installed
    sys.exit(f"Error: package click is not installed in {sys.executable}: run `make setup`")

from medner_assets.command_line import exchange, projects, texts, versions
from medner_assets.errors import MednerError
from medner_assets.terminal import Commands


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


for command in (*projects.COMMANDS, *versions.COMMANDS, *texts.COMMANDS, *exchange.COMMANDS):
    main.add_command(command)


if __name__ == "__main__":
    main()
