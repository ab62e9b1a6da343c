"""`medner register`: from a file of answers to a version, and what is refused before anything is lost."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from medner_assets.paths import SHIPPED_RECIPES
from medner_assets_tests.support.server import Reply, answered, serving

TEXTS = [f"Aspirin number {n} causes nausea." for n in range(24)]


def gold(number: int, split: str) -> dict[str, object]:
    text = TEXTS[number % 24].replace("number", f"number {split}")
    start = text.index("nausea")
    return {
        "id": f"{split}{number}", "text": text, "split": split,
        "entities": [
            {"id": "a", "type": "Drug", "text": "Aspirin", "start": 0, "end": 7},
            {"id": "b", "type": "Effect", "text": "nausea", "start": start, "end": start + 6},
        ],
        "relations": [{"head": "a", "tail": "b", "type": "causes"}],
    }  # fmt: skip


def answer(number: int, *, spans: bool = False) -> dict[str, object]:
    document = gold(number, "test")
    kept = ("id", "type", "text", "start", "end") if spans else ("id", "type", "text")
    entities = [{key: each[key] for key in kept} for each in document["entities"]]  # type: ignore[attr-defined]
    relations = document["relations"] if number % 2 else []
    return {"id": document["id"], "entities": entities, "relations": relations}


BEYOND = answer(1) | {
    "entities": [{"id": "a", "type": "Drug", "text": "x", "start": 0, "end": 999}], "relations": []
}  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one dataset of files; tests share what they register."""
    folder = tmp_path_factory.mktemp("project")
    corpora = folder / "corpora"
    corpora.mkdir()
    for split, count in (("train", 30), ("dev", 5), ("test", 24)):
        lines = [json.dumps(gold(n, split)) for n in range(count)]
        (corpora / f"{split}.jsonl").write_text("\n".join(lines) + "\n")
    run(folder, "init", "p")
    recipe = (
        "summary: notes\nsource:\n  kind: files\n  format: jsonl\n  files: {train: [train.jsonl], dev: "
        "[dev.jsonl], test: [test.jsonl]}\nlicence: own\n"
    )
    (folder / "p" / "recipes" / "datasets" / "notes.yaml").write_text(recipe)
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    where = folder / "p" if (folder / "p").exists() else folder
    return subprocess.run(
        [sys.executable, "-m", "medner_assets.cli", *arguments], cwd=where, text=True, capture_output=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "MEDNER_CORPORA": str(folder / "corpora")},
        timeout=300, check=False,
    )  # fmt: skip


def written(folder: Path, name: str, answers: list[dict[str, object]]) -> str:
    file = folder / f"{name}.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in answers))
    return str(file)


def scores(folder: Path, version: str) -> dict[tuple[str, str], list[object]]:
    where = f"where model_version = '{version}' and stage = 'final'"
    found = run(folder, "sql", f"from metrics {where}", "--format", "json")
    return {
        (row["task"], row["scheme"]): [row[k] for k in ("tp", "fp", "fn", "f1_low", "f1_high", "signature")]
        for row in json.loads(found.stdout)
    }


def test_a_file_becomes_a_version_with_a_report_and_scores_as_score_says(project: Path):
    answers = [answer(n, spans=True) for n in range(20)]
    answers[0]["entities"].append({"id": "z", "type": "Bogus", "text": "number", "start": 8, "end": 14})  # type: ignore[attr-defined]
    file = written(project, "half", answers)
    result = run(project, "register", "foreign", file, "--dataset", "notes")
    assert result.returncode == 0, result.stderr
    assert "4 of 24 test documents have no answer: each counts as an empty one" in result.stderr
    assert "entity type 'Bogus' is not of notes: its 1 items count as wrong" in result.stderr
    assert (project / "p" / "data" / "reports" / "foreign.html").exists()
    assert "never trained" not in result.stdout
    test = str(project / "corpora" / "test.jsonl")
    scored = json.loads(run(project, "score", test, file, "--dataset", "notes", "--json").stdout)
    found = scores(project, "foreign")
    for task in ("entity", "relation"):
        for scheme, counts in scored[task].items():
            expected = [counts[key] for key in ("tp", "fp", "fn", "f1_low", "f1_high")]
            assert found[task, scheme][:5] == expected
    assert found["relation", "strict"][5] == scored["signature"]
    assert "foreign" in run(project, "versions").stdout


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (("train", "foreign"), "it has no adapter, so nothing to train"),
        (("predict", "foreign", "--text", "Rash."), "only a version with an adapter reads new texts"),
    ],
)
def test_what_needs_an_adapter_is_refused_in_one_line(project: Path, command: tuple[str, ...], reason: str):
    result = run(project, *command)
    assert (result.returncode, len(result.stderr.strip().splitlines())) == (1, 1), result.stderr
    assert reason in result.stderr


