"""With the tables in a bucket: what machines see of each other, and what is left wherever a writer ends."""

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from obstore.store import MemoryStore, S3Store

from medner_assets.errors import MednerError
from medner_assets.object_store.bucket import Bucket
from medner_assets.object_store.client import Client
from medner_assets.warehouse.catalogue import connect
from medner_assets.warehouse.forgetting import partitions_of, remove_documents, remove_partition
from medner_assets.warehouse.keeping import InBucket
from medner_assets.warehouse.store import Store
from medner_assets_tests.support.rows import frame

UNIT = "tables/v1"


class Killed(BaseException):
    """The process ends here."""


class Dying:
    """A memory that speaks as a bucket does; the process that uses it ends at a stated request."""

    def __init__(self) -> None:
        self.memory = MemoryStore()
        self.left: int | None = None
        self.is_carried_out = False
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        request = getattr(self.memory, name)

        def asked(*arguments: Any, **settings: Any) -> Any:
            self.asked.append(name)
            if self.left == 0 and not self.is_carried_out:
                raise Killed
            answer = request(*arguments, **settings)
            if self.left == 0:
                raise Killed
            self.left = None if self.left is None else self.left - 1
            return answer

        return asked

    def objects(self) -> set[str]:
        return {each["path"] for each in self.memory.list("objects/").collect()}


def rows(value: str, count: int = 3) -> dict[str, Any]:
    """Rows of two tables that bear one mark."""
    settings = [{"setting": str(n), "value": value, "recipe_hash": "h"} for n in range(count)]
    metrics = [{"task": "entity", "scheme": "text", "evaluation_id": value}]
    return {"recipes": frame("recipes", settings), "metrics": frame("metrics", metrics)}


def marks(store: Store, key: str = "v1") -> set[str]:
    return {*store.read("recipes", key)["value"], *store.read("metrics", key)["evaluation_id"]}


@pytest.fixture
def speaks() -> Dying:
    return Dying()


@pytest.fixture
def machine(tmp_path: Path, speaks: Dying) -> Callable[[str], Store]:
    """Return what makes a machine: a folder of its own over the one bucket."""

    def made(name: str) -> Store:
        root = tmp_path / name
        store = Store(root, InBucket(root, Bucket("memory:///", speaks)))
        store.initialise()
        return store

    return made


def test_what_one_machine_writes_another_reads_in_frames_and_in_sql(machine):
    one, other = machine("one"), machine("other")
    one.replace(rows("first"), "v1")
    assert marks(other) == {"first"}
    one.replace(rows("second"), "v1")
    assert other.keys("recipes") == ["v1"]
    with connect(other.root) as session:
        assert session.sql("select distinct value from recipes").fetchall() == [("second",)]


def test_what_is_there_is_not_asked_for_again(machine, speaks):
    one, other = machine("one"), machine("other")
    one.replace(rows("first"), "v1")
    other.bring()
    speaks.asked.clear()
    other.bring()
    assert speaks.asked == ["list"]


def test_an_object_is_never_overwritten_and_one_that_was_replaced_is_removed(machine, speaks):
    one = machine("one")
    one.replace(rows("first"), "v1")
    first = speaks.objects()
    one.replace(rows("second"), "v1")
    assert len(speaks.objects()) == 2
    assert not speaks.objects() & first


def test_of_two_writers_of_one_partition_the_second_is_told_in_one_line_and_the_first_stands(machine, speaks):
    one = machine("one")
    one.replace(rows("before"), "v1")
    bucket = Bucket("memory:///", speaks)
    seen_by_both = bucket.pointer(UNIT)
    one.replace(rows("first"), "v1")
    with pytest.raises(MednerError, match="another writer replaced recipes") as told:
        bucket.write(UNIT, {"recipes/part-0.parquet": part_of(one, "metrics")}, seen_by_both)
    assert "\n" not in str(told.value)
    assert marks(one) == {"first"}
    assert len(speaks.objects()) == 2


def part_of(store: Store, table: str) -> Path:
    return store.root / table / "model_version=v1" / "part-0.parquet"


def test_two_writers_of_the_same_rows_are_both_done(machine, speaks):
    one = machine("one")
    bucket = Bucket("memory:///", speaks)
    nothing = bucket.pointer(UNIT)
    one.replace(rows("same"), "v1")
    bucket.write(UNIT, {"recipes/part-0.parquet": part_of(one, "recipes")}, nothing)
    assert len(speaks.objects()) == 2


