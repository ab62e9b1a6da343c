"""4-bit copies of bases: the same bits, read in place of the base, and never in the way of a training."""

import json
import shutil
import threading
from collections import namedtuple

import pytest
import torch  # noqa: TID253

from medner_assets.commands.leftovers import quantised_copies
from medner_assets.modeling.loading import load_base
from medner_assets_tests.support.miniature import BASE

NF4 = BASE.model_copy(update={"quantization": "nf4"})
CPU = torch.device("cpu")


class Lines(list):
    """A log that keeps its lines."""

    def info(self, msg):
        self.append(msg)


@pytest.fixture
def data(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("MEDNER_DATA", str(folder))
    return folder


def load(folder, base=NF4, **options):
    """Load a base, and wait for the copy that it makes."""
    model = load_base(folder, base, CPU, training=True, **options)
    for thread in threading.enumerate():
        if thread.name == "4-bit copy":
            thread.join()
    return model


def copies(data):
    return sorted(each for each in (data / "quantised").glob("*") if each.is_dir())


def test_a_copy_has_the_bits_of_quantising_anew_and_is_read_in_place_of_the_base(tmp_path, wide_base, data):
    pinned = NF4.model_copy(update={"path": None, "hub_id": "a/b", "revision": "0" * 40})
    base = shutil.copytree(wide_base, tmp_path / "base")
    anew = load(base, pinned, keeps_copy=True)
    (base / "model.safetensors").unlink()
    read = load(base, pinned)
    theirs, ours = anew.state_dict(), read.state_dict()
    assert theirs.keys() == ours.keys()
    assert all(torch.equal(theirs[name], ours[name]) for name in theirs)
    assert {name: p.requires_grad for name, p in anew.named_parameters()} == {
        name: p.requires_grad for name, p in read.named_parameters()
    }
    assert anew.config.to_json_string() == read.config.to_json_string()
    ids = torch.arange(5, 12)[None]
    assert torch.equal(anew(input_ids=ids).logits, read(input_ids=ids).logits)
    assert [each.name for each in (data / "quantised").iterdir() if each.name.startswith(".")] == []


def test_a_damaged_copy_is_named_removed_and_made_anew(wide_base, data):
    anew = load(wide_base, keeps_copy=True)
    (copy,) = copies(data)
    weights = copy / "model.safetensors"
    whole = weights.stat().st_size
    with weights.open("r+b") as stream:
        stream.truncate(whole // 2)
    said = Lines()
    read = load(wide_base, keeps_copy=True, log=said)
    assert len(said) == 1
    assert said[0].startswith(f"the 4-bit copy {copy} cannot be read (")
    assert weights.stat().st_size == whole
    first, again = anew.state_dict(), read.state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_a_copy_of_something_else_is_not_read(wide_base, data):
    load(wide_base, keeps_copy=True)
    (copy,) = copies(data)
    facts = json.loads((copy / "medner.json").read_text())
    (copy / "medner.json").write_text(json.dumps({**facts, "bitsandbytes": "0.1"}))
    (copy / "model.safetensors").unlink()  # would not load
    said = Lines()
    load(wide_base, keeps_copy=True, log=said)
    assert said == []
    assert json.loads((copy / "medner.json").read_text()) == facts  # and gave way to the right one


def test_without_room_there_is_a_line_and_no_copy(wide_base, data, monkeypatch):
    Disk = namedtuple("Disk", "free")
    monkeypatch.setattr("medner_assets.modeling.quantised.shutil.disk_usage", lambda _: Disk(free=10_000))
    said = Lines()
    load(wide_base, keeps_copy=True, log=said)
    assert copies(data) == []
    assert len(said) == 1
    assert "are free" in said[0]


def test_a_base_that_is_not_quantised_and_one_that_is_only_read_have_no_copy(wide_base, data):
    load(wide_base, BASE, keeps_copy=True)
    load(wide_base)
    assert not (data / "quantised").exists()


def test_doctor_tells_what_copies_take(wide_base, data):
    assert list(quantised_copies()) == []
    load(wide_base, keeps_copy=True)
    (finding,) = quantised_copies()
    assert finding.found == f"1 of bases, 0.0 GiB in {data / 'quantised'}, can be removed at any time"
