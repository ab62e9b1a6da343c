import pytest
import yaml

from medner_assets.errors import MednerError
from medner_assets.modeling.requirements import missing_requirements
from medner_assets.recipes.expectations import Band
from medner_assets.recipes.loading import (
    base_model_names,
    dataset_names,
    flattened,
    load_base_model,
    load_dataset,
    load_version,
    recipe_hash,
    version_names,
)
from medner_assets.recipes.sources import BaseModelRecipe, SplitRule


@pytest.fixture
def recipes(tmp_path):
    for kind in ("versions", "datasets", "base_models"):
        (tmp_path / kind).mkdir()
    (tmp_path / "datasets" / "notes.yaml").write_text("summary: x")
    (tmp_path / "base_models" / "small.yaml").write_text("summary: x")

    def write(name: str, **content: object):
        base = {"summary": name, "base_model": "small", "dataset": "notes"}
        text = yaml.safe_dump(content if "baseline" in content else base | content)
        (tmp_path / "versions" / f"{name}.yaml").write_text(text)
        return tmp_path

    return write


def test_every_shipped_recipe_is_valid():
    assert {"v1", "v2", "v3", "tiny-v1", "tiny-v2", "tiny-v3", "tiny-ade-v1", "tiny-ade-v2"} <= set(
        version_names()
    )
    for name in version_names():
        recipe = load_version(name)
        load_dataset(recipe.dataset)
        load_base_model(recipe.base_model)
    assert set(dataset_names()) == {
        "synthetic",
        "synthetic-small",
        "synthetic-random",
        "ade",
        "ade-folds",
        "bc5cdr",
        "biored",
    }
    assert {"mistral-7b", "medner-tiny", "smollm2-135m", "qwen3-8b", "medgemma-4b"} <= set(base_model_names())


def test_the_reference_versions_have_the_reference_settings():
    v1, v2 = load_version("v1"), load_version("v2")
    assert (v1.training.epochs, v1.lora.rank, v1.lora.alpha, v1.training.warmup_steps) == (3, 16, 16, 100)
    assert (v2.training.epochs, v2.lora.rank, v2.lora.alpha, v2.training.warmup_steps) == (7, 32, 32, 150)
    steps = 4000 // (v1.training.batch_size * v1.training.gradient_accumulation) * v1.training.epochs
    assert steps == 750


def test_a_version_inherits_settings_but_not_summary_or_expectation(recipes):
    recipes("one", training={"epochs": 2, "batch_size": 3}, expectation={"reasons": ["hope"]})
    folder = recipes("two", summary="second", baseline="one", training={"epochs": 5})
    two = load_version("two", folder)
    assert (two.training.epochs, two.training.batch_size) == (5, 3)
    assert (two.summary, two.expectation) == ("second", None)


def test_equal_settings_have_equal_hashes_however_they_are_written(recipes):
    recipes("one", seed=7)
    recipes("same", seed=7, summary="one", training={"epochs": 3})
    folder = recipes("other", seed=8, summary="one")
    one, same, other = (load_version(name, folder) for name in ("one", "same", "other"))
    assert recipe_hash(one) == recipe_hash(same) != recipe_hash(other)


def test_expected_shares_of_errors_count_in_the_hash_only_where_they_are_stated(recipes):
    asked = {"reasons": ["hope"], "raw": {"relation": {"confidence": 0.7}}}
    recipes("before", summary="x", expectation=asked)
    recipes("empty", summary="x", expectation={**asked, "final": {"entity": {"error_shares": {}}}})
    stated = {"raw": {"relation": {"confidence": 0.7, "error_shares": {"duplicate": [0, 0.3]}}}}
    folder = recipes("stated", summary="x", expectation={**asked, **stated})
    before, empty, shares = (load_version(name, folder) for name in ("before", "empty", "stated"))
    assert recipe_hash(before) == recipe_hash(empty) != recipe_hash(shares)
    assert not any("error_shares" in key for key in flattened(before))
    assert flattened(shares)["expectation.raw.relation.error_shares.duplicate"] == "[0.0, 0.3]"


