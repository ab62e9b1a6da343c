"""A GLiNER2 model as a system: a real model of the package's own code, small and untrained."""

import json
from pathlib import Path

import pytest

from medner_assets.errors import MednerError
from medner_assets.modeling.inference.gliner import Gliner, answer_of
from medner_assets.modeling.job import GlinerJob
from medner_assets.scoring.submissions import submitted_document

TEXTS = ["Aspirin causes nausea and headache.", "Ibuprofen.", "", "Aspirin " * 500]


def test_relations_take_the_surest_entity_at_their_place_or_a_string():
    def at(start: int, end: int, confidence: float = 0.9) -> dict[str, object]:
        return {"text": "as the package says", "start": start, "end": end, "confidence": confidence}

    text = "Aspirin causes nausea."
    found = {
        "entities": {"Drug": [at(0, 7, 0.8)], "Effect": [at(15, 21), at(0, 7, 0.6)]},
        "relation_extraction": {
            "causes": [{"head": at(0, 7), "tail": at(15, 21)}, {"head": at(0, 7), "tail": at(8, 14)}]
        },
    }
    answer = answer_of("d", text, found)
    assert [(e["id"], e["type"], e["text"]) for e in answer["entities"]] == [
        ("E0", "Drug", "Aspirin"), ("E1", "Effect", "Aspirin"), ("E2", "Effect", "nausea")
    ]  # fmt: skip
    assert answer["relations"] == [
        {"type": "causes", "head": "E0", "tail": "E2"},
        {"type": "causes", "head": "E0", "tail_text": "causes"},
    ]
    assert submitted_document(answer, "w").relations[1].strings == (("Aspirin", "Drug"), ("causes", None))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GLiNER2 model with a one-layer encoder, saved by the package itself. The hub is never asked."""
    package = pytest.importorskip("gliner2", reason="the extra gliner is not installed")
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
    from transformers import BertConfig, PreTrainedTokenizerFast

    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    trained = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    trained.normalizer, trained.pre_tokenizer = (
        normalizers.BertNormalizer(),
        pre_tokenizers.BertPreTokenizer(),
    )
    trained.train_from_iterator(
        ["aspirin causes nausea and headache drug effect"],
        trainers.WordPieceTrainer(vocab_size=80, special_tokens=list(special.values())),
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=trained, **special)
    encoder = BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=2048,
    )  # fmt: skip
    torch.manual_seed(0)
    config = package.ExtractorConfig(model_name="small", max_width=4, counting_layer="count_lstm_v2")
    folder = tmp_path_factory.mktemp("gliner")
    package.GLiNER2(config, encoder_config=encoder, tokenizer=tokenizer).save_pretrained(str(folder))
    return folder


def job(weights: Path) -> GlinerJob:
    return GlinerJob(
        version="v", entity_types=("Drug", "Effect"), relation_types=("causes",), documents=Path("d"),
        output=Path("o"), generation_id="g", weights=weights, threshold=0.4, device="cpu",
    )  # fmt: skip


def test_a_real_model_marks_places_of_the_text_whatever_its_length(weights: Path):
    model = Gliner(job(weights))
    found = {
        n: c for batch in model.complete(TEXTS, named=lambda n: f"d{n}", say=print) for n, c in batch.items()
    }
    answers = [submitted_document(json.loads(found[n].completion), "w") for n in range(len(TEXTS))]
    assert [each.id for each in answers] == ["d0", "d1", "d2", "d3"]
    assert answers[0].entities
    assert (answers[2].entities, answers[2].relations) == ((), ())
    for text, answer in zip(TEXTS, answers, strict=True):
        for entity in answer.entities:
            assert entity.span is not None
            assert text[slice(*entity.span)] == entity.text
            assert entity.type in ("Drug", "Effect")
    assert max(entity.span[1] for entity in answers[3].entities if entity.span) > 3000


def test_weights_that_are_none_or_pickled_are_one_line(weights: Path, tmp_path: Path):
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(MednerError, match=r"has no model\.safetensors"):
        Gliner(job(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(MednerError, match="gliner2 cannot load it"):
        list(Gliner(job(tmp_path)).complete(["Rash."], named=str, say=print))
