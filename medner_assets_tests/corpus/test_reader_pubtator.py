from medner_assets.corpus.readers.registry import read_files
from medner_assets.schema import Entity, Level, Relation
from medner_assets_tests.support.readings import parse_pubtator

PLAIN = (
    "11|t|Heparin in sepsis.\n"
    "11|a|Bruising and fever followed.\n"
    "11\t0\t7\tHeparin\tChemical\tD006493\n"
    "11\t11\t17\tsepsis\tDisease\tD018805\n"
    "11\t19\t27\tBruising\tDisease\tD003288\n"
    "11\tCID\tD006493\tD003288\n"
    "\n"
    "12|t|Fever.\n"
    "12|a|\n"
    "12\t0\t5\tFever\tDisease\t-1\n"
    "\n"
)


def kinds(text: str) -> list[tuple[int | None, str | None, str]]:
    return [(each.line, each.doc_id, each.kind.value) for each in parse_pubtator(text, "f").problems]


def one(mentions: str = "", *, text: str = "Heparin and warfarin") -> str:
    return f"1|t|{text}\n1|a|\n{mentions}\n"


def concepts(*identifiers: str, relation: str = "") -> list[tuple[str, ...]]:
    rows = "".join(f"1\t0\t7\tHeparin\tType{n}\t{each}\n" for n, each in enumerate(identifiers))
    return [entity.concepts for entity in parse_pubtator(one(rows + relation), "f").documents[0].entities]


def test_title_blank_abstract_mentions_and_relations_between_concepts():
    reading = parse_pubtator(PLAIN, "f")
    first, second = reading.documents
    assert first.text == "Heparin in sepsis. Bruising and fever followed."
    assert first.level is Level.CONCEPT
    assert first.entities[0] == Entity("0", "Chemical", 0, 7, "Heparin", ("D006493",))
    assert first.relations == (Relation("CID", head_concept="D006493", tail_concept="D003288"),)
    assert [entity.text for entity in first.entities] == ["Heparin", "sepsis", "Bruising"]
    assert second.entities[0].concepts == ()
    assert reading.problems == ()


def test_windows_line_ends_a_byte_order_mark_and_missing_or_extra_blank_lines_change_nothing(tmp_path):
    expected = parse_pubtator(PLAIN, "f").documents
    for variant in (
        PLAIN.replace("\n", "\r\n"),
        "\ufeff" + PLAIN,
        PLAIN.replace("\n\n", "\n"),
        PLAIN.replace("\n", "\n\n"),
        PLAIN.replace("followed.\n", "followed.\n\n"),
    ):
        (tmp_path / "f").write_bytes(variant.encode())
        reading = read_files("pubtator", [tmp_path / "f"])
        assert reading.documents == expected
        assert reading.problems == ()


def test_annotations_may_stand_before_their_text():
    lines = PLAIN.splitlines(keepends=True)
    moved = "".join([*lines[2:5], *lines[:2], *lines[5:]])
    assert parse_pubtator(moved, "f").documents == parse_pubtator(PLAIN, "f").documents


def test_other_separators_of_lines_are_part_of_the_text():
    text = "Low\u2028dose\x0bheparin\x85 here"
    document = parse_pubtator(f"1|t|{text}\n1|a|\n", "f").documents[0]
    assert document.text.startswith(text)


def test_bars_in_the_text_and_in_mentions_are_text():
    reading = parse_pubtator("1|t|a|t|b\n1|a|c|a|d\n1\t0\t5\ta|t|b\tX\tD1\n", "f")
    assert reading.documents[0].text == "a|t|b c|a|d"
    assert reading.documents[0].entities[0].text == "a|t|b"


def test_an_offset_that_does_not_match_is_left_out_even_where_the_mention_occurs_once():
    text = one(
        "1\t1\t8\tHeparin\tX\tD1\n1\t0\t7\tHeparin\tX\tD2\n1\t90\t97\tHeparin\tX\tD2\n1\t5\t5\t\tX\tD2\n"
    )
    assert kinds(text) == [
        (3, "1", "offset-mismatch"),
        (5, "1", "offset-mismatch"),
        (6, "1", "malformed"),
    ]
    assert [entity.concepts for entity in parse_pubtator(text, "f").documents[0].entities] == [("D2",)]


def test_messages_carry_no_text():
    reading = parse_pubtator(one("1\t1\t8\tHeparin\tX\tD1\n1\tHeparin\n"), "f")
    assert len(reading.problems) == 2
    assert not any("eparin" in each.message for each in reading.problems)


def test_words_of_a_stray_line_stand_in_no_problem():
    stray = "his heparin\twas stopped\n1\tx\t7\tHeparin\tDrug\n1\tCID\tD1\this heparin\n"
    text = stray + one("1\t0\t7\tHeparin\tX\tD1\n" + stray) + "more heparin\twas"
    reading = parse_pubtator(text, "f")
    assert len(reading.problems) >= 6
    assert not any("eparin" in f"{each.message} {each.doc_id}" for each in reading.problems)


def test_a_relation_whose_argument_is_unknown_or_was_left_out_is_left_out():
    text = one(
        "1\t1\t8\tHeparin\tX\tD1\n1\t0\t7\tHeparin\tX\tD2\n1\tCID\tD2\tD1\n1\tCID\tD2\tD9\n1\tCID\tD2\tD2\n"
    )
    assert [each[2] for each in kinds(text)] == ["offset-mismatch", "unknown-argument", "unknown-argument"]
    assert len(parse_pubtator(text, "f").documents[0].relations) == 1


def test_composite_mentions_have_several_concepts_split_as_each_corpus_does():
    assert concepts("D001943|D010051", "836,841", "1;2", " CVCL_1452", "D002544|-1", "-", "") == [
        ("D001943", "D010051"),
        ("836", "841"),
        ("1", "2"),
        ("CVCL_1452",),
        ("D002544",),
        (),
        (),
    ]


