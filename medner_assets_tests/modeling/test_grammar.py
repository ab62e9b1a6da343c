import pytest

from medner_assets.errors import MednerError
from medner_assets.modeling.inference.decoding import generate_batches
from medner_assets.modeling.loading import load_tokenizer
from medner_assets.prompting.parsing import parse_completion
from medner_assets.prompting.templates import render_completion
from medner_assets_tests.support.miniature import documents

pytest.importorskip("llguidance")

TYPES = (("Drug", "Effect"), ("causes",))


@pytest.fixture(scope="module")
def tokenizer(miniature_base):
    return load_tokenizer(miniature_base)


def accepts(tokenizer, text: str) -> bool:
    from llguidance import LLMatcher
    from llguidance.hf import from_tokenizer

    from medner_assets.modeling.inference.grammar import lark

    matcher = LLMatcher(from_tokenizer(tokenizer), LLMatcher.grammar_from_lark(lark(*TYPES)))
    tokens = tokenizer(text, add_special_tokens=False)["input_ids"]
    return matcher.try_consume_tokens(tokens) == len(tokens) and bool(matcher.is_accepting())


def test_the_grammar_takes_what_a_perfect_model_writes(tokenizer):
    assert all(accepts(tokenizer, render_completion(document)) for document in documents(6))
    assert accepts(tokenizer, "### Entities:\nNone found.\n\n### Relations:\nNone found.")


@pytest.mark.parametrize(
    "text",
    [
        "### Entities:\n1. [Gene] aspirin\n\n### Relations:\nNone found.",
        "### Entities:\n1. [Drug] \n\n### Relations:\nNone found.",
        "### Entities:\n1. [Drug] aspirin --[causes]--> rash\n\n### Relations:\nNone found.",
        "### Entities:\nNone found.\n\n### Relations:\n1. aspirin --[causes]--> rash --[causes]--> rash",
        "### Relations:\nNone found.",
    ],
)
def test_the_grammar_refuses_what_would_not_parse_or_names_another_type(tokenizer, text):
    assert not accepts(tokenizer, text)


def test_every_line_of_a_random_model_parses_under_the_grammar_but_one_that_is_cut(tokenizer, miniature_base):
    from transformers import AutoModelForCausalLM

    from medner_assets.modeling.inference.grammar import Grammar

    model = AutoModelForCausalLM.from_pretrained(miniature_base).eval()
    prompts = [(d.id, tokenizer(d.text)["input_ids"]) for d in documents(3)]
    grammar = Grammar(tokenizer, *TYPES)
    batches = generate_batches(model, tokenizer, prompts, batch_size=3, max_new_tokens=60, grammar=grammar)
    for completion in (each for batch in batches for each in batch):
        lines = completion.completion.count("\n") + 1
        rejected = parse_completion(completion.completion).rejected
        assert [line for line in rejected if line.line_number < lines] == []


def test_types_that_are_not_words_make_a_grammar_too(tokenizer):
    from medner_assets.modeling.inference.grammar import Grammar

    assert Grammar(tokenizer, ("Gene/Protein", "A.b(c)|d"), ()).constraint(1)


def test_without_llguidance_the_message_says_what_to_install(tokenizer, monkeypatch):
    import importlib.util

    from medner_assets.modeling.inference.grammar import Grammar

    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MednerError, match=r"pip install 'medner\[grammar\]'"):
        Grammar(tokenizer, *TYPES)
