"""Writing with the passes of one token recorded as CUDA graphs against calling each pass, in one run; ratios.

    python benchmarks/gpu_generation.py [--output benchmarks/results/gpu_generation.json] [--repetitions 3]

Random weights in bfloat16 of the geometries of SmolLM2-135M and Mistral-7B: speed, not quality. A text's
length is drawn (log-normal, 40 tokens in the middle) and its end forced there: rows leave as in real runs.
Both ways write the same texts in turn; the medians of their seconds are compared. Tokens may differ where two
were equally likely to bfloat16's last digit: the share of texts that are the same is given. Without a GPU a
tiny geometry runs, to try the script.
"""

import argparse
import json
import random
import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import torch

from benchmarks.gpu_model import GEOMETRY, SMALL, random_mistral
from medner_assets.modeling.fused.decoding import use_grouped_attention
from medner_assets.modeling.inference.decoding import Written, decode
from medner_assets.modeling.inference.stepping import Stepping

CUDA = torch.cuda.is_available()
DEVICE = torch.device("cuda" if CUDA else "cpu")
SMOLLM2 = {
    **GEOMETRY, "vocab_size": 49_152, "hidden_size": 576, "intermediate_size": 1536,
    "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3, "head_dim": 64,
    "tie_word_embeddings": True,
}  # fmt: skip
MODELS = {"SmolLM2-135M": SMOLLM2, "Mistral-7B": GEOMETRY} if CUDA else {"tiny": SMALL}
SIZES = (1, 64, 500) if CUDA else (6,)
END, MOST = 2, 128 if CUDA else 12


class Lengths:
    """Ends each row where it is told to; as a grammar does it, by its scores."""

    def __init__(self, lengths: list[int]) -> None:
        self.lengths, self.step = torch.tensor(lengths, device=DEVICE), 0

    def allowed(self, scores: torch.Tensor) -> torch.Tensor:
        """Return the scores with the end forced or forbidden."""
        ended = self.lengths == self.step
        scores = scores.clone()
        scores[:, END] = torch.where(ended, torch.inf, -torch.inf).to(scores.dtype)
        return scores

    def take(self, _: list[int]) -> None:
        """Go to the next step."""
        self.step += 1

    def keep(self, live: list[int]) -> None:
        """Go on with these rows."""
        self.lengths = self.lengths[torch.tensor(live, device=DEVICE)]


def written(model: Any, prompts: list[list[int]], lengths: list[int], stepping: Stepping) -> tuple:
    """Return what is written and the seconds it took."""
    torch.manual_seed(0)
    began = time.perf_counter()
    texts = decode(
        model, prompts, max_new_tokens=MOST, end=END, pad=0, stepping=stepping,
        constraint=Lengths(lengths),  # type: ignore[arg-type]
    )  # fmt: skip
    if CUDA:
        torch.cuda.synchronize()
    return texts, time.perf_counter() - began


def compared(model: Any, count: int, repetitions: int) -> dict[str, Any]:
    """Return seconds of both ways for `count` texts, their ratio, and how far they agree."""
    chance = random.Random(count)
    vocabulary = model.config.vocab_size
    prompts = [
        [chance.randrange(3, vocabulary) for _ in range(chance.randint(60, 160))] for _ in range(count)
    ]
    lengths = [min(MOST - 1, round(chance.lognormvariate(3.7, 0.5))) for _ in range(count)]
    said: list[str] = []
    ways = {"called": Stepping(fixed=False), "recorded": Stepping(said.append, fixed=True)}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    texts: dict[str, list[Written]] = {}
    for turn in range(repetitions + 1):
        for name, stepping in ways.items():
            texts[name], taken = written(model, prompts, lengths, stepping)
            seconds[name] += [taken] if turn else []  # the first turn warms up
    pairs = list(zip(texts["called"], texts["recorded"], strict=True))
    same = [(a.log_probabilities, b.log_probabilities) for a, b in pairs if a.tokens == b.tokens]
    apart = [abs(x - y) for a, b in same for x, y in zip(a, b, strict=True)]
    middle = {name: statistics.median(each) for name, each in seconds.items()}
    return {
        **{f"seconds, {name}": value for name, value in middle.items()},
        "ratio": middle["called"] / middle["recorded"],
        "texts a second, recorded": count / middle["recorded"],
        "share of the same texts": len(same) / count,
        "largest difference of a log-probability in these": max(apart, default=None),
        "said": said,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parent / "results" / "gpu_generation.json"
    )
    parser.add_argument("--repetitions", type=int, default=3)
    given = parser.parse_args()
    found: dict[str, Any] = {"device": torch.cuda.get_device_name() if CUDA else "cpu"}
    for name, geometry in MODELS.items():
        model = random_mistral(DEVICE, geometry, torch.bfloat16, nf4=False)
        use_grouped_attention(model)
        for count in SIZES:
            found[f"{name}, {count} texts"] = compared(model, count, given.repetitions)
            print(name, count, json.dumps(found[f"{name}, {count} texts"]), flush=True)
        del model
    if CUDA:
        given.output.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
