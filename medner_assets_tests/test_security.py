"""Names, paths, YAML and SQL stay what and where they are; what is generated is its owner's alone."""

import json
import os
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
import yaml
from click.testing import CliRunner

from medner_assets import paths
from medner_assets.cli import main
from medner_assets.errors import MednerError
from medner_assets.files import publish_file
from medner_assets.modeling.publishing import publish_folder
from medner_assets.paths import PROJECT
from medner_assets.recipes.loading import load_base_model, load_dataset, load_version
from medner_assets.services import ServingSettings
from medner_assets.tables import TABLES
from medner_assets.warehouse.catalogue import connect
from medner_assets.warehouse.queries import ask
from medner_assets.warehouse.store import Store

OUTSIDE = ("../outside", "..", "a/../../b", "/etc/passwd", "a/b", ".hidden", "a..b", "a\x00b", "ä", "A", "")


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEDNER_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def recipes(folder: Path, kind: str, content: str) -> Path:
    """Return a folder of recipes with one dataset, one base and the recipe `x` of a kind."""
    sound = {
        "datasets/d": "summary: s\nsource: {kind: synthetic, seed: 1, documents: {train: 1}}\nlicence: l\n",
        "base_models/b": "summary: s\npath: data/base/b\nlicence: l\n",
        f"{kind}/x": content,
    }
    (folder / "versions").mkdir(parents=True)
    for name, text in sound.items():
        file = folder / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_name_of_a_version_reaches_outside_the_data_folder(name):
    for place in (paths.adapter, lambda each: paths.work(each, "training")):
        with pytest.raises(MednerError, match="not a valid name"):
            place(name)
    with pytest.raises(MednerError):
        Store(paths.warehouse()).read("recipes", name)


@pytest.mark.parametrize(
    "content",
    [
        "summary: s\nsource: {kind: files, format: jsonl, files: {all: [../../etc/passwd]}}\nlicence: l\n",
        "summary: s\nsource: {kind: files, format: jsonl, files: {all: [a/../../b]}}\nlicence: l\n",
    ],
)
def test_a_dataset_reads_no_file_above_the_folder_of_corpora(tmp_path, content):
    with pytest.raises(MednerError, match=r"a path without `\.\.`"):
        load_dataset("x", recipes(tmp_path, "datasets", content))


def test_a_base_is_not_taken_from_above_the_checkout(tmp_path):
    content = "summary: s\npath: ../weights\nlicence: l\n"
    with pytest.raises(MednerError, match=r"a path without `\.\.`"):
        load_base_model("x", recipes(tmp_path, "base_models", content))


@pytest.mark.parametrize("revision", ["revision: main\n", f"revision: {'a' * 39}\n", "revision: v1.0\n"])
def test_a_base_of_a_hub_needs_the_forty_digits_of_its_commit(tmp_path, revision):
    content = f"summary: s\nhub_id: someone/model\nlicence: l\n{revision}"
    with pytest.raises(MednerError, match="revision"):
        load_base_model("x", recipes(tmp_path, "base_models", content))


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.system ['touch hurt']",
        "!!python/name:os.system",
        "!!python/module:os",
        "!x y",
    ],
)
def test_no_tag_of_yaml_makes_an_object_or_runs_anything(tmp_path, monkeypatch, value):
    monkeypatch.chdir(tmp_path)
    content = f"summary: {value}\nbase_model: b\ndataset: d\n"
    with pytest.raises(MednerError, match="not valid YAML"):
        load_version("x", recipes(tmp_path / "recipes", "versions", content))
    assert not (tmp_path / "hurt").exists()


