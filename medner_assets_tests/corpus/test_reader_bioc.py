import json
import re
from xml.sax.saxutils import escape

import pytest

from medner_assets.corpus.reading import Reading
from medner_assets.errors import MednerError
from medner_assets.schema import Entity, Level, Relation
from medner_assets_tests.support.readings import parse_bioc_json, parse_bioc_xml


def mention(key, offset, text, kind="Chemical", identifier=None, **more):
    infons = {"type": kind} | ({"identifier": identifier} if identifier else {})
    locations = [{"offset": offset, "length": len(text)}]
    return {"id": key, "infons": infons, "text": text, "locations": locations} | more


def document(*passages, relations=(), key="11", **more):
    return {"id": key, "passages": list(passages), "relations": list(relations)} | more


def passage(offset, text, *annotations, **more):
    return {"offset": offset, "text": text, "annotations": list(annotations)} | more


CONCEPTS = document(
    passage(0, "Heparin in sepsis.", mention("0", 0, "Heparin", identifier="D006493")),
    passage(19, "Bruising followed.", mention("1", 19, "Bruising", "Disease", "D003288|D001")),
    relations=[{"id": "R0", "infons": {"type": "CID", "entity1": "D006493", "entity2": "D003288"}}],
)
MENTIONS = document(
    passage(0, "Heparin & bruising", mention("a", 0, "Heparin"), mention("b", 10, "bruising", "Disease")),
    relations=[
        {
            "id": "R0",
            "infons": {"type": "causes"},
            "nodes": [{"refid": "a", "role": "Arg1"}, {"refid": "b", "role": "Arg2"}],
        }
    ],
)


def read_json(*documents) -> Reading:
    return parse_bioc_json(json.dumps({"source": "s", "date": "d", "key": "k", "documents": documents}), "f")


def xml(*documents) -> str:
    """The same collection as BioC XML, one element a line."""

    def infons(item):
        return [
            f'<infon key="{key}">{escape(value)}</infon>' for key, value in item.get("infons", {}).items()
        ]

    def annotation(item):
        places = [f'<location offset="{p["offset"]}" length="{p["length"]}"/>' for p in item["locations"]]
        name = f'<annotation id="{item["id"]}">' if item["id"] is not None else "<annotation>"
        return [name, *infons(item), *places, f"<text>{escape(item['text'])}</text>", "</annotation>"]

    def relation(item):
        nodes = [f'<node refid="{node["refid"]}" role="{node["role"]}"/>' for node in item.get("nodes", [])]
        return [f'<relation id="{item["id"]}">', *infons(item), *nodes, "</relation>"]

    def part(name, item):
        text = [f"<text>{escape(item['text'])}</text>"] if "text" in item else []
        inner = [line for each in item.get("sentences", []) for line in part("sentence", each)]
        marks = [line for each in item.get("annotations", []) for line in annotation(each)]
        return [f"<{name}>", f"<offset>{item['offset']}</offset>", *text, *inner, *marks, f"</{name}>"]

    lines = [
        "<?xml version='1.0' encoding='UTF-8'?>",
        '<!DOCTYPE collection SYSTEM "BioC.dtd">',
        "<collection>",
    ]
    lines += ["<source>s</source>", "<date>d</date>", "<key>k</key>"]
    for item in documents:
        lines += ["<document>", f"<id>{item['id']}</id>"]
        lines += [line for each in item["passages"] for line in part("passage", each)]
        lines += [line for each in item.get("annotations", []) for line in annotation(each)]
        lines += [line for each in item["relations"] for line in relation(each)]
        lines += ["</document>"]
    return "\n".join([*lines, "</collection>"])


def read_xml(*documents) -> Reading:
    return parse_bioc_xml(xml(*documents).encode(), "f")


@pytest.fixture(params=[read_json, read_xml], ids=["json", "xml"])
def read(request):
    return request.param


def kinds(reading: Reading) -> list[str]:
    return [each.kind.value for each in reading.problems]


def test_relations_that_name_entities_hold_between_concepts(read):
    reading = read(CONCEPTS)
    assert reading.problems == ()
    (found,) = reading.documents
    assert found.text == "Heparin in sepsis. Bruising followed."
    assert found.level is Level.CONCEPT
    assert found.entities == (
        Entity("0", "Chemical", 0, 7, "Heparin", ("D006493",)),
        Entity("1", "Disease", 19, 27, "Bruising", ("D003288", "D001")),
    )
    assert found.relations == (Relation("CID", head_concept="D006493", tail_concept="D003288"),)


def test_relations_with_two_nodes_hold_between_mentions(read):
    (found,) = read(MENTIONS).documents
    assert found.level is Level.MENTION
    assert found.text == "Heparin & bruising"
    assert found.relations == (Relation("causes", head="a", tail="b"),)


