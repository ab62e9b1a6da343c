"""What a base from a hub lacks is said with the command that mends it; nothing is ever fetched."""

import json
from pathlib import Path

import pytest

from medner_assets.errors import MednerError
from medner_assets.modeling import requirements
from medner_assets.modeling.loading import pick_device
from medner_assets.modeling.requirements import missing_requirements
from medner_assets.recipes.sources import BaseModelRecipe

REVISION = "0123456789abcdef0123456789abcdef01234567"
HUB = BaseModelRecipe(summary="one", hub_id="someone/model", revision=REVISION, licence="Apache-2.0")
COMMAND = f"hf download someone/model --revision {REVISION}"


@pytest.fixture(autouse=True)
def no_hub(tmp_path, monkeypatch):
    """An empty cache, no token, not offline."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)


def lacking(base: BaseModelRecipe = HUB) -> str:
    line = missing_requirements("big", base)
    assert line is not None
    assert "\n" not in line
    return line


def downloaded(monkeypatch, folder: Path, *files: str) -> None:
    folder.mkdir()
    for name in files:
        (folder / name).write_text("{}")
    monkeypatch.setattr(requirements, "base_folder", lambda base: folder)


def test_weights_that_were_never_fetched_come_with_their_command_and_a_word_on_the_token():
    line = lacking()
    assert line.startswith(f"base model big lacks its weights (get them: {COMMAND}; no token is set")
    assert "if the model is gated, accept its terms" in line


def test_a_token_that_is_there_is_not_asked_for(monkeypatch):
    monkeypatch.setattr("huggingface_hub.get_token", lambda: "hf_secret")
    line = lacking()
    assert "no token" not in line
    assert "with the account of your token" in line
    assert "hf_secret" not in line


def test_offline_mode_is_named_where_a_download_is_asked_for(monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "unset HF_HUB_OFFLINE" in lacking()


def test_a_download_that_stopped_between_two_files_is_counted(monkeypatch, tmp_path):
    folder = tmp_path / REVISION
    downloaded(monkeypatch, folder, "config.json", "model-00001-of-00003.safetensors")
    weight_map = {f"layer.{n}": f"model-0000{n}-of-00003.safetensors" for n in (1, 2, 3)}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    line = lacking()
    assert f"lacks 2 of 3 files of weights in {REVISION} (run it again: get them: {COMMAND}" in line


@pytest.mark.parametrize("index", ["{", "[]", "{}"])
def test_an_index_that_was_cut_short_is_named(monkeypatch, tmp_path, index):
    downloaded(monkeypatch, tmp_path / "r", "config.json", "model-00001-of-00002.safetensors")
    (tmp_path / "r" / "model.safetensors.index.json").write_text(index)
    assert "lacks a readable model.safetensors.index.json" in lacking()


def test_a_whole_download_lacks_nothing(monkeypatch, tmp_path):
    downloaded(monkeypatch, tmp_path / "r", "config.json", "model.safetensors", "tokenizer.json")
    (tmp_path / "r" / "config.json").write_text('{"model_type": "mistral", "vocab_size": 32768}')
    assert missing_requirements("big", HUB) is None


def test_a_broken_link_of_the_cache_is_no_file(monkeypatch, tmp_path):
    downloaded(monkeypatch, tmp_path / "r", "config.json")
    (tmp_path / "r" / "model.safetensors").symlink_to(tmp_path / "gone")
    assert "lacks safetensors weights in r" in lacking()


def test_a_gpu_is_asked_of_this_machine_only_where_this_machine_works(monkeypatch, tmp_path):
    large = HUB.model_copy(update={"minimum_gpu_gib": 100_000})
    downloaded(monkeypatch, tmp_path / "base", "config.json", "model.safetensors", "tokenizer.json")
    assert "a CUDA GPU with at least 100000 GiB" in lacking(large)
    monkeypatch.setenv("MEDNER_ENGINE", "slurm")
    assert "GPU" not in (missing_requirements("big", large) or "")


def test_a_node_without_the_gpu_of_a_base_says_what_to_ask_for(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    large = HUB.model_copy(update={"minimum_gpu_gib": 24})
    with pytest.raises(MednerError, match="at least 24 GiB and the node shows none: ask for one"):
        pick_device("auto", large)
    assert pick_device("auto", HUB).type == pick_device("cpu", large).type == "cpu"
