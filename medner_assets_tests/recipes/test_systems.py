"""Recipes of systems that are no adapters: what they state, what they may not, what they inherit."""

from pathlib import Path

import pytest
import yaml

from medner_assets.errors import MednerError
from medner_assets.recipes.loading import flattened, load_version, recipe_hash

DIGEST = "0" * 64


@pytest.fixture
def recipes(tmp_path: Path) -> Path:
    """Recipes with one dataset, one base, and an adapter that states much."""
    for kind, name in (("datasets", "notes"), ("base_models", "small"), ("versions", "tuned")):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / f"{name}.yaml").write_text("summary: x")
    write(
        tmp_path, "tuned", base_model="small", dataset="notes", seed=7, training={"epochs": 9},
        lora={"rank": 4}, decoding={"max_new_tokens": 99},
    )  # fmt: skip
    return tmp_path


def write(folder: Path, name: str, **content: object) -> None:
    (folder / "versions" / f"{name}.yaml").write_text(yaml.safe_dump({"summary": name, **content}))


def test_a_prompted_base_inherits_base_data_and_decoding_and_nothing_of_training(recipes: Path):
    write(recipes, "asked", system="prompted", baseline="tuned", shots=5)
    recipe = load_version("asked", recipes)
    assert (recipe.base, recipe.dataset, recipe.shots) == ("small", "notes", 5)
    assert recipe.decoding.max_new_tokens == 99
    assert not [key for key in flattened(recipe) if key.startswith(("training", "lora"))]


def test_a_file_of_predictions_has_no_base(recipes: Path):
    write(recipes, "other", system="predictions", baseline="tuned", submissions=[DIGEST])
    recipe = load_version("other", recipes)
    assert (recipe.base_model, recipe.dataset, recipe.submissions) == (None, "notes", (DIGEST,))
    with pytest.raises(MednerError, match="has no base"):
        _ = recipe.base


def test_an_adapter_keeps_the_hash_that_it_had_before_there_were_other_systems(recipes: Path):
    recipe = load_version("tuned", recipes)
    assert not {"system", "shots", "shot_choice", "submissions"} & set(flattened(recipe))
    assert recipe_hash(load_version("v1")) == "66cb3a48b99eecd2"


def test_examples_are_part_of_the_hash(recipes: Path):
    hashes = set()
    for shots, choice in ((0, "seed"), (5, "seed"), (5, "nearest")):
        write(recipes, "asked", system="prompted", baseline="tuned", shots=shots, shot_choice=choice)
        hashes.add(recipe_hash(load_version("asked", recipes)))
    assert len(hashes) == 3


def test_a_server_is_asked_alike_whatever_its_patience(recipes: Path):
    here = {"url": "http://127.0.0.1:8000/v1/", "model": "m"}
    write(recipes, "asked", system="endpoint", baseline="tuned", endpoint=here, shots=5)
    recipe = load_version("asked", recipes)
    assert (recipe.base_model, recipe.server.url, recipe.server.is_remote) == (
        None, "http://127.0.0.1:8000/v1", False
    )  # fmt: skip
    assert not [
        key for key in flattened(recipe) if key.startswith(("training.", "lora.", "decoding.", "base_"))
    ]
    write(recipes, "asked", system="endpoint", baseline="tuned", shots=5, endpoint=here | {"timeout": 9})
    assert load_version("asked", recipes).server.asked() == recipe.server.asked()


@pytest.mark.parametrize(
    ("url", "more", "reason"),
    [
        ("https://api.example.org/v1", {}, "texts would be sent to it"),
        ("http://10.0.0.7:8000/v1", {"allow_remote": True}, "name it with https://"),
        ("http://localhost.example.org/v1", {}, "another machine"),
        ("http://127.0.0.1@example.org/v1", {}, "without a login"),
        ("http://me:pw@127.0.0.1/v1", {}, "without a login"),
        ("http://127.0.0.1:99999/v1", {}, "endpoint.url"),
        ("ftp://127.0.0.1/v1", {}, "an address as"),
        ("http://127.0.0.1/v1?key=abc", {}, r"without ?"),
        ("http://127.0.0.1/v1", {"key": "sk-abc"}, "endpoint.key"),
        ("http://127.0.0.1/v1", {"tries": 0}, "endpoint.tries"),
    ],
)
def test_an_address_that_leads_elsewhere_or_holds_a_secret_is_one_line(
    recipes: Path, url: str, more: dict[str, object], reason: str
):
    write(recipes, "wrong", system="endpoint", dataset="notes", endpoint={"url": url, "model": "m", **more})
    with pytest.raises(MednerError) as error:
        load_version("wrong", recipes)
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("url", ["http://[::1]:80/v1", "http://localhost:1/v1", "http://127.8.9.1/v1"])
def test_loopback_needs_no_permission(recipes: Path, url: str):
    write(recipes, "asked", system="endpoint", dataset="notes", endpoint={"url": url, "model": "m"})
    assert not load_version("asked", recipes).server.is_remote


