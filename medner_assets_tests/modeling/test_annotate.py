"""A worker of an annotation: each shard once, what is claimed left alone, what is broken set aside."""

import fcntl
import json
import threading
from pathlib import Path

import polars as pl
import pytest

from medner_assets.corpus.shards import plan
from medner_assets.modeling.inference.annotate import coordinate, work
from medner_assets.modeling.inference.shard_rows import shard_file
from medner_assets.modeling.job import AnnotationJob
from medner_assets.paths import private_folder
from medner_assets.tables import TABLES
from medner_assets_tests.modeling.test_extractor import make_adapter, settings
from medner_assets_tests.modeling.test_generation import Lines
from medner_assets_tests.support.miniature import documents


@pytest.fixture(scope="module")
def adapter(tmp_path_factory, miniature_base) -> Path:
    return make_adapter(tmp_path_factory.mktemp("annotate") / "adapter", miniature_base, 0)


@pytest.fixture
def job(tmp_path: Path, miniature_base: Path, adapter: Path) -> AnnotationJob:
    """Four shards of three documents, and one that cannot be parsed."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.jsonl").write_text(
        "".join(json.dumps({"id": each.id, "text": each.text}) + "\n" for each in documents(12))
    )
    (corpus / "bad.jsonl").write_text("{\n")
    content = settings(
        miniature_base, adapter, corpus=corpus, corpus_name="notes", shards=plan(corpus, 3),
        annotation_id="i", output=private_folder(tmp_path / "out"), work=tmp_path / "work",
    )  # fmt: skip
    return AnnotationJob(**content)


def files(job: AnnotationJob) -> dict[str, int]:
    return {file.name: file.stat().st_mtime_ns for file in job.output.iterdir()}


def test_each_shard_is_made_once_and_a_broken_one_is_set_aside_with_its_reason(job):
    assert work(job, 0, Lines()) == 4
    made = files(job)
    frame = pl.concat([pl.read_parquet(job.output / name) for name in made])
    assert dict(frame.schema) == TABLES["annotations"].schema
    assert sorted(frame["doc_id"]) == sorted(each.id for each in documents(12))
    (aside,) = (job.work / "aside").glob("*.json")
    assert "bad.jsonl:1: not valid JSON" in json.loads(aside.read_text())["reason"]
    assert work(job, 0, Lines()) == 0
    assert files(job) == made


def test_what_a_killed_worker_left_is_made_again_and_its_rest_removed(job):
    target = shard_file(job.output, "i", job.shards[1])
    target.with_name(f".{target.stem}.99.partial").write_text("half")
    work(job, 0, Lines())
    assert target.exists()
    assert not list(job.output.glob(".*"))


def test_a_shard_that_another_worker_has_claimed_is_left_to_it(job):
    claim = private_folder(job.work / "claims") / job.shards[2].name
    with claim.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert work(job, 0, Lines()) == 3
        assert not shard_file(job.output, "i", job.shards[2]).exists()
    assert work(job, 1, Lines()) == 1


def test_other_weights_have_files_of_their_own(job):
    work(job, 0, Lines())
    assert work(job.model_copy(update={"annotation_id": "j"}), 0, Lines()) == 4
    assert len(files(job)) == 8


def test_workers_take_the_gpus_of_the_machine_that_annotates_and_not_of_the_one_that_asked(
    tmp_path, monkeypatch
):
    import medner_assets.modeling.inference.annotate as module

    asked = []

    def started(argv, *, env, **options):
        asked.append(env["CUDA_VISIBLE_DEVICES"])

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-b,GPU-c")
    monkeypatch.setattr(module.subprocess, "Popen", started)
    job = AnnotationJob.model_construct(workers=0, work=tmp_path)
    for number in range(3):
        module._started(job, tmp_path / "job.json", number, 2, module.visible_gpus())
    assert asked == ["GPU-b", "GPU-c", "GPU-b"]
    assert "gpus" not in AnnotationJob.model_fields


def test_who_coordinates_waits_for_workers_elsewhere_and_does_what_they_leave(tmp_path, monkeypatch):
    import medner_assets.modeling.inference.annotate as module

    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.jsonl").write_text('{"id": "d", "text": "x"}\n' * 4)
    job = AnnotationJob.model_construct(
        shards=tuple(plan(tmp_path / "corpus", 1)), annotation_id="i", workers=2, work=tmp_path / "work",
        output=private_folder(tmp_path / "out"),
    )  # fmt: skip
    claims = [(private_folder(job.work / "claims") / shard.name).open("w") for shard in job.shards]
    for each in claims:
        fcntl.flock(each, fcntl.LOCK_EX)

    def made(shards: list) -> None:
        for shard in shards:
            shard_file(job.output, "i", shard).touch()

    def two_are_made_and_the_worker_elsewhere_dies() -> None:
        made(job.shards[:2])
        for each in claims:
            each.close()

    class Worker:
        """A worker that finds everything claimed the first time, and does the rest the second."""

        started = 0

        def __init__(self, argv: list[str], **_: object) -> None:
            Worker.started += 1
            assert argv[-2:] == ["--worker", "0"]
            if Worker.started == 2:
                made(job.shards[2:])

        def poll(self) -> int:
            return 0

    monkeypatch.setattr(module.subprocess, "Popen", Worker)
    threading.Timer(0.7, two_are_made_and_the_worker_elsewhere_dies).start()
    log = Lines()
    coordinate(job, tmp_path / "job.json", log, here=1)
    assert Worker.started == 2
    assert log.lines[-1].startswith("annotation: 4/4 shards")
