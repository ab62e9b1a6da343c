"""Ten kinds of input that could become wrong gold without a word: each over all readers that may meet it."""

import json

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from medner_assets.corpus.reading import ProblemKind, Reading
from medner_assets.corpus.tolerance import MARK
from medner_assets_tests.support.readings import parse_brat, parsed

WORDS = [
    "Heparin",
    "née",
    "😀",
    "bruising",
    "5 µg",
    "e\u0301t\u00e9",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
]


def bioc(text: str, spans: list[tuple[int, int, str | None]]) -> str:
    annotations = [
        {"id": f"T{n}", "infons": {"type": "X"}, "text": there, "locations": [{"offset": a, "length": b - a}]}
        for n, (a, b, there) in enumerate(spans)
    ]
    return json.dumps(
        {"documents": [{"id": "d", "passages": [{"offset": 0, "text": text, "annotations": annotations}]}]}
    )


def bioc_xml(text: str, spans: list[tuple[int, int, str | None]]) -> str:
    from xml.sax.saxutils import escape

    inside = "".join(
        f'<annotation id="T{n}"><infon key="type">X</infon><location offset="{a}" length="{b - a}"/>'
        f"<text>{escape(there or '')}</text></annotation>"
        for n, (a, b, there) in enumerate(spans)
    )
    text = escape(text).replace("\r", "&#13;")
    return (
        f"<collection><document><id>d</id><passage><offset>0</offset><text>{text}</text>{inside}</passage>"
        "</document></collection>"
    )


def brat(text: str, spans: list[tuple[int, int, str | None]]) -> Reading:
    lines = [
        f"T{n}\tX {a} {b}\t{(there or '').replace(chr(10), ' ')}\n" for n, (a, b, there) in enumerate(spans)
    ]
    return parse_brat(text, "".join(lines), "f", "d")


def pubtator(text: str, spans: list[tuple[int, int, str | None]]) -> str:
    return f"d|t|{text}\n" + "".join(f"d\t{a}\t{b}\t{there}\tX\t-\n" for a, b, there in spans)


def label_studio(text: str, spans: list[tuple[int, int, str | None]], *, key: str = "annotations") -> str:
    result = [
        {"id": f"T{n}", "type": "labels", "value": {"start": a, "end": b, "labels": ["X"]} | (
            {"text": there} if there is not None else {})}
        for n, (a, b, there) in enumerate(spans)
    ]  # fmt: skip
    return json.dumps([{"id": "d", "data": {"text": text}, key: [{"result": result}]}])


def doccano(text: str, spans: list[tuple[int, int, str | None]]) -> str:
    return json.dumps({"id": "d", "text": text, "label": [[a, b, "X"] for a, b, _ in spans]})


def prodigy(text: str, spans: list[tuple[int, int, str | None]]) -> str:
    found = [{"start": a, "end": b, "label": "X"} for a, b, _ in spans]
    return json.dumps({"id": "d", "text": text, "spans": found, "answer": "accept"})


def pubannotation(text: str, spans: list[tuple[int, int, str | None]]) -> str:
    found = [{"id": f"T{n}", "span": {"begin": a, "end": b}, "obj": "X"} for n, (a, b, _) in enumerate(spans)]
    return json.dumps({"sourcedb": "d", "sourceid": "1", "text": text, "denotations": found})


def spacy(text: str, spans: list[tuple[int, int, str | None]]) -> str:
    return json.dumps([[text, {"entities": [[a, b, "X"] for a, b, _ in spans]}]])


def bigbio(text: str, spans: list[tuple[int, int, str | None]]) -> str:
    found = [
        {"id": f"T{n}", "type": "X", "text": [there], "offsets": [[a, b]]}
        for n, (a, b, there) in enumerate(spans)
    ]
    passages = [{"text": [text], "offsets": [[0, len(text)]]}]
    return json.dumps([{"document_id": "d", "passages": passages, "entities": found}])


WRITERS = {
    "bioc-json": bioc, "bioc-xml": bioc_xml, "brat": brat, "pubtator": pubtator, "label-studio": label_studio,
    "doccano": doccano, "prodigy": prodigy, "pubannotation": pubannotation, "spacy": spacy, "bigbio": bigbio,
}  # fmt: skip
REPEATING = ("bioc-json", "bioc-xml", "brat", "pubtator", "label-studio", "bigbio")
UNITS = {
    "UTF-16 units": lambda text: len(text.encode("utf-16-le")) // 2,
    "UTF-8 bytes": lambda text: len(text.encode()),
}