def test_shipped_recipes_keep_the_hashes_that_their_adapters_were_trained_by():
    hashes = {name: recipe_hash(load_version(name)) for name in ("tiny-v1", "tiny-v2", "tiny-ade-v2")}
    assert hashes == {
        "tiny-v1": "3f1c42d5f8f4abfa", "tiny-v2": "a837480a1b770234", "tiny-ade-v2": "593b0c33fefeaf8c",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        (
            {"relation": {"error_shares": {"duplicate": [0.3, 0.1]}}},
            "must be [low, high] with 0 ≤ low ≤ high",
        ),
        (
            {"relation": {"error_shares": {"duplicate": [0, 30]}}},
            "error_shares.duplicate [0.0, 30.0] must be",
        ),
        (
            {"relation": {"error_shares": {"missing": [0, 0.3]}}},
            "expectation.raw.relation.error_shares.missing",
        ),
        ({"entity": {"error_shares": {"direction": [0, 0.3]}}}, "a class of relations: state it of relation"),
    ],
)
def test_expected_shares_that_cannot_be_are_refused(recipes, stage, message):
    folder = recipes("bad", summary="x", expectation={"raw": stage})
    with pytest.raises(MednerError) as error:
        load_version("bad", folder)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_settings_are_listed_by_dotted_key():
    assert flattened(load_version("v2"))["lora.rank"] == "32"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"trainning": {}}, "versions/bad.yaml: unknown key 'trainning': remove it or correct its spelling"),
        ({"training": {"epoch": 3}}, "versions/bad.yaml: unknown key 'training.epoch'"),
        (
            {"lora": {"rank": 0}},
            "versions/bad.yaml: lora.rank: Input should be greater than 0: correct the value",
        ),
        ({"dataset": "nowhere"}, "versions/bad.yaml: unknown dataset 'nowhere': choose one of notes"),
        ({"base_model": "huge"}, "versions/bad.yaml: unknown base_model 'huge': choose one of small"),
        ({"summary": "x", "baseline": "gone"}, "versions/bad.yaml: unknown baseline 'gone'"),
    ],
)
def test_a_mistake_in_a_recipe_is_one_line_with_file_key_and_remedy(recipes, content, message):
    folder = recipes("bad", **content)
    with pytest.raises(MednerError) as caught:
        load_version("bad", folder)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_cyclic_baselines_are_named_in_order(recipes):
    recipes("a", summary="a", baseline="b")
    folder = recipes("b", summary="b", baseline="a")
    with pytest.raises(MednerError, match=r"cyclic baselines a → b → a: let one of them name no baseline"):
        load_version("a", folder)


def test_an_unknown_version_lists_the_known_ones(recipes):
    folder = recipes("one")
    with pytest.raises(MednerError, match=r"unknown version 'two': choose one of one"):
        load_version("two", folder)


def test_yaml_that_does_not_parse_is_named_with_its_line(recipes):
    folder = recipes("bad")
    (folder / "versions" / "bad.yaml").write_text("summary: x\nseed: [1\n")
    with pytest.raises(MednerError, match=r"versions/bad.yaml:3: not valid YAML"):
        load_version("bad", folder)


def test_yaml_tags_build_no_objects(recipes):
    folder = recipes("bad")
    (folder / "versions" / "bad.yaml").write_text("summary: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(MednerError, match="not valid YAML"):
        load_version("bad", folder)


def test_a_file_that_is_not_utf8_is_named_with_the_byte(recipes):
    folder = recipes("bad")
    (folder / "versions" / "bad.yaml").write_bytes(b"summary: \xff\n")
    with pytest.raises(MednerError, match="not valid UTF-8 at byte 9"):
        load_version("bad", folder)


def test_a_name_that_could_leave_its_folder_is_refused(recipes):
    folder = recipes("one")
    (folder / "versions" / "Bad Name.yaml").write_text("summary: x")
    with pytest.raises(MednerError, match="is not a valid name"):
        version_names(folder)


def test_a_hub_model_without_a_pinned_revision_loads_and_lacks_its_lock():
    unlocked = BaseModelRecipe(summary="x", hub_id="a/b", licence="MIT")
    assert missing_requirements("b", unlocked) == (
        "base model b is unlocked, no commit of a/b is stated: run `medner base lock b` where the hub can be "
        "reached, or add its revision to the recipe"
    )


@pytest.mark.parametrize("bounds", ["[0.7, 0.6]", "[-0.1, 0.5]", "[0.5, 1.2]"])
def test_an_expected_range_is_ordered_and_a_fraction(bounds):
    with pytest.raises(ValueError, match="0 ≤ low ≤ high ≤ 1"):
        Band.model_validate({"f1": yaml.safe_load(bounds)})
    assert Band(f1=(0.6, 0.6)).f1 == (0.6, 0.6)


def test_a_setting_that_decides_no_document_leaves_a_dataset_as_it_was_built():
    dataset = load_dataset("synthetic-small")
    assert recipe_hash(dataset.model_copy(update={"margin": 0.2})) == recipe_hash(dataset)
    assert recipe_hash(dataset.model_copy(update={"split": SplitRule(kind="files")})) != recipe_hash(dataset)
    # As the edition before `margin` and `column` noted them: datasets that it built are not built anew.
    assert recipe_hash(dataset) == "21d17ab2dc69f84f"
    assert recipe_hash(load_dataset("bc5cdr")) == "32e25de1352667ef"
