"""A small data folder of the present layout, made by medner's own commands, for later editions to read.

    .venv/bin/python -m medner_assets_tests.support.layouts

Writes `medner_assets_tests/layouts/<layout>/` anew: once for each layout, and later editions keep it.
"""

import json
import shutil
import tempfile
from pathlib import Path

from medner_assets.corpus.jsonl import write_documents
from medner_assets.layout import LAYOUT
from medner_assets_tests.support.checkout import Checkout, make_checkout
from medner_assets_tests.support.miniature import documents

FOLDER = Path(__file__).resolve().parent.parent / "layouts"
KEPT = ("warehouse", "adapters", "submissions")
COUNT = 60


def answers(file: Path) -> None:
    """Write what a made-up system says of the test documents: some right, some wrong, one left out."""
    lines = []
    for number, document in enumerate(each for each in documents(COUNT) if each.split == "test"):
        drug, effect = document.entities
        entities = [
            {"id": "a", "type": "Drug", "text": drug.text},
            {"id": "b", "type": "Effect", "text": effect.text},
        ]
        relations = [{"head": "a", "tail": "b", "type": "causes"}]
        if number % 4 == 1:
            entities[1]["type"] = "Drug"
        if number % 4 == 2:
            relations = [{"head": "b", "tail": "a", "type": "causes"}]
        if number % 4 == 3:
            entities.append({"id": "c", "type": "Drug", "text": "placebo"})
        lines.append(json.dumps({"id": document.id, "entities": entities, "relations": relations}))
    file.write_text("\n".join(lines[:-1]) + "\n")


def make(target: Path) -> None:
    """Let the product make a project with a trained and a registered version, and keep what it wrote."""
    with tempfile.TemporaryDirectory() as name:
        checkout = make_checkout(Path(name) / "checkout")
        write_documents(checkout.root / "corpora" / "miniature.jsonl", documents(COUNT))
        answers(Path(name) / "answers.jsonl")
        for words in (
            ("train", "tiny-v1"),
            ("evaluate", "tiny-v1"),
            ("register", "theirs", str(Path(name) / "answers.jsonl"), "--dataset", "miniature"),
            ("evaluate", "theirs"),
        ):
            _run(checkout, *words)
        for folder in KEPT:
            shutil.copytree(
                checkout.data / folder, target / folder, ignore=shutil.ignore_patterns("_locks", "_spilled")
            )
        (target / "scores.json").write_text(_run(checkout, "sql", "scores", "--format", "json"))


def _run(checkout: Checkout, *words: str) -> str:
    ran = checkout.medner(*words)
    assert ran.code == 0, ran.err
    return ran.out


if __name__ == "__main__":
    shutil.rmtree(FOLDER / str(LAYOUT), ignore_errors=True)
    make(FOLDER / str(LAYOUT))
