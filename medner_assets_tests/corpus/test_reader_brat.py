import pytest

from medner_assets.corpus.readers.registry import read_files
from medner_assets.errors import MednerError
from medner_assets.schema import Entity, Level, Relation
from medner_assets_tests.support.readings import parse_brat

TEXT = "Heparin caused\nbruising. Warfarin did not.\n"
ANN = "T1\tDrug 0 7\tHeparin\nT2\tEffect 15 23\tbruising\nR1\tcauses Arg1:T1 Arg2:T2\t\n"


def kinds(annotations: str, text: str = TEXT) -> list[tuple[int | None, str]]:
    return [(each.line, each.kind.value) for each in parse_brat(text, annotations, "f.ann", "f").problems]


def test_t_lines_are_mentions_and_r_lines_relations():
    reading = parse_brat(TEXT, ANN, "f.ann", "f")
    (document,) = reading.documents
    assert reading.problems == ()
    assert (document.id, document.text, document.level) == ("f", TEXT, Level.MENTION)
    assert document.entities == (
        Entity("T1", "Drug", 0, 7, "Heparin"),
        Entity("T2", "Effect", 15, 23, "bruising"),
    )
    assert document.relations == (Relation("causes", head="T1", tail="T2"),)


def test_arg1_is_the_head_in_whatever_order_and_other_roles_keep_theirs():
    swapped = ANN.replace("Arg1:T1 Arg2:T2", "Arg2:T2 Arg1:T1")
    named = ANN.replace("Arg1:T1 Arg2:T2", "Effect:T2 Drug:T1")
    assert parse_brat(TEXT, swapped, "f", "f").documents[0].relations == (Relation("causes", "T1", "T2"),)
    assert parse_brat(TEXT, named, "f", "f").documents[0].relations == (Relation("causes", "T2", "T1"),)


def test_a_relation_before_its_mentions_reads_the_same():
    moved = "".join(reversed(ANN.splitlines(keepends=True)))
    assert set(parse_brat(TEXT, moved, "f", "f").documents[0].relations) == {Relation("causes", "T1", "T2")}
    assert kinds(moved) == []


def test_an_event_relates_its_trigger_to_each_argument():
    annotations = (
        "T1\tDrug 0 7\tHeparin\nT2\tTrigger 8 14\tcaused\nT3\tEffect 15 23\tbruising\n"
        "T4\tTrigger 34 37\tdid\n"
        "E1\tTrigger:T2 Cause:T1 Theme2:T3\nE2\tTrigger:T4 Theme:E1\n"
    )
    (document,) = parse_brat(TEXT, annotations, "f", "f").documents
    assert document.relations == (
        Relation("Cause", "T2", "T1"),
        Relation("Theme", "T2", "T3"),
        Relation("Theme", "T4", "T2"),
    )


def test_a_mention_in_pieces_keeps_them_counts_as_their_cover_and_is_reported():
    text = "left and right pain"
    reading = parse_brat(text, "T1\tEffect 0 4;15 19\tleft pain\n", "f", "f")
    pieces = ((0, 4), (15, 19))
    assert reading.documents[0].entities == (Entity("T1", "Effect", 0, 19, text, pieces=pieces),)
    assert [(each.line, each.kind.value, each.kind.loses) for each in reading.problems] == [
        (1, "discontinuous", False)
    ]


def test_pieces_that_only_a_line_break_parts_are_one_mention():
    reading = parse_brat(TEXT, "T1\tX 8 14;15 23\tcaused bruising\n", "f", "f")
    assert reading.problems == ()
    assert reading.documents[0].entities[0].text == "caused\nbruising"


def test_pieces_whose_text_differs_are_left_out():
    assert kinds("T1\tEffect 0 4;15 19\tHepa xxxx\n") == [(1, "offset-mismatch")]


def test_offsets_that_do_not_match_and_unknown_arguments_are_left_out():
    assert kinds("T1\tDrug 1 8\tHeparin\nT2\tEffect 15 23\tbruising\nR1\tcauses Arg1:T1 Arg2:T2\n") == [
        (1, "offset-mismatch"),
        (3, "unknown-argument"),
    ]


def test_repeated_ids_keep_the_first():
    assert kinds("T1\tDrug 0 7\tHeparin\nT1\tEffect 15 23\tbruising\n") == [(2, "duplicate-id")]


def test_attributes_are_kept_and_normalisations_equivalences_and_notes_are_told_with_counts():
    annotations = (
        ANN + "A1\tNegated T2\nM1\tCertainty T2 low\nA2\tSure R1\nA3\tX T9\n"
        "N1\tReference T1 MeSH:D006493\tHeparin\n"
        "*\tEquiv T1 T2\n#1\tNote T1\tsure\n"
    )
    reading = parse_brat(TEXT, annotations, "f", "f")
    assert kinds(annotations) == [*[(None, "not-kept")] * 3, (7, "unknown-argument")]
    assert not reading.problems[0].kind.loses
    assert [each.attributes for each in reading.documents[0].entities] == [
        (),
        (("Certainty", "low"), ("Negated", "true")),
    ]
    assert reading.documents[0].relations[0].attributes == (("Sure", "true"),)


