"""A two-layer base with random weights and a handful of documents: the real code paths in a second."""

import sys
from pathlib import Path

from medner_assets.modeling.job import TrainingJob
from medner_assets.prompting.templates import render_completion
from medner_assets.recipes.settings import DecodingRecipe, LoraRecipe, TrainingRecipe
from medner_assets.recipes.sources import BaseModelRecipe
from medner_assets.recipes.version import VersionRecipe
from medner_assets.schema import Document, Entity, Relation
from tools.embedded_base.loop import Pretraining, new_model
from tools.embedded_base.tokenizer import BEGIN, END, PAD, train_tokenizer

DRUGS = ("aspirin", "heparin", "lithium", "digoxin", "cisplatin", "ibuprofen")
EFFECTS = ("bleeding", "tremor", "nausea", "rash", "vertigo", "fatigue")

BASE = BaseModelRecipe(
    summary="A miniature base with random weights",
    path="data/base/miniature",
    prompt_style="compact",
    learning_rate_multiplier=10,
    licence="CC0-1.0",
)


def training_command(folder: Path, job: TrainingJob) -> list[str]:
    """Write a job into `folder` and return the command that trains it."""
    (folder / "job.json").write_text(job.model_dump_json())
    module = "medner_assets.modeling.training.train"
    return [sys.executable, "-m", module, "--job", str(folder / "job.json")]


def documents(count: int = 24) -> list[Document]:
    """Return short sentences, each with a drug that causes an effect."""
    found = []
    for i in range(count):
        drug, effect = DRUGS[i % len(DRUGS)], EFFECTS[(i * 5 + i // 6) % len(EFFECTS)]
        text = f"Patient {i} took {drug} and then had {effect}."
        entities = (
            Entity("T1", "Drug", text.index(drug), text.index(drug) + len(drug), drug),
            Entity("T2", "Effect", text.index(effect), text.index(effect) + len(effect), effect),
        )
        split = ("train", "train", "train", "dev", "test", "train")[i % 6]
        found.append(Document(f"d{i}", text, entities, (Relation("causes", "T1", "T2"),), split=split))
    return found


def make_base(folder: Path) -> Path:
    """Write a random two-layer model and its tokenizer into `folder`."""
    import torch
    from transformers import PreTrainedTokenizerFast

    torch.manual_seed(0)
    texts = [part for d in documents() for part in (d.text, render_completion(d))]
    tokenizer = train_tokenizer(texts * 5, vocabulary=400)
    shape = Pretraining(hidden=32, layers=2, heads=2, key_value_heads=1, feed_forward=64, context=512)
    new_model(shape, tokenizer.get_vocab_size()).save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=BEGIN, eos_token=END, pad_token=PAD
    ).save_pretrained(folder)
    return folder


def version(**training: object) -> VersionRecipe:
    """Return a recipe that trains in a second."""
    settings = {
        "epochs": 2,
        "batch_size": 4,
        "gradient_accumulation": 1,
        "learning_rate": 1e-3,
        "warmup_steps": 2,
    }
    return VersionRecipe(
        summary="A miniature version",
        base_model="medner-tiny",
        dataset="synthetic-small",
        training=TrainingRecipe(**{**settings, **training}),  # type: ignore[arg-type]
        lora=LoraRecipe(rank=4, alpha=4),
        decoding=DecodingRecipe(max_new_tokens=24, batch_size=3),
    )
