"""Texts of any length: windows, places, and what is said of a sentence wherever it stands."""

import json
from pathlib import Path

import pytest

from medner_assets.corpus.jsonl import write_documents
from medner_assets.defs.evaluation.grounded import grounded
from medner_assets.defs.versions.completions import read_lines
from medner_assets.errors import MednerError
from medner_assets.modeling.adapters import load_merged
from medner_assets.modeling.inference.extractor import Extractor
from medner_assets.modeling.inference.generate import generate
from medner_assets.modeling.inference.model import load_for_reading
from medner_assets.modeling.inference.predict import predict
from medner_assets.modeling.job import GenerationJob, PredictionJob, ReadingJob
from medner_assets.modeling.loading import load_base, pick_device
from medner_assets.modeling.progress import Silence
from medner_assets.paths import EMBEDDED_BASES
from medner_assets.recipes.loading import load_base_model
from medner_assets.schema import Document
from medner_assets.scoring.postprocessing import RelationSchema
from medner_assets.scoring.staging import staged_frames
from medner_assets_tests.support.miniature import BASE, version

SENTENCES = (
    "Aspirin caused severe headache in two patients.",
    "She was given methotrexate for rheumatoid arthritis.",
    "No adverse event was seen.",
    "Lithium toxicity with tremor developed after ibuprofen.",
)


