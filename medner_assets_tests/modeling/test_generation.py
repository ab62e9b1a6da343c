import json
from dataclasses import replace

import pytest

from medner_assets.corpus.jsonl import write_documents
from medner_assets.errors import MednerError
from medner_assets.modeling.inference.decoding import generate_batches
from medner_assets.modeling.inference.generate import generate
from medner_assets.modeling.job import GenerationJob
from medner_assets.modeling.loading import load_tokenizer
from medner_assets.modeling.samples import Encoder
from medner_assets_tests.support.miniature import BASE, documents, version


class Lines:
    def __init__(self):
        self.lines = []

    def info(self, msg: str) -> None:
        self.lines.append(msg)


def job(folder, base, **changes):
    write_documents(folder / "documents.jsonl", documents(7))
    settings = {
        "version": "mini", "base": BASE, "base_folder": base, "entity_types": ("Drug",),
        "relation_types": ("causes",), "adapter": None, "documents": folder / "documents.jsonl",
        "decoding": version().decoding, "output": folder / "completions.jsonl", "generation_id": "g",
        "device": "cpu",
    }  # fmt: skip
    return GenerationJob(**{**settings, **changes})


def rows(folder):
    return [json.loads(line) for line in (folder / "completions.jsonl").read_text().splitlines()]


def test_every_document_gets_one_completion_in_the_order_of_the_documents(tmp_path, miniature_base):
    assert generate(job(tmp_path, miniature_base), Lines()) == 7
    assert [row["doc_id"] for row in rows(tmp_path)] == [d.id for d in documents(7)]
    assert all(row["completion_tokens"] <= 24 for row in rows(tmp_path))
    assert all(row["finish_reason"] == "length" for row in rows(tmp_path) if row["completion_tokens"] == 24)


def test_batches_write_what_one_by_one_writes(miniature_base):
    from transformers import AutoModelForCausalLM

    tokenizer = load_tokenizer(miniature_base)
    encoder = Encoder(tokenizer, "compact", ("Drug",), ("causes",))
    model = AutoModelForCausalLM.from_pretrained(miniature_base).eval()
    prompts = [(d.id, encoder.prompt(d.text * (1 + i % 3))) for i, d in enumerate(documents(6))]

    def texts(batch_size):
        batches = generate_batches(model, tokenizer, prompts, batch_size=batch_size, max_new_tokens=20)
        return {c.doc_id: c.completion for batch in batches for c in batch}

    assert texts(6) == texts(1)


def test_a_killed_run_goes_on_where_it_stopped(tmp_path, miniature_base):
    generate(job(tmp_path, miniature_base), Lines())
    whole = rows(tmp_path)
    partial = tmp_path / ".completions.jsonl.partial"
    partial.write_text(
        json.dumps({"generation_id": "g"}) + "\n"
        + json.dumps({**whole[2], "window": 0, "completion": "kept from before"}) + "\n"
        + '{"doc_id": "d3", "comple'
    )  # fmt: skip
    log = Lines()
    generate(job(tmp_path, miniature_base), log)
    assert "1 of 7 documents were already done" in log.lines
    assert [row["completion"] for row in rows(tmp_path)] == [
        "kept from before" if i == 2 else row["completion"] for i, row in enumerate(whole)
    ]


def test_partial_results_of_another_adapter_are_not_used(tmp_path, miniature_base):
    generate(job(tmp_path, miniature_base), Lines())
    whole = rows(tmp_path)
    partial = tmp_path / ".completions.jsonl.partial"
    partial.write_text(
        json.dumps({"generation_id": "other"})
        + "\n"
        + json.dumps({**whole[0], "window": 0, "completion": "stale"})
        + "\n"
    )
    generate(job(tmp_path, miniature_base), Lines())
    assert [row["completion"] for row in rows(tmp_path)] == [row["completion"] for row in whole]


