"""How texts that wait are read together: in turn, one failing alone, none lost."""

import io
import json
from collections.abc import Iterator, Sequence
from queue import SimpleQueue

from hypothesis import given
from hypothesis import strategies as st

from medner_assets.errors import MednerError
from medner_assets.modeling.inference import serve
from medner_assets.modeling.inference.extractor import ReadWindow
from medner_assets.modeling.inference.serve import Desk, answer
from medner_assets.modeling.windows import Window


class Words:
    """Reads words as windows, each an entity; keeps the batches. "bad" cannot be read."""

    batch_size = 3

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def windows(self, text: str) -> Iterator[Window]:
        at = 0
        for word in text.split():
            at = text.index(word, at)
            yield Window(at, word)
            at += len(word)

    def read(self, windows: Sequence[Window]) -> list[ReadWindow]:
        if any(each.text == "bad" for each in windows):
            raise MednerError("bad is too long for the model")
        self.batches.append([each.text for each in windows])
        return [
            ReadWindow(
                each,
                ({"type": "Word", "text": each.text, "start": each.start, "end": each.start + len(each.text),
                  "grounding": "exact", "probability": None},),
                (), False, 1,
            )
            for each in windows
        ]  # fmt: skip


def told(texts: Sequence[str], reads: Words | None = None, drop: Sequence[int] = ()) -> list[dict]:
    lines: serve.Lines = SimpleQueue()
    lines.put({"ask": list(enumerate(texts))})
    lines.put({"drop": list(drop)})
    lines.put(None)
    out = io.StringIO()
    answer(Desk(reads or Words()), lines, out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def found(lines: list[dict]) -> dict[int, list[str]]:
    return {
        each["number"]: [entity["text"] for entity in each["document"]["entities"]]
        for each in lines
        if "document" in each
    }


def test_a_long_text_delays_a_short_one_by_no_more_than_a_batch():
    reads = Words()
    lines = told(["a b c d e f g h", "x", "y z"], reads)
    assert reads.batches[0] == ["a", "x", "y"]
    assert [each["number"] for each in lines if "document" in each] == [1, 2, 0]
    assert found(lines) == {0: list("abcdefgh"), 1: ["x"], 2: ["y", "z"]}


def test_more_texts_than_a_batch_holds_take_turns():
    reads = Words()
    told(["a b", "c d", "e f", "g h"], reads)
    assert reads.batches == [["a", "c", "e"], ["g", "b", "d"], ["f", "h"]]


def test_a_text_that_cannot_be_read_fails_alone():
    lines = told(["a", "b bad", "c"])
    assert [each for each in lines if "error" in each] == [
        {"number": 1, "error": "bad is too long for the model"}
    ]
    assert found(lines) == {0: ["a"], 2: ["c"]}


def test_a_text_that_was_dropped_is_read_no_more():
    reads = Words()
    assert found(told(["a", "b", "c"], reads, drop=[1])) == {0: ["a"], 2: ["c"]}
    assert reads.batches == [["a", "c"]]


def test_a_text_of_white_space_is_answered_without_a_batch():
    assert [each["number"] for each in told([" \n"])] == [0]


@given(st.lists(st.lists(st.sampled_from(["a", "b", "c"]), max_size=7), max_size=9))
def test_every_text_is_answered_once_with_what_stands_in_it_at_its_places(texts):
    lines = told([" ".join(each) for each in texts])
    documents = {each["number"]: each["document"] for each in lines if "document" in each}
    assert found(lines) == dict(enumerate(texts))
    for document in documents.values():
        for entity in document["entities"]:
            assert document["text"][entity["start"] : entity["end"]] == entity["text"]


def test_no_batch_is_larger_than_a_served_one_may_be(monkeypatch):
    reads = Words()
    monkeypatch.setattr(Words, "batch_size", 500)
    told(["a " * 100], reads)
    assert max(map(len, reads.batches)) == serve.MOST_WINDOWS
