"""A checkout whose version reads drugs and effects: the embedded base after a minute of training."""

import random
import sys
from pathlib import Path

from medner_assets.corpus.jsonl import write_documents
from medner_assets.paths import EMBEDDED_BASES
from medner_assets.schema import Document, Entity, Relation
from medner_assets_tests.support.checkout import Checkout, make_checkout

DRUGS = ("aspirin", "heparin", "lithium", "digoxin", "cisplatin", "ibuprofen", "warfarin", "phenytoin")
EFFECTS = ("bleeding", "tremor", "nausea", "rash", "vertigo", "fatigue", "headache", "hepatitis", "alopecia")
SHORT = "Patient {n} took {drug} and then had {effect}."
LONG = (
    "The patient in bed {n} took {drug} at the dose that was given on the ward round of that morning, slept "
    "for most of the afternoon, was seen by two doctors and by the nurse on duty, and in the evening, after "
    "a short walk in the garden with a friend, had {effect} once more."
)
VERSION = """\
summary: reads drugs and effects
base_model: embedded
dataset: miniature
training: {epochs: 3, batch_size: 8, gradient_accumulation: 1, learning_rate: 0.0002, warmup_steps: 5}
lora: {rank: 8, alpha: 8}
decoding: {max_new_tokens: 64, batch_size: 32}
postprocessing: [drop_ungrounded, deduplicate]
"""


def document(number: int, draw: random.Random, template: str, split: str | None = None) -> Document:
    """Return one sentence with a drug that causes an effect."""
    drug, effect = draw.choice(DRUGS), draw.choice(EFFECTS)
    text = template.format(n=number, drug=drug, effect=effect)
    places = [(each, text.index(each)) for each in (drug, effect)]
    entities = tuple(
        Entity(f"T{n}", kind, start, start + len(each), each)
        for n, (kind, (each, start)) in enumerate(zip(("Drug", "Effect"), places, strict=True), start=1)
    )
    return Document(f"d{number}", text, entities, (Relation("causes", "T1", "T2"),), split=split)


def trained_checkout(root: Path) -> Checkout:
    """Return a checkout with the version `reader`, trained."""
    checkout = make_checkout(root)
    draw = random.Random(1)
    splits = ("train", "train", "train", "train", "dev", "test")
    documents = [document(n, draw, (SHORT, LONG)[n % 2], splits[n % 6]) for n in range(150)]
    write_documents(root / "corpora" / "miniature.jsonl", documents)
    base = EMBEDDED_BASES / "medner-tiny"
    checkout.recipe(
        "base_models",
        "embedded",
        f"summary: the embedded base\npath: {base}\nprompt_style: compact\nlearning_rate_multiplier: 10\n"
        "licence: MIT\n",
    )
    checkout.recipe("versions", "reader", VERSION)
    ran = checkout.medner("train", "reader")
    if ran.code != 0:
        sys.exit(f"training of the version to measure failed: {ran.err}")
    return checkout
