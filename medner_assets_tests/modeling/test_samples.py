from dataclasses import replace

import pytest

from medner_assets.errors import MednerError
from medner_assets.modeling.loading import load_tokenizer
from medner_assets.modeling.samples import Encoder, build_samples
from medner_assets.prompting.shots import Shots
from medner_assets_tests.support.miniature import documents


@pytest.fixture(scope="module")
def encoder(miniature_base):
    return Encoder(load_tokenizer(miniature_base), "compact", ("Drug", "Effect"), ("causes",))


def test_a_sample_reads_back_as_prompt_and_completion(encoder):
    sample = build_samples(documents()[:1], encoder, max_tokens=512).samples[0]
    assert encoder.tokenizer.decode(sample.prompt).startswith(
        "<s>### Types: Drug, Effect | causes\n### Text:\n"
    )
    assert encoder.tokenizer.decode(sample.completion).endswith("1. aspirin --[causes]--> bleeding</s>")


def test_relation_weights_have_mean_one_and_the_stated_ratio(encoder):
    samples = build_samples(documents()[:6], encoder, max_tokens=512, relation_weight=3.0).samples
    weights = [weight for sample in samples for weight in sample.weights]
    assert sum(weights) / len(weights) == pytest.approx(1.0)
    assert max(weights) / min(weights) == pytest.approx(3.0)


def test_a_limit_that_no_sentence_meets_is_a_mistake_of_the_recipe(encoder):
    with pytest.raises(MednerError, match="raise it in the recipe"):
        build_samples(documents()[:1], encoder, max_tokens=32)


def test_examples_stand_in_the_prompt_and_do_not_decide_where_a_text_is_cut(encoder):
    asked = replace(encoder, shots=Shots(documents()[:4], 3, "nearest", 1))
    text = documents()[5].text
    prompt = encoder.tokenizer.decode(asked.prompt(text))
    assert prompt.count("### Response:") == 4
    assert prompt.rstrip().endswith(f"{text}\n\n### Response:")
    longest = len(encoder.prompt(text))
    assert len(asked.prompt(text)) > longest
    assert list(asked.windows(text, longest)) == list(encoder.windows(text, longest))
