"""`medner train V --set K=V --as NAME`: a recipe file like any other, or one line and nothing written."""

import shutil

import pytest
import yaml
from click.testing import CliRunner

from medner_assets import paths
from medner_assets.cli import main
from medner_assets.commands.child_version import child_version, stated_settings
from medner_assets.errors import MednerError
from medner_assets.recipes import loading
from medner_assets.recipes.loading import flattened, load_version

KNOWN = [*flattened(load_version("tiny-v1")), "training.early_stopping"]


@pytest.fixture
def recipes(tmp_path, monkeypatch):
    """A copy of the shipped recipes that a test may add to."""
    folder = tmp_path / "recipes"
    shutil.copytree(paths.RECIPES, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    monkeypatch.setattr(paths, "RECIPES", folder)
    for name in ("version_names", "dataset_names", "base_model_names", "load_version", "validated_version"):
        function = getattr(loading, name)
        monkeypatch.setattr(function, "__defaults__", (folder,))
    return folder


def test_a_child_states_its_baseline_and_the_changed_settings_only(recipes):
    name, file = child_version("tiny-v1", ["training.epochs=5", "training.learning_rate=1e-4"], "longer")
    assert (name, file) == ("longer", recipes / "versions" / "longer.yaml")
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=../schemas/version.json\n")
    assert yaml.safe_load(text) == {
        "summary": "tiny-v1 with training.epochs=5, training.learning_rate=1e-4",
        "baseline": "tiny-v1",
        "training": {"epochs": 5, "learning_rate": 0.0001},
    }
    child = load_version(name, recipes)
    assert (child.training.epochs, child.training.warmup_steps, child.lora.rank) == (5, 20, 16)


def test_a_child_has_the_replicates_that_it_states_and_none_of_its_baseline(recipes):
    child_version("tiny-v1", ["training.epochs=5", "replicates=3"], "several")
    several = load_version("several", recipes)
    assert (several.replicates, load_version("several.r3", recipes).training.epochs) == (3, 5)
    assert load_version("several.r3", recipes).seed == load_version("tiny-v1.r3", recipes).seed
    with pytest.raises(MednerError, match="several declares 3 replicates"):
        load_version("several.r4", recipes)
    child_version("tiny-v1", ["training.epochs=5"], "one")
    with pytest.raises(MednerError, match="one declares 1 replicate"):
        load_version("one.r2", recipes)


def test_trainings_asked_for_with_a_new_version_are_declared_by_it(recipes, monkeypatch):
    from medner_assets.commands import runs

    asked: list[tuple[str, int]] = []

    def train(version: str, replicates: int, **_: object) -> bool:
        asked.append((version, load_version(version, recipes).replicates))
        return replicates == 3

    monkeypatch.setattr(runs, "train", train)
    command = ["train", "tiny-v1", "--set", "lora.rank=8", "--as", "small", "--replicates", "3"]
    for _ in range(2):
        result = CliRunner().invoke(main, command)
        assert (result.exit_code, asked[-1]) == (0, ("small", 3)), result.output


def test_the_same_command_again_goes_on_with_the_same_child(recipes):
    child_version("tiny-v1", ["lora.rank=8"], "small")
    assert child_version("tiny-v1", ["lora.rank=8"], "small") == ("small", None)
    with pytest.raises(MednerError, match="a version of that name with other settings"):
        child_version("tiny-v1", ["lora.rank=4"], "small")
    with pytest.raises(MednerError, match="a version of that name with other settings"):
        child_version("tiny-v1", ["lora.rank=4"], "tiny-v2")


@pytest.mark.parametrize(
    ("settings", "name", "said"),
    [
        (["training.epochs=5"], None, "name the new version with --as NAME"),
        ([], "new", "add --set KEY=VALUE"),
        (["training.epochs"], "new", "write it as KEY=VALUE"),
        (["training.epoch=5"], "new", "unknown setting: did you mean training.epochs"),
        (["baseline=v1"], "new", "not a setting of a new version"),
        (["training.epochs=0"], "new", "training.epochs: Input should be greater than or equal to 1"),
        (["training.epochs=many"], "new", "training.epochs: Input should be a valid integer"),
        (["dataset=nope"], "new", "unknown dataset 'nope'"),
        (["lora.rank=[8"], "new", "not valid YAML"),
        (["lora={rank: 8}", "lora.alpha=8"], "new", None),
        (["lora.rank=8", "lora={alpha: 8}"], "new", "a part of it was set before"),
        (["training.epochs=5"], "../new", "is not a valid name"),
        (["training.epochs=5"], "tiny-v1", "that is the version itself"),
    ],
)
def test_what_cannot_be_a_child_is_refused_and_writes_nothing(recipes, settings, name, said):
    before = sorted(file.name for file in (recipes / "versions").iterdir())
    if said is None:
        assert child_version("tiny-v1", settings, name)[1] is not None
        return
    with pytest.raises(MednerError, match=said):
        child_version("tiny-v1", settings, name)
    assert sorted(file.name for file in (recipes / "versions").iterdir()) == before


def test_values_are_yaml_and_a_number_with_an_exponent_is_a_number():
    assert stated_settings(
        [
            "postprocessing=[deduplicate]",
            "training.learning_rate=1e-4",
            "training.early_stopping={patience: 3}",
        ],
        KNOWN,
    ) == {
        "postprocessing": ["deduplicate"],
        "training": {"learning_rate": 1e-4, "early_stopping": {"patience": 3}},
    }
    assert stated_settings(["training.early_stopping.patience=3"], KNOWN) == {
        "training": {"early_stopping": {"patience": 3}}
    }


def test_a_child_on_a_round_is_compared_with_what_its_parent_said_before_and_has_its_settings(recipes):
    dataset = (recipes / "datasets" / "synthetic-small.yaml").read_text()
    (recipes / "datasets" / "synthetic-small@1.yaml").write_text(dataset)
    before = f"summary: answers\nsystem: predictions\ndataset: synthetic-small@1\nsubmissions: [{'0' * 64}]\n"
    (recipes / "versions" / "tiny-v2.before-1.yaml").write_text(before)
    name, _ = child_version("tiny-v2", ["dataset=synthetic-small@1", "training.epochs=2"], "tiny-v2-1")
    child, parent = load_version(name), load_version("tiny-v2")
    assert (child.baseline, child.dataset) == ("tiny-v2.before-1", "synthetic-small@1")
    assert child.summary.startswith("What the round synthetic-small@1 bought: tiny-v2 with ")
    assert child.training == parent.training.model_copy(update={"epochs": 2})
    same = {"lora", "decoding", "postprocessing", "seed", "base_model", "system"}
    assert child.model_dump(include=same) == parent.model_dump(include=same)
