import pytest

from medner_assets_tests.support.miniature import make_base
from tools.embedded_base.loop import Pretraining, new_model


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Tests run in several processes on few cores: with threads of its own each waits for the others'."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def miniature_base(tmp_path_factory):
    return make_base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def wide_base(miniature_base, tmp_path_factory):
    """A base whose matrices are whole blocks of 64 values, as NF4 wants them."""
    import torch

    from medner_assets.modeling.loading import load_tokenizer

    folder = tmp_path_factory.mktemp("wide")
    tokenizer = load_tokenizer(miniature_base)
    torch.manual_seed(0)
    shape = Pretraining(hidden=64, layers=2, heads=2, key_value_heads=1, feed_forward=128, context=512)
    new_model(shape, len(tokenizer)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def loud_base(wide_base, tmp_path_factory):
    """A base with large random weights: its completions differ from text to text and with the last bits."""
    import torch
    from transformers import AutoModelForCausalLM

    from medner_assets.modeling.loading import load_tokenizer

    folder = tmp_path_factory.mktemp("loud")
    model = AutoModelForCausalLM.from_pretrained(wide_base)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "proj" in name:
                weight *= 8
    model.save_pretrained(folder)
    load_tokenizer(wide_base).save_pretrained(folder)
    return folder