def test_the_bars_of_a_variant_belong_to_its_identifier():
    assert concepts("c|INS|5382|C", "p|FS|A|27||132", "tmVar:c|SUB|G|3|T,rs1") == [
        ("c|INS|5382|C",),
        ("p|FS|A|27||132",),
        ("tmVar:c|SUB|G|3|T", "rs1"),
    ]


def test_an_identifier_that_a_relation_names_whole_is_one_concept():
    relation = "1\tAssociation\tD1|D2\tD3\tNovel\n"
    assert concepts("D1|D2", "D3", relation=relation) == [("D1|D2",), ("D3",)]


def test_a_mention_may_lack_its_concept_or_carry_a_seventh_column():
    rows = "1\t0\t7\tHeparin\tX\n1\t12\t20\twarfarin\tX\tD1|D2\ta|b\n"
    reading = parse_pubtator(one(rows), "f")
    assert [entity.concepts for entity in reading.documents[0].entities] == [(), ("D1", "D2")]
    assert [(each.kind.value, each.kind.loses) for each in reading.problems] == [("not-kept", False)]


def test_a_title_alone_is_a_text():
    assert parse_pubtator("1|t|Heparin\n", "f").documents[0].text == "Heparin"


def test_another_text_under_an_id_that_is_taken_is_a_document_of_its_own():
    reading = parse_pubtator(PLAIN + PLAIN.replace("Heparin", "Ceparin"), "f")
    assert [(each.id, each.group) for each in reading.documents] == [
        ("11", None),
        ("12", None),
        ("11~2", "11"),
    ]
    assert [(each.line, each.kind.value) for each in reading.problems] == [
        (12, "numbered"),
        (19, "duplicate-id"),
    ]


def test_a_repeated_document_keeps_the_first_and_counts_what_is_lost():
    reading = parse_pubtator(PLAIN * 2, "f")
    assert reading.documents == parse_pubtator(PLAIN, "f").documents
    assert [(each.line, each.kind.value) for each in reading.problems] == [
        (12, "duplicate-id"),
        (19, "duplicate-id"),
    ]
    assert "3 mentions and 1 relations" in reading.problems[0].message


def test_repeated_lines_count_once():
    row = "1\t0\t7\tHeparin\tX\tD1\n"
    relation = "1\tCID\tD1\tD1\n"
    reading = parse_pubtator(one(row * 2 + relation * 2) + "1|a|again\n", "f")
    assert [each.kind.value for each in reading.problems] == [
        "duplicate-annotation",
        "duplicate-annotation",
        "duplicate-id",
    ]
    assert (len(reading.documents[0].entities), len(reading.documents[0].relations)) == (1, 1)


def test_annotations_of_another_document_are_reported_as_without_text():
    text = "9\t0\t7\tHeparin\tX\tD1\n" + one("8\t0\t7\tHeparin\tX\tD1\n")
    assert kinds(text) == [(1, "9", "no-text"), (4, "8", "no-text")]


def test_lines_that_are_nothing_are_reported():
    assert [each[2] for each in kinds(one("junk\n1\t0\n1\t0\tx\ty\tz\n1\t²\t³\tHeparin\n"))] == [
        "malformed",
        "malformed",
        "malformed",
        "unknown-argument",
    ]


def test_a_file_cut_within_a_text_loses_that_document_and_says_so():
    cut = PLAIN[: PLAIN.index("12|a|") - 4]
    reading = parse_pubtator(cut, "f")
    assert [document.id for document in reading.documents] == ["11"]
    assert [(each.line, each.doc_id, each.kind.value) for each in reading.problems] == [
        (8, "12", "truncated")
    ]


def test_a_file_cut_within_an_annotation_says_so():
    cut = PLAIN[: PLAIN.index("3288\n11\tCID")]
    assert kinds(cut) == [(5, "11", "unended")]
    shorter = PLAIN[: PLAIN.index("uising\tDisease")]
    assert [each[2] for each in kinds(shorter)] == ["malformed", "unended"]


def test_every_cut_but_one_at_a_line_end_is_noticed():
    for position in range(1, len(PLAIN)):
        if PLAIN[position - 1] != "\n":
            assert parse_pubtator(PLAIN[:position], "f").problems, position


def test_offsets_in_utf16_units_are_converted_and_said_so_once():
    text = "1|t|😀 Heparin 😀 warfarin\n1|a|\n1\t3\t10\tHeparin\tX\tD1\n1\t14\t22\twarfarin\tX\tD2\n"
    reading = parse_pubtator(text, "f")
    assert [(entity.start, entity.end) for entity in reading.documents[0].entities] == [(2, 9), (12, 20)]
    assert [(each.kind.value, each.kind.loses) for each in reading.problems] == [("offset-unit", False)]


def test_offsets_in_bytes_are_converted_and_said_so_once():
    text = "1|t|Née: Heparin\n1|a|\n1\t6\t13\tHeparin\tX\tD1\n"
    reading = parse_pubtator(text, "f")
    assert reading.documents[0].entities[0].start == 5
    assert [each.kind.value for each in reading.problems] == ["offset-unit"]


def test_offsets_in_characters_stay_where_other_characters_stand_before_them():
    text = "1|t|Née 😀: Heparin\n1|a|\n1\t7\t14\tHeparin\tX\tD1\n"
    assert parse_pubtator(text, "f").problems == ()


def test_a_line_that_is_an_id_alone_before_its_document_is_told():
    assert kinds("1\n1|t|Heparin\n1|a|\n1\t0\t7\tHeparin\tX\tD1\n") == [(1, None, "malformed")]
