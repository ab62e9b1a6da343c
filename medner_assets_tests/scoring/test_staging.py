"""Rows of documents from what was said of their windows."""

import polars as pl

from medner_assets.prompting.grounding import predict
from medner_assets.scoring.postprocessing import RelationSchema, apply_stages
from medner_assets.scoring.staging import WindowPrediction, staged_frames
from medner_assets.scoring.tabulation import prediction_frames

STEPS = ("drop_ungrounded", "deduplicate", "enforce_schema")
SCHEMA = RelationSchema(frozenset([("causes", "Drug", "Effect")]))
FIRST, SECOND = "Aspirin caused a rash.", "The rash, not aspirin, was seen."
SAYS = "[Drug] aspirin\n[Effect] rash\n[Effect] fever\naspirin --[causes]--> rash\naspirin --[causes"


def said(doc_id: str, text: str, start: int = 0) -> WindowPrediction:
    return WindowPrediction(predict(doc_id, text, SAYS, is_cut=True), text, start, SAYS.count("\n") + 1)


def test_documents_that_are_read_whole_have_the_rows_that_they_had_without_windows():
    texts = {f"d{n}{odd}": f"{FIRST} {n}" for n in (10, 9, 1) for odd in ("", "\x01", "é")}
    at = {"evaluation_id": "e", "dataset": "d", "split": "test"}
    raw = prediction_frames((said(doc_id, text).said for doc_id, text in texts.items()), **at)
    documents = pl.DataFrame({"doc_id": [*texts], "text": [*texts.values()]})
    before = apply_stages(raw["predicted_entities"], raw["predicted_relations"], STEPS, SCHEMA, documents)
    frames = staged_frames((said(doc_id, text) for doc_id, text in texts.items()), STEPS, SCHEMA, **at)
    assert frames["predicted_entities"].equals(before[0])
    assert frames["predicted_relations"].equals(before[1])
    assert frames["rejected_lines"].equals(raw["rejected_lines"])


def test_a_window_is_read_by_itself_and_its_rows_have_the_places_of_the_document():
    windows = [said("d", FIRST), said("d", SECOND, start=len(FIRST) + 1)]
    frames = staged_frames(windows, STEPS, SCHEMA)
    text = f"{FIRST} {SECOND}"
    entities = frames["predicted_entities"]
    final = entities.filter(stage="final").select("doc_id", "ordinal", "start", "end").rows()
    assert [(doc_id, ordinal, text[start:end]) for doc_id, ordinal, start, end in final] == [
        ("d", 0, "Aspirin"), ("d", 1, "rash"), ("d", 3, "aspirin"), ("d", 4, "rash"),
    ]  # fmt: skip
    assert final[3][2] == text.rindex("rash")  # the first line about it in its window, the last in the text
    assert entities.filter(stage="raw")["ordinal"].to_list() == [0, 1, 2, 3, 4, 5]
    assert frames["predicted_relations"].filter(stage="final")["ordinal"].to_list() == [0, 1]
    assert frames["rejected_lines"]["line_number"].to_list() == [5, 10]


def test_nothing_said_is_tables_without_rows():
    frames = staged_frames([], STEPS, SCHEMA)
    assert [frame.height for frame in frames.values()] == [0, 0, 0]
