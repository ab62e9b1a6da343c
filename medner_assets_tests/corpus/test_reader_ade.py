from medner_assets.schema import Entity, Relation
from medner_assets_tests.support.readings import parse_ade


def kinds(text: str) -> list[tuple[int | None, str]]:
    return [(each.line, each.kind.value) for each in parse_ade(text, "f").problems]


def test_a_sentence_is_a_document_whose_drug_causes_its_effect():
    (document,) = parse_ade("77|Heparin caused bruising.|bruising|15|23|Heparin|0|7\n", "f").documents
    assert document.text == "Heparin caused bruising."
    assert document.group == "77"
    assert document.id.startswith("77-")
    assert document.entities == (
        Entity("T1", "Drug", 0, 7, "Heparin"),
        Entity("T2", "Effect", 15, 23, "bruising"),
    )
    assert document.relations == (Relation("causes", head="T1", tail="T2"),)
    assert document.directed


def test_offsets_of_the_abstract_are_moved_to_the_sentence():
    (document,) = parse_ade("77|Heparin caused bruising.|bruising|215|223|Heparin|200|207\n", "f").documents
    assert [(entity.start, entity.end) for entity in document.entities] == [(0, 7), (15, 23)]


def test_the_offset_is_voted_over_all_occurrences_of_all_lines():
    sentence = "Rash and rash: heparin caused rash, and heparin caused rash."
    second = sentence.rindex("rash")
    drug = sentence.rindex("heparin")
    rows = f"77|{sentence}|rash|{100 + second}|{104 + second}|heparin|{100 + drug}|{107 + drug}\n"
    first = sentence.index("heparin")
    rows += f"77|{sentence}|Rash|100|104|heparin|{100 + first}|{107 + first}\n"
    (document,) = parse_ade(rows, "f").documents
    assert {(entity.start, entity.text) for entity in document.entities} == {
        (0, "Rash"),
        (first, "heparin"),
        (drug, "heparin"),
        (second, "rash"),
    }


def test_lines_of_one_sentence_share_their_mentions():
    rows = (
        "77|Heparin caused bruising and fever.|bruising|15|23|Heparin|0|7\n"
        "77|Heparin caused bruising and fever.|fever|28|33|Heparin|0|7\n"
        "77|Heparin caused bruising and fever.|fever|28|33|Heparin|0|7\n"
    )
    (document,) = parse_ade(rows, "f").documents
    assert [entity.text for entity in document.entities] == ["Heparin", "bruising", "fever"]
    assert [(each.head, each.tail) for each in document.relations] == [("T1", "T2"), ("T1", "T3")]


def test_a_sentence_under_two_pmids_is_one_document_of_the_one_smaller_as_text():
    row = "|Heparin caused bruising.|bruising|15|23|Heparin|0|7\n"
    (document,) = parse_ade("900" + row + "1000" + row, "f").documents
    assert document.group == "1000"
    assert len(document.entities) == 2
    assert len(document.relations) == 1


def test_a_mention_that_the_vote_cannot_place_is_left_out_with_its_relation_and_counted():
    rows = (
        "77|Heparin caused bruising and fever.|bruising|115|123|Heparin|100|107\n"
        "77|Heparin caused bruising and fever.|fever|129|134|Heparin|100|107\n"
    )
    reading = parse_ade(rows, "f")
    assert [entity.text for entity in reading.documents[0].entities] == ["Heparin", "bruising"]
    assert kinds(rows) == [(2, "offset-mismatch"), (2, "unknown-argument")]
    assert not any("fever" in each.message for each in reading.problems)


def test_a_tie_of_the_vote_is_not_settled_by_guessing():
    row = "77|Rash rash, drug drug.|rash|105|109|drug|111|115\n"
    assert kinds(row) == []
    tie = "77|pain pain drug drug|pain|0|4|drug|0|4\n"
    assert [kind for _, kind in kinds(tie)] == ["ambiguous-offset", "ambiguous-offset", "unknown-argument"]
    assert parse_ade(tie, "f").documents[0].entities == ()


def test_a_sentence_may_contain_bars():
    sentence = "Heparin | warfarin caused bruising."
    (document,) = parse_ade(f"77|{sentence}|bruising|26|34|Heparin|0|7\n", "f").documents
    assert document.text == sentence


def test_windows_line_ends_read_the_same():
    row = "77|Heparin caused bruising.|bruising|15|23|Heparin|0|7\n"
    assert parse_ade(row.replace("\n", "\r\n"), "f") == parse_ade(row, "f")


def test_a_negative_sentence_is_a_document_without_annotations():
    reading = parse_ade("77 NEG No reaction to heparin was seen.\n", "f")
    assert [(each.text, each.entities, each.group) for each in reading.documents] == [
        ("No reaction to heparin was seen.", (), "77")
    ]


def test_lines_of_another_form_and_a_cut_file_are_reported():
    row = "77|Heparin caused bruising.|bruising|15|23|Heparin|0|7"
    assert kinds("77|Heparin\n" + row + "\n") == [(1, "malformed")]
    assert kinds(row[:-4] + "\n") == [(1, "malformed")]
    assert kinds(row) == [(1, "unended")]
    assert (2, "truncated") in kinds(row + "\n" + row[:40])


def test_an_offset_past_the_end_of_the_sentence_is_no_place():
    assert (1, "offset-mismatch") in kinds("77|A rash by gold|gold|10|15|rash|2|6\n")


def test_an_id_depends_on_pmid_and_sentence_alone():
    row = "77|Heparin caused bruising.|bruising|15|23|Heparin|0|7\n"
    other = "77|Warfarin caused bleeding.|bleeding|16|24|Warfarin|0|8\n"
    forward, backward = parse_ade(row + other, "f").documents, parse_ade(other + row, "f").documents
    assert {each.id: each.text for each in forward} == {each.id: each.text for each in backward}
    assert len({each.id for each in forward}) == 2
