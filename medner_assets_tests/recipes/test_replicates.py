import pytest

from medner_assets.errors import MednerError
from medner_assets.recipes.loading import load_version, recipe_hash, version_names
from medner_assets.recipes.replicates import names_of, seed_of, version_and_index

BASE = "summary: a base\npath: data/base/b\nlicence: MIT\n"
DATASET = (
    "summary: a dataset\nsource: {kind: synthetic, seed: 1, documents: {train: 2, test: 1}}\n"
    "split: {kind: documents}\nlicence: MIT\n"
)
ROOT = "summary: first\nbase_model: b\ndataset: d\nseed: 7\n"


@pytest.fixture
def folder(tmp_path):
    for name, content in {
        "base_models/b": BASE, "datasets/d": DATASET,
        "versions/v1": ROOT + "replicates: 3\n", "versions/v2": "summary: second\nbaseline: v1\n",
    }.items():  # fmt: skip
        file = tmp_path / f"{name}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(content)
    return tmp_path


def test_a_replicate_has_the_recipe_of_its_version_and_a_seed_of_its_own(folder):
    first, second = load_version("v1", folder), load_version("v1.r2", folder)
    assert (first.seed, second.seed) == (7, seed_of(7, 2))
    assert second.model_copy(update={"seed": 7}) == first
    assert len({load_version(name, folder).seed for name in names_of("v1", 3)}) == 3


def test_seeds_follow_from_the_recipe_s_seed_alone():
    # The first four bytes of sha1("42/2"), without the sign.
    assert seed_of(42, 2) == 0x46349EC4
    assert seed_of(42, 1) == 42


def test_replicates_are_partitions_and_not_versions(folder):
    assert version_names(folder) == ["v1", "v2"]
    assert names_of("v1", 3) == ("v1", "v1.r2", "v1.r3")
    assert version_and_index("v1.r3") == ("v1", 3)
    assert version_and_index("tiny-v1.2") == ("tiny-v1.2", 1)


def test_a_baseline_s_replicates_are_not_inherited(folder):
    assert load_version("v2", folder).replicates == 1


@pytest.mark.parametrize("name", ["v1.r4", "v2.r2", "v1.r0", "v1.r1"])
def test_a_replicate_that_the_recipe_does_not_declare_is_refused(folder, name):
    with pytest.raises(MednerError, match=r"declares \d replicate"):
        load_version(name, folder)


def test_more_replicates_leave_the_hash_of_the_recipe_as_it_is(folder):
    before = [recipe_hash(load_version(name, folder)) for name in ("v1", "v1.r2")]
    (folder / "versions" / "v1.yaml").write_text(ROOT + "replicates: 5\n")
    assert [recipe_hash(load_version(name, folder)) for name in ("v1", "v1.r2")] == before
    assert before[0] != before[1]


def test_what_jobs_ask_of_a_cluster_is_inherited_and_leaves_the_hash_as_it_is(folder):
    before = [recipe_hash(load_version(name, folder)) for name in ("v1", "v2")]
    assert load_version("v1", folder).asked_of_a_cluster() == {}
    (folder / "versions" / "v1.yaml").write_text(ROOT + "resources: {cpus: 8, mem: 64G, time: 1-12}\n")
    assert [recipe_hash(load_version(name, folder)) for name in ("v1", "v2")] == before
    assert load_version("v2", folder).asked_of_a_cluster() == {"cpus": "8", "mem": "64G", "time": "1-12"}


@pytest.mark.parametrize("stated", ["mem: 64 GB", "time: a day", "gres: gpu 1", "cpus: 0", "partition: gpu"])
def test_resources_that_slurm_would_not_take_are_refused_with_the_recipe(folder, stated):
    (folder / "versions" / "v1.yaml").write_text(f"{ROOT}resources: {{{stated}}}\n")
    with pytest.raises(MednerError, match=f"versions/v1.yaml.*resources.{stated.partition(':')[0]}"):
        load_version("v1", folder)


def test_a_version_file_named_like_a_replicate_is_refused(folder):
    (folder / "versions" / "x.r2.yaml").write_text(ROOT)
    with pytest.raises(
        MednerError, match=r"versions/x\.r2\.yaml: names that end in .rN are those of replicates"
    ):
        version_names(folder)
