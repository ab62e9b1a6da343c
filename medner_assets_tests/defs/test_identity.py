"""What must, and what must not, make a training, a generation or an evaluation another one."""

from pathlib import Path

import pytest

from medner_assets.defs.identity import evaluation_id, generation_id, training_fingerprint
from medner_assets.modeling.base_revision import base_revision
from medner_assets.recipes.settings import DecodingRecipe, LoraRecipe, TrainingRecipe
from medner_assets.recipes.sources import BaseModelRecipe
from medner_assets.recipes.version import VersionRecipe

RECIPE = VersionRecipe(summary="one", base_model="b", dataset="d")
BASE = BaseModelRecipe(summary="small", path="data/base/b", licence="MIT")


def fingerprint(recipe: VersionRecipe = RECIPE, base: BaseModelRecipe = BASE, data: str = "d1") -> str:
    return training_fingerprint(recipe, base, "r1", data)


@pytest.mark.parametrize(
    "changed",
    [
        RECIPE.model_copy(update={"summary": "another summary"}),
        RECIPE.model_copy(update={"postprocessing": ("deduplicate",)}),
        RECIPE.model_copy(update={"decoding": DecodingRecipe(max_new_tokens=7)}),
        RECIPE.model_copy(update={"baseline": "v0"}),
    ],
)
def test_a_change_that_alters_no_weight_needs_no_training(changed):
    assert fingerprint(changed) == fingerprint()


@pytest.mark.parametrize(
    "other",
    [
        fingerprint(RECIPE.model_copy(update={"seed": 7})),
        fingerprint(RECIPE.model_copy(update={"lora": LoraRecipe(rank=2)})),
        fingerprint(base=BASE.model_copy(update={"learning_rate_multiplier": 2.0})),
        fingerprint(data="d2"),
        training_fingerprint(RECIPE, BASE, "r2", "d1"),
    ],
)
def test_a_change_of_seed_shape_base_or_data_needs_training(other):
    assert other != fingerprint()


def test_a_generation_depends_on_weights_data_decoding_and_where_texts_are_cut():
    shorter = RECIPE.model_copy(update={"training": TrainingRecipe(max_tokens=64)})
    briefer = RECIPE.model_copy(update={"decoding": DecodingRecipe(max_new_tokens=9)})
    ids = {
        generation_id("w1", "d1", RECIPE),
        generation_id("w2", "d1", RECIPE),
        generation_id("w1", "d2", RECIPE),
        generation_id("w1", "d1", briefer),
        generation_id("w1", "d1", shorter),
    }
    assert len(ids) == 5


def test_the_order_of_post_processing_makes_another_evaluation():
    assert evaluation_id("g", ["drop_ungrounded", "deduplicate"], "1") != evaluation_id(
        "g", ["deduplicate", "drop_ungrounded"], "1"
    )


def test_a_new_scorer_makes_another_evaluation():
    assert evaluation_id("g", [], "1") != evaluation_id("g", [], "2")


def test_a_changed_byte_of_a_local_base_is_another_base(tmp_path: Path):
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"\x00\x01")
    before = base_revision(BASE, tmp_path)
    (tmp_path / "README.md").write_text("a note")
    assert base_revision(BASE, tmp_path) == before
    weights.write_bytes(b"\x00\x02")
    assert base_revision(BASE, tmp_path) != before


def test_a_hub_base_is_pinned_by_its_revision():
    base = BaseModelRecipe(summary="hub", hub_id="org/name", revision="a" * 40, licence="MIT")
    assert base_revision(base, None) == "a" * 40
