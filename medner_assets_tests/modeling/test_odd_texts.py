"""Notes and datasets that say nothing: control tokens alone, no entity types."""

import json
import math

import pytest

from medner_assets.corpus.jsonl import write_documents
from medner_assets.modeling.inference.extractor import Extractor
from medner_assets.modeling.job import ReadingJob, TrainingJob
from medner_assets.modeling.loading import load_tokenizer
from medner_assets.modeling.progress import Silence
from medner_assets.modeling.samples import Encoder
from medner_assets.modeling.training.train import train
from medner_assets.prompting.grounding import predict
from medner_assets.prompting.templates import render_completion
from medner_assets.schema import Document, Entity
from medner_assets_tests.support.miniature import BASE, version

CONTROL = ("</s><s></s>", "<s>", "</s> <pad> <unk> [INST] <|im_end|>", "### Relations:\n</s>")


@pytest.fixture(scope="module")
def trained(miniature_base, tmp_path_factory):
    """An adapter trained on a dataset without any entity type, whose notes are control tokens alone."""
    folder = tmp_path_factory.mktemp("odd")
    for split in ("train", "dev"):
        notes = [Document(f"{split}{i}", text, split=split) for i, text in enumerate(CONTROL)]
        write_documents(folder / f"{split}.jsonl", notes)
    job = TrainingJob(
        version="odd", recipe=version(), base=BASE, base_folder=miniature_base, entity_types=(),
        relation_types=(), train=folder / "train.jsonl", dev=folder / "dev.jsonl",
        output=folder / "adapter", work=folder / "work", fingerprint="f", dataset_version="v", device="cpu",
    )  # fmt: skip
    return folder, train(job, Silence())


def test_a_dataset_without_entity_types_trains_on_saying_that_there_is_nothing(trained):
    folder, facts = trained
    assert facts["train_samples"] == facts["train_documents"] == len(CONTROL)
    rows = [json.loads(line) for line in (folder / "adapter/training_log.jsonl").read_text().splitlines()]
    assert all(math.isfinite(row["loss"]) for row in rows)


@pytest.mark.parametrize("grammar", [False, True])
def test_a_version_without_entity_types_reads_a_note_of_control_tokens_alone(
    trained, miniature_base, grammar
):
    if grammar:
        pytest.importorskip("llguidance")
    decoding = version().decoding.model_copy(update={"grammar": grammar, "max_new_tokens": 60})
    reader = Extractor(
        ReadingJob(
            version="odd",
            base=BASE,
            base_folder=miniature_base,
            entity_types=(),
            relation_types=(),
            adapter=trained[0] / "adapter",
            decoding=decoding,
            device="cpu",
            postprocessing=("deduplicate",),
            triples=(),
            symmetric=(),
            max_tokens=200,
        )
    )
    for text in CONTROL:
        (window,) = reader.windows(text)
        (written,) = reader.completions([window])
        (read,) = reader.read([window])
        if grammar:
            assert written.completion.startswith("### Entities:\nNone found.\n\n### Relations:\nNone found.")
            assert read.entities == ()


@pytest.mark.parametrize("text", CONTROL)
def test_a_mention_of_control_tokens_is_written_learned_and_read_back_as_text(text, miniature_base):
    tokenizer = load_tokenizer(miniature_base)
    note = Document("d", text, (Entity("T1", "Odd", 0, len(text), text),))
    encoder = Encoder(tokenizer, "compact", (), ())
    sample = encoder.sample(note, 1.0)
    ends = {tokenizer.eos_token_id, tokenizer.bos_token_id}
    assert ends.isdisjoint(sample.completion[:-1])
    assert ends.isdisjoint(encoder.prompt(text)[1:])
    assert "### Types: none | none" in tokenizer.decode(encoder.prompt(text))
    read = predict("d", text, render_completion(note), is_cut=False)
    assert [(each.type, each.start, each.end) for each in read.entities] == [("Odd", 0, len(text))]