def read(format: str, text: str, spans: list[tuple[int, int, str | None]]) -> Reading:
    written = WRITERS[format](text, spans)
    if isinstance(written, Reading):
        return written
    return parsed(format, written, "f.jsonl" if format == "bigbio" else "f.json")


def mentions(reading: Reading) -> list[str]:
    return [entity.text for document in reading.documents for entity in document.entities]


@st.composite
def notes(draw: st.DrawFn) -> tuple[str, list[tuple[int, int]]]:
    """Return a text of words and the (start, end) of some of them, in characters."""
    words = draw(st.lists(st.sampled_from(WORDS), min_size=2, max_size=8))
    text, spans = "", []
    for word in words:
        text += " " if text else ""
        if draw(st.booleans()):
            spans.append((len(text), len(text) + len(word)))
        text += word
    return text, spans


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("format", [each for each in REPEATING if each != "bigbio"])
@settings(max_examples=25, deadline=None)
@given(note=notes())
def test_1_offsets_of_another_unit_never_shift_a_mention(format, unit, note):
    text, spans = note
    width = UNITS[unit]
    moved = [(width(text[:a]), width(text[:b]), text[a:b]) for a, b in spans]
    reading = read(format, text, moved)
    wanted = [text[a:b] for a, b in spans]
    assert mentions(reading) == wanted or any(each.kind.loses for each in reading.problems)
    assert all(each in wanted for each in mentions(reading))


@pytest.mark.parametrize("format", WRITERS)
def test_2_a_windows_line_end_that_counts_as_one_is_read_so_or_told(format):
    text = "Note.\r\nHeparin given.\r\nBruising seen."
    seen = text.replace("\r\n", "\n")
    spans = [(seen.index(word), seen.index(word) + len(word), word) for word in ("Heparin", "Bruising")]
    if format == "pubtator":
        return  # a text is one line of the file
    reading = read(format, text, spans)
    assert mentions(reading) == ["Heparin", "Bruising"] or any(each.kind.loses for each in reading.problems)
    assert set(mentions(reading)) <= {"Heparin", "Bruising"}
    assert reading.problems