def test_a_document_longer_than_max_tokens_says_what_its_sentences_say_one_by_one(tmp_path, miniature_base):
    first = documents(7)[0].text
    sentences = [f"{first[:-1]} {n}." for n in range(5)]
    long, *alone = (replace(documents(1)[0], id=f"d{n}", text=text, entities=(), relations=())
                    for n, text in enumerate([" ".join(sentences), *sentences]))  # fmt: skip
    task = job(tmp_path, miniature_base, max_tokens=60)
    write_documents(task.documents, [long, *alone])
    generate(task, Lines())
    written = rows(tmp_path)
    assert set(written[0]) == set(written[1]) == {
        "doc_id", "completion", "finish_reason", "prompt_tokens", "completion_tokens", "seconds", "windows",
        "token_starts", "log_probabilities",
    }  # fmt: skip
    windows = written[0]["windows"]
    assert [long.text[each["start"] : each["end"]] for each in windows] == sentences
    for each, row in zip(windows, written[1:], strict=True):
        assert row["windows"] is None
        assert (each["completion"], each["finish_reason"]) == (row["completion"], row["finish_reason"])
    assert written[0]["completion"] == "\n".join(row["completion"] for row in written[1:])
    assert written[0]["completion_tokens"] == sum(row["completion_tokens"] for row in written[1:])
    begin, starts = 0, []
    for row in written[1:]:
        starts += [begin + start for start in row["token_starts"]]
        begin += len(row["completion"]) + 1
    assert written[0]["token_starts"] == starts
    assert written[0]["log_probabilities"] == [
        each for row in written[1:] for each in row["log_probabilities"]
    ]


def too_long(base):
    """A document of more tokens than the model reads."""
    room = json.loads((base / "config.json").read_text())["max_position_embeddings"]
    text = " ".join(f"{documents(1)[0].text[:-1]} {n}." for n in range(room // 8))
    return room, replace(documents(1)[0], id="d0", text=text, entities=(), relations=())


def test_a_text_longer_than_the_model_reads_is_cut_although_the_recipe_allows_it(tmp_path, miniature_base):
    room, document = too_long(miniature_base)
    task = job(tmp_path, miniature_base, max_tokens=10 * room)
    write_documents(task.documents, [document])
    assert generate(task, Lines()) == 1
    assert rows(tmp_path)[0]["prompt_tokens"] > room


def test_a_text_longer_than_the_model_reads_is_refused_where_nothing_may_be_cut(tmp_path, miniature_base):
    task = job(tmp_path, miniature_base, max_tokens=None)
    write_documents(task.documents, [too_long(miniature_base)[1]])
    with pytest.raises(MednerError, match="the first is d0: split them before the import"):
        generate(task, Lines())


def test_windows_that_a_killed_run_had_read_are_not_read_again(tmp_path, miniature_base):
    text = " ".join(f"{documents(1)[0].text[:-1]} {n}." for n in range(5))
    task = job(tmp_path, miniature_base, max_tokens=60)
    write_documents(task.documents, [replace(documents(1)[0], id="d0", text=text, entities=(), relations=())])
    kept = {"doc_id": "d0", "window": 3, "completion": "[Drug] kept", "finish_reason": "stop",
            "prompt_tokens": 1, "completion_tokens": 2, "seconds": 0.5}  # fmt: skip
    partial = tmp_path / ".completions.jsonl.partial"
    partial.write_text(
        "".join(json.dumps(row) + "\n" for row in ({"generation_id": "g"}, kept, {**kept, "window": 99}))
    )
    log = Lines()
    generate(task, log)
    assert rows(tmp_path)[0]["completion"].count("[Drug] kept") == 1
    assert "0 of 1 documents were already done" in log.lines


def test_an_adapter_of_another_base_of_the_same_shape_is_refused(tmp_path, miniature_base):
    adapter = tmp_path / "v1"
    adapter.mkdir()
    (adapter / "medner.json").write_text(json.dumps({"base_revision": "0123456789abcdef"}))
    with pytest.raises(MednerError, match="v1 was trained on base weights 0123456789abcdef, and those in"):
        generate(job(tmp_path, miniature_base, adapter=adapter), Lines())


def test_a_gpu_out_of_memory_gets_half_the_documents_and_every_one_is_written(miniature_base):
    import torch
    from transformers import AutoModelForCausalLM

    tokenizer = load_tokenizer(miniature_base)
    model = AutoModelForCausalLM.from_pretrained(miniature_base).eval()

    def check(module, args, kwargs):
        if kwargs["input_ids"].shape[0] > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")

    model.register_forward_pre_hook(check, with_kwargs=True)
    said: list[str] = []
    prompts = [(d.id, tokenizer(d.text)["input_ids"]) for d in documents(5)]
    batches = generate_batches(model, tokenizer, prompts, batch_size=5, max_new_tokens=4, say=said.append)
    assert sorted(c.doc_id for batch in batches for c in batch) == [d.id for d in documents(5)]
    assert said == ["out of memory with 5 documents per batch: continuing with 2"]
