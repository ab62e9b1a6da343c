from medner_assets.recipes.sanity import doubts, projection_widths, training_steps
from medner_assets.recipes.sources import BaseModelRecipe
from medner_assets.recipes.version import VersionRecipe

CONFIG = {
    "hidden_size": 256, "intermediate_size": 704, "num_attention_heads": 4, "num_key_value_heads": 2,
    "head_dim": 64, "max_position_embeddings": 2048,
}  # fmt: skip


def doubtful(documents: int = 800, **settings: object) -> list[str]:
    recipe = VersionRecipe.model_validate({"summary": "x", "base_model": "b", "dataset": "d", **settings})
    base = BaseModelRecipe(summary="x", path="p", licence="MIT", learning_rate_multiplier=10)
    return doubts(recipe, base, documents, CONFIG)


def test_a_sound_recipe_is_not_doubted():
    assert doubtful() == []


def test_a_warm_up_longer_than_the_training_is_said_with_the_steps_there_are():
    (line,) = doubtful(documents=48, training={"epochs": 3, "warmup_steps": 100})
    assert line.startswith("training.warmup_steps is 100 and the whole training has about 9 steps: ")
    assert doubtful(documents=1600, training={"epochs": 1, "warmup_steps": 99}) == []


def test_steps_are_those_of_the_effective_batch_with_the_last_one_not_full():
    recipe = VersionRecipe.model_validate({"summary": "x", "base_model": "b", "dataset": "d"})
    assert training_steps(recipe, 33) == 3 * 3


def test_a_rank_above_the_width_of_a_layer_names_the_layers():
    (line,) = doubtful(lora={"rank": 200})
    assert line.startswith("lora.rank is 200, above the largest rank of some layers (k_proj 128, v_")
    assert doubtful(lora={"rank": 200, "target_modules": ["q_proj"]}) == []
    assert doubtful(lora={"rank": 128}) == []


def test_widths_are_the_smaller_side_of_each_matrix_and_unknown_sizes_are_not_guessed():
    widths = projection_widths(CONFIG)
    assert (widths["q_proj"], widths["k_proj"], widths["gate_proj"], widths["down_proj"]) == (
        256,
        128,
        256,
        256,
    )
    assert projection_widths({"hidden_size": 256}) == {}
    assert projection_widths({**CONFIG, "num_attention_heads": 0}) == {}


def test_a_batch_larger_than_the_split_a_wild_rate_and_idle_early_stopping_are_said():
    lines = doubtful(
        documents=10,
        training={"warmup_steps": 0, "learning_rate": 0.01, "early_stopping": {"patience": 3}, "epochs": 3},
    )
    assert [line.partition(" is ")[0] for line in lines] == [
        "training.batch_size × gradient_accumulation",
        "training.learning_rate × the base's multiplier",
        "training.early_stopping.patience",
    ]


def test_samples_longer_than_the_base_reads_are_said():
    (line,) = doubtful(training={"max_tokens": 4096})
    assert "the base reads 2048 tokens" in line
