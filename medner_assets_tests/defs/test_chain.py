"""The whole chain on a miniature base: what is made, what is reused, what is refused, by the command line."""

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from medner_assets.corpus.jsonl import write_documents
from medner_assets_tests.support.checkout import COPIED, VERSION, Checkout, Ran, make_checkout
from medner_assets_tests.support.live import within
from medner_assets_tests.support.miniature import documents
from medner_assets_tests.support.served import asked, serving

pytestmark = pytest.mark.slow

V1, V2 = "tiny-v1", "tiny-v2"
TEST_DOCUMENTS = sum(document.split == "test" for document in documents())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Checkout, Ran]:
    """A checkout of its own in which the demo ran: both versions are trained and evaluated."""
    made = make_checkout(tmp_path_factory.mktemp("chain") / "checkout")
    before = os.umask(0o022)  # what most systems have
    try:
        ran = made.medner("demo")
    finally:
        os.umask(before)
    assert ran.code == 0, ran.err
    return made, ran


@pytest.fixture
def checkout(demo: tuple[Checkout, Ran]) -> Checkout:
    return demo[0]


def test_the_demo_ends_with_the_comparison_its_report_and_what_to_do_next(demo):
    checkout, ran = demo
    assert all(version in ran.out for version in (V1, V2))
    assert str(checkout.data / "reports" / "tiny-v2-vs-tiny-v1.html") in ran.out
    commands = ran.out.split("Next:")[1].strip().splitlines()
    assert len(commands) == 4
    assert (checkout.data / "medner.duckdb").exists()


def test_a_second_demo_says_that_everything_is_up_to_date_and_changes_nothing(demo):
    checkout, first = demo
    before = checkout.contents()
    second = checkout.medner("demo")
    assert second.code == 0
    assert second.err.count("is up to date") == 3  # the dataset and two versions
    assert second.out == first.out
    assert checkout.contents() == before


def test_under_the_usual_umask_every_file_that_is_written_is_its_owners_alone(checkout, tmp_path):
    """Of the demo and these commands, below data/ and outside; before tests that write files by hand."""
    before = os.umask(0o022)
    try:
        outside = tmp_path / "outside"
        outside.mkdir()
        corpus = checkout.root / "corpora"
        for words in (
            ("import", "jsonl", str(corpus / "miniature.jsonl"), "--out", str(outside / "imported.jsonl")),
            ("export", str(outside / "all.duckdb")),
            ("export", str(outside / "v1.jsonl"), "--format", "jsonl", "--version", V1),
            ("export", str(outside / "v1-brat"), "--format", "brat", "--version", V1),
            ("predict", V1, str(corpus / "miniature.jsonl"), "--json"),
            ("sql", "scores"),
            ("doctor",),
        ):
            ran = checkout.medner(*words)
            assert ran.code == 0 or words == ("doctor",), ran.err
    finally:
        os.umask(before)
    written = [*outside.rglob("*"), checkout.data, *checkout.data.rglob("*")]
    kinds = {True: 0o700, False: 0o600}
    wrong = {
        str(path): oct(path.stat().st_mode & 0o777)
        for path in written
        if path.stat().st_mode & 0o777 != kinds[path.is_dir()]
    }
    assert wrong == {}
    assert sum(path.is_file() for path in written) > 150


def test_every_test_document_has_one_completion_and_every_gold_item_is_counted(checkout):
    completions = checkout.rows("completions", V1)
    assert completions["doc_id"].n_unique() == completions.height == TEST_DOCUMENTS
    metrics = checkout.rows("metrics", V1)
    # One entity pair and one relation a document, whatever the model says.
    gold = {row["task"]: row["tp"] + row["fn"] for row in metrics.iter_rows(named=True)}
    assert gold == {"entity": 2 * TEST_DOCUMENTS, "relation": TEST_DOCUMENTS}


def test_an_adapter_writes_about_dev_too_and_its_calibration_stands_beside_it(checkout):
    dev, completions = checkout.rows("dev_completions", V1), checkout.rows("completions", V1)
    assert dev["split"].unique().to_list() == ["dev"]
    assert dev["generation_id"].unique().to_list() == completions["generation_id"].unique().to_list()
    assert completions["log_probabilities"].list.len().min() > 0
    kept = json.loads((checkout.data / "adapters" / V1 / "calibration.json").read_text())
    assert kept["generation_id"] == completions["generation_id"][0]
    assert [task["curve"] for task in kept["tasks"].values()] == [None, None]  # dev is too small
    for table in ("predicted_entities", "predicted_relations"):
        rows = checkout.rows(table, V1)
        assert rows["probability"].null_count() == 0
        assert rows["probability"].to_list() == rows["model_probability"].to_list()


def test_rows_of_one_evaluation_share_one_id(checkout):
    ids = {
        checkout.rows(table, V2)["evaluation_id"][0]
        for table in ("document_scores", "metrics", "comparisons")
    }
    assert len(ids) == 1