def make_adapter(folder: Path, base: Path, scale: float) -> Path:
    """Write a LoRA adapter whose product is not zero where `scale` is not."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    config = LoraConfig(r=4, lora_alpha=6, target_modules=["q_proj", "down_proj"], task_type="CAUSAL_LM")
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=scale)
    model.save_pretrained(folder)
    return folder


def settings(folder: Path, adapter: Path, **changes: object) -> dict:
    content = {
        "version": "mini", "base": BASE, "base_folder": folder, "entity_types": ("Drug", "Effect"),
        "relation_types": ("causes",), "adapter": adapter, "decoding": version().decoding, "device": "cpu",
        "postprocessing": ("drop_ungrounded", "deduplicate"), "triples": (("causes", "Drug", "Effect"),),
        "symmetric": (), "max_tokens": 64,
    }  # fmt: skip
    return {**content, **changes}


@pytest.fixture(scope="module")
def tiny_settings(tmp_path_factory) -> dict:
    """The embedded base, which finds drugs and effects without any training."""
    base = EMBEDDED_BASES / "medner-tiny"
    adapter = make_adapter(tmp_path_factory.mktemp("tiny") / "adapter", base, 0)
    decoding = version().decoding.model_copy(update={"max_new_tokens": 96})
    return settings(base, adapter, base=load_base_model("medner-tiny"), decoding=decoding)


@pytest.fixture(scope="module")
def tiny(tiny_settings) -> Extractor:
    return Extractor(ReadingJob(**tiny_settings))


@pytest.fixture(scope="module")
def random(tmp_path_factory, miniature_base) -> Extractor:
    """A extractor of the miniature base, which is fast and finds nothing."""
    adapter = make_adapter(tmp_path_factory.mktemp("random") / "adapter", miniature_base, 0)
    return Extractor(ReadingJob(**settings(miniature_base, adapter)))


def test_a_text_that_fits_is_one_window_and_a_longer_one_its_sentences(random):
    short, long = SENTENCES[2], " ".join(SENTENCES * 3) + "\n"
    assert [(each.start, each.text) for each in random.windows(short)] == [(0, short)]
    windows = list(random.windows(long))
    assert "".join(each.text for each in windows) == long.replace(". ", ".").strip()
    assert all(long[each.start : each.start + len(each.text)] == each.text for each in windows)


def test_a_sentence_that_does_not_fit_is_cut_at_white_space_and_nothing_is_lost(random):
    long = "tremor nausea " * 200 + "x" * 900
    windows = list(random.windows(long))
    assert "".join("".join(each.text.split()) for each in windows) == "".join(long.split())
    assert (
        not {each.text.strip() for each in windows[:20]}
        - {"tremor", "nausea"}
        - {" ".join(each.text.split()) for each in windows}
    )
    assert all(len(each.text) <= 900 for each in windows)


def test_a_text_of_white_space_has_no_window(random):
    assert list(random.windows(" \n ")) == []


def test_what_is_read_in_a_long_text_is_what_is_read_in_its_sentences_one_by_one(tiny):
    long = "\n".join(SENTENCES * 4)
    windows = list(tiny.windows(long))
    assert len(windows) == 16
    together = tiny.read(windows)
    found = [entity for read in together for entity in read.entities]
    assert len(found) >= 8
    for read in together:
        (alone,) = tiny.read([*tiny.windows(read.window.text)])
        at = read.window.start
        assert [(e["type"], e["text"], e["start"] - at) for e in read.entities] == [
            (e["type"], e["text"], e["start"]) for e in alone.entities
        ]
        assert len(read.relations) == len(alone.relations)
    assert all(long[e["start"] : e["end"]].lower() == e["text"].lower() for e in found)


def test_evaluation_finds_in_a_long_document_what_prediction_finds(tmp_path, tiny_settings):
    notes = {"long": " ".join([*SENTENCES, SENTENCES[0]] * 2), "short": SENTENCES[0]}
    documents = tmp_path / "documents.jsonl"
    write_documents(documents, [Document(doc_id, text) for doc_id, text in notes.items()])

    asked = {key: value for key, value in tiny_settings.items() if key in GenerationJob.model_fields}
    job = GenerationJob(
        **asked, documents=documents, output=tmp_path / "completions.jsonl", generation_id="g"
    )
    generate(job, Silence())
    written = read_lines(job.output)
    assert [row["windows"] and len(row["windows"]) for row in written] == [10, None]
    schema = RelationSchema(frozenset(tiny_settings["triples"]))
    frames = staged_frames(grounded(written, notes), tiny_settings["postprocessing"], schema)

    with (tmp_path / "out").open("w") as out:
        predict(PredictionJob(**tiny_settings, inputs=(documents,), names=("notes",)), out)
    parts = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
    for what, columns in (
        ("entities", ("type", "text", "start", "end", "grounding")),
        ("relations", ("type", "head_text", "head_type", "tail_text", "tail_type")),
    ):
        predicted = [(part["id"], *(each[name] for name in columns)) for part in parts for each in part[what]]
        evaluated = frames[f"predicted_{what}"].filter(stage="final").select("doc_id", *columns)
        assert sorted(evaluated.rows()) == sorted(predicted)
        assert {doc_id for doc_id, *_ in predicted} == set(notes)


def test_the_adapter_is_merged_as_peft_merges_it(tmp_path, miniature_base):
    import torch

    adapter = make_adapter(tmp_path / "adapter", miniature_base, 0.3)
    device = pick_device("cpu")
    ours = load_for_reading(load_base(miniature_base, BASE, device), adapter, quantized=False)
    theirs = load_merged(load_base(miniature_base, BASE, device), adapter, merge=True)
    plain = load_base(miniature_base, BASE, device)
    changed = 0
    for name, weight in theirs.state_dict().items():
        assert torch.allclose(ours.state_dict()[name], weight, atol=1e-6), name
        changed += not torch.equal(plain.state_dict()[name], weight)
    assert changed == 4  # two modules of two layers


def test_an_adapter_of_another_model_is_refused(tmp_path, miniature_base):
    adapter = make_adapter(tmp_path / "adapter", miniature_base, 0.3)
    base = load_base_model("medner-tiny")
    model = load_base(EMBEDDED_BASES / "medner-tiny", base, pick_device("cpu"))
    with pytest.raises(MednerError, match="adapter adapter does not fit the base model"):
        load_for_reading(model, adapter, quantized=False)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"peft_type": "EVIL"}, "peft_type 'EVIL' is not LORA"),
        ({"peft_type": ["LORA"]}, "is not LORA"),
        ({"r": 0}, "r or lora_alpha is no number"),
        ({"lora_alpha": "32"}, "r or lora_alpha is no number"),
    ],
)
@pytest.mark.parametrize("quantized", [False, True])
def test_an_adapter_that_is_no_lora_is_refused_in_one_line(
    tmp_path, miniature_base, changed, reason, quantized
):
    adapter = make_adapter(tmp_path / "adapter", miniature_base, 0.3)
    config = adapter / "adapter_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | changed))
    model = load_base(miniature_base, BASE, pick_device("cpu"))
    with pytest.raises(MednerError) as refused:
        load_for_reading(model, adapter, quantized=quantized)
    line = str(refused.value)
    assert line.startswith("adapter adapter: adapter_config.json: ")
    assert reason in line
    assert "\n" not in line


@pytest.mark.parametrize("content", ["", "[]", "{}", "[" * 100_000, None])
def test_a_configuration_of_an_adapter_that_is_none_is_refused_in_one_line(tmp_path, content):
    if content is not None:
        (tmp_path / "adapter_config.json").write_text(content)
    with pytest.raises(MednerError, match=r"adapter_config\.json: .*: train the version again$"):
        load_for_reading(None, tmp_path, quantized=False)


def test_parts_of_a_text_hold_all_of_it_in_order_and_a_bad_file_costs_itself_only(tmp_path, miniature_base):
    adapter = make_adapter(tmp_path / "adapter", miniature_base, 0)
    text = "\n\n".join(SENTENCES * 10) + "\n"
    (tmp_path / "long.txt").write_text(text)
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe")
    (tmp_path / "two.jsonl").write_text('{"id": "a", "text": "One."}\n{"id": "b", "text": "Two."}\n')
    names = ("long.txt", "bad.txt", "two.jsonl")
    content = settings(miniature_base, adapter, inputs=[tmp_path / name for name in names], names=names)
    with (tmp_path / "out").open("w") as out:
        predict(PredictionJob(**content), out)
    parts = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
    long = [part for part in parts if part["id"] == "long.txt"]
    assert len(long) > 2
    assert "".join(part["text"] for part in long) == text
    assert [part["last"] for part in long] == [False] * (len(long) - 1) + [True]
    assert [part["id"] for part in parts if part["id"] != "long.txt"] == ["bad.txt", "a", "b"]
    assert "not valid UTF-8 at byte 0" in parts[len(long)]["error"]
