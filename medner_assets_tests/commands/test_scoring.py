"""`medner score` as a person types it: the options that change a number, and what it says."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from medner_assets.cli import main

TEXT = "Aspirin meets heparin."
GOLD = {
    "id": "d1", "text": TEXT,
    "entities": [
        {"id": "a", "type": "Drug", "text": "Aspirin", "start": 0, "end": 7},
        {"id": "b", "type": "Drug", "text": "heparin", "start": 14, "end": 21},
    ],
    "relations": [{"head": "a", "tail": "b", "type": "interacts_with"}],
}  # fmt: skip


def score(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["score", *arguments])


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Gold, predictions with the relation turned round, and predictions without it."""
    turned = {**GOLD, "relations": [{"head": "b", "tail": "a", "type": "interacts_with"}]}
    made = {}
    for name, document in (("gold", GOLD), ("turned", turned), ("silent", {**GOLD, "relations": []})):
        file = tmp_path / f"{name}.jsonl"
        file.write_text("".join(json.dumps({**document, "id": f"d{i}"}) + "\n" for i in range(25)))
        made[name] = str(file)
    return made


def test_a_datasets_symmetric_types_hold_in_score(files: dict[str, str]):
    plain = json.loads(score(files["gold"], files["turned"], "--json").stdout)
    assert (plain["relation"]["strict"]["tp"], plain["relation"]["strict"]["fp"]) == (0, 25)
    for option in (("--dataset", "synthetic"), ("--symmetric", "interacts_with")):
        found = json.loads(score(files["gold"], files["turned"], *option, "--json").stdout)
        assert found["relation"]["strict"]["tp"] == 25
        assert "|symmetric:interacts_with|" in found["signature"]


def test_scores_have_intervals_and_a_baseline_a_verdict(files: dict[str, str]):
    found = score(files["gold"], files["gold"], "--baseline", files["silent"]).stdout.splitlines()
    assert found[1] == "entity text: P 1.0000  R 1.0000  F1 1.0000 (1.0000 to 1.0000)  (TP 50, FP 0, FN 0)"
    against = f"F1 against {files['silent']}:"
    same = "not distinguishable, +0.0 points (+0.0 to +0.0, adjusted p 1.000, 25 groups)"
    assert found[-2] == f"entity {against} {same}"
    assert found[-1].startswith(f"relation {against} better, +100.0 points")


def test_gold_annotations_that_stand_twice_count_once_and_are_told(files: dict[str, str], tmp_path: Path):
    twice = tmp_path / "twice.jsonl"
    twice.write_text(json.dumps({**GOLD, "relations": GOLD["relations"] * 2}) + "\n")
    own = tmp_path / "own.jsonl"
    own.write_text(json.dumps(GOLD) + "\n")
    result = score(str(twice), str(own), "--json")
    assert (result.exit_code, json.loads(result.stdout)["relation"]["strict"]["tp"]) == (0, 1)
    assert "twice.jsonl: 1 annotations stand twice: each counts once" in result.stderr


def test_a_dataset_that_there_is_not_is_one_line(files: dict[str, str]):
    result = score(files["gold"], files["turned"], "--dataset", "nowhere")
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "unknown dataset 'nowhere'" in result.stderr
