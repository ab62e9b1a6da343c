"""Gold and predicted relations as integer rows with an item code for each scheme, at mention and concept
level.

An argument is a node: at mention level its normalised string, with its type under `strict`; at concept
level the concept. A predicted string takes the concepts of the gold mentions in its document with that
string, and with that type under `strict`; a string that names several concepts stands for each of them, one
row a pair of concepts. A string that names none stays a node of its own, which no gold relation has.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from medner_assets.scoring.duplicates import duplicate_relations, ordered
from medner_assets.scoring.encoding import Codes, integers, joint_codes, ordered_codes, text_codes
from medner_assets.scoring.entity_rows import ascending, in_order
from medner_assets.scoring.frames import GoldFrames, PredictedFrames
from medner_assets.scoring.matching import Mask
from medner_assets.scoring.places import Places

_ARGUMENTS = ("head", "tail")
_MENTION = ("doc", "norm", "type", "start", "end")


@dataclass(frozen=True, slots=True)
class RelationRows:
    """Relations under both schemes.

    strict, boundaries: (gold, predicted) with columns row, doc, type, symmetric, head_node, tail_node,
    item; predicted, sorted by stage, document and ordinal, also stage, ordinal, duplicate and the
    arguments' norm and type. mentions: what each gold mention stands for under `strict`: doc, norm, type,
    start, end, node.
    """

    strict: tuple[pl.DataFrame, pl.DataFrame]
    boundaries: tuple[pl.DataFrame, pl.DataFrame]
    mentions: pl.DataFrame


@dataclass(frozen=True, slots=True)
class SideCodes:
    """The codes of one side's relations, gold or predicted, a number a row.

    Types and strings of arguments are numbered as those of the entities.
    """

    type: Codes
    head_type: Codes
    head_norm: Codes
    tail_type: Codes
    tail_norm: Codes


@dataclass(frozen=True, slots=True)
class RelationCodes:
    """Both sides, and which relation types have no direction."""

    gold: SideCodes
    predicted: SideCodes
    symmetric: Mask


def relation_rows(
    gold: GoldFrames, predicted: PredictedFrames, places: Places, codes: RelationCodes, mentions: pl.DataFrame
) -> RelationRows:
    """Code the relations of all stages. mentions: the gold entities as `entity_rows` returns them."""
    (concept, *named), _ = ordered_codes(
        [
            gold.entities["concepts"].explode(empty_as_null=False, keep_nulls=False),
            gold.relations["head_concept"],
            gold.relations["tail_concept"],
            *_named_concepts(predicted.relations),
        ]
    )
    own = _columns(codes.gold, places.gold_relations, places, codes.symmetric, named[:2])
    said = _columns(codes.predicted, places.predicted_relations, places, codes.symmetric, named[2:])
    gold_frame = pl.DataFrame(_gold_in_order(own, integers(gold.relations["relation_id"])))
    predicted_frame = pl.DataFrame(_predicted_in_order(said, places, predicted.relations))
    strict = _Nodes(gold_frame, predicted_frame, mentions, typed=True)
    boundaries = _Nodes(gold_frame, predicted_frame, mentions, typed=False)
    concepts = _concepts_of(mentions, gold.entities["concepts"], concept)
    at_concept_level = places.concept_level[mentions["doc"].to_numpy()]
    by_string = mentions.filter(pl.Series(~at_concept_level)) if at_concept_level.any() else mentions
    return RelationRows(
        _items(gold_frame, predicted_frame, concepts, strict),
        _items(gold_frame, predicted_frame, concepts, boundaries),
        pl.concat(
            [
                by_string.select(*_MENTION, node=strict.of_string("norm", "type")),
                concepts.select(*_MENTION, node=strict.of_concept("concept")),
            ]
        ),
    )


def _columns(
    codes: SideCodes, docs: np.ndarray, places: Places, symmetric: Mask, concepts: list[Codes]
) -> dict[str, np.ndarray]:
    """Return the columns that both sides have, in the order of the frame. docs: the document of each row."""
    return {
        "row": np.arange(len(docs)), "doc": docs, "type": codes.type,
        "symmetric": symmetric[codes.type] | places.undirected[docs],
        "head_norm": codes.head_norm, "head_type": codes.head_type,
        "tail_norm": codes.tail_norm, "tail_type": codes.tail_type,
        "head_concept": concepts[0], "tail_concept": concepts[1],
        "concept_level": places.concept_level[docs],
    }  # fmt: skip


def _gold_in_order(columns: dict[str, np.ndarray], place: np.ndarray) -> dict[str, np.ndarray]:
    """Return the gold rows by document and by `place` within it."""
    if ascending(columns["doc"], place):
        return columns
    order = np.lexsort([columns["row"], place, columns["doc"]])
    return {name: column[order] for name, column in columns.items()}


def _predicted_in_order(
    columns: dict[str, np.ndarray], places: Places, relations: pl.DataFrame
) -> dict[str, np.ndarray]:
    """Return the predicted rows by stage, document and ordinal, and which of them repeat an earlier line."""
    said = columns | {"stage": places.relation_stage, "ordinal": integers(relations["ordinal"])}
    in_turn = in_order(said["stage"], said["doc"], said["ordinal"], "predicted relations")
    if in_turn is not None:
        said = {name: column[in_turn] for name, column in said.items()}
    return said | {"duplicate": _duplicates(said, relations)}


class _Nodes:
    """Numbers for arguments: strings first, concepts after them."""

    def __init__(
        self, gold: pl.DataFrame, predicted: pl.DataFrame, mentions: pl.DataFrame, *, typed: bool
    ) -> None:
        def above(*columns: str) -> int:
            found = (
                frame[name] for frame in (gold, predicted, mentions) for name in columns if name in frame
            )
            return 2 + max(int(column.to_numpy().max(initial=-1)) for column in found)

        self.typed = typed
        self._types = above("head_type", "tail_type", "type")
        self._strings = above("head_norm", "tail_norm", "norm") * (self._types if typed else 1)

    def of_string(self, norm: str, kind: str) -> pl.Expr:
        """Return the node of a string, with its type where types count."""
        return pl.col(norm) * self._types + pl.col(kind) + 1 if self.typed else pl.col(norm)

    def of_concept(self, concept: str) -> pl.Expr:
        """Return the node of a concept."""
        return pl.col(concept) + self._strings


def _items(
    gold: pl.DataFrame, predicted: pl.DataFrame, concepts: pl.DataFrame, nodes: _Nodes
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return both frames with nodes and items; predicted rows at concept level become one row a pair of
    concepts.
    """
    lines = predicted
    for argument in _ARGUMENTS:
        predicted = _taking_concepts(predicted, concepts, argument, nodes.typed)
    moved = predicted is not lines
    for argument in _ARGUMENTS:
        string = nodes.of_string(f"{argument}_norm", f"{argument}_type")
        column = f"{argument}_concept"
        of_concept = pl.when(pl.col("concept_level") & (pl.col(column) >= 0)).then(nodes.of_concept(column))
        node = of_concept.otherwise(string).alias(f"{argument}_node")
        gold, predicted = gold.with_columns(node), predicted.with_columns(node)
    if moved:
        predicted = predicted.sort("stage", "doc", "ordinal", "head_node", "tail_node")
    both = {
        name: np.concatenate([gold[name].to_numpy(), predicted[name].to_numpy()])
        for name in ("doc", "type", "head_node", "tail_node", "symmetric")
    }
    first, second = ordered(both["head_node"], both["tail_node"], both["symmetric"])
    item = joint_codes([both["doc"], both["type"], first, second])
    unneeded = ["head_concept", "tail_concept", "concept_level"]
    return (
        gold.drop(unneeded).with_columns(item=item[: gold.height]),
        predicted.drop(unneeded).with_columns(item=item[gold.height :]),
    )


