"""An adapter that is cut short, not finite or untrained is found before anything is generated with it."""

import json
from pathlib import Path

import numpy as np
import pytest

from medner_assets.defs.checks.weights import faults

A, B = "base_model.model.layers.0.q_proj.lora_A.weight", "base_model.model.layers.0.q_proj.lora_B.weight"
GOOD = {A: np.full((2, 4), 0.5, dtype="<f4"), B: np.full((3, 2), -0.25, dtype="<f4")}


def written(folder: Path, tensors: dict[str, np.ndarray], rank: int = 2, dtype: str = "F32") -> Path:
    """Write a safetensors file as its format says: length, header, data."""
    header, data = {}, b""
    for name, array in tensors.items():
        raw = array.tobytes()
        header[name] = {
            "dtype": dtype, "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(raw)],
        }  # fmt: skip
        data += raw
    text = json.dumps(header).encode()
    (folder / "adapter_model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data)
    (folder / "adapter_config.json").write_text(json.dumps({"r": rank}))
    return folder


def test_a_finite_adapter_of_the_stated_rank_has_no_fault(tmp_path):
    assert faults(written(tmp_path, GOOD)) == []


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_single_value_that_is_not_finite_is_a_fault(tmp_path, value):
    spoilt = GOOD[A].copy()
    spoilt[1, 3] = value
    assert faults(written(tmp_path, GOOD | {A: spoilt})) == [f"{A} has values that are not finite"]


def test_a_value_of_bfloat16_that_is_not_finite_is_a_fault(tmp_path):
    bits = {A: np.full((2, 4), 0x3F80, dtype="<u2"), B: np.full((3, 2), 0x7F80, dtype="<u2")}
    assert faults(written(tmp_path, bits, dtype="BF16")) == [f"{B} has values that are not finite"]


def test_an_adapter_that_learned_nothing_is_a_fault(tmp_path):
    found = faults(written(tmp_path, GOOD | {B: np.zeros((3, 2), dtype="<f4")}))
    assert found == ["every matrix B is zero: nothing was learned"]


def test_another_rank_than_the_configuration_states_is_a_fault(tmp_path):
    assert len(faults(written(tmp_path, GOOD, rank=8))) == 1


def test_a_matrix_without_its_other_half_is_a_fault(tmp_path):
    assert faults(written(tmp_path, {A: GOOD[A]}))[0].endswith("has one of its two matrices only")


@pytest.mark.parametrize("kept", [0, 5, 40, -4])
def test_a_file_that_is_cut_short_is_a_fault(tmp_path, kept):
    file = written(tmp_path, GOOD) / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:kept])
    assert faults(tmp_path)[0].startswith("adapter_model.safetensors cannot be read")


def test_an_empty_folder_is_a_fault(tmp_path):
    assert faults(tmp_path) == ["adapter_config.json is missing or does not state the rank"]
