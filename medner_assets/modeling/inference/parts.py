"""What was read in a part of a text, and the documents that parts make up: as predict and serve hand them on.
Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from medner_assets.scoring.submissions import BY_STRINGS

if TYPE_CHECKING:
    from medner_assets.modeling.inference.extractor import ReadWindow


def part_of(
    doc_id: str, text: str, start: int, end: int, read: "Sequence[ReadWindow]", *, is_last: bool
) -> dict[str, Any]:
    """Return characters [start, end) of a text with what was read in the windows there, as one JSON object.

    Places are characters of the whole text; `head` and `tail` of a relation are positions in `entities`, None
    where an argument is no entity that was read.
    """
    entities: list[dict[str, Any]] = []
    relations: list[dict[str, Any]] = []
    for each in read:
        at = len(entities)
        entities += each.entities
        relations += [
            {
                **relation,
                "head": None if relation["head"] is None else at + relation["head"],
                "tail": None if relation["tail"] is None else at + relation["tail"],
            }
            for relation in each.relations
        ]
    return {
        "id": doc_id,
        "start": start,
        "text": text[start:end],
        "entities": entities,
        "relations": relations,
        "cut": sum(each.is_cut for each in read),
        "last": is_last,
    }


def documents(parts: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield each document when its last part has come.

    As `medner export` writes it: a relation with an argument that is no predicted entity stands under
    `unresolved_relations`.
    """
    document: dict[str, Any] = {}
    for part in parts:
        if not document:
            document = {"id": part["id"], "text": "", "entities": [], "relations": [], BY_STRINGS: True}
        at = len(document["entities"])
        document["text"] += part["text"]
        for n, entity in enumerate(part["entities"], start=at):
            place = {} if entity["start"] is None else {"start": entity["start"], "end": entity["end"]}
            document["entities"].append(
                {"id": f"E{n}", "type": entity["type"], **place, "text": entity["text"], **_sure(entity)}
            )
        for relation in part["relations"]:
            if relation["head"] is not None and relation["tail"] is not None:
                ends = {"head": f"E{at + relation['head']}", "tail": f"E{at + relation['tail']}"}
                document["relations"].append({**ends, "type": relation["type"], **_sure(relation)})
            else:
                names = ("head_text", "head_type", "tail_text", "tail_type", "type")
                strings = {name: relation[name] for name in names if relation.get(name) is not None}
                document.setdefault("unresolved_relations", []).append({**strings, **_sure(relation)})
        if part["last"]:
            yield document
            document = {}


def _sure(item: dict[str, Any]) -> dict[str, float]:
    """Return the probability as JSON has it; {} where it is not known."""
    return {} if item.get("probability") is None else {"probability": round(item["probability"], 6)}
