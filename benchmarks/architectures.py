"""Tiny random models of many families through medner, beside plain transformers + PEFT in float32.

    python benchmarks/architectures.py [--output benchmarks/results/architectures.json] [--only NAME …]
    python benchmarks/architectures.py --page docs/base-models.md     writes the table of the last run there

For each: an adapter is trained on a handful of notes; the path that training took; the largest difference of
loss and gradients to plain transformers + PEFT; whether a batch of completions is that of one by one, token
for token; and whether the adapter that was saved, loaded by plain PEFT on the model as it is published, gives
the scores that medner's own loading gives.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import torch

from medner_assets.corpus.jsonl import write_documents
from medner_assets.environment import QUIET
from medner_assets.errors import MednerError
from medner_assets.modeling.adapters import add_adapter
from medner_assets.modeling.fused.layers import fuse
from medner_assets.modeling.inference.decoding import decode
from medner_assets.modeling.inference.model import load_model
from medner_assets.modeling.job import TrainingJob
from medner_assets.modeling.loading import ends_of, load_base, load_tokenizer
from medner_assets.modeling.progress import Silence
from medner_assets.modeling.samples import Encoder, build_samples
from medner_assets.modeling.training.backends import Adapted
from medner_assets.modeling.training.equality import settle
from medner_assets.modeling.training.train import train
from medner_assets.paths import EMBEDDED_BASES
from medner_assets.recipes.settings import LoraRecipe
from medner_assets_tests.support.architectures import FAMILIES, MULTIMODAL, Family, save
from medner_assets_tests.support.miniature import BASE, documents, version

CPU = torch.device("cpu")
TINY = EMBEDDED_BASES / "medner-tiny"
BEGIN, END = "<!-- architectures -->", "<!-- end of architectures -->"


def measured(family: Family) -> dict[str, Any]:
    """Return what the table says of one family."""
    with tempfile.TemporaryDirectory() as scratch:
        there = Path(scratch)
        # More rows than the tokenizer has tokens, as published models have.
        folder = save(family.but(vocab_size=8256), there / "base")
        for name in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(TINY / name, folder)
        encoder = Encoder(load_tokenizer(folder), "compact", ("Drug", "Effect"), ("causes",))
        samples = build_samples(documents(), encoder, max_tokens=200).samples
        torch.manual_seed(1)
        model = add_adapter(load_base(folder, BASE, CPU), LoraRecipe(rank=4, alpha=8))
        layout = "aligned" if fuse(model) else "padded"
        settled = settle(
            Adapted(model, layout, "peft"), samples, device=CPU, pad=2, cast=False, log=Silence()
        )
        found = settled.findings[-1]
        for split in ("train", "dev"):
            write_documents(there / f"{split}.jsonl", [d for d in documents() if d.split == split])
        recipe = version(epochs=2)
        job = TrainingJob(
            version=family.name.replace("_", "-"), recipe=recipe, base=BASE, base_folder=folder,
            entity_types=("Drug", "Effect"), relation_types=("causes",), train=there / "train.jsonl",
            dev=there / "dev.jsonl", output=there / "adapter", work=there / "work", fingerprint="f",
            dataset_version="v", device="cpu",
        )  # fmt: skip
        facts = train(job, Silence())
        losses = [
            json.loads(line)
            for line in (there / "adapter" / "training_log.jsonl").read_text().split("\n")
            if line
        ]
        steps = [row["loss"] for row in losses if row["kind"] == "train"]
        reader = load_model(folder, BASE, there / "adapter", CPU)
        prompts = [encoder.prompt(d.text) for d in documents(6)]
        prompts[1] = prompts[1][:-9]
        options = {"max_new_tokens": 24, "end": ends_of(encoder.tokenizer), "pad": 2}
        together = [each.tokens for each in decode(reader, prompts, **options)]
        alone = [decode(reader, [prompt], **options)[0].tokens for prompt in prompts]
        ids = torch.tensor([samples[0].prompt + samples[0].completion])
        with torch.inference_mode():
            ours = reader(input_ids=ids).logits
            theirs = _plain(folder, there / "adapter")(input_ids=ids).logits
            bare = load_model(folder, BASE, None, CPU)(input_ids=ids).logits
        return {
            "class": type(model.get_base_model()).__name__,
            "path": found.path,
            "not_taken": [each.path for each in settled.findings[:-1]],
            "loss": found.loss,
            "gradients": found.gradients,
            "trained": facts["steps"],
            "first_loss": steps[0],
            "last_loss": steps[-1],
            "adapted": facts["adapted_layers"],
            "batch_is_one_by_one": together == alone,
            "scores_of_adapter": float((ours - bare).abs().max()),
            "scores_in_plain_peft": float((ours - theirs).abs().max()),
        }


def _plain(folder: Path, adapter: Path) -> Any:
    """Return the published model with the adapter, by transformers and PEFT alone."""
    from peft import PeftModel
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText

    config = AutoConfig.from_pretrained(folder)
    kind = AutoModelForCausalLM if config.get_text_config() is config else AutoModelForImageTextToText
    base = kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    return PeftModel.from_pretrained(base, str(adapter)).eval()


def table(results: dict[str, dict[str, Any]]) -> str:
    """Return the results as a Markdown table."""
    columns = ("Family", "Class", "Path of training", "Trains", "Loss", "Gradients", "Batch", "In plain PEFT")
    rows: list[tuple[str, ...]] = [columns, ("---",) * len(columns)]
    for name, each in results.items():
        if "failed" in each:
            rows.append((name, "", each["failed"], *[""] * 5))
            continue
        rows.append(
            (
                name, each["class"], each["path"], f"{each['first_loss']:.3f} → {each['last_loss']:.3f}",
                f"{each['loss']:.0e}", f"{each['gradients']:.0e}",
                "yes" if each["batch_is_one_by_one"] else "**no**",
                f"{each['scores_in_plain_peft']:.0e} of {each['scores_of_adapter']:.1g}",
            )
        )  # fmt: skip
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def main() -> None:
    """Measure, or write the table into a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/architectures.json"))
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--page", type=Path)
    options = parser.parse_args()
    results = json.loads(options.output.read_text()) if options.output.is_file() else {}
    if options.page:
        text = options.page.read_text()
        before, _, rest = text.partition(BEGIN)
        _, _, after = rest.partition(END)
        options.page.write_text(f"{before}{BEGIN}\n{table(results)}\n{END}{after}")
        return
    os.environ.update(QUIET)
    for family in (*FAMILIES, *MULTIMODAL):
        if options.only and family.name not in options.only:
            continue
        began = time.monotonic()
        try:
            results[family.name] = measured(family)
        except MednerError as error:
            results[family.name] = {"failed": str(error)}
        except Exception as error:  # noqa: BLE001 # a family that breaks is a row of the table, not the end of it
            results[family.name] = {"failed": f"broke: {type(error).__name__}: {str(error)[:200]}"}
        print(f"{family.name}: {time.monotonic() - began:.0f} s {results[family.name]}", flush=True)
        options.output.write_text(json.dumps(results, indent=1) + "\n")
    print(table(results))


if __name__ == "__main__":
    main()