def test_writers_of_different_tables_of_a_version_do_not_meet(machine, speaks):
    one, bucket = machine("one"), Bucket("memory:///", speaks)
    nothing = bucket.pointer(UNIT)
    one.replace({"metrics": rows("m")["metrics"]}, "v1")
    bucket.write(UNIT, {"recipes/part-0.parquet": part_of(one, "metrics")}, nothing)
    assert sorted(bucket.pointer(UNIT).files) == ["metrics/part-0.parquet", "recipes/part-0.parquet"]


@pytest.mark.parametrize("is_carried_out", [False, True])
def test_a_writer_that_is_killed_at_any_request_leaves_the_old_rows_or_the_new_and_the_next_one_cleans_up(
    machine, speaks, is_carried_out
):
    one, other = machine("one"), machine("other")
    one.replace(rows("old"), "v1")
    speaks.asked.clear()
    one.replace(rows("count"), "v1")
    requests = len(speaks.asked)
    assert requests >= 8
    seen = set()
    for step in range(requests):
        one.replace(rows("old"), "v1")
        speaks.left, speaks.is_carried_out = step, is_carried_out
        with pytest.raises(Killed):
            one.replace(rows(f"new{step}"), "v1")
        speaks.left = None
        found = marks(other)
        assert found in ({"old"}, {f"new{step}"}), step
        assert marks(one) == found, step
        seen |= found
        one.replace(rows("after"), "v1")
        assert len(speaks.objects()) == 2, step
        assert marks(other) == {"after"}
    assert {"old", f"new{requests - 1}"} <= seen


def test_an_answer_that_was_lost_after_the_pointer_was_replaced_is_no_conflict(machine, speaks):
    """As where a server carries a request out, answers 503, and refuses the repetition."""
    bucket = Bucket("memory:///", speaks)
    file = part_of(machine("one"), "recipes")
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"content")
    put, times = speaks.memory.put, []

    def lost(path: str, *arguments: Any, **settings: Any) -> Any:
        from obstore.exceptions import AlreadyExistsError

        answer = put(path, *arguments, **settings)
        if path.startswith("pointers/") and not times:
            times.append(path)
            raise AlreadyExistsError(path)
        return answer

    speaks.put = lost
    bucket.write(UNIT, {"recipes/part-0.parquet": file})
    assert times == ["pointers/tables/v1.json"]
    assert len(speaks.objects()) == 1


def test_a_file_of_the_copy_that_was_removed_or_cut_short_is_brought_or_made_anew(machine):
    one = machine("one")
    one.replace(rows("kept"), "v1")
    part_of(one, "recipes").unlink()
    assert marks(one) == {"kept"}
    part_of(one, "recipes").write_bytes(b"PAR1")
    one.replace(rows("kept"), "v1")
    assert marks(one) == {"kept"}


def test_an_object_that_is_not_what_was_written_is_named_and_the_copy_stays_as_it_was(machine, speaks):
    one, other = machine("one"), machine("other")
    one.replace(rows("old"), "v1")
    other.bring()
    one.replace(rows("new"), "v1")
    for path in speaks.objects():
        content = bytes(speaks.memory.get(path).bytes())
        speaks.memory.put(path, content[:-1] + b"!")
    with pytest.raises(MednerError, match="not what was written there"):
        other.bring()
    assert set(other.root.glob("*/model_version=v1/*")) == {
        part_of(other, "recipes"),
        part_of(other, "metrics"),
    }


@pytest.mark.parametrize("content", [b"", b"[]", b'{"files": 1}', b'{"files": {"a": {"object": "../x"}}}'])
def test_a_pointer_that_is_none_is_one_line(machine, speaks, content):
    speaks.memory.put("pointers/tables/v1.json", content)
    with pytest.raises(MednerError, match=r"pointers/tables/v1.json: not a pointer of medner's"):
        machine("one").read("recipes", "v1")