def test_roles_say_which_node_is_the_tail(read):
    nodes = list(reversed(MENTIONS["relations"][0]["nodes"]))
    (found,) = read(MENTIONS | {"relations": [MENTIONS["relations"][0] | {"nodes": nodes}]}).documents
    assert found.relations == (Relation("causes", head="a", tail="b"),)


def test_relations_between_other_than_two_are_reported(read):
    relation = MENTIONS["relations"][0]
    reading = read(MENTIONS | {"relations": [relation | {"nodes": relation["nodes"][:1]}, relation]})
    assert kinds(reading) == ["unsupported"]
    assert len(reading.documents[0].relations) == 1


def test_an_unknown_argument_and_a_repeated_id_are_reported(read):
    twice = MENTIONS["passages"][0] | {
        "annotations": [*MENTIONS["passages"][0]["annotations"], mention("a", 0, "Heparin")]
    }
    node = [{"refid": "a", "role": ""}, {"refid": "z", "role": ""}]
    reading = read(
        MENTIONS | {"passages": [twice], "relations": [{"id": "R9", "infons": {"type": "t"}, "nodes": node}]}
    )
    assert sorted(kinds(reading)) == ["duplicate-id", "unknown-argument"]


def test_repeated_ids_are_renumbered_where_no_relation_needs_them(read):
    again = CONCEPTS["passages"][1] | {"annotations": [mention("0", 19, "Bruising", "Disease", "D003288")]}
    reading = read(CONCEPTS | {"passages": [CONCEPTS["passages"][0], again]})
    assert reading.problems == ()
    assert [entity.id for entity in reading.documents[0].entities] == ["0", "1"]


def test_an_offset_that_does_not_match_is_left_out(read):
    moved = CONCEPTS["passages"][0] | {"annotations": [mention("0", 1, "Heparin", identifier="D006493")]}
    reading = read(CONCEPTS | {"passages": [moved, CONCEPTS["passages"][1]]})
    assert sorted(kinds(reading)) == ["offset-mismatch", "unknown-argument"]
    assert not any("eparin" in each.message for each in reading.problems)


def test_xml_problems_name_the_line():
    moved = CONCEPTS["passages"][0] | {"annotations": [mention("0", 1, "Heparin", identifier="D1")]}
    reading = read_xml(CONCEPTS | {"passages": [moved], "relations": []})
    (problem,) = reading.problems
    assert (
        xml(CONCEPTS | {"passages": [moved], "relations": []}).splitlines()[problem.line - 1]
        == '<annotation id="0">'
    )


def test_passages_that_touch_stay_together_and_wide_gaps_become_one_blank(read):
    touching = document(passage(0, "Heparin. "), passage(9, "Fever.", mention("0", 9, "Fever", "Disease")))
    far = document(
        passage(0, "Heparin."), passage(900, "Fever.", mention("0", 900, "Fever", "Disease")), key="12"
    )
    first, second = read(touching, far).documents
    assert (first.text, first.entities[0].start) == ("Heparin. Fever.", 9)
    assert (second.text, second.entities[0].start) == ("Heparin. Fever.", 9)


def test_annotations_may_hang_on_another_passage_or_on_the_document(read):
    late = mention("1", 19, "Bruising", "Disease")
    elsewhere = document(passage(0, "Heparin in sepsis.", late), passage(19, "Bruising followed."))
    above = document(
        passage(0, "Heparin in sepsis."), passage(19, "Bruising followed."), annotations=[late], key="12"
    )
    for found in read(elsewhere, above).documents:
        assert [(entity.start, entity.text) for entity in found.entities] == [(19, "Bruising")]


def test_passages_of_sentences_read_like_their_text(read):
    sentences = [
        passage(0, "Heparin failed.", mention("0", 0, "Heparin")),
        passage(16, "Fever rose.", mention("1", 16, "Fever", "Disease")),
    ]
    (found,) = read(document({"offset": 0, "sentences": sentences})).documents
    assert found.text == "Heparin failed. Fever rose."
    assert [entity.start for entity in found.entities] == [0, 16]


def test_offsets_that_all_begin_at_zero_are_taken_within_their_passage(read):
    first = passage(0, "Heparin failed.", mention("0", 0, "Heparin"))
    second = passage(0, "Fever rose.", mention("1", 0, "Fever", "Disease"))
    (found,) = read(document(first, second)).documents
    assert [(entity.start, entity.text) for entity in found.entities] == [(0, "Heparin"), (16, "Fever")]


