"""Whether a base knows a split's labels before it is fine-tuned: its loss on train and on dev.

    python benchmarks/known_labels.py [DATASET …] [--base FOLDER]

Train and dev of a corpus are alike, so that a base that has never met either writes both equally well. Where
its loss on train is far lower, it has learned those labels by heart, and fine-tuning teaches it little.
"""

import random
import sys
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).parent.parent))

from medner_assets import paths
from medner_assets.corpus.building import build_dataset
from medner_assets.modeling.loading import load_base, load_tokenizer, pick_device
from medner_assets.modeling.samples import Encoder, Sample, build_samples
from medner_assets.recipes.loading import load_base_model, load_dataset

TINY = "medner-tiny"
MAX_TOKENS = {"bc5cdr": 96}
"""Dataset → tokens of its samples where they are not 256, as `benchmarks/base.py` has them."""


@click.command()
@click.argument("datasets", nargs=-1)
@click.option("--base", type=click.Path(path_type=Path), default=paths.EMBEDDED_BASES / TINY)
@click.option("--samples", default=400, show_default=True, help="Of each split, drawn at random.")
def main(datasets: tuple[str, ...], base: Path, samples: int) -> None:
    """Print the mean loss (nats a token of completions) of the base without an adapter."""
    import torch

    recipe = load_base_model(TINY)
    tokenizer, model = load_tokenizer(base), load_base(base, recipe, pick_device("auto")).eval()

    def loss(sample: Sample) -> float:
        ids = torch.tensor([sample.prompt + sample.completion], device=model.device)
        before = len(sample.prompt)
        with torch.inference_mode():
            scores = model(input_ids=ids).logits[0, before - 1 : -1].float()
        return float(torch.nn.functional.cross_entropy(scores, ids[0, before:], reduction="sum"))

    for name in datasets or ("bc5cdr", "ade"):
        documents = build_dataset(load_dataset(name), paths.corpora()).documents
        types = sorted({e.type for d in documents for e in d.entities})
        encoder = Encoder(
            tokenizer, recipe.prompt_style, types, sorted({r.type for d in documents for r in d.relations})
        )
        for split in ("train", "dev"):
            own = [each for each in documents if each.split == split]
            built = build_samples(own, encoder, max_tokens=MAX_TOKENS.get(name, 256)).samples
            drawn = random.Random(1).sample(built, min(samples, len(built)))
            mean = sum(map(loss, drawn)) / sum(len(each.completion) for each in drawn)
            click.echo(f"{name} {split}: {mean:.4f} nats a token over {len(drawn)} samples")


if __name__ == "__main__":
    main()
