from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from medner_assets import paths
from medner_assets.commands.runs import _made_since
from medner_assets.defs.versions.adapter import TrainingConfig, joins, replicates
from medner_assets.errors import MednerError


def test_a_replicate_that_is_being_trained_elsewhere_is_left_out(tmp_path):
    with ExitStack() as first, ExitStack() as second:
        assert joins(tmp_path / "lock", first)
        assert not joins(tmp_path / "lock", second)
    with ExitStack() as third:
        assert joins(tmp_path / "lock", third)


def test_only_replicates_of_the_same_version_are_trained_beside_it():
    config, inputs = TrainingConfig(together=["tiny-v2.r2"]), SimpleNamespace(version="tiny-v1")
    with pytest.raises(MednerError, match=r"tiny-v2\.r2 is no replicate of tiny-v1"):
        replicates(config, inputs, None, ExitStack())


def test_an_adapter_counts_as_made_by_this_command_from_its_beginning_on(tmp_path, monkeypatch):
    monkeypatch.setenv("MEDNER_DATA", str(tmp_path))
    assert not _made_since(0.0, "tiny-v1")
    folder = paths.adapter("tiny-v1")
    folder.mkdir(parents=True)
    (folder / "medner.json").write_text("{}")
    assert _made_since(0.0, "tiny-v1")
    assert not _made_since((folder / "medner.json").stat().st_mtime + 1, "tiny-v1")
