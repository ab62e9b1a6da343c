"""A version that is served writes what it wrote when it was scored, token for token."""

import json

import pytest
import torch  # noqa: TID253

from medner_assets.corpus.jsonl import write_documents
from medner_assets.modeling.adapters import weights_hash
from medner_assets.modeling.inference.extractor import Extractor
from medner_assets.modeling.inference.generate import generate
from medner_assets.modeling.job import GenerationJob, ReadingJob
from medner_assets.modeling.progress import Silence
from medner_assets_tests.modeling.test_extractor import make_adapter
from medner_assets_tests.support.miniature import BASE, documents, version

DEVICES = ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(
    not torch.cuda.is_available(), reason="needs a CUDA device")])]  # fmt: skip
NF4 = BASE.model_copy(update={"quantization": "nf4"})


def both(folder, base_folder, *, base=BASE, device="cpu", grammar=False):
    """Return what evaluation writes about documents, one of them long, and what prediction writes."""
    adapter = make_adapter(folder / "adapter", base_folder, 0.4)
    (adapter / "medner.json").write_text(json.dumps({"weights_hash": weights_hash(adapter)}))
    texts = documents(12)
    common = {
        "version": "mini", "base": base, "base_folder": base_folder, "entity_types": ("Drug", "Effect"),
        "relation_types": ("causes",), "adapter": adapter, "device": device, "max_tokens": 120,
        "decoding": version().decoding.model_copy(update={"grammar": grammar, "max_new_tokens": 60}),
    }  # fmt: skip
    write_documents(folder / "documents.jsonl", texts)
    job = GenerationJob(
        **common, documents=folder / "documents.jsonl", output=folder / "completions.jsonl", generation_id="g"
    )
    assert generate(job, Silence()) == len(texts)
    rows = [json.loads(line) for line in job.output.read_text().splitlines()]
    evaluated = [(row["completion"], row["completion_tokens"], row["finish_reason"]) for row in rows]

    extractor = Extractor(ReadingJob(**common, postprocessing=(), triples=(), symmetric=()))
    windows = [window for each in texts for window in extractor.windows(each.text)]
    assert len(windows) == len(texts)
    predicted = [
        (each.completion, each.completion_tokens, each.finish_reason)
        for each in extractor.completions(windows)
    ]
    assert len({completion for completion, _, _ in evaluated}) > 3
    return evaluated, predicted


@pytest.mark.parametrize("device", DEVICES)
def test_a_version_in_full_precision_predicts_what_was_evaluated(tmp_path, loud_base, device):
    evaluated, predicted = both(tmp_path, loud_base, device=device)
    assert predicted == evaluated


@pytest.mark.parametrize("device", DEVICES)
def test_a_version_on_a_4_bit_base_predicts_what_was_evaluated(tmp_path, loud_base, device):
    evaluated, predicted = both(tmp_path, loud_base, base=NF4, device=device)
    assert predicted == evaluated


@pytest.mark.parametrize("device", DEVICES)
def test_a_version_with_a_grammar_predicts_what_was_evaluated(tmp_path, loud_base, device):
    pytest.importorskip("llguidance")
    evaluated, predicted = both(tmp_path, loud_base, device=device, grammar=True)
    assert predicted == evaluated
    assert all(completion.startswith("### Entities:\n") for completion, _, _ in predicted)


def test_a_4_bit_base_is_unpacked_and_merged_for_every_reader(tmp_path, loud_base):
    from medner_assets.modeling.inference.model import load_model

    adapter = make_adapter(tmp_path / "adapter", loud_base, 0.4)
    model = load_model(loud_base, NF4, adapter, torch.device("cpu"))
    kinds = {type(module).__name__ for module in model.modules() if hasattr(module, "in_features")}
    assert kinds == {"Linear"}


def test_what_does_not_fit_a_device_stays_packed_and_what_others_hold_is_an_error(wide_base, monkeypatch):
    from medner_assets.errors import MednerError
    from medner_assets.modeling.inference import model as loader
    from medner_assets.modeling.loading import load_base
    from medner_assets.modeling.memory import DeviceMemory

    cpu = torch.device("cpu")
    packed = load_base(wide_base, NF4, cpu)
    monkeypatch.setattr(loader, "device_memory", lambda _: DeviceMemory(total=1000, free=1000))
    assert not loader.unpack_where_it_fits(packed, cpu)
    monkeypatch.setattr(loader, "device_memory", lambda _: DeviceMemory(total=2**40, free=0))
    with pytest.raises(MednerError, match="end what else uses this device"):
        loader.unpack_where_it_fits(packed, cpu)