def test_offsets_in_bytes_or_utf16_units_are_converted_and_said_so(read):
    for text, unit in (("Née 😀 Heparin", "utf-8"), ("😀😀 Heparin", "utf-16-le")):
        width = 2 if unit == "utf-16-le" else 1
        offset = len(text[: text.index("Heparin")].encode(unit)) // width
        first = len("Ünten".encode(unit)) // width + 1
        reading = read(
            document(passage(0, "Ünten"), passage(first, text, mention("0", first + offset, "Heparin")))
        )
        assert [entity.text for entity in reading.documents[0].entities] == ["Heparin"]
        assert kinds(reading) == ["offset-unit"]


def test_a_mention_in_pieces_is_kept_as_its_cover_and_reported(read):
    split = mention("0", 0, "left pain", "Disease")
    split["locations"] = [{"offset": 0, "length": 4}, {"offset": 14, "length": 4}]
    reading = read(document(passage(0, "left and right pain"[:10] + "gum pain", split)))
    assert [(entity.start, entity.end) for entity in reading.documents[0].entities] == [(0, 18)]
    assert kinds(reading) == ["discontinuous"]


def test_a_mention_without_location_type_or_text_is_reported(read):
    bare = mention("0", 0, "Heparin") | {"locations": []}
    typeless = mention("1", 0, "Heparin") | {"infons": {}}
    reading = read(document(passage(0, "Heparin", bare, typeless, mention("2", 0, ""))))
    assert kinds(reading) == ["malformed", "malformed", "malformed"]


def test_an_empty_passage_is_a_passage(read):
    (found,) = read(document(passage(0, "Heparin"), passage(8, ""))).documents
    assert found.text == "Heparin "


def test_a_document_twice_keeps_the_first(read):
    reading = read(CONCEPTS, CONCEPTS)
    assert len(reading.documents) == 1
    assert kinds(reading) == ["duplicate-id"]


def test_a_bad_document_does_not_cost_the_others():
    bad = document(passage("x", "Heparin"), key="13")
    for reading in (read_json(bad, CONCEPTS), read_xml(bad, CONCEPTS)):
        assert [each.id for each in reading.documents] == ["11"]
        assert kinds(reading) == ["malformed"]
        assert reading.problems[0].doc_id == "13"


def test_json_that_lacks_optional_keys_is_read():
    lean = {"id": "1", "passages": [{"offset": 0, "text": "Heparin"}]}
    assert [each.text for each in read_json(lean).documents] == ["Heparin"]


@pytest.mark.parametrize(
    "wrong", [None, [], "x", {"id": 3.5}, {"id": "1", "passages": {}}, {"id": "1", "passages": [3]}]
)
def test_json_of_another_shape_is_a_problem(wrong):
    assert kinds(read_json(wrong)) == ["malformed"]


@pytest.mark.parametrize("text", ["{", "[3]", '{"documents": 3}', "[" * 100_000])
def test_a_json_file_that_is_no_collection_is_one_line(text):
    with pytest.raises(MednerError) as raised:
        parse_bioc_json(text, "some.json")
    assert str(raised.value).startswith("some.json:")


def test_xml_cut_off_keeps_the_whole_documents_and_says_where():
    content = xml(CONCEPTS, MENTIONS | {"id": "12"})
    cut = content[: content.rindex("<relation")]
    reading = parse_bioc_xml(cut.encode(), "f")
    assert [each.id for each in reading.documents] == ["11"]
    assert kinds(reading) == ["truncated"]
    assert reading.problems[0].line == cut.count("\n") + 1


@pytest.mark.parametrize("content", [b"", b"<collection><docu", b"PK\x03\x04", "<a>é</a>".encode("latin-1")])
def test_what_is_no_xml_is_one_line(content):
    with pytest.raises(MednerError, match=r"^some\.xml: "):
        parse_bioc_xml(content, "some.xml")


def test_a_declared_encoding_other_than_utf8_is_honoured():
    content = xml(document(passage(0, "Née Heparin", mention("0", 4, "Heparin")))).replace(
        "UTF-8", "ISO-8859-1"
    )
    (found,) = parse_bioc_xml(content.encode("latin-1"), "f").documents
    assert found.entities[0].start == 4


def test_entities_of_the_xml_are_refused_and_files_they_name_never_read(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    evil = re.sub(
        "<!DOCTYPE.*>", f'<!DOCTYPE collection [<!ENTITY x SYSTEM "{secret.as_uri()}">]>', xml(CONCEPTS)
    ).replace("Heparin in", "&x; in")
    with pytest.raises(MednerError, match="entities"):
        parse_bioc_xml(evil.encode(), "f")


def test_windows_line_ends_read_the_same():
    content = xml(CONCEPTS)
    assert (
        parse_bioc_xml(content.replace("\n", "\r\n").encode(), "f").documents == read_xml(CONCEPTS).documents
    )