def test_the_weights_that_were_scored_are_the_weights_that_are_there(checkout):
    weights = (checkout.data / "adapters" / V1 / "adapter_model.safetensors").read_bytes()
    digest = hashlib.sha256(weights).hexdigest()[:16]
    assert checkout.rows("adapters", V1)["weights_hash"][0] == digest
    assert checkout.rows("completions", V1)["weights_hash"].unique().to_list() == [digest]


def test_a_version_is_compared_with_its_baseline_and_the_report_is_there(checkout):
    comparisons = checkout.rows("comparisons", V2)
    assert comparisons["baseline"].unique().to_list() == [V1]
    assert checkout.rows("comparisons", V1).is_empty()
    assert (checkout.data / "reports" / "tiny-v2-vs-tiny-v1.html").stat().st_mode & 0o777 == 0o600


def test_running_everything_again_changes_nothing(checkout):
    before = checkout.contents()
    trained = checkout.medner("train", V2)
    evaluated = checkout.medner("evaluate", V2)
    assert (trained.code, evaluated.code) == (0, 0)
    assert "nothing to train" in trained.err
    assert checkout.contents() == before


def test_standard_output_holds_results_and_standard_error_the_rest(checkout):
    ran = checkout.medner("sql", "select count(*) as n from metrics", "--format", "json")
    assert json.loads(ran.out)[0]["n"] > 0
    ran = checkout.medner("predict", V1, "Patient 1 took aspirin.", "--json")
    assert json.loads(ran.out)["id"] == "text"
    assert "aspirin" not in ran.err


def test_predictions_can_be_exported_and_scored_as_the_version_was(checkout, tmp_path):
    gold, predicted = tmp_path / "gold.jsonl", tmp_path / "predicted.jsonl"
    write_documents(gold, [document for document in documents() if document.split == "test"])
    assert checkout.medner("export", str(predicted), "--format", "jsonl", "--version", V1).code == 0
    scores = json.loads(checkout.medner("score", str(gold), str(predicted), "--json").out)
    metrics = checkout.rows("metrics", V1).filter(stage="final", task="entity", scheme="text")
    assert scores["entity"]["text"]["tp"] == metrics["tp"][0]
    assert scores["entity"]["text"]["fp"] == metrics["fp"][0]


@pytest.mark.parametrize("format", ["brat", "pubtator"])
def test_predictions_can_be_imported_by_other_tools(checkout, tmp_path, format):
    target, back = tmp_path / "out", tmp_path / "back.jsonl"
    assert checkout.medner("export", str(target), "--format", format, "--version", V1).code == 0
    assert "--force" in checkout.medner("export", str(target), "--format", format, "--version", V1).reason
    ran = checkout.medner("import", format, str(target), "--out", str(back))
    assert f"documents\t{TEST_DOCUMENTS}" in ran.out


def test_a_version_is_promoted_and_rolled_back_with_its_reasons(checkout):
    for version in (V1, V2, V1):
        assert checkout.medner("promote", version, "--reason", f"trying {version}").code == 0
    history = checkout.rows("promotions", "miniature")
    assert history["kind"].to_list() == ["manual", "manual", "rollback"]
    assert history["reason"].to_list() == [f"trying {V1}", f"trying {V2}", f"trying {V1}"]


BAD = {
    "unknown-key": (VERSION + "lorra: {rank: 3}\n", "versions/unknown-key.yaml: unknown key 'lorra'"),
    "circle": (VERSION + "baseline: circle\n", "versions/circle.yaml: cyclic baselines"),
    "no-dataset": (VERSION.replace("dataset: miniature", "dataset: nope"), "unknown dataset 'nope'"),
    "not-yaml": ("summary: [", "versions/not-yaml.yaml"),
}


def test_a_new_champion_takes_over_from_the_one_that_is_served_and_one_that_is_gone_reads_nothing(checkout):
    champion = checkout.rows("promotions", "miniature").sort("sequence")["version"][-1]
    other = V2 if champion == V1 else V1
    text = documents()[0].text
    with serving(checkout, "miniature") as url:

        def version() -> str | None:
            status, content = asked(f"{url}/extract", {"text": text})
            return content["served"]["version"] if status == 200 else None

        status, content = asked(f"{url}/extract", {"texts": [text, "No drug."]})
        assert (status, [each["text"] for each in content["documents"]]) == (200, [text, "No drug."])
        served = content["served"]
        assert served["version"] == champion
        assert served["evaluation"] == checkout.rows("document_scores", champion)["evaluation_id"][0]
        assert checkout.medner("promote", other, "--reason", "takes over").code == 0
        assert within(60, lambda: version() == other) is not None
        assert asked(f"{url}/health")[1]["promotion"]["reason"] == "takes over"
        adapter = checkout.data / "adapters" / other
        adapter.rename(adapter.with_suffix(".away"))
        assert within(60, lambda: version() is None) is not None
        status, content = asked(f"{url}/extract", {"text": text})
        assert (status, content["error"]["code"]) == (503, "champion-gone")
        adapter.with_suffix(".away").rename(adapter)
        assert within(60, lambda: version() == other) is not None


