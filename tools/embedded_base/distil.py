"""Make a teacher and have it label: `python -m tools.embedded_base.distil teacher|sentences|label|students`.

`teacher` trains all weights of a pretrained model on the prepared examples, `sentences` writes what it is
asked, `label` has it answer and writes examples, which `pretrain --examples` adds to the gold ones.
`students` trains bases with and without them, to compare. All but `sentences` want a CUDA GPU.
"""

import sys
from dataclasses import replace
from pathlib import Path

import click


def _say(line: str) -> None:
    click.echo(line, err=True)


@click.group()
def main() -> None:
    """Distil a larger model into examples."""


@main.command("teacher")
@click.option("--prepared", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--base", type=click.Path(path_type=Path, exists=True), required=True, help="A model's folder.")
@click.option("--output", type=click.Path(path_type=Path), required=True)
@click.option("--minutes", default=3.0, show_default=True)
@click.option("--workers", default=8, show_default=True)
def train(prepared: Path, base: Path, output: Path, minutes: float, workers: int) -> None:
    """Train a pretrained model on the gold examples; write it with its tokenizer into OUTPUT."""
    import torch
    from transformers import AutoTokenizer

    from tools.embedded_base.loop import TEACHER, example_rows, frame_of, pretrain
    from tools.embedded_base.prepare import EXAMPLES

    settings = replace(TEACHER, minutes=minutes)
    frame = frame_of(prepared, base)
    rows = example_rows([prepared / EXAMPLES], settings, frame, workers=workers, log=_say)
    model = pretrain(prepared, rows, settings, _say, pretrained=base)
    model.to(dtype=torch.bfloat16).save_pretrained(output)  # type: ignore[call-arg] # see export.py
    AutoTokenizer.from_pretrained(base).save_pretrained(output)


@main.command()
@click.option("--corpora", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--output", type=click.Path(path_type=Path), required=True)
@click.option("--number", default=150_000, show_default=True)
def sentences(corpora: Path, output: Path, number: int) -> None:
    """Write sentences of the running texts that may be learned from, one a line."""
    from tools.embedded_base import teacher
    from tools.embedded_base.sources import learned_from

    drawn = teacher.sentences([text for _, _, text in learned_from(corpora).articles], number, seed=1)
    output.write_text("".join(f"{each}\n" for each in drawn), encoding="utf-8")


@main.command()
@click.option(
    "--texts", type=click.Path(path_type=Path, exists=True), required=True, help="A sentence a line."
)
@click.option("--teacher", "folder", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--output", type=click.Path(path_type=Path), required=True)
@click.option("--seconds", default=150.0, show_default=True)
@click.option("--part", default="0/1", show_default=True, help="Which of how many parts of the sentences.")
def label(texts: Path, folder: Path, output: Path, seconds: float, part: str) -> None:
    """Label sentences until the time is over."""
    from tools.embedded_base.teacher import label

    number, _, parts = part.partition("/")
    asked = texts.read_text(encoding="utf-8").splitlines()[int(number) :: int(parts)]
    if not label(folder, asked, output, seconds=seconds, seed=int(number), say=_say):
        sys.exit(f"{folder}: the teacher is sure of no sentence: train it for longer")


@main.command()
@click.option("--prepared", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--examples", type=click.Path(path_type=Path, exists=True), multiple=True, help="A teacher's.")
@click.option("--output", type=click.Path(path_type=Path), required=True)
@click.option("--steps", default=1000, show_default=True, help="Optimiser steps of every student.")
@click.option("--seeds", default=3, show_default=True)
@click.option("--variants", default=2.0, show_default=True, help="Of each of the teacher's examples.")
@click.option("--workers", default=8, show_default=True)
def students(
    prepared: Path, examples: tuple[Path, ...], output: Path, steps: int, seeds: int, variants: float,
    workers: int,
) -> None:  # fmt: skip
    """Train bases on the gold examples alone and with the teacher's, side by side; write OUTPUT/gold-1, …."""
    from tools.embedded_base.students import train_students

    if failed := train_students(prepared, examples, output, steps, seeds, variants, workers, _say):
        sys.exit(f"not trained: {', '.join(failed)}")


if __name__ == "__main__":
    main()
