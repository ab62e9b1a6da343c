"""A full disk, a folder that cannot be written, a file cut short: old rows stay, and one line says it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from medner_assets.errors import MednerError
from medner_assets.modeling.publishing import publish_folder
from medner_assets.warehouse.store import Store
from medner_assets_tests.support.rows import frame


def settings(value: str, rows: int = 3) -> list[dict[str, str]]:
    return [{"setting": str(n), "value": f"{value}{n}", "recipe_hash": "h"} for n in range(rows)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "warehouse")
    made.initialise()
    made.replace({"recipes": frame("recipes", settings("old"))}, "v1")
    return made


FILL = """
import os, sys
from pathlib import Path
from medner_assets.errors import MednerError
from medner_assets.warehouse.store import Store
from medner_assets_tests.support.rows import frame
from medner_assets.modeling.publishing import publish_folder
def settings(value, rows):
    return [{"setting": os.urandom(64).hex(), "value": value, "recipe_hash": "h"} for n in range(rows)]
root = Path(sys.argv[1])
store = Store(root / "warehouse")
store.initialise()
store.replace({"recipes": frame("recipes", settings("old", 3))}, "v1")
adapter = root / "adapters" / "v1"
publish_folder(adapter, lambda folder: (folder / "weights").write_bytes(b"old"))
for attempt in (
    lambda: store.replace({"recipes": frame("recipes", settings("new", 20_000))}, "v1"),
    lambda: publish_folder(adapter, lambda folder: (folder / "weights").write_bytes(bytes(10**7))),
):
    try:
        attempt()
    except (OSError, MednerError) as error:
        print("No space left on device" in str(error) and len(str(error).splitlines()))
assert set(store.read("recipes", "v1")["value"]) == {"old"}
assert (adapter / "weights").read_bytes() == b"old"
folders = (root / "warehouse/recipes/model_version=v1", root / "adapters")
print(sorted(path.name for folder in folders for path in folder.iterdir()))
"""


EXPORT = """
import os, sys
from pathlib import Path
from medner_assets.errors import MednerError
from medner_assets.warehouse.export import export_predictions, export_tables
disk, root = map(Path, sys.argv[1:])
mine = disk / "all.duckdb"
mine.write_text("mine")
for write in (lambda: export_tables(mine, root=root, force=True),
              lambda: export_predictions(mine, "v1", root=root, force=True)):
    try:
        write()
    except MednerError as error:
        print(str(error).replace(str(disk), "DISK"))
assert mine.read_text() == "mine"
print(os.listdir(disk))
"""


def on_a_small_disk(size: str, folder: Path, script: str, *arguments: str) -> list[str]:
    """Run a script of Python to which `folder` is a disk of that size; return the lines that it prints."""
    mounted = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    mount = f'mount -t tmpfs -o size={size} none {folder} && exec "$@"'
    try:
        allowed = subprocess.run([*mounted, mount, "sh", "true"], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("no unshare here")
    if allowed.returncode != 0:
        pytest.skip("a small disk cannot be made here")
    ran = subprocess.run(
        [*mounted, mount, "sh", sys.executable, "-c", script, str(folder), *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def test_on_a_full_disk_the_old_rows_and_the_old_adapter_stay_and_nothing_is_left_lying(tmp_path):
    assert on_a_small_disk("1m", tmp_path, FILL) == ["1", "1", "['part-0.parquet', 'v1']"]


@pytest.mark.parametrize("size", ["32k", "400k"])
def test_an_export_onto_a_full_disk_is_one_line_and_the_old_file_stays(tmp_path, size):
    """400k: DuckDB finds the disk full when it commits, and not before."""
    disk, root = tmp_path / "disk", tmp_path / "warehouse"
    disk.mkdir()
    store = Store(root)
    store.initialise()
    many = [{"setting": os.urandom(64).hex(), "value": "v", "recipe_hash": "h"} for _ in range(3_000)]
    store.replace({"recipes": frame("recipes", many)}, "v1")
    completions = [{"doc_id": f"d{n}", "split": "test", "completion": ""} for n in range(20_000)]
    store.replace({"completions": frame("completions", completions)}, "v1")
    for table in ("predicted_entities", "predicted_relations"):
        store.replace({table: frame(table, [])}, "v1")
    line = "DISK/all.duckdb: cannot be written (No space left on device): choose another place"
    assert on_a_small_disk(size, disk, EXPORT, str(root)) == [line, line, "['all.duckdb']"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_where_nothing_can_be_written_the_old_rows_stay(store, tmp_path):
    folder = tmp_path / "warehouse" / "recipes" / "model_version=v1"
    folder.chmod(0o500)
    try:
        with pytest.raises(PermissionError):
            store.replace({"recipes": frame("recipes", settings("new"))}, "v1")
    finally:
        folder.chmod(0o700)
    assert store.read("recipes", "v1")["value"][0] == "old0"


@pytest.mark.parametrize("left", [0, 3, 200])
def test_a_table_that_was_cut_short_is_named_in_one_line_and_never_read_in_part(store, tmp_path, left):
    file = tmp_path / "warehouse" / "recipes" / "model_version=v1" / "part-0.parquet"
    file.write_bytes(file.read_bytes()[:left])
    with pytest.raises(MednerError, match=r"part-0\.parquet: not a whole Parquet file: remove it"):
        store.read("recipes", "v1")
    store.replace({"recipes": frame("recipes", settings("new"))}, "v1")
    assert store.read("recipes", "v1").height == 3


def test_an_empty_partition_that_was_cut_short_is_made_anew(store, tmp_path):
    file = tmp_path / "warehouse" / "metrics" / "model_version=_empty" / "part-0.parquet"
    file.write_bytes(b"PAR1")
    store.initialise()
    assert store.read("metrics").is_empty()


def test_a_folder_that_cannot_be_filled_leaves_the_one_that_was_there(tmp_path):
    target = tmp_path / "v1"
    publish_folder(target, lambda folder: (folder / "file").write_text("old"))

    def fails(folder: Path) -> None:
        (folder / "file").write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        publish_folder(target, fails)
    assert [(path.name, path.read_text()) for path in tmp_path.rglob("file")] == [("file", "old")]