def test_lines_of_another_form_are_reported():
    lines = [
        "T1",
        "T1\tDrug x 7\tHeparin",
        "T1\tDrug 0 7",
        "R1\tcauses Arg1:T1",
        "R1\tcauses T1 T2",
        "E1\t",
        "Z1\tx",
        "T1\tDrug ² 7\tH",
    ]
    assert kinds("\n".join(lines) + "\n") == [(number, "malformed") for number in range(1, 9)]


def test_a_cut_annotation_file_says_so():
    assert kinds(ANN[:-12]) == [(3, "truncated")]
    assert kinds(ANN[:27]) == [(2, "truncated")]


def test_a_text_with_windows_line_ends_is_read_as_its_offsets_count_them():
    windows = TEXT.replace("\n", "\r\n")
    as_one = parse_brat(windows, ANN, "f", "f")
    assert [each.kind.value for each in as_one.problems] == ["line-ends"]
    assert as_one.documents[0].text == TEXT
    as_two = parse_brat(windows, ANN.replace("15 23", "16 24"), "f", "f")
    assert as_two.problems == ()
    assert as_two.documents[0].text == windows


def test_a_byte_order_mark_counts_in_the_text(tmp_path):
    (tmp_path / "f.txt").write_bytes(b"\xef\xbb\xbfHeparin")
    (tmp_path / "f.ann").write_bytes(b"\xef\xbb\xbfT1\tDrug 1 8\tHeparin\r\n")
    reading = read_files("brat", [tmp_path / "f.ann"])
    assert reading.problems == ()
    assert reading.documents[0].entities[0].start == 1


def test_offsets_in_utf16_units_are_converted():
    reading = parse_brat("😀 Heparin", "T1\tDrug 3 10\tHeparin\n", "f", "f")
    assert reading.documents[0].entities[0].start == 2
    assert [each.kind.value for each in reading.problems] == ["offset-unit"]


def test_a_folder_gives_a_document_for_each_pair_below_it(tmp_path):
    for name in ("b", "a.v2", "ward/a"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.txt").write_text(TEXT)
        (tmp_path / f"{name}.ann").write_text(ANN)
    (tmp_path / "LICENCE.txt").write_text("words")
    (tmp_path / "lost.ann").write_text(ANN)
    (tmp_path / "annotation.conf").write_text("x")
    reading = read_files("brat", [tmp_path])
    assert [each.id for each in reading.documents] == ["a.v2", "b", "ward/a"]
    assert [(each.doc_id, each.kind.value) for each in reading.problems] == [
        ("LICENCE", "malformed"),
        ("lost", "no-text"),
    ]
    assert read_files("brat", [tmp_path / "b.txt"]).documents[0].text == TEXT


def test_in_a_folder_a_file_of_another_encoding_costs_its_own_document_only(tmp_path):
    for name, encoding in (("a", "utf-8"), ("b", "latin-1"), ("c", "utf-16")):
        (tmp_path / f"{name}.txt").write_text("née", encoding=encoding)
        (tmp_path / f"{name}.ann").write_text("T1\tX 0 3\tnée\n", encoding="utf-8")
    reading = read_files("brat", [tmp_path])
    assert [each.id for each in reading.documents] == ["a"]
    assert [(each.file, each.kind.value, each.kind.loses, each.line) for each in reading.problems] == [
        (str(tmp_path / "b.txt"), "encoding", True, 1),
        (str(tmp_path / "c.txt"), "encoding", True, 1),
    ]


def test_names_that_the_export_has_quoted_are_ids_again_and_others_stay(tmp_path):
    for name in ("a%2Fb", "100%", "%41"):
        (tmp_path / f"{name}.txt").write_text(TEXT)
        (tmp_path / f"{name}.ann").write_text(ANN)
    assert {each.id for each in read_files("brat", [tmp_path]).documents} == {"a/b", "100%", "%41"}


def test_missing_folders_texts_and_annotations_are_one_line(tmp_path):
    with pytest.raises(MednerError, match="no such file or folder"):
        read_files("brat", [tmp_path / "missing"])
    with pytest.raises(MednerError, match="no such file"):
        read_files("brat", [tmp_path / "missing.ann"])
    with pytest.raises(MednerError, match=r"no file with suffix \.ann, \.a1, \.a2, \.txt"):
        read_files("brat", [tmp_path])
    (tmp_path / "f.ann").write_text(ANN)
    with pytest.raises(MednerError, match=r"there is no f\.txt beside it"):
        read_files("brat", [tmp_path / "f.ann"])