def _taking_concepts(
    predicted: pl.DataFrame, concepts: pl.DataFrame, argument: str, typed: bool
) -> pl.DataFrame:
    """Return the rows with `<argument>_concept` filled from the gold mentions, a row for each concept; -1:
    none.

    A duplicate line stays one row, and a concept that the prediction names itself stays.
    """
    column = f"{argument}_concept"
    open_ = pl.col("concept_level") & ~pl.col("duplicate") & (pl.col(column) < 0)
    asked = predicted.filter(open_)
    if not asked.height:
        return predicted
    keys = ["doc", "norm", "type"] if typed else ["doc", "norm"]
    own = [{"doc": "doc", "norm": f"{argument}_norm", "type": f"{argument}_type"}[key] for key in keys]
    known = concepts.select(*keys, "concept").unique()
    taken = asked.drop(column).join(known, left_on=own, right_on=keys, how="left").rename({"concept": column})
    taken = taken.with_columns(pl.col(column).fill_null(-1))
    return pl.concat([predicted.filter(~open_), taken.select(predicted.columns)])


def _duplicates(rows: dict[str, np.ndarray], relations: pl.DataFrame) -> Mask:
    """Return which of the ordered rows repeat an earlier line as it is written."""
    (head, tail), _ = text_codes([relations["head_text"], relations["tail_text"]])
    at = rows["row"]
    kind, concept = (
        np.concatenate([rows[f"head_{what}"], rows[f"tail_{what}"]]) for what in ("type", "concept")
    )
    arguments = joint_codes([np.concatenate([head[at], tail[at]]), kind, concept])
    first, second = arguments[: len(at)], arguments[len(at) :]
    return duplicate_relations(rows["stage"], rows["doc"], rows["type"], first, second, rows["symmetric"])


def _named_concepts(relations: pl.DataFrame) -> list[pl.Series]:
    """Return the concepts that predicted relations name themselves: optional columns, else null."""
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, relations.height)
    return [
        relations[column] if column in relations.columns else nothing
        for column in ("head_concept", "tail_concept")
    ]


def _concepts_of(mentions: pl.DataFrame, concepts: pl.Series, codes: Codes) -> pl.DataFrame:
    """Return the gold mentions with one row for each concept of theirs, distinct.

    concepts: of the gold entities, as they came in; codes: of its items, one after the other.
    """
    if not len(codes):
        return mentions.clear().with_columns(concept=pl.lit(0, dtype=pl.Int64))
    many = concepts.list.len().fill_null(0).to_numpy().astype(np.int64)
    rows = pl.DataFrame({"row": np.repeat(np.arange(len(many)), many), "concept": codes})
    return mentions.join(rows.filter(pl.col("concept") >= 0).unique(), on="row", how="inner")
