"""Adapters, reports and answers in a bucket: two machines, each with a copy of its own, see the same ones."""

from collections.abc import Callable
from pathlib import Path

import pytest

from medner_assets import paths
from medner_assets.defs.reporting.publishing import publish
from medner_assets.defs.shared import bring, keep, leave_out


@pytest.fixture
def on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return what goes on as a machine of that name."""
    monkeypatch.setenv("MEDNER_DATA", f"file://{tmp_path}/bucket/p")
    return lambda name: monkeypatch.setenv("MEDNER_COPIES", str(tmp_path / name))


def adapter(**files: str) -> Path:
    folder = paths.private_folder(paths.adapter("v1"))
    for old in folder.iterdir():
        old.unlink()
    for name, content in files.items():
        (folder / name).write_text(content)
    return folder


def contents() -> dict[str, str]:
    return {file.name: file.read_text() for file in sorted(paths.adapter("v1").iterdir())}


def objects(tmp_path: Path) -> list[str]:
    return [file.read_text() for file in (tmp_path / "bucket/p/objects").rglob("*") if file.is_file()]


def test_an_adapter_comes_to_the_other_machine_whole_and_follows_its_changes(on, tmp_path):
    on("one")
    keep(adapter(weights="w1", card="c"))
    on("other")
    assert not paths.adapter("v1").exists()
    bring()
    assert contents() == {"weights": "w1", "card": "c"}
    assert paths.adapter("v1").stat().st_mode & 0o077 == 0
    keep(adapter(weights="w2"))
    on("one")
    bring()
    assert contents() == {"weights": "w2"}
    assert objects(tmp_path) == ["w2"]


def test_an_adapter_that_was_removed_here_or_never_kept_is_brought_or_left_as_it_is(on):
    on("one")
    keep(adapter(weights="w1"))
    for file in paths.adapter("v1").iterdir():
        file.unlink()
    paths.adapter("v1").rmdir()
    bring()
    assert contents() == {"weights": "w1"}
    other = paths.private_folder(paths.adapter("v2"))
    (other / "weights").write_text("not kept yet")
    bring()
    assert (other / "weights").read_text() == "not kept yet"


def test_a_report_comes_to_the_other_machine_and_goes_for_good(on, tmp_path):
    on("one")
    publish("v2-vs-v1.html", "first")
    publish("v2-vs-v1.html", "second")
    on("other")
    bring()
    report = paths.reports() / "v2-vs-v1.html"
    assert report.read_text() == "second"
    leave_out(report)
    assert objects(tmp_path) == []
    on("one")
    bring()
    assert not (paths.reports() / "v2-vs-v1.html").exists()


def test_of_an_adapter_one_file_can_be_removed_for_good(on, tmp_path):
    on("one")
    folder = adapter(weights="w1", card="quotes a text")
    keep(folder)
    leave_out(folder / "card")
    assert objects(tmp_path) == ["w1"]
    on("other")
    bring()
    assert contents() == {"weights": "w1"}


def test_names_in_a_bucket_that_lead_elsewhere_are_passed_over(on, tmp_path):
    on("one")
    publish("v2-vs-v1.html", "text")
    pointers = tmp_path / "bucket/p/pointers"
    for name in ("reports/.hidden.html.json", "adapters/V1.json", "reports/a/b.html.json"):
        (pointers / name).parent.mkdir(parents=True, exist_ok=True)
        (pointers / name).write_bytes((pointers / "reports/v2-vs-v1.html.json").read_bytes())
    on("other")
    bring()
    assert [file.name for file in paths.reports().iterdir()] == ["v2-vs-v1.html"]
    assert not (paths.data() / "adapters").exists()


def test_where_the_data_is_a_folder_nothing_is_done(tmp_path, monkeypatch):
    monkeypatch.setenv("MEDNER_DATA", str(tmp_path))
    publish("v2-vs-v1.html", "text")
    bring()
    leave_out(paths.reports() / "v2-vs-v1.html")
    assert [file.name for file in tmp_path.rglob("*")] == ["reports", "v2-vs-v1.html"]
