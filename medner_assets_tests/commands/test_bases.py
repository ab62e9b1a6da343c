"""`medner base lock` against a hub that answers from loopback."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from medner_assets.paths import EMBEDDED_BASES, SHIPPED_RECIPES
from medner_assets.recipes.loading import load_base_model

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(BaseHTTPRequestHandler):
    """States one commit, a licence and a gate for every model."""

    def do_GET(self) -> None:
        """Answer as the hub's interface for models does."""
        told = {
            "id": self.path.removeprefix("/api/models/"), "sha": COMMIT, "gated": "manual", "tags": [],
            "private": False, "downloads": 0, "likes": 0, "siblings": [],
            "cardData": {"license": "apache-2.0"},
        }  # fmt: skip
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def lock(name: str, recipes: Path, endpoint: str) -> subprocess.CompletedProcess[str]:
    known = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    return subprocess.run(
        [sys.executable, "-m", "medner_assets.cli", "base", "lock", name],
        env={**known, "MEDNER_RECIPES": str(recipes), "HF_ENDPOINT": endpoint, "HF_HUB_OFFLINE": "0"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_lock_writes_the_commit_and_says_what_the_hub_states_of_the_terms(tmp_path, hub):
    shutil.copytree(SHIPPED_RECIPES, tmp_path / "recipes")
    done = lock("qwen3-8b", tmp_path / "recipes", hub)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        f"qwen3-8b is locked at {COMMIT} of Qwen/Qwen3-8B, in base_models/qwen3-8b.yaml"
    )
    assert done.stdout.endswith(
        "The hub states licence apache-2.0 and gated; the recipe: Apache-2.0, not gated: correct the recipe\n"
    )
    assert load_base_model("qwen3-8b", tmp_path / "recipes").revision == COMMIT
    again = lock("qwen3-8b", tmp_path / "recipes", hub)
    assert again.stdout.startswith(f"qwen3-8b is locked at {COMMIT} (take the line")


def test_a_hub_that_does_not_answer_is_one_line_and_changes_nothing(tmp_path):
    shutil.copytree(SHIPPED_RECIPES, tmp_path / "recipes")
    before = (tmp_path / "recipes/base_models/qwen3-8b.yaml").read_bytes()
    done = lock("qwen3-8b", tmp_path / "recipes", "http://127.0.0.1:9")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "the hub cannot be reached" in done.stderr
    assert (tmp_path / "recipes/base_models/qwen3-8b.yaml").read_bytes() == before


def train(version: str, recipes: Path, hub_cache: Path, data: Path) -> subprocess.CompletedProcess[str]:
    places = {"MEDNER_RECIPES": recipes, "HF_HUB_CACHE": hub_cache, "MEDNER_DATA": data}
    return subprocess.run(
        [sys.executable, "-m", "medner_assets.cli", "train", version],
        env={**os.environ, **{name: str(place) for name, place in places.items()}},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("file", "template", "said"),
    [
        ("pytorch_model.bin", None, "there are pickled ones only (.bin), which can run code"),
        ("model.safetensors", "{{ raise_exception('only images') }}", "fails (TemplateError: only images)"),
    ],
)
def test_what_a_base_alone_decides_is_one_line_before_the_dataset_is_built(tmp_path, file, template, said):
    folder = tmp_path / "hub" / "models--someone--odd" / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "generation_config.json"):
        shutil.copy(EMBEDDED_BASES / "medner-tiny" / name, folder)
    settings = json.loads((EMBEDDED_BASES / "medner-tiny" / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "chat_template": template}))
    (folder / file).write_bytes(b"x")
    recipes = tmp_path / "recipes"
    shutil.copytree(SHIPPED_RECIPES, recipes)
    (recipes / "base_models" / "odd.yaml").write_text(
        f"summary: Odd\nhub_id: someone/odd\nrevision: {COMMIT}\nprompt_style: chat\nlicence: none\n"
    )
    (recipes / "versions" / "odd.yaml").write_text(
        "summary: Odd\nbase_model: odd\ndataset: synthetic-small\n"
    )
    done = train("odd", recipes, tmp_path / "hub", tmp_path / "data")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert said in done.stderr
    assert not list((tmp_path / "data").rglob("dataset=synthetic-small"))
