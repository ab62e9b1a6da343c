import itertools
import json
import shutil
import time
from pathlib import Path

import pytest

from medner_assets.corpus.jsonl import write_documents
from medner_assets.errors import MednerError
from medner_assets.modeling.job import TrainingJob
from medner_assets.modeling.progress import Silence
from medner_assets.modeling.training.train import train
from medner_assets_tests.support.miniature import BASE, documents, version


def job(folder: Path, base: Path, *, fingerprint: str = "f", **training: object) -> TrainingJob:
    folder.mkdir(parents=True, exist_ok=True)
    for split in ("train", "dev"):
        write_documents(folder / f"{split}.jsonl", [d for d in documents() if d.split == split])
    return TrainingJob(
        version="mini", recipe=version(**training), base=BASE, base_folder=base,
        entity_types=("Drug", "Effect"), relation_types=("causes",), train=folder / "train.jsonl",
        dev=folder / "dev.jsonl", output=folder / "adapter", work=folder / "work", fingerprint=fingerprint,
        dataset_version="v", device="cpu",
    )  # fmt: skip


def weights(folder: Path) -> bytes:
    return (folder / "adapter" / "adapter_model.safetensors").read_bytes()


def test_an_adapter_folder_has_weights_facts_and_log(tmp_path, miniature_base):
    facts = train(job(tmp_path, miniature_base), Silence())
    assert facts["steps"] == 8  # 16 documents in batches of 4, twice
    assert facts["train_samples"] == facts["train_documents"] == 16
    # A is (4, d_in) and B is (d_out, 4): 32-wide layers with feed-forward 64 and one key-value head of 16
    per_layer = 4 * ((32 + 32) * 2 + (32 + 16) * 2 + (32 + 64) * 3)
    assert facts["trainable_parameters"] == 2 * per_layer
    log = [
        json.loads(line) for line in (tmp_path / "adapter" / "training_log.jsonl").read_text().splitlines()
    ]
    assert [row["kind"] for row in log].count("eval") == 2
    assert log[0]["step"] == 1


def test_the_adapter_loads_in_plain_peft(tmp_path, miniature_base):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    train(job(tmp_path, miniature_base), Silence())
    model = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(miniature_base), tmp_path / "adapter"
    )
    assert any(float(p.abs().sum()) > 0 for name, p in model.named_parameters() if "lora_B" in name)


def test_the_same_job_gives_the_same_weights(tmp_path, miniature_base):
    train(job(tmp_path / "a", miniature_base), Silence())
    train(job(tmp_path / "b", miniature_base), Silence())
    assert weights(tmp_path / "a") == weights(tmp_path / "b")


def test_a_run_that_was_cut_off_resumes_to_the_same_weights_and_the_same_log(tmp_path, miniature_base):
    train(job(tmp_path / "whole", miniature_base, epochs=3), Silence())
    cut = job(tmp_path / "cut", miniature_base, epochs=3)
    train(cut, Silence())
    kept = sorted((cut.work / "checkpoints").glob("checkpoint-*"), key=lambda f: int(f.name.split("-")[1]))
    shutil.rmtree(kept[-1])  # as if the process had died before its last checkpoint
    shutil.rmtree(cut.output)
    train(cut, Silence())
    assert weights(tmp_path / "whole") == weights(tmp_path / "cut")

    def losses(folder: Path) -> list[tuple]:
        rows = (folder / "adapter" / "training_log.jsonl").read_text().splitlines()
        return [(r["step"], r["kind"], r["loss"]) for r in map(json.loads, rows) if r["kind"] != "end"]

    assert losses(tmp_path / "whole") == losses(tmp_path / "cut")


def test_a_checkpoint_of_another_fingerprint_is_not_resumed(tmp_path, miniature_base):
    from medner_assets.modeling.training.checkpoints import last_checkpoint

    trained = job(tmp_path, miniature_base)
    train(trained, Silence())
    assert last_checkpoint(trained.work, "f") is not None
    assert last_checkpoint(trained.work, "another") is None


def test_early_stopping_keeps_the_best_step(tmp_path, miniature_base):
    facts = train(job(tmp_path, miniature_base, epochs=4, early_stopping={"patience": 1}), Silence())
    log = [
        json.loads(line) for line in (tmp_path / "adapter" / "training_log.jsonl").read_text().splitlines()
    ]
    best = min((row for row in log if row["kind"] == "eval"), key=lambda row: row["loss"])
    assert (facts["best_step"], facts["best_eval_loss"]) == (best["step"], best["loss"])


def test_a_loss_that_is_not_a_number_stops_training_and_leaves_what_was_there(tmp_path, miniature_base):
    from safetensors.torch import load_file, save_file

    train(job(tmp_path, miniature_base), Silence())
    before = weights(tmp_path)
    broken = tmp_path / "broken"
    shutil.copytree(miniature_base, broken)
    tensors = load_file(broken / "model.safetensors")
    tensors["model.norm.weight"] = tensors["model.norm.weight"] * float("nan")
    save_file(tensors, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(MednerError, match=r"loss of the base itself is nan before any step"):
        train(job(tmp_path, broken, fingerprint="g"), Silence())
    assert weights(tmp_path) == before


def test_an_empty_train_split_is_refused(tmp_path, miniature_base):
    empty = job(tmp_path, miniature_base)
    write_documents(empty.train, [])
    with pytest.raises(MednerError, match="the train split is empty"):
        train(empty, Silence())


def test_without_dev_documents_all_epochs_are_trained_and_the_last_weights_are_kept(tmp_path, miniature_base):
    blind = job(tmp_path, miniature_base)
    write_documents(blind.dev, [])
    facts = train(blind, Silence())
    assert (facts["steps"], facts["best_step"], facts["best_eval_loss"]) == (8, 8, None)


def test_early_stopping_without_dev_documents_is_refused(tmp_path, miniature_base):
    blind = job(tmp_path, miniature_base, early_stopping={"patience": 1})
    write_documents(blind.dev, [])
    with pytest.raises(MednerError, match="the dev split is empty, and early_stopping reads its loss"):
        train(blind, Silence())


def test_a_clock_that_jumps_changes_neither_weights_nor_durations(tmp_path, miniature_base, monkeypatch):
    train(job(tmp_path / "calm", miniature_base), Silence())
    now, jumps = time.time, itertools.cycle([0.0, -86_400.0, 86_400.0])
    monkeypatch.setattr(time, "time", lambda: now() + next(jumps))
    facts = train(job(tmp_path / "jumping", miniature_base), Silence())
    assert weights(tmp_path / "jumping") == weights(tmp_path / "calm")
    log = [
        json.loads(line)
        for line in (tmp_path / "jumping" / "adapter" / "training_log.jsonl").read_text().splitlines()
    ]
    seconds = [row["seconds"] for row in log if row["kind"] == "train"]
    assert seconds == sorted(seconds)
    assert 0 < facts["train_seconds"] < 600
