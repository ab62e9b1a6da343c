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

from medner_assets.paths import SHIPPED_RECIPES
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