def test_aliases_that_unfold_to_a_billion_items_are_refused_at_once(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    with pytest.raises(MednerError, match="'summary' is missing"):
        load_version("x", recipes(tmp_path, "versions", "\n".join([*lines, "base_model: b", "dataset: d"])))


INJECTIONS = (
    "v1' or '1'='1",
    "'; drop view metrics; --",
    "v1') union select * from documents --",
    '" or ""="',
)


@pytest.mark.parametrize("value", INJECTIONS)
def test_a_parameter_of_sql_stays_a_value(data, value):
    store = Store(paths.warehouse())
    store.initialise()
    rows = pl.DataFrame(
        {"setting": ["s"], "value": ["x"], "recipe_hash": ["h"]}, schema=TABLES["recipes"].schema
    )
    store.replace({"recipes": rows}, "v1")
    with connect() as connection:
        query = "select * from recipes where model_version = $version"
        assert ask(connection, query, {"version": value}).relation.fetchall() == []
        assert len(ask(connection, query, {"version": "v1"}).relation.fetchall()) == 1


@pytest.mark.parametrize(
    "query",
    [
        "copy recipes to 'stolen.csv'", "attach 'other.duckdb'", "install httpfs", "load httpfs",
        "create table t as select 1", "drop view metrics", "set memory_limit = '1GB'", "pragma version",
        "select 1; select 2", "export database 'stolen'",
    ],
)  # fmt: skip
def test_a_query_can_only_ask(query, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(main, ["sql", query])
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert not list(tmp_path.glob("stolen*"))
    assert not list(tmp_path.glob("other*"))


def test_a_link_in_the_place_of_an_adapter_is_replaced_and_what_it_leads_to_stays(tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("mine")
    target = tmp_path / "adapters" / "v1"
    target.parent.mkdir()
    target.symlink_to(precious)
    publish_folder(target, lambda partial: (partial / "file").write_text("new"))
    assert (precious / "file").read_text() == "mine"
    assert (target / "file").read_text() == "new"
    assert not target.is_symlink()
    assert [path.name for path in target.parent.iterdir()] == ["v1"]


def test_a_link_in_the_place_of_a_file_is_replaced_and_what_it_leads_to_stays(tmp_path):
    precious, target, partial = (tmp_path / name for name in ("precious", "target", "partial"))
    precious.write_text("mine")
    target.symlink_to(precious)
    partial.write_text("new")
    publish_file(target, partial)
    assert (precious.read_text(), target.read_text(), target.is_symlink()) == ("mine", "new", False)


def test_a_data_folder_that_is_made_is_its_owners_alone_whatever_the_mask(data):
    before = os.umask(0)
    try:
        assert CliRunner().invoke(main, ["sql", "scores"]).exit_code == 0
    finally:
        os.umask(before)
    made = [data, *data.rglob("*")]
    assert len(made) > 20
    assert [path for path in made if path.stat().st_mode & 0o077] == []


def test_an_import_and_an_export_are_their_owners_alone_whatever_the_mask(tmp_path):
    (tmp_path / "d.jsonl").write_text('{"id": "a", "text": "Mrs Doe took aspirin."}\n')
    before = os.umask(0o022)
    try:
        ran = CliRunner().invoke(
            main, ["import", "jsonl", str(tmp_path / "d.jsonl"), "--out", str(tmp_path / "out.jsonl")]
        )
        assert ran.exit_code == 0, ran.output
        assert CliRunner().invoke(main, ["export", str(tmp_path / "all.duckdb")]).exit_code == 0
    finally:
        os.umask(before)
    for name in ("out.jsonl", "all.duckdb"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_the_code_that_dagster_loads_makes_its_files_the_owners_whoever_started_it():
    import subprocess
    import sys

    asked = (
        "import os; os.umask(0o022); from medner_assets.definitions import defs; defs(); print(os.umask(0))"
    )
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert ran.stdout.split()[-1] == str(0o077)


def test_an_adapter_whose_configuration_was_changed_is_refused(tmp_path):
    import hashlib
    import json

    from medner_assets.defs.versions.finished import (
        CONFIG,
        DESCRIPTION,
        LOG,
        WEIGHTS,
        covers_its_configuration,
        finished_adapter,
    )

    folder = tmp_path / "v1"
    folder.mkdir()
    numbers = {pl.Int64(): 1, pl.Float64(): 0.5}
    row = {name: numbers.get(dtype, "x") for name, dtype in TABLES["adapters"].schema.items()}
    config = b'{"r": 16, "lora_alpha": 32}'
    row |= {"weights_hash": hashlib.sha256(b"w").hexdigest()[:16], "versions": "{}"}
    row |= {"finished_at": "2026-02-01T00:00:00+00:00"}
    (folder / WEIGHTS).write_bytes(b"w")
    (folder / LOG).write_text('{"step": 1, "epoch": 1.0, "kind": "train", "loss": 1.0, "seconds": 1.0}\n')
    (folder / CONFIG).write_bytes(config)
    (folder / DESCRIPTION).write_text(json.dumps(row))
    assert finished_adapter(folder) is not None  # of an earlier edition, which did not name it
    assert not covers_its_configuration(folder)
    row["config_hash"] = hashlib.sha256(config).hexdigest()[:16]
    (folder / DESCRIPTION).write_text(json.dumps(row))
    assert finished_adapter(folder) is not None
    assert covers_its_configuration(folder)
    (folder / CONFIG).write_bytes(config.replace(b"32", b"320"))
    with pytest.raises(
        MednerError, match=r"adapter_config\.json is not the file that medner\.json describes"
    ):
        finished_adapter(folder)


def test_every_file_of_a_base_decides_which_base_it_is(tmp_path):
    from medner_assets.files import file_hash
    from medner_assets.modeling.adapters import FACTS, refuse_another_base
    from medner_assets.modeling.base_revision import base_revision
    from medner_assets.recipes.sources import BaseModelRecipe

    base = BaseModelRecipe(summary="s", path="data/base/b", licence="l")
    shards, adapter = tmp_path / "b", tmp_path / "v1"
    shards.mkdir()
    adapter.mkdir()
    (shards / "model-1.safetensors").write_bytes(b"one")
    of_before = file_hash(shards / "model-1.safetensors")
    (shards / "model-2.safetensors").write_bytes(b"two")
    trained = base_revision(base, shards)
    (shards / "model-2.safetensors").write_bytes(b"another")
    (adapter / FACTS).write_text(f'{{"base_revision": "{trained}"}}')
    with pytest.raises(MednerError, match="was trained on base weights"):
        refuse_another_base(adapter, base, shards)
    (adapter / FACTS).write_text(f'{{"base_revision": "{of_before}"}}')
    refuse_another_base(adapter, base, shards)  # of an earlier edition, which named the first file only


def test_the_ui_is_behind_the_gate_on_this_machine_only_and_nothing_is_reported_to_anyone():
    lines = (PROJECT / "Makefile").read_text().splitlines()
    assert lines[next(i for i, line in enumerate(lines) if line.startswith("ui:")) + 1].endswith("/medner ui")
    assert ServingSettings().host == "127.0.0.1"
    assert yaml.safe_load((PROJECT / "dagster.yaml").read_text())["telemetry"] == {"enabled": False}


def test_runs_have_a_longest_time_and_are_never_retried():
    settings = yaml.safe_load((PROJECT / "dagster.yaml").read_text())
    assert 0 < settings["run_monitoring"]["max_runtime_seconds"] <= 7 * 24 * 3600
    assert settings["run_retries"] == {"enabled": False}


def test_the_page_says_what_the_attacks_of_the_last_run_came_to():
    found = json.loads((PROJECT / "benchmarks" / "results" / "attack.json").read_text(encoding="utf-8"))
    sides = Counter(row["side"] for row in found["attacks"])
    counts = ", ".join(f"{sides[side]} on {side}" for side in ("ui", "sql", "catalogue", "files"))
    told = f"{sides.total()} attacks ({counts}), {found['got_in']} got in"
    assert told in " ".join((PROJECT / "docs" / "security.md").read_text(encoding="utf-8").split())
    assert [row["name"] for row in found["attacks"] if not row["held"]] == []
