import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from pathlib import Path
from typing import get_args

import pyarrow as pa
import pytest

from medner_assets.corpus.readers.files import numbered_lines, read_bytes, read_text, whole_number
from medner_assets.corpus.readers.registry import read_files
from medner_assets.errors import MednerError
from medner_assets.recipes.formats import FORMATS, Format

ROW = "77|Heparin caused bruising.|bruising|15|23|Heparin|0|7\n"


def refusal(format: str, *paths) -> str:
    with pytest.raises(MednerError) as raised:
        read_files(format, list(paths))
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_every_format_of_the_recipes_has_a_reader():
    assert set(FORMATS) == set(get_args(Format))


@pytest.mark.parametrize("format", FORMATS)
def test_a_missing_file_is_one_line_that_names_it(format, tmp_path):
    assert str(tmp_path / "missing.txt") in refusal(format, tmp_path / "missing.txt")


@pytest.mark.parametrize("format", FORMATS)
def test_a_folder_without_a_file_of_the_format_is_one_line(format, tmp_path):
    (tmp_path / "notes.pdf").write_bytes(b"%PDF")
    assert refusal(format, tmp_path).startswith(f"{tmp_path}: no file with suffix ")


# Of these a file is no text, has a head that is looked at first, or a name of its own.
OF_THEIR_OWN = {"parquet", "bigbio", "hugging-face", "cas", "webanno", "i2b2", "chemprot"}


@pytest.mark.parametrize("format", sorted(set(FORMATS) - OF_THEIR_OWN))
def test_invalid_utf8_is_one_line_with_file_byte_and_line(format, tmp_path):
    (tmp_path / "f.ann").write_bytes(b"")
    (tmp_path / "f.txt").write_bytes(b"77|a\n\xff\xfe")
    message = refusal(format, tmp_path / "f.txt")
    assert message.startswith(f"{tmp_path / 'f.txt'}: not valid UTF-8 at byte 5 (line 2)")


@pytest.mark.parametrize("format", FORMATS)
def test_an_empty_file_is_one_line(format, tmp_path):
    (tmp_path / "f.ann").write_bytes(b"")
    (tmp_path / "f.txt").write_bytes(b"")
    if format == "brat":  # an empty text is a document of BRAT, if an odd one
        assert read_files(format, [tmp_path / "f.txt"]).documents[0].text == ""
    else:
        assert str(tmp_path / "f.txt") in refusal(format, tmp_path / "f.txt")


def test_a_file_without_a_document_names_its_first_problem(tmp_path):
    (tmp_path / "f").write_text("\n77|Heparin\n")
    assert "line 2: not PMID" in refusal("ade", tmp_path / "f")


def test_an_unknown_format_lists_the_known_ones(tmp_path):
    assert "ade, pubtator, bioc-xml, bioc-json, brat, conll, label-studio" in refusal("xml", tmp_path)


def test_no_file_at_all_is_one_line():
    assert "name at least one" in refusal("ade")


def test_a_document_of_two_files_is_kept_once_and_reported(tmp_path):
    (tmp_path / "a").write_text(ROW)
    (tmp_path / "b").write_text(ROW + ROW.replace("Heparin", "Ceparin"))
    reading = read_files("ade", [tmp_path / "a", tmp_path / "b"])
    assert len(reading.documents) == 2
    assert [(each.file, each.kind.value) for each in reading.problems] == [
        (str(tmp_path / "b"), "duplicate-id")
    ]


def test_packed_files_are_unpacked(tmp_path):
    (tmp_path / "f.rel.xz").write_bytes(lzma.compress(ROW.encode()))
    (tmp_path / "f.rel.gz").write_bytes(gzip.compress(ROW.encode()))
    assert read_text(tmp_path / "f.rel.xz") == read_text(tmp_path / "f.rel.gz") == ROW


