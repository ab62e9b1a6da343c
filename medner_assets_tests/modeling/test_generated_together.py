"""Completions of several adapters on one copy of the base are, to the last bit, those of each alone."""

import json

import pytest

from medner_assets.corpus.jsonl import write_documents
from medner_assets.errors import MednerError
from medner_assets.modeling.adapters import weights_hash
from medner_assets.modeling.inference import generate as module
from medner_assets.modeling.inference import model as loader
from medner_assets.modeling.inference import one_base
from medner_assets.modeling.inference.generate import generate, generate_together
from medner_assets.modeling.job import GenerationJob
from medner_assets.modeling.memory import DeviceMemory
from medner_assets_tests.modeling.test_extractor import make_adapter
from medner_assets_tests.modeling.test_one_way import DEVICES
from medner_assets_tests.support.miniature import BASE, documents, version

NF4 = BASE.model_copy(update={"quantization": "nf4"})


class Lines:
    def __init__(self):
        self.lines = []

    def info(self, msg: str) -> None:
        self.lines.append(msg)


def job(folder, base_folder, base, name, scale, device="cpu"):
    """The job of one replicate. scale: of its adapter; None: an adapter that cannot be loaded."""
    adapter = make_adapter(folder / "adapters" / name, base_folder, scale or 0.0)
    (adapter / "medner.json").write_text(json.dumps({"weights_hash": weights_hash(adapter)}))
    if scale is None:
        (adapter / "adapter_config.json").write_text("[]")
    write_documents(folder / "documents.jsonl", documents(5))
    return GenerationJob(
        version=name, base=base, base_folder=base_folder, entity_types=("Drug",), relation_types=("causes",),
        adapter=adapter, decoding=version().decoding, documents=folder / "documents.jsonl", device=device,
        output=folder / f"{name}.jsonl", generation_id=name,
    )  # fmt: skip


def take(job):
    """Return what a job wrote, without its seconds; the file goes."""
    rows = [json.loads(line) for line in job.output.read_text().splitlines()]
    job.output.unlink()
    return [{**row, "seconds": 0} for row in rows]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("kind", ["whole", "unpacked", "in 4 bits", "no memory for copies"])
def test_each_writes_what_it_writes_alone_and_one_that_cannot_be_loaded_fails_alone(
    tmp_path, loud_base, kind, device, monkeypatch
):
    base = NF4 if kind in ("unpacked", "in 4 bits") else BASE
    if kind == "in 4 bits":
        monkeypatch.setattr(loader, "unpack_where_it_fits", lambda *_: False)
    if kind == "no memory for copies":
        monkeypatch.setattr(one_base, "device_memory", lambda _: DeviceMemory(total=1000, free=1000))
    scales = {"r1": 0.4, "r2": None, "r3": 0.2, "r4": 0.3}
    jobs = [job(tmp_path, loud_base, base, name, scale, device) for name, scale in scales.items()]
    alone = {}
    for each in (jobs[0], *jobs[2:]):
        generate(each, Lines())
        alone[each.version] = take(each)
    assert len({json.dumps([row["completion"] for row in rows]) for rows in alone.values()}) == 3
    log = Lines()
    assert generate_together(jobs, log) == 5
    assert {each.version: take(each) for each in (jobs[0], *jobs[2:])} == alone
    assert not jobs[1].output.exists()
    (failed,) = [line for line in log.lines if "not generated" in line]
    assert failed.startswith("r2 was not generated with the others: adapter r2: adapter_config.json: ")
    assert "r4: 5 completions" in log.lines
    said = [line for line in log.lines if "loaded for each adapter" in line]
    assert bool(said) == (kind == "no memory for copies")


def test_an_adapter_that_does_more_than_add_to_weights_leaves_the_next_one_a_clean_base(tmp_path, loud_base):
    jobs = [job(tmp_path, loud_base, BASE, name, 0.3) for name in ("r1", "r2", "r3")]
    config = jobs[1].adapter / "adapter_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "use_rslora": True}))
    generate(jobs[2], Lines())
    alone = take(jobs[2])
    generate_together(jobs, Lines())
    assert take(jobs[2]) == alone
    assert take(jobs[1]) != alone


def test_when_the_first_fails_the_others_are_written_and_it_says_why(tmp_path, loud_base):
    jobs = [job(tmp_path, loud_base, BASE, name, scale) for name, scale in {"r1": None, "r2": 0.3}.items()]
    with pytest.raises(MednerError, match="adapter r1"):
        generate_together(jobs, Lines())
    assert len(take(jobs[1])) == 5


def test_an_interruption_leaves_whole_results_only(tmp_path, loud_base, monkeypatch):
    jobs = [job(tmp_path, loud_base, BASE, name, 0.3) for name in ("r1", "r2", "r3")]
    real, calls = module._append, []

    def append(out, rows):
        calls.append(out.name)
        if calls.count(out.name) == 2 and ".r2." in out.name:
            raise KeyboardInterrupt
        real(out, rows)

    monkeypatch.setattr(module, "_append", append)
    with pytest.raises(KeyboardInterrupt):
        generate_together(jobs, Lines())
    assert len(take(jobs[0])) == 5
    assert not jobs[1].output.exists()
    assert not jobs[2].output.exists()
