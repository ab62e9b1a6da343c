"""Bases of several sizes on the same rows for the same steps: `python -m tools.embedded_base.sizes`.

What a larger file would bring, by `benchmarks/base.py run --base OUTPUT/12mb-1` and so on, on dev. A course
of a thousand steps is a ninth of the shipped one, so that these sizes compare with each other alone.
"""

import sys
from dataclasses import replace
from pathlib import Path

import click

from tools.embedded_base.loop import Pretraining, example_rows, frame_of
from tools.embedded_base.prepare import EXAMPLES
from tools.embedded_base.students import train_side_by_side

SHAPES: dict[str, dict[str, int]] = {
    "12mb": {"layers": 5},
    "15mb": {},
    "29mb": {"hidden": 384, "heads": 6, "feed_forward": 1056},
}
"""Name, by its file in bfloat16 → what differs from the shipped base's shape."""


@click.command()
@click.option("--prepared", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--output", type=click.Path(path_type=Path), required=True)
@click.option("--steps", default=1000, show_default=True)
@click.option("--seeds", default=1, show_default=True)
@click.option("--only", multiple=True, type=click.Choice(list(SHAPES)), help="Sizes; all if not given.")
@click.option(
    "--variants",
    type=(str, float),
    multiple=True,
    metavar="SOURCE COUNT",
    help="Of each example of a source, in place of the shipped base's number.",
)
@click.option("--workers", default=8, show_default=True)
def main(
    prepared: Path, output: Path, steps: int, seeds: int, only: tuple[str, ...],
    variants: tuple[tuple[str, float], ...], workers: int,
) -> None:  # fmt: skip
    """Train a base of each size, side by side; write OUTPUT/12mb-1 and so on. Wants a CUDA GPU."""

    def say(line: str) -> None:
        click.echo(line, err=True)

    counts = dict(Pretraining().variants)
    if unknown := sorted({name for name, _ in variants} - set(counts)):
        raise click.UsageError(f"no source {unknown[0]!r}: choose from {', '.join(counts)}")
    settings = Pretraining(steps=steps, variants=tuple({**counts, **dict(variants)}.items()))
    rows = example_rows([prepared / EXAMPLES], settings, frame_of(prepared), workers=workers, log=say)
    trainings = {
        f"{name}-{seed}": (rows, replace(settings, seed=seed, **shape))  # type: ignore[arg-type]
        for name, shape in SHAPES.items()
        if not only or name in only
        for seed in range(1, seeds + 1)
    }
    if failed := train_side_by_side(prepared, trainings, output, say):
        sys.exit(f"not trained: {', '.join(failed)}")


if __name__ == "__main__":
    main()