def zipped(content: bytes, name: str = "corpus.rel", **more: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, each in {name: content, **more}.items():
            archive.writestr(member, each)
    return stream.getvalue()


PACKERS = {
    "gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress, "zip": zipped,
    "zst": lambda content: pa.compress(content, codec="zstd", asbytes=True),
}  # fmt: skip


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("name", ["f", "F.GZ", "f.rel.packed"])
def test_how_a_file_is_packed_shows_at_its_bytes_and_not_at_its_name(packer, name, tmp_path):
    (tmp_path / name).write_bytes(PACKERS[packer](ROW.encode()))
    assert len(read_files("ade", [tmp_path / name]).documents) == 1


@pytest.mark.parametrize("packer", PACKERS)
def test_a_bomb_of_any_kind_is_refused_in_one_line(packer, tmp_path):
    (tmp_path / "f").write_bytes(PACKERS[packer](b"0" * 150_000_000))
    assert "unpacks to more than" in refusal("ade", tmp_path / "f")


def test_files_of_an_archive_and_of_a_folder_are_read_and_one_of_them_costs_itself_only(tmp_path):
    other = ROW.replace("77", "78").replace("Heparin caused", "Heparin gave").encode()
    archive = zipped(
        ROW.encode(), "a.rel", **{"b/b.rel": other.replace(b"15|23", b"13|21"), "bad.rel": b"\xff"}
    )
    (tmp_path / "f.zip").write_bytes(archive)
    reading = read_files("ade", [tmp_path / "f.zip"])
    assert len(reading.documents) == 2
    assert [(each.file, each.kind.value) for each in reading.problems] == [
        (f"{tmp_path}/f.zip/bad.rel", "encoding")
    ]
    with zipfile.ZipFile(tmp_path / "f.zip") as packed:
        packed.extractall(tmp_path / "folder")
    again = read_files("ade", [tmp_path / "folder"])
    assert again.documents == reading.documents
    assert [each.kind.value for each in again.problems] == ["encoding"]


def test_a_tar_archive_and_an_archive_within_a_file_are_refused_in_one_line(tmp_path):
    with tarfile.open(tmp_path / "f.tar.gz", "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("x"))
    assert "is a tar archive: unpack it" in refusal("ade", tmp_path / "f.tar.gz")
    (tmp_path / "f.gz").write_bytes(gzip.compress(zipped(ROW.encode())))
    assert "is a ZIP archive within another file" in refusal("ade", tmp_path / "f.gz")


def test_files_of_one_name_in_two_folders_keep_their_documents_apart(tmp_path):
    for folder, word in (("x", "Heparin"), ("y", "Aspirin")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "train.txt").write_text(f"{word}\tB-DRUG\n\n")
    paths = [tmp_path / folder / "train.txt" for folder in ("x", "y")]
    for named in (paths, [tmp_path], [path.parent for path in paths]):
        assert [each.id for each in read_files("conll", named).documents] == ["x/train-1", "y/train-1"]


@pytest.mark.parametrize("suffix", ["xz", "gz"])
def test_a_packed_file_cut_off_is_one_line(suffix, tmp_path):
    pack = lzma.compress if suffix == "xz" else gzip.compress
    (tmp_path / f"f.{suffix}").write_bytes(pack(ROW.encode() * 50)[:-20])
    assert "cannot be unpacked" in refusal("ade", tmp_path / f"f.{suffix}")


def test_only_line_feeds_end_a_line():
    assert list(numbered_lines("a\u2028b\r\nc\x0cd\n")) == [(1, "a\u2028b"), (2, "c\x0cd"), (3, "")]


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("12", 12), ("", None), ("-1", None), ("²", None), ("٣", None)]
)
def test_offsets_are_ascii_digits(text, number):
    assert whole_number(text) == number


def test_a_number_of_many_digits_is_none():
    assert whole_number("1" * 5000) is None


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".xz", lzma.compress)])
def test_a_packed_file_that_unpacks_without_end_is_refused_in_one_line(tmp_path, suffix, pack):
    bomb = tmp_path / f"bomb.jsonl{suffix}"
    bomb.write_bytes(pack(b"\0" * 200_000_000))
    with pytest.raises(MednerError, match="no text packs so well"):
        read_bytes(bomb)


def test_a_text_that_repeats_itself_is_no_bomb(tmp_path):
    file = tmp_path / "corpus.jsonl.gz"
    content = b"".join(b'{"id": "%d", "text": "no acute distress"}\n' % n for n in range(200_000))
    file.write_bytes(gzip.compress(content))
    assert read_bytes(file) == content


def test_a_named_pipe_and_a_device_are_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.jsonl")
    for path in (tmp_path / "pipe.jsonl", Path("/dev/zero")):
        with pytest.raises(MednerError, match="is a pipe or a device"):
            read_bytes(path)


def test_a_pipe_that_a_shell_hands_over_is_read():
    reading, writing = os.pipe()
    os.write(writing, b"words")
    os.close(writing)
    try:
        assert read_bytes(Path(f"/dev/fd/{reading}")) == b"words"
    finally:
        os.close(reading)
