"""Predicted documents as pre-annotations of Label Studio and Prodigy: what a person corrects. Pure.

The inverse of `readers/label_studio.py` and `readers/prodigy.py`, but for probabilities, which the tools show
and nobody reads back. A prediction that stands at no place of the text, and a relation of one, cannot be
shown in it and is left out.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

_CONTROL, _OBJECT = "label", "text"


def label_studio_task(document: Mapping[str, Any], version: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task with its prediction, for Label Studio's JSON import.

    document: as `medner predict --json` writes it. data: what stands in the task beside id and text. Offsets
    are UTF-16 units, as the tool's JavaScript counts.
    """
    text, placed = str(document["text"]), _placed(document)
    result: list[dict[str, Any]] = [
        {
            "id": each["id"],
            "from_name": _CONTROL,
            "to_name": _OBJECT,
            "type": "labels",
            "value": {
                "start": _utf16(text, each["start"]),
                "end": _utf16(text, each["end"]),
                "text": text[each["start"] : each["end"]],
                "labels": [each["type"]],
            },
            **_score(each),
        }
        for each in placed
    ]
    ids = {each["id"] for each in placed}
    result += [
        {
            "type": "relation",
            "from_id": each["head"],
            "to_id": each["tail"],
            "direction": "right",
            "labels": [each["type"]],
            **_score(each),
        }
        for each in document["relations"]
        if {each["head"], each["tail"]} <= ids
    ]
    return {
        "data": {"id": document["id"], "text": text, **data},
        "predictions": [{"model_version": version, "result": result}],
    }


def label_studio_config(entity_types: Sequence[str], relation_types: Sequence[str]) -> str:
    """Return the labelling interface (XML) in which the tasks can be corrected."""
    labels = "\n".join(f"    <Label value={quoteattr(each)}/>" for each in entity_types)
    relations = "\n".join(f"    <Relation value={quoteattr(each)}/>" for each in relation_types)
    return (
        "<View>\n"
        f"  <Relations>\n{relations}\n  </Relations>\n"
        f'  <Labels name="{_CONTROL}" toName="{_OBJECT}">\n{labels}\n  </Labels>\n'
        f'  <Text name="{_OBJECT}" value="$text"/>\n'
        "</View>\n"
    )


def prodigy_task(document: Mapping[str, Any], meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task for Prodigy's `rel.manual` or `ner.manual`; it tokenises the text and snaps spans itself.

    document: as `medner predict --json` writes it. meta: what the tool shows beside the text.
    """
    text, placed = str(document["text"]), _placed(document)
    spans = {
        each["id"]: {"start": each["start"], "end": each["end"], "label": each["type"]} for each in placed
    }
    return {
        "text": text,
        "spans": [{**spans[each["id"]], **_score(each)} for each in placed],
        "relations": [
            {
                "head_span": spans[each["head"]],
                "child_span": spans[each["tail"]],
                "label": each["type"],
                **_score(each),
            }
            for each in document["relations"]
            if each["head"] in spans and each["tail"] in spans
        ],
        "meta": {"id": document["id"], **meta},
    }


def _placed(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the entities at a place, one of each: a span that is said twice is one to correct."""
    first: dict[tuple[int, int, str], Mapping[str, Any]] = {}
    for each in document["entities"]:
        if "start" in each:
            first.setdefault((each["start"], each["end"], each["type"]), each)
    return list(first.values())


def _score(item: Mapping[str, Any]) -> dict[str, float]:
    return {"score": item["probability"]} if "probability" in item else {}


def _utf16(text: str, place: int) -> int:
    return len(text[:place].encode("utf-16-le")) // 2
