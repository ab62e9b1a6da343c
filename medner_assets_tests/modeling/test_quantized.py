"""The whole way of a model in 4 bits, on a CPU: train, save, load again, write."""

import json

import pytest
import torch  # noqa: TID253

from medner_assets.corpus.jsonl import write_documents
from medner_assets.modeling.adapters import load_merged
from medner_assets.modeling.inference.decoding import decode
from medner_assets.modeling.inference.generate import generate
from medner_assets.modeling.job import GenerationJob, TrainingJob
from medner_assets.modeling.loading import load_base, load_tokenizer
from medner_assets.modeling.progress import Silence
from medner_assets.modeling.samples import Encoder
from medner_assets.modeling.training.train import train
from medner_assets_tests.support.miniature import BASE, documents, version

NF4 = BASE.model_copy(update={"quantization": "nf4"})
CPU = torch.device("cpu")


def trained(folder, base, *, save_dtype="fp32", **training):
    """Train a version on the quantised base; return its facts."""
    folder.mkdir(parents=True)
    for split in ("train", "dev"):
        write_documents(folder / f"{split}.jsonl", [d for d in documents() if d.split == split])
    recipe = version(epochs=6, **training)
    recipe = recipe.model_copy(update={"lora": recipe.lora.model_copy(update={"save_dtype": save_dtype})})
    job = TrainingJob(
        version="mini", recipe=recipe, base=NF4, base_folder=base,
        entity_types=("Drug", "Effect"), relation_types=("causes",), train=folder / "train.jsonl",
        dev=folder / "dev.jsonl", output=folder / "adapter", work=folder / "work", fingerprint="f",
        dataset_version="v", device="cpu",
    )  # fmt: skip
    return train(job, Silence())


def log(folder):
    return [json.loads(row) for row in (folder / "adapter" / "training_log.jsonl").read_text().splitlines()]


def test_a_model_in_4_bits_learns_is_saved_loaded_again_and_writes(tmp_path, wide_base):
    trained(tmp_path / "v", wide_base)
    losses = [row["loss"] for row in log(tmp_path / "v") if row["kind"] == "eval"]
    assert losses[-1] < losses[0]
    write_documents(tmp_path / "documents.jsonl", documents(4))
    job = GenerationJob(
        version="mini", base=NF4, base_folder=wide_base, entity_types=("Drug", "Effect"),
        relation_types=("causes",), adapter=tmp_path / "v" / "adapter",
        documents=tmp_path / "documents.jsonl", decoding=version().decoding,
        output=tmp_path / "completions.jsonl", generation_id="g", device="cpu",
    )  # fmt: skip
    assert generate(job, Silence()) == 4
    rows = [json.loads(line) for line in job.output.read_text().splitlines()]
    model = load_merged(load_base(wide_base, NF4, CPU), tmp_path / "v" / "adapter", merge=False).eval()
    encoder = Encoder(load_tokenizer(wide_base), "compact", ("Drug", "Effect"), ("causes",))
    end = encoder.tokenizer.eos_token_id
    alone = [
        decode(model, [encoder.prompt(d.text)], max_new_tokens=24, end=end, pad=end)[0] for d in documents(4)
    ]
    assert [row["completion"] for row in rows] == [
        encoder.tokenizer.decode(each.tokens, skip_special_tokens=True) for each in alone
    ]
    assert len({tuple(each.tokens) for each in alone}) > 1


def test_a_second_stage_with_heavier_relations_learns_something_else(tmp_path, wide_base):
    even = trained(tmp_path / "even", wide_base)
    heavy = trained(tmp_path / "heavy", wide_base, relation_loss_weight=3.0)
    assert even["weights_hash"] != heavy["weights_hash"]
    assert even["steps"] == heavy["steps"]


def test_an_adapter_in_bf16_has_half_the_bytes_and_the_same_values_but_for_rounding(tmp_path, wide_base):
    from safetensors.torch import load_file

    full = trained(tmp_path / "full", wide_base)
    half = trained(tmp_path / "half", wide_base, save_dtype="bf16")
    first, second = (
        load_file(tmp_path / name / "adapter" / "adapter_model.safetensors") for name in ("full", "half")
    )
    assert set(first) == set(second)
    assert {t.dtype for t in first.values()} == {torch.float32}
    assert all(torch.equal(first[name].to(torch.bfloat16), second[name]) for name in first)
    tensors = sum(t.numel() for t in first.values())
    assert full["adapter_bytes"] - half["adapter_bytes"] == pytest.approx(2 * tensors, rel=0.02)