def test_another_machine_needs_permission_and_tls(recipes: Path):
    there = {"url": "https://api.example.org/v1", "model": "m", "allow_remote": True}
    write(recipes, "asked", system="endpoint", dataset="notes", endpoint=there)
    assert load_version("asked", recipes).server.is_remote


BASE, DATA = {"base_model": "small"}, {"dataset": "notes"}
FILE = {"system": "predictions", "submissions": [DIGEST]}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (BASE | DATA | {"system": "prompted", "training": {"epochs": 2}}, "prompted has no setting training"),
        (BASE | DATA | {"shots": 5}, "system lora has no setting shots"),
        (BASE | DATA | FILE, "has no setting base_model"),
        (DATA | FILE | {"replicates": 2}, "2 replicates and 1 submissions"),
        (DATA | FILE | {"submissions": ["abc"]}, "submissions.0"),
        (DATA | {"system": "oracle"}, "system"),
        ({"system": ["lora"], "baseline": "tuned"}, "system"),
        (DATA, "'base_model' is missing"),
        (DATA | {"system": "endpoint"}, "'endpoint' is missing"),
        (DATA | {"system": "endpoint", "decoding": {}}, "endpoint has no setting decoding"),
        (BASE | DATA | {"endpoint": {}}, "endpoint"),
    ],
)
def test_settings_that_a_system_does_not_have_are_one_line(
    recipes: Path, content: dict[str, object], reason: str
):
    write(recipes, "wrong", **content)
    with pytest.raises(MednerError) as error:
        load_version("wrong", recipes)
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


def test_an_ensemble_names_a_version_whose_replicates_vote_and_inherits_its_dataset(recipes: Path):
    write(recipes, "votes", system="ensemble", baseline="tuned", members="tuned")
    recipe = load_version("votes", recipes)
    assert (recipe.members, recipe.dataset, recipe.base_model) == ("tuned", "notes", None)
    write(recipes, "votes", system="ensemble", baseline="tuned")
    with pytest.raises(MednerError, match="'members' is missing"):
        load_version("votes", recipes)


def test_the_threshold_is_part_of_a_recipe_only_where_its_stage_is(recipes: Path):
    write(recipes, "sure", baseline="tuned", min_confidence=0.9)
    assert "min_confidence" not in flattened(load_version("sure", recipes))
    write(recipes, "sure", baseline="tuned", min_confidence=0.9, postprocessing=["min_confidence"])
    assert flattened(load_version("sure", recipes))["min_confidence"] == "0.9"
    assert load_version("sure", recipes).repairs == ["min_confidence", "min_confidence 0.9"]


def test_a_threshold_may_differ_by_task(recipes: Path):
    each = {"entity": 0.4, "relation": 0.2}
    write(recipes, "sure", baseline="tuned", min_confidence=each, postprocessing=["min_confidence"])
    sure = load_version("sure", recipes)
    assert sure.least_probabilities == each
    assert sure.repairs == ["min_confidence", "min_confidence entity 0.4, relation 0.2"]
    assert flattened(sure)["min_confidence.relation"] == "0.2"


@pytest.mark.parametrize("wrong", [1.5, "high", {"entity": 0.4}, {"entity": 0.4, "relation": 0}])
def test_a_threshold_that_is_no_probability_is_refused_in_one_line(recipes: Path, wrong: object):
    write(recipes, "sure", baseline="tuned", min_confidence=wrong, postprocessing=["min_confidence"])
    with pytest.raises(MednerError, match="min_confidence") as refused:
        load_version("sure", recipes)
    assert "\n" not in str(refused.value)
