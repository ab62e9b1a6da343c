"""What cannot be made on a machine is left out of what Dagster materialises, with its reason."""

import json

import pytest

from medner_assets_tests.support.checkout import Checkout, make_checkout

CORPUS = """\
summary: notes that are elsewhere
source: {kind: files, format: jsonl, files: {all: [elsewhere.jsonl]}}
split: {kind: documents}
licence: CC0-1.0
"""
LARGE = """\
summary: a base for a large GPU
path: base
minimum_gpu_gib: 100000
prompt_style: compact
licence: CC0-1.0
"""
ASKED = (
    "import json",
    "from medner_assets.defs import partitions as p",
    "print(json.dumps([p.VERSIONS.get_partition_keys(), p.DATASETS.get_partition_keys(), p.LEFT_OUT,"
    " list(p.THAT_CAN_RUN.partition_keys), p.VERSION_NAMES.get_partition_keys()]))",
)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    made = make_checkout(tmp_path_factory.mktemp("left-out") / "checkout")
    made.recipe("datasets", "elsewhere", CORPUS)
    made.recipe("base_models", "large", LARGE)
    made.recipe("versions", "on-gpu", "summary: x\nbaseline: tiny-v1\nbase_model: large\n")
    made.recipe("versions", "on-notes", "summary: x\nbaseline: tiny-v1\ndataset: elsewhere\n")
    made.recipe("versions", "broken", "summary: x\nbaseline: tiny-v1\nlora: {rnk: 3}\n")
    return made


def partitions(checkout: Checkout) -> list:
    ran = checkout.python(*ASKED)
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_versions_that_lack_a_gpu_or_a_corpus_are_left_out_and_a_broken_one_is_not(checkout):
    versions, datasets, left_out, waited_for, named = partitions(checkout)
    assert versions == ["broken", "tiny-v1", "tiny-v2"]
    assert datasets == ["miniature"]
    assert waited_for == ["tiny-v1", "tiny-v2"]
    assert named == ["broken", "on-gpu", "on-notes", "tiny-v1", "tiny-v2"]
    assert "a CUDA GPU with at least 100000 GiB" in left_out["on-gpu"]
    assert left_out["on-notes"].startswith("dataset elsewhere lacks elsewhere.jsonl in ")


def test_a_version_of_which_something_stands_here_keeps_its_partition(checkout):
    folder = checkout.data / "adapters" / "on-gpu"
    folder.mkdir(parents=True)
    versions, _, left_out, waited_for, _ = partitions(checkout)
    folder.rmdir()
    assert "on-gpu" in versions
    assert "on-gpu" not in left_out
    assert "on-gpu" not in waited_for


def test_a_command_on_a_version_that_is_left_out_says_why_in_one_line(checkout):
    ran = checkout.medner("evaluate", "on-notes")
    assert ran.code == 1
    assert "elsewhere.jsonl" in ran.reason
    assert len([line for line in ran.err.splitlines() if line.startswith("Error")]) == 1
    assert "Traceback" not in ran.err
