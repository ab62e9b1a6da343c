"""Make the embedded base: `python -m tools.embedded_base.pretrain --corpora DIR --output DIR`.

Two steps: `prepare` reads the corpora and needs no GPU; `train` reads what it wrote and needs one. `--only`
runs one of
them, so that a GPU machine need not see the corpora.
"""

import sys
from pathlib import Path

import click

from medner_assets import paths
from medner_assets.errors import MednerError


def _say(line: str) -> None:
    click.echo(line, err=True)


@click.command()
@click.option(
    "--corpora", type=click.Path(path_type=Path), help="Folder of the corpora; MEDNER_CORPORA if not given."
)
@click.option(
    "--prepared",
    type=click.Path(path_type=Path),
    help="Folder between the steps; work/pretraining if not given.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=paths.EMBEDDED_BASES / "medner-tiny",
    show_default=False,
)
@click.option("--only", type=click.Choice(["prepare", "train"]), help="Run one step.")
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting of the training, e.g. minutes=3.",
)
@click.option(
    "--examples",
    type=click.Path(path_type=Path, exists=True),
    help="Further examples, as a teacher's are.",
)
@click.option("--workers", default=8, show_default=True, help="Processes that build the examples.")
def main(
    corpora: Path | None,
    prepared: Path | None,
    output: Path,
    only: str | None,
    overrides: tuple[str, ...],
    examples: Path | None,
    workers: int,
) -> None:
    """Pretrain the embedded base from scratch."""
    try:
        folder = prepared or paths.private_folder(paths.data() / "work" / "pretraining")
        if only != "train":
            from tools.embedded_base.prepare import prepare

            for name, count in prepare(corpora or paths.corpora(), folder).items():
                _say(f"{name}: {count:,}")
        if only != "prepare":
            _train(folder, output, overrides, examples, workers)
    except MednerError as error:
        _say(str(error))
        sys.exit(1)


def _train(
    folder: Path, output: Path, overrides: tuple[str, ...], examples: Path | None, workers: int
) -> None:
    import torch

    from tools.embedded_base.export import export
    from tools.embedded_base.loop import Pretraining, example_rows, frame_of, pretrain
    from tools.embedded_base.prepare import EXAMPLES

    if not torch.cuda.is_available():
        raise MednerError(
            "pretraining needs a CUDA GPU and none is visible: run `--only train` on a machine with one"
        )
    values: dict[str, float | int] = {}
    for override in overrides:
        key, _, value = override.partition("=")
        kind = type(getattr(Pretraining(), key, None))
        if kind not in (int, float):
            raise MednerError(
                f"--set {override}: no such number among the settings of tools/embedded_base/loop.py"
            )
        values[key] = kind(value)
    settings = Pretraining(**values)  # type: ignore[arg-type]
    files = [folder / EXAMPLES, *([] if examples is None else [examples])]
    rows = example_rows(files, settings, frame_of(folder), workers=workers, log=_say)
    model = pretrain(folder, rows, settings, _say)
    export(model, folder, settings, output)
    _say(f"wrote {output}")


if __name__ == "__main__":
    main()
