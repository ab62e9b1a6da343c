"""One broken recipe file must not take the other versions down."""

from pathlib import Path

import pytest

from medner_assets.defs.partitions import compared_with, readable_versions, versions_of_datasets

BASE = "summary: a base\npath: data/base/b\nlicence: MIT\n"
DATASET = (
    "summary: a dataset\nsource: {kind: synthetic, seed: 1, documents: {train: 2, test: 1}}\n"
    "split: {kind: documents}\nlicence: MIT\n"
)
ROOT = "summary: first\nbase_model: b\ndataset: d\n"


@pytest.fixture
def recipes(tmp_path: Path) -> Path:
    for name, content in {
        "base_models/b": BASE,
        "datasets/d": DATASET,
        "datasets/other": DATASET,
        "versions/v1": ROOT,
        "versions/v2": "summary: second\nbaseline: v1\n",
        "versions/v3": "summary: third\nbaseline: v1\ndataset: other\n",
    }.items():
        file = tmp_path / f"{name}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(content)
    return tmp_path


def test_versions_are_mapped_to_the_dataset_that_they_are_trained_on(recipes):
    assert versions_of_datasets(readable_versions(recipes)) == {"d": {"v1", "v2"}, "other": {"v3"}}


def test_a_report_reads_the_version_and_its_baseline(recipes):
    assert compared_with(readable_versions(recipes)) == {"v1": {"v1", "v2", "v3"}, "v2": {"v2"}, "v3": {"v3"}}


def test_a_report_reads_the_replicates_of_both_sides_and_a_replicate_has_none(recipes):
    for name in ("v1", "v2"):
        file = recipes / "versions" / f"{name}.yaml"
        file.write_text(file.read_text() + "replicates: 2\n")
    readable = readable_versions(recipes)
    assert compared_with(readable) == {
        "v1": {"v1", "v2", "v3"}, "v1.r2": {"v1", "v2", "v3"}, "v2": {"v2"}, "v2.r2": {"v2"}, "v3": {"v3"},
    }  # fmt: skip
    assert versions_of_datasets(readable) == {"d": {"v1", "v1.r2", "v2", "v2.r2"}, "other": {"v3"}}


@pytest.mark.parametrize(
    "broken",
    ["summary: [", "summary: x\nbase_model: b\ndataset: d\nlora: {rnk: 3}\n", "- a list\n", "\xff"],
)
def test_a_broken_recipe_leaves_the_other_versions_as_they_are(recipes, broken):
    (recipes / "versions" / "v9.yaml").write_text(broken, encoding="latin-1")
    assert set(readable_versions(recipes)) == {"v1", "v2", "v3"}


def test_a_broken_baseline_takes_only_its_own_children_along(recipes):
    (recipes / "versions" / "v4.yaml").write_text(ROOT)
    (recipes / "versions" / "v1.yaml").write_text("summary: first\nbase_modl: b\n")
    assert set(readable_versions(recipes)) == {"v4"}


def test_a_circle_of_baselines_takes_only_its_members_along(recipes):
    (recipes / "versions" / "a.yaml").write_text(ROOT + "baseline: b\n")
    (recipes / "versions" / "b.yaml").write_text(ROOT + "baseline: a\n")
    assert set(readable_versions(recipes)) == {"v1", "v2", "v3"}