def test_a_pointer_cannot_name_a_place_outside_of_the_tables(machine, speaks, tmp_path):
    one, other = machine("one"), machine("other")
    one.replace(rows("here"), "v1")
    stated = json.loads(bytes(speaks.memory.get("pointers/tables/v1.json").bytes()))
    kept = stated["files"]["recipes/part-0.parquet"]
    stated["files"] = {
        "../../x/part-0.parquet": kept,
        "recipes/../x.parquet": kept,
        "tomorrow/a.parquet": kept,
    }
    speaks.memory.put("pointers/tables/v1.json", json.dumps(stated).encode())
    other.bring()
    assert not list(tmp_path.rglob("x*"))
    assert not list(other.root.glob("*/model_version=v1"))


def test_a_bucket_of_a_later_medner_is_refused(speaks):
    speaks.memory.put("medner.json", b'{"layout": 2}')
    with pytest.raises(MednerError, match=r"its layout is 2 .*this medner reads up to 1: install"):
        Bucket("memory:///", speaks)


def test_a_server_that_ignores_preconditions_is_refused_and_nothing_is_left_there():
    class Careless(Dying):
        def put(self, path: str, content: Any, **settings: Any) -> Any:
            return self.memory.put(path, content)

    careless = Careless()
    with pytest.raises(MednerError, match="ignores preconditions of writes"):
        Bucket("memory:///", careless)
    assert careless.memory.list().collect() == []


def test_shards_are_kept_once_each_and_others_read_them(machine):
    one, other = machine("one"), machine("other")
    for name in ("a.parquet", "b.parquet"):
        frame("annotations", [{"doc_id": name}]).write_parquet(one.shards("annotations", "v1") / name)
        one.keep_shards("annotations", "v1")
    assert sorted(file.name for file in other.shards("annotations", "v1").glob("*.parquet")) == [
        "a.parquet",
        "b.parquet",
    ]


def test_forgotten_rows_are_gone_from_the_bucket_and_from_other_machines(tmp_path, monkeypatch):
    url = f"file://{tmp_path}/bucket"
    monkeypatch.setenv("MEDNER_DATA", url)
    one, other = Store(tmp_path / "one"), Store(tmp_path / "other")
    texts = [{"doc_id": "a", "text": "Mrs Canary"}, {"doc_id": "b", "text": "someone"}]
    one.replace({"documents": frame("documents", texts)}, "d")
    other.bring()
    (folder,) = partitions_of(one.root, "dataset", "d")
    assert remove_documents(one.root, folder, ["a"]) == 1
    assert other.read("documents", "d")["doc_id"].to_list() == ["b"]
    assert len(list((tmp_path / "bucket" / "objects").rglob("*parquet/*"))) == 1
    remove_partition(one.root, folder)
    assert not other.has("documents", "d")
    assert list((tmp_path / "bucket" / "objects").rglob("*parquet/*")) == []


def test_where_there_are_no_credentials_the_line_says_so(speaks):
    """obstore then asks the cloud for those of the machine; elsewhere nobody answers there."""
    asked = (
        "Generic S3 error: Error performing PUT http://169.254.169.254/latest/api/token in 3s - error sending"
    )
    with (
        pytest.raises(MednerError, match="there are no credentials: set them in the environment"),
        Client("memory:///", speaks).asking(),
    ):
        raise OSError(asked)


REFUSALS = {
    (404, "NoSuchBucket"): "there is no such bucket: check the name",
    (403, "RequestTimeTooSkewed"): "the clock of this machine is wrong",
    (400, "ExpiredToken"): "the credentials have expired: renew them",
    (403, "InvalidAccessKeyId"): "does not know the access key",
    (403, "SignatureDoesNotMatch"): "the secret key is wrong",
    (403, "AccessDenied"): "these credentials may not do that",
    (403, ""): "these credentials may not do that",
    (503, "SlowDown"): "the server answers 503 and goes on doing so",
}


@pytest.mark.parametrize(("status", "code"), REFUSALS)
def test_what_a_server_refuses_is_one_line_that_says_what_to_do(status, code):
    class Refuses(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = f"<Error><Code>{code}</Code></Error>".encode() if code else b""
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Refuses)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        speaks = S3Store(
            "b",
            endpoint=f"http://127.0.0.1:{server.server_address[1]}",
            region="r",
            access_key_id="id",
            secret_access_key="canary-secret",
            client_options={"allow_http": True},
            retry_config={"max_retries": 1},
        )
        with pytest.raises(MednerError, match=REFUSALS[status, code]) as told:
            Bucket("s3://b/p", speaks)
    finally:
        server.shutdown()
    assert "\n" not in str(told.value)
    assert "canary" not in str(told.value)