FOREIGN = {
    "doccano": [{"spans": [[0, 7, "X"]]}, {"denotations": [{"id": "T1"}]}, {"entities": [["a", 1]]}],
    "prodigy": [{"entities": [{"start": 0, "label": "X"}]}, {"label": [[0, 7, "X"]]}, {"spans": [[0, 7]]}],
    "jsonl": [{"spans": [{"start": 0}]}, {"label": [[0, 7, "X"]]}, {"denotations": [1]}],
    "pubannotation": [{"spans": [[0, 7, "X"]]}, {"entities": [1]}],
    "spert": [{"spans": [[0, 7, "X"]]}],
    "dygie": [{"spans": [[0, 7, "X"]]}, {"entities": [1]}],
    "hugging-face": [{"spans": [[0, 7, "X"]]}, {"entities": [1]}],
    "bigbio": [{"spans": [[0, 7, "X"]]}, {"denotations": [1]}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("format", "keys"), [(f, keys) for f, several in FOREIGN.items() for keys in several]
)
def test_3_a_record_of_another_tool_is_a_problem_and_no_document_without_mentions(format, keys):
    reading = parsed(format, json.dumps({"id": "d", "text": "Heparin caused."} | keys) + "\n", "f.jsonl")
    assert mentions(reading) == []
    assert [each.kind for each in reading.problems if each.kind.loses] == [ProblemKind.UNKNOWN_KEYS]


@pytest.mark.parametrize("answer", ["reject", "ignore"])
def test_4_what_an_annotator_rejected_is_no_gold_and_is_told(answer):
    span = {"start": 0, "end": 7, "label": "X", "answer": answer}
    task = {"id": "d", "text": "Heparin caused.", "spans": [span]}
    reading = parsed("prodigy", json.dumps(task))
    assert (mentions(reading), [each.kind.value for each in reading.problems]) == ([], ["rejected"])
    reading = parsed("prodigy", json.dumps(task | {"answer": answer}))
    assert (reading.documents, [each.kind.value for each in reading.problems]) == ((), ["rejected"])
    cancelled = [
        {"id": 1, "data": {"text": "Heparin"}, "annotations": [{"was_cancelled": True, "result": []}]}
    ]
    assert parsed("label-studio", json.dumps(cancelled)).documents == ()


TOKENS = {
    "a hash": "# # O O\nHeparin N O B-X\n",
    "no-break space": "10\u00a0mg B-X\n", "thin space": "10\u2009mg B-X\n",
    "trailing tab": "Heparin\tB-X\t\n", "trailing blank": "Heparin B-X \n", "underscore tag": "Heparin B_X\n",
}  # fmt: skip


@pytest.mark.parametrize("what", TOKENS)
def test_5_the_word_column_of_conll_is_the_whole_word(what):
    reading = parsed("conll", TOKENS[what], "f.txt")
    word = TOKENS[what].rstrip().splitlines()[-1].partition("\t")[0]
    word = word.partition(" ")[0] if " B" in word or " N" in word else word
    assert mentions(reading) == [word]
    assert not [each for each in reading.problems if each.kind.loses]
    assert reading.documents[0].text == ("# Heparin" if what == "a hash" else word)


def test_5_a_first_column_of_numbers_is_no_word():
    lines = "1\tHeparin\tB-X\n2\tgiven\tO\n"
    reading = parsed("conll", lines, "f.txt")
    assert mentions(reading) == ["Heparin"]
    assert [each.kind.value for each in reading.problems] == ["read-as"]
    assert mentions(parsed("conll", "x\t1\tHeparin\tB-X\n", "f.txt", column=3)) == ["Heparin"]
    with pytest.raises(Exception, match="--column"):
        parsed("conll", "12.5\tB-X\n13.5\tO\n14\tO\n15\tO\n", "f.txt")


@pytest.mark.parametrize("scheme", ["BIO", "BIOES", "BMES", "BILOU", "typeless"])
@settings(max_examples=30, deadline=None)
@given(lengths=st.lists(st.integers(0, 4), min_size=1, max_size=6))
def test_6_tags_of_every_scheme_give_the_mentions_that_they_mean(scheme, lengths):
    lines, wanted = [], []
    for number, length in enumerate(lengths):
        words = [f"w{number}{n}" for n in range(length)]
        for n, word in enumerate(words):
            first, last = n == 0, n == length - 1
            inside = {"BIO": "I", "BIOES": "I", "BMES": "M", "BILOU": "I", "typeless": "I"}[scheme]
            letter = "B" if first else inside
            if scheme in ("BIOES", "BMES", "BILOU"):
                end, single = ("L", "U") if scheme == "BILOU" else ("E", "S")
                letter = single if first and last else end if last else letter
            lines.append(f"{word}\t{letter}" + ("" if scheme == "typeless" else "-X"))
        wanted += [" ".join(words)] if words else []
        lines.append(f"o{number}\tO")
    reading = parsed("conll", "\n".join([*lines, "", ""]), "f.txt")
    assert mentions(reading) == wanted
    assert {entity.type for entity in reading.documents[0].entities} <= {
        "Entity" if scheme == "typeless" else "X"
    }


@settings(max_examples=60, deadline=None)
@given(tags=st.lists(st.sampled_from(["B-X", "I-X", "O", "?", "B-Y", "E-X"]), min_size=1, max_size=8))
def test_7_a_line_left_out_never_joins_its_neighbours(tags):
    lines = "".join(f"w{n}\t{tag}\n" for n, tag in enumerate(tags))
    reading = parsed("conll", lines + "\n", "f.txt")
    left_out = {n for n, tag in enumerate(tags) if tag == "?"}
    for mention in mentions(reading):
        numbers = [int(word[1:]) for word in mention.split()]
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
        assert not left_out & {numbers[0] - 1} or tags[numbers[0]].startswith("B")
    assert bool(left_out) <= any(each.kind.loses for each in reading.problems)


@pytest.mark.parametrize(
    "rows", ["1\t0\t7\tHeparin\tX\tD1\tRS:7\n", "1\t0\t7\tHeparin\tX\tD1\n1\tT\tD1\tD1\tNovel\n"]
)
def test_8_columns_of_pubtator_that_are_not_kept_are_told_once(rows):
    reading = parsed("pubtator", "1|t|Heparin\n" + rows + rows.replace("Heparin\tX", "Heparin\tY"), "f.txt")
    told = [each for each in reading.problems if each.kind is ProblemKind.NOT_KEPT]
    assert len(told) == 1
    assert not told[0].kind.loses


@pytest.mark.parametrize(
    "key", ["identifier", "Identifier", "MESH", "NCBI Gene", "NCBI Taxonomy", "OMIM", "cui"]
)
@pytest.mark.parametrize("value", ["D1", ["D1"], 7])
@pytest.mark.parametrize("format", ["bioc-json", "bioc-xml"])
def test_9_concepts_of_bioc_are_read_under_each_name(format, key, value):
    if format == "bioc-xml" and not isinstance(value, str):
        return
    whole = json.loads(bioc("Heparin", [(0, 7, "Heparin")]))
    whole["documents"][0]["passages"][0]["annotations"][0]["infons"][key] = value
    content = json.dumps(whole)
    if format == "bioc-xml":
        content = bioc_xml("Heparin", [(0, 7, "Heparin")]).replace(
            "<location", f'<infon key="{key}">{value}</infon><location'
        )
    reading = parsed(format, content, "f.json")
    assert reading.documents[0].entities[0].concepts == (str(value[0] if isinstance(value, list) else value),)


@pytest.mark.parametrize("ids", [(1, 2), ("", ""), ("a", "a"), (None, None)])
def test_10_integer_empty_and_repeated_ids_of_bioc_lose_no_mention(ids):
    whole = json.loads(bioc("Heparin rash", [(0, 7, "Heparin"), (8, 12, "rash")]))
    for annotation, key in zip(whole["documents"][0]["passages"][0]["annotations"], ids, strict=True):
        annotation["id"] = key
    reading = parsed("bioc-json", json.dumps(whole), "f.json")
    assert (mentions(reading), reading.problems) == (["Heparin", "rash"], ())


@pytest.mark.parametrize("format", REPEATING)
@pytest.mark.parametrize("space", ["\u00a0", "\t", "  ", "\u2009"])
def test_white_space_that_a_tool_rewrote_costs_no_mention_and_is_told(format, space):
    if format == "pubtator" and space == "\t":
        return
    text = f"kidney{space}failure"
    reading = read(format, text, [(0, len(text), "kidney failure")])
    assert mentions(reading) == [text]
    assert [each.kind.value for each in reading.problems] == ["white-space"]


@pytest.mark.parametrize("format", ["brat", "bioc-json", "label-studio"])
def test_a_byte_order_mark_that_offsets_do_not_count_is_taken_off_and_told(format):
    reading = read(format, MARK + "Heparin given", [(0, 7, "Heparin")])
    assert [(each.text, mentions(reading)) for each in reading.documents] == [("Heparin given", ["Heparin"])]
    assert [each.kind.value for each in reading.problems] == ["byte-order-mark"]


COUNTS = {  # what doccano may count, by version and setting
    "characters": len,
    "UTF-16 units": UNITS["UTF-16 units"],
    "grapheme clusters": lambda text: len(regex.findall(r"\X", text)),
}


@pytest.mark.parametrize("unit", COUNTS)
@pytest.mark.parametrize("key", ["label", "entities"])
@settings(max_examples=40, deadline=None)
@given(note=notes())
def test_1_doccanos_offsets_of_any_unit_give_whole_words_or_are_told(unit, key, note):
    text, spans = note
    width = COUNTS[unit]
    moved = [(width(text[:a]), width(text[:b])) for a, b in spans]
    if key == "label":
        record = {"id": 1, "text": text, "label": [[a, b, "X"] for a, b in moved]}
    else:
        found = [
            {"id": n, "label": "X", "start_offset": a, "end_offset": b} for n, (a, b) in enumerate(moved)
        ]
        record = {"id": 1, "text": text, "entities": found}
    reading = parsed("doccano", json.dumps(record), "f.jsonl")
    wanted = [text[a:b] for a, b in spans]
    assert mentions(reading) == wanted or any(each.kind.loses for each in reading.problems)
