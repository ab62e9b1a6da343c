"""Completions that were written with those of another replicate, before they are recorded."""

import json
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from medner_assets import paths
from medner_assets.commands import runs
from medner_assets.defs.versions import completions
from medner_assets.defs.versions.completions import OUTPUT, generate, is_left, replicates
from medner_assets.defs.versions.generation import GENERATE, Generation
from medner_assets.errors import MednerError
from medner_assets.locks import take


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """What makes the generation of a version: its data are three documents, nothing is loaded."""
    monkeypatch.setenv("MEDNER_DATA", str(tmp_path))

    def write(split, file, *more):
        file.write_text("".join(f"{each}\n" for each in (split, *more)))
        return file

    recipe = SimpleNamespace(system="lora", asked_of_a_cluster=dict)
    data = SimpleNamespace(write=write)

    def made(version, *_):
        if version.endswith("r4"):
            raise MednerError("quick.r4 has no adapter yet")
        return Generation(version, recipe, data, f"id of {version}", "w", GENERATE, lambda _: {"a": 1})

    monkeypatch.setattr(completions, "generation_of", made)
    monkeypatch.setattr(completions, "load_version", lambda name: recipe)
    monkeypatch.setattr(completions, "existing", lambda _, __, name, ___: name == "quick.r3" or None)
    return made


def left(version, content="{}\n", generation=None):
    folder = paths.private_folder(paths.work(version, "generation"))
    (folder / "job.json").write_text(json.dumps({"generation_id": generation or f"id of {version}"}))
    (folder / OUTPUT).write_text(content)
    return folder


def test_replicates_that_lack_completions_and_have_an_adapter_are_written_with_the_first(asked):
    left("quick.r5")  # written and not recorded
    left("quick.r6", generation="of an adapter before")
    names = [f"quick.r{i}" for i in range(2, 8)]
    busy = take(paths.private_folder(paths.work("quick.r7", "generation")) / "lock")
    assert busy is not None
    with ExitStack() as locks:
        found = replicates(names, asked("quick"), None, locks)
        assert [each.what for each in found] == ["generation of quick.r2", "generation of quick.r6"]
        assert take(found[0].folder / "lock") is None  # nobody else generates for it meanwhile
    job = json.loads((found[0].folder / "job.json").read_text())
    assert job["generation_id"] == "id of quick.r2"
    assert job["output"] == str(paths.work("quick.r2", "generation") / OUTPUT)
    assert not (found[1].folder / OUTPUT).exists()  # what stood there was of another adapter
    assert found[0].argv[-1] == str(found[0].folder / "job.json")


def test_a_version_of_another_name_is_refused(asked):
    with ExitStack() as locks, pytest.raises(MednerError, match=r"other\.r2 is no replicate of quick"):
        replicates(["other.r2"], asked("quick"), None, locks)


def test_only_whole_completions_of_the_same_generation_count_as_left(asked):
    folder = left("quick.r2")
    assert is_left(asked("quick.r2"), folder)
    assert not is_left(asked("quick.r3"), folder)
    for broken in ("", "[]", "{"):
        (folder / "job.json").write_text(broken)
        assert not is_left(asked("quick.r2"), folder)
    (left("quick.r2") / OUTPUT).unlink()
    assert not is_left(asked("quick.r2"), folder)


def test_left_completions_are_taken_without_a_process_and_damaged_ones_are_not_met_twice(asked, monkeypatch):
    monkeypatch.setattr(completions, "completion_rows", lambda lines, _: lines)
    monkeypatch.setattr(completions, "finished_adapter", lambda _: SimpleNamespace(weights_hash="w"))
    monkeypatch.setattr(completions, "run_process", None)  # calling it would raise
    context = SimpleNamespace(log=SimpleNamespace(info=lambda _: None))
    left("quick.r2", '{"doc_id": "a", "retries": {"again": 2}}\n')
    rows, again = generate(context, asked("quick.r2"), 0)
    assert [row["doc_id"] for row in rows] == ["a"]
    assert again == {"again": 2}
    folder = left("quick.r2", "damaged\n")
    with pytest.raises(MednerError, match="not the JSON lines that generation writes: run it again"):
        generate(context, asked("quick.r2"), 0)
    assert not is_left(asked("quick.r2"), folder)


def test_each_run_of_an_evaluation_is_told_of_the_replicates_that_come_after_it(tmp_path, monkeypatch):
    monkeypatch.setenv("MEDNER_DATA", str(tmp_path))
    launched = []
    for name in ("quick", "quick.r2", "quick.r3", "quick.r5"):
        paths.adapter(name).mkdir(parents=True)
    recipe = SimpleNamespace(replicates=5, system="lora", dataset="d")
    monkeypatch.setattr(runs, "bring", lambda: None)
    monkeypatch.setattr(runs, "load_version", lambda _: recipe)
    monkeypatch.setattr(runs, "state_of", lambda name, _: SimpleNamespace(stale=name != "quick.r3"))
    monkeypatch.setattr(
        runs, "launch", lambda assets, name=None, config=None: launched.append((name, config))
    )
    runs.evaluate("quick")
    assert launched == [
        ("quick.r2", {"completions": {"together": ["quick.r3", "quick.r5", "quick"]}}),
        ("quick.r5", {"completions": {"together": ["quick"]}}),
        ("quick", None),
        (None, None),  # the leaderboard
    ]
