"""Shards: known by place and content, cut at lines and row groups, refused by name."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medner_assets.corpus.shards import plan, texts
from medner_assets.errors import MednerError


def lines(*ids: object) -> str:
    return "".join(
        json.dumps({"id": each, "text": f"née {each}\u2028"}, ensure_ascii=False) + "\n" for each in ids
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Seven lines, three texts, five rows in two groups, and what is passed over."""
    (tmp_path / "ward").mkdir()
    (tmp_path / "ward" / "a.jsonl").write_text(lines(*range(7)).replace("\n", "\n\n", 1))
    for name in "xyz":
        (tmp_path / f"{name}.txt").write_text(name)
    rows = [{"id": f"p{n}", "text": f"row {n}", "entities": []} for n in range(5)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "p.parquet", row_group_size=3)
    (tmp_path / ".hidden.jsonl").write_text("{")
    (tmp_path / "note.pdf").write_text("{")
    return tmp_path


def test_every_document_is_in_one_shard_with_its_place(folder):
    found = [(each.id, each.file, each.line) for shard in plan(folder, 3) for each in texts(folder, shard)]
    assert found == [
        *((f"p{n}", "p.parquet", n + 1) for n in range(5)),
        ("0", "ward/a.jsonl", 1),
        *((str(n), "ward/a.jsonl", n + 2) for n in range(1, 7)),
        *((name, f"{name}.txt", None) for name in "xyz"),
    ]


def test_shards_say_how_many_documents_they_hold_and_where_they_begin(folder):
    assert [(shard.place, shard.documents) for shard in plan(folder, 3)] == [
        ("p.parquet:1", 3), ("p.parquet:4", 2),
        ("ward/a.jsonl:1", 3), ("ward/a.jsonl:5", 3), ("ward/a.jsonl:8", 1), ("x.txt", 3),
    ]  # fmt: skip


def test_the_same_content_has_the_same_names_and_a_change_makes_one_other(folder):
    before = [shard.name for shard in plan(folder, 3)]
    assert [shard.name for shard in plan(folder, 3)] == before
    file = folder / "ward" / "a.jsonl"
    file.write_text(file.read_text().replace("née 5", "nie 5"))
    after = [shard.name for shard in plan(folder, 3)]
    assert [n for n in range(6) if before[n] != after[n]] == [3]


def test_a_file_that_grows_keeps_its_whole_shards(folder):
    before = {shard.name for shard in plan(folder, 3)}
    with (folder / "ward" / "a.jsonl").open("a") as file:
        file.write(lines("7", "8", "9"))
    after = {shard.name for shard in plan(folder, 3)}
    assert len(before - after) == 1  # the last one, which was not full


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"id": 1, "text": "a"}\n{"id": 1, "text": "b"}\n', "a.jsonl:2: document '1' occurs twice"),
        (b'{"id": 1, "text": "a"}\n{"id": \n', "a.jsonl:2: not valid JSON"),
        (b'{"id": 1, "text": "a"}\n{"id": 2}\n', "a.jsonl:2: no document with id and text"),
        (b'{"id": 1, "text": "a"}\n\xff\n', "a.jsonl:2: not valid UTF-8"),
    ],
)
def test_what_cannot_be_parsed_is_refused_with_file_and_line(tmp_path, content, message):
    (tmp_path / "a.jsonl").write_bytes(content)
    (shard,) = plan(tmp_path, 9)
    with pytest.raises(MednerError, match=message) as raised:
        texts(tmp_path, shard)
    assert "\n" not in str(raised.value)


def test_a_spoilt_parquet_file_is_a_shard_that_is_refused(tmp_path):
    (tmp_path / "p.parquet").write_bytes(b"PAR1")
    (shard,) = plan(tmp_path, 9)
    with pytest.raises(MednerError, match=r"p\.parquet: not a Parquet file"):
        texts(tmp_path, shard)


def test_a_folder_that_is_not_there_or_empty_is_one_line(tmp_path):
    with pytest.raises(MednerError, match="there is no such folder"):
        plan(tmp_path / "absent", 9)
    with pytest.raises(MednerError, match="nothing to annotate"):
        plan(tmp_path, 9)