def test_a_server_is_a_version_and_what_it_refuses_is_a_row(project: Path):
    right = (
        "### Entities:\n1. [Drug] Aspirin\n2. [Effect] nausea\n\n"
        "### Relations:\n1. Aspirin --[causes]--> nausea"
    )

    def reply(prompt: str, before: int) -> Reply:
        asked = prompt.rsplit("### Text:\n", 1)[1]
        if " test 3 " in asked:
            return Reply("", 400)
        return Reply("", 429) if " test 5 " in asked and not before else Reply(answered(right))

    recipe = project / "p" / "recipes" / "versions" / "served.yaml"
    with serving(reply) as server:
        recipe.write_text(
            "summary: a server\nsystem: endpoint\ndataset: notes\nshots: 2\n"
            f"endpoint: {{url: '{server.url}', model: m}}\n"
        )
        result = run(project, "evaluate", "served")
    assert result.returncode == 0, result.stderr
    assert len(server.asked) == 25
    assert server.asked[0]["messages"][0]["content"].count("### Text:") == 3
    assert scores(project, "served")["relation", "strict"][:3] == [23, 0, 1]
    query = "select doc_id from completions where model_version = 'served' and finish_reason = 'refused'"
    assert json.loads(run(project, "sql", query, "--format", "json").stdout) == [{"doc_id": "test3"}]


@pytest.mark.slow
def test_another_run_is_a_replicate_and_the_same_file_again_changes_nothing(project: Path):
    one = written(project, "one", [answer(n) for n in range(24)])
    two = written(project, "two", [answer(n) for n in range(12)])
    assert run(project, "register", "system", one, "--dataset", "notes").returncode == 0
    again = run(project, "register", "system", one, "--dataset", "notes")
    assert again.returncode == 0, again.stderr
    second = run(
        project, "register", "system", two, "--dataset", "notes", "--replicate", "2", "--baseline", "foreign"
    )
    assert second.returncode == 0, second.stderr
    assert "These answers of system, against those of foreign" in second.stdout
    assert scores(project, "system.r2")["entity", "text"][:3] == [24, 0, 24]
    assert ("entity", "span") not in scores(project, "system")


@pytest.mark.parametrize(
    ("name", "answers", "options", "reason"),
    [
        ("other", [answer(1) | {"id": "elsewhere"}], (), "document 'elsewhere' is not in the gold file"),
        ("twice", [answer(1), answer(1)], (), "document 'test1' stands here and at"),
        ("beyond", [BEYOND], (), "is not within the text"),
        ("system.r9", [answer(1)], (), "use --replicate"),
        ("late", [answer(1)], ("--replicate", "2"), "is not registered yet"),
        ("tiny-v1", [answer(1)], (), "choose another name"),
        ("empty", [], (), "there are no answers in it"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_line_and_leaves_no_recipe(
    project: Path, name: str, answers: list[dict[str, object]], options: tuple[str, ...], reason: str
):
    before = sorted((project / "p" / "recipes" / "versions").iterdir())
    result = run(project, "register", name, written(project, "bad", answers), "--dataset", "notes", *options)
    lines = [line for line in result.stderr.splitlines() if not line.startswith("✓")]
    assert (result.returncode, len(lines), result.stdout) == (1, 1, ""), result.stderr
    assert reason in lines[0]
    assert sorted((project / "p" / "recipes" / "versions").iterdir()) == before


def test_other_answers_under_a_name_that_is_taken_are_refused_and_the_first_stay(project: Path):
    result = run(project, "register", "foreign", written(project, "new", [answer(3)]), "--dataset", "notes")
    assert result.returncode == 1
    assert "registered with other answers" in result.stderr
    assert scores(project, "foreign")["entity", "text"][0] == 40


@pytest.mark.slow
def test_a_kept_file_that_was_changed_is_not_scored(project: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    shutil.copytree(project, copy)
    (kept, *_) = (copy / "p" / "data" / "submissions").iterdir()
    kept.write_text(kept.read_text() + "\n")
    result = run(copy, "evaluate", "foreign") if kept else None
    assert result is not None
    other = run(copy, "evaluate", "system")
    assert "was changed since it was registered" in result.stderr + other.stderr


def test_shipped_recipes_are_untouched():
    assert not list((SHIPPED_RECIPES / "versions").glob("foreign*"))
