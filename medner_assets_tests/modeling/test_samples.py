import pytest

from medner_assets.errors import MednerError
from medner_assets.modeling.batches import collate
from medner_assets.modeling.head import SelectiveHead, completion_loss
from medner_assets.modeling.loading import load_tokenizer
from medner_assets.modeling.samples import Encoder, build_samples
from medner_assets_tests.miniature import documents


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


def test_the_loss_of_a_batch_is_the_mean_over_its_tokens_of_the_losses_one_by_one(encoder, miniature_base):
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(miniature_base).eval()
    head = SelectiveHead(model)
    samples = build_samples(documents()[:5], encoder, max_tokens=512, relation_weight=2.0).samples

    def total(chosen):
        batch = collate(chosen, pad=2)
        labels, weights = batch.pop("labels"), batch.pop("weights")
        head.choose(labels)
        with torch.no_grad():
            logits = model(**batch, use_cache=False).logits
        return float(completion_loss(logits, labels, weights, 1.0))

    assert total(samples) == pytest.approx(sum(total([sample]) for sample in samples), rel=1e-5)


def test_the_loss_is_what_the_model_itself_says_when_weights_are_one(encoder, miniature_base):
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(miniature_base).eval()
    sample = build_samples(documents()[:1], encoder, max_tokens=512).samples[0]
    batch = collate([sample], pad=2)
    weights = batch.pop("weights")
    with torch.no_grad():
        theirs = model(**batch, use_cache=False).loss
        labels = batch.pop("labels")
        head = SelectiveHead(model)
        head.choose(labels)
        logits = model(**batch, use_cache=False).logits
    ours = completion_loss(logits, labels, weights, float(len(sample.completion)))
    assert float(ours) == pytest.approx(float(theirs), rel=1e-5)


def test_the_head_sees_only_the_learned_positions_and_lets_go_when_asked(encoder, miniature_base):
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(miniature_base).eval()
    samples = build_samples(documents()[:3], encoder, max_tokens=512).samples
    batch = collate(samples, pad=2)
    head = SelectiveHead(model)
    head.choose(batch["labels"])
    with torch.no_grad():
        chosen = model(input_ids=batch["input_ids"], use_cache=False).logits
        every = model(input_ids=batch["input_ids"], use_cache=False).logits
    assert chosen.shape[0] == sum(len(sample.completion) for sample in samples)
    first = len(samples[0].prompt) - 1
    assert torch.allclose(chosen[0], every[0, first], atol=1e-5)
    head.remove()
    head.choose(batch["labels"])
    with torch.no_grad():
        assert model(input_ids=batch["input_ids"], use_cache=False).logits.shape == every.shape