def test_broken_recipes_are_refused_in_one_line_each_and_the_other_versions_go_on(checkout):
    before = checkout.contents()
    files = [checkout.recipe("versions", name, content) for name, (content, _) in BAD.items()]
    try:
        refused = {name: checkout.medner("train", name) for name in BAD}
        listed = checkout.medner("versions")
    finally:
        for file in files:
            file.unlink()
    for name, (_, reason) in BAD.items():
        assert (refused[name].code, len(refused[name].err.strip().splitlines())) == (1, 1)
        assert reason in refused[name].reason
    assert listed.err.count("unreadable") == len(BAD)
    assert "the first miniature version" in listed.out
    assert checkout.contents() == before


def test_an_unknown_version_is_refused_with_the_names_that_there_are(checkout):
    ran = checkout.medner("evaluate", "m9")
    assert (ran.code, ran.err) == (1, "Error: unknown version 'm9': choose one of tiny-v1, tiny-v2\n")


def test_a_missing_corpus_file_is_refused_before_anything_is_written(checkout):
    file = checkout.recipe(
        "datasets", "absent", (checkout.root / "recipes/datasets/miniature.yaml").read_text().replace(
            "miniature.jsonl", "absent.jsonl"
        ),
    )  # fmt: skip
    version = checkout.recipe("versions", "m8", VERSION.replace("dataset: miniature", "dataset: absent"))
    before = checkout.contents()
    try:
        ran = checkout.medner("train", "m8")
    finally:
        file.unlink()
        version.unlink()
    assert ran.code == 1
    assert "absent.jsonl" in ran.reason
    assert checkout.contents() == before


def test_a_dataset_whose_test_split_leaks_is_not_trained_on_whichever_way_it_is_asked_for(checkout):
    leaking = [*documents(), replace(documents()[0], id="leak", split="test")]
    write_documents(checkout.root / "corpora" / "leaking.jsonl", leaking)
    original = (checkout.root / "recipes" / "datasets" / "miniature.yaml").read_text()
    dataset = checkout.recipe("datasets", "leaking", original.replace("miniature.jsonl", "leaking.jsonl"))
    version = checkout.recipe("versions", "leaky", VERSION.replace("dataset: miniature", "dataset: leaking"))
    try:
        refused = checkout.medner("train", "leaky")
        alone = checkout.python(
            "from medner_assets.launching import launch", "launch(['recipe', 'adapter'], 'leaky')"
        )
    finally:
        dataset.unlink()
        version.unlink()
    reason = "1 of 5 test documents share their text with train (0 accepted)"
    assert refused.code == 1
    assert refused.reason.startswith(f"Error: dataset leaking cannot be trained on: {reason}")
    assert reason in alone.reason
    assert not (checkout.data / "adapters" / "leaky").exists()


def test_a_version_of_an_earlier_state_of_its_dataset_is_not_evaluated(checkout):
    corpus = checkout.root / "corpora" / "miniature.jsonl"
    original = corpus.read_bytes()
    other = checkout.recipe("versions", "m7", VERSION.replace("epochs: 1", "epochs: 2"))
    try:
        write_documents(corpus, documents(30))
        assert checkout.medner("train", "m7").code == 0  # builds the dataset anew
        results = {name: data for name, data in checkout.contents().items() if f"={V1}" in name}
        ran = checkout.medner("evaluate", V1)
    finally:
        corpus.write_bytes(original)
        other.unlink()
    assert ran.code == 1
    assert ran.reason.startswith(f"Error: {V1} was trained on dataset miniature as of ")
    assert ran.reason.endswith(f"run `medner train {V1}` again")
    assert {name: data for name, data in checkout.contents().items() if f"={V1}" in name} == results


def test_the_runs_are_in_dagsters_own_storage_and_nothing_is_written_beside_the_sources(checkout):
    assert (checkout.root / "data" / "dagster" / "storage").is_dir()
    brought = {*COPIED, "base", "corpora", "recipes"}
    assert {path.name for path in checkout.root.iterdir()} - brought == {"data"}


def test_what_is_generated_is_readable_by_its_owner_only(checkout):
    folders = [checkout.data / name for name in ("warehouse", "adapters", "reports", "work")]
    assert {folder.stat().st_mode & 0o077 for folder in folders} == {0}
    texts = [Path(file) for file in (checkout.data / "work").rglob("*.jsonl")]
    assert texts
    assert {file.stat().st_mode & 0o077 for file in texts} == {0}
