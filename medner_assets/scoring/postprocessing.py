"""Repairs of predictions as named stages, each on top of the one before; gold is never looked at.

`raw` is what the model said; each stage of the recipe follows under its name; `final` repeats the last one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import polars as pl

from medner_assets.errors import MednerError
from medner_assets.normalising import normalised
from medner_assets.schema import Grounding
from medner_assets.scoring.duplicates import duplicate_entities, duplicate_relations
from medner_assets.scoring.encoding import integers, joint_codes, normalised_codes, text_codes
from medner_assets.scoring.schemes import FINAL, RAW, Task

MIN_CONFIDENCE = "min_confidence"
"""The stage that abstains."""
LEAST: Mapping[Task, float] = {"entity": 0.5, "relation": 0.5}
"""Task → its least probability where a recipe states none."""
_TRIPLE = ("type", "head_type", "tail_type")
_Frames = tuple[pl.DataFrame, pl.DataFrame]
"""Entities and relations."""


@dataclass(frozen=True, slots=True)
class RelationSchema:
    """Which entity types a relation type may join, as the train split shows it."""

    triples: frozenset[tuple[str, str, str]]
    """(relation type, head type, tail type)."""
    symmetric: frozenset[str] = field(default=frozenset())
    """Relation types without direction; their triples are allowed in both orders."""

    @classmethod
    def learned_from(cls, gold_relations: pl.DataFrame, split: str | None = "train") -> Self:
        """Return the schema of the gold relations (columns of that table) of one split; None: of all rows.

        Raises MednerError if there are none: a schema that allows nothing would delete every relation.
        """
        rows = gold_relations if split is None else gold_relations.filter(pl.col("split") == split)
        if not rows.height:
            raise MednerError(
                f"relation schema: split {split!r} has no gold relation: learn it from a split that has some"
            )
        symmetric = frozenset(rows.filter("symmetric")["type"].unique().to_list())
        seen = rows.select(_TRIPLE).drop_nulls().unique().rows()
        turned = [(kind, tail, head) for kind, head, tail in seen if kind in symmetric]
        return cls(frozenset([*seen, *turned]), symmetric)

    def frame(self) -> pl.DataFrame:
        """Return the triples as a frame: type, head_type, tail_type."""
        return pl.DataFrame(sorted(self.triples), schema=dict.fromkeys(_TRIPLE, pl.String()), orient="row")


@dataclass(frozen=True, slots=True)
class StageInputs:
    """What a stage may look at besides the predictions; gold of the split that is scored is not among it."""

    schema: RelationSchema
    documents: pl.DataFrame | None
    """doc_id and text; None: the texts are not known."""
    later: tuple[str, ...]
    """The stages behind it."""
    least: Mapping[Task, float] = field(default_factory=lambda: LEAST)
    """Task → the least probability that `min_confidence` keeps."""


def relation_schema(gold_relations: pl.DataFrame) -> RelationSchema:
    """Return which types relations join in train; a train split without relations allows none."""
    if gold_relations.filter(pl.col("split") == "train").is_empty():
        return RelationSchema(frozenset())
    return RelationSchema.learned_from(gold_relations)


def stage_names(stages: Sequence[str]) -> tuple[str, ...]:
    """Return the names of all stages of a recipe: raw, its steps, final. Raises MednerError for an unknown or
    repeated step."""
    for stage in stages:
        if stage not in STAGES:
            raise MednerError(f"postprocessing: unknown stage {stage!r}: choose from {', '.join(STAGES)}")
    if len(set(stages)) < len(stages):
        raise MednerError("postprocessing: a stage is named twice: name each at most once")
    return (RAW, *stages, FINAL)


def apply_stages(
    entities: pl.DataFrame,
    relations: pl.DataFrame,
    stages: Sequence[str],
    schema: RelationSchema,
    documents: pl.DataFrame | None = None,
    least: Mapping[Task, float] = LEAST,
) -> _Frames:
    """Return the rows of every stage, `raw` to `final`, with the column `stage` (after `dataset` if there
    is one).

    entities, relations: raw predictions with the columns of their tables but `stage`. documents: doc_id and
    text; with them `drop_ungrounded` also finds arguments that no entity line lists and that are not in the
    text. least: what the stage min_confidence keeps; it raises MednerError for predictions without
    probabilities.
    """
    names = stage_names(stages)
    kept = [(RAW, entities, relations)]
    for i, stage in enumerate(stages):
        given = StageInputs(schema, documents, tuple(stages[i + 1 :]), least)
        kept.append((stage, *STAGES[stage](*kept[-1][1:], given)))
    kept.append((FINAL, *kept[-1][1:]))
    staged_entities = pl.concat(_staged(frame, name) for name, (_, frame, _) in zip(names, kept, strict=True))
    staged_relations = pl.concat(
        _staged(frame, name) for name, (_, _, frame) in zip(names, kept, strict=True)
    )
    return staged_entities, staged_relations


def _staged(frame: pl.DataFrame, stage: str) -> pl.DataFrame:
    place = frame.columns.index("dataset") + 1 if "dataset" in frame.columns else 0
    column = pl.Series("stage", [stage], dtype=pl.String).new_from_index(0, frame.height)
    return frame.clone().insert_column(place, column)


def _grounded(entities: pl.DataFrame, relations: pl.DataFrame, given: StageInputs) -> _Frames:
    """Drop entities that are not in the text, and relations with an argument that is not."""
    keep = entities["grounding"] != Grounding.NONE.value
    kept = entities.filter(keep)
    out = _strings(entities.filter(~keep), "text").join(
        _strings(kept, "text"), on=["doc_id", "norm"], how="anti"
    )
    if given.documents is not None:
        out = pl.concat([out, _unlisted_and_absent(entities, relations, given.documents)])
    return kept, _without_arguments(relations, out)


def _without_arguments(relations: pl.DataFrame, out: pl.DataFrame) -> pl.DataFrame:
    """Drop relations with an argument among `out` (doc_id, norm)."""
    for argument in ("head_text", "tail_text"):
        norm = _strings(relations, argument)["norm"]
        relations = (
            relations.with_columns(norm=norm)
            .join(out, on=["doc_id", "norm"], how="anti", maintain_order="left")
            .drop("norm")
        )
    return relations


def _unlisted_and_absent(
    entities: pl.DataFrame, relations: pl.DataFrame, documents: pl.DataFrame
) -> pl.DataFrame:
    """Return (doc_id, norm) of arguments without an entity line whose string is not in the text."""
    asked = pl.concat(_strings(relations, argument) for argument in ("head_text", "tail_text")).unique()
    asked = asked.join(_strings(entities, "text"), on=["doc_id", "norm"], how="anti")
    asked = asked.join(documents.select("doc_id", "text"), on="doc_id")
    whole = asked.select("doc_id", "text").unique()
    whole = whole.select("doc_id", whole=normalised(whole["text"]))
    found = pl.col("whole").str.contains(pl.col("norm"), literal=True)
    return asked.join(whole, on="doc_id").filter(~found).select("doc_id", "norm")


def _strings(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    return frame.select("doc_id", norm=normalised(frame[column]))


def _distinct(entities: pl.DataFrame, relations: pl.DataFrame, given: StageInputs) -> _Frames:
    """Keep the first of the lines that say the same (see `duplicates`)."""
    entities, relations = entities.sort("doc_id", "ordinal"), relations.sort("doc_id", "ordinal")
    (doc, kind), _ = text_codes([entities["doc_id"], entities["type"]])
    (norm,) = normalised_codes([entities["text"]])
    stage = np.zeros(entities.height, dtype=np.int64)
    repeated = duplicate_entities(
        stage, joint_codes([doc, kind, norm]), integers(entities["start"]), integers(entities["end"])
    )
    entities = entities.filter(~pl.Series(repeated, dtype=pl.Boolean))

    names = ("doc_id", "type", "head_text", "tail_text", "head_type", "tail_type")
    (doc, kind, *arguments), _ = text_codes([relations[name] for name in names])
    head, tail = joint_codes([arguments[0], arguments[2]]), joint_codes([arguments[1], arguments[3]])
    rows = relations.height
    both = joint_codes([np.concatenate(arguments[:2]), np.concatenate(arguments[2:])])
    head, tail = both[:rows], both[rows:]
    symmetric = relations["type"].is_in(list(given.schema.symmetric)).to_numpy()
    repeated = duplicate_relations(np.zeros(rows, dtype=np.int64), doc, kind, head, tail, symmetric)
    return entities, relations.filter(~pl.Series(repeated, dtype=pl.Boolean))


def _allowed(entities: pl.DataFrame, relations: pl.DataFrame, given: StageInputs) -> _Frames:
    """Drop relations that the schema does not allow; one that `fix_direction` will fix later is kept."""
    allowed, reversed_ = _in_schema(relations, given.schema)
    return entities, relations.filter(allowed | reversed_ if "fix_direction" in given.later else allowed)


def _turned(entities: pl.DataFrame, relations: pl.DataFrame, given: StageInputs) -> _Frames:
    """Turn round relations of which only the reverse is in the schema; drop the turned ones that stand
    there already.
    """
    allowed, reversed_ = _in_schema(relations, given.schema)
    turn = pl.Series(reversed_ & ~allowed)
    if not turn.any():
        return entities, relations
    text, kind = ("head_text", "tail_text"), ("head_type", "tail_type")
    turned = relations.filter(turn).with_columns(
        pl.col(old).alias(new) for pair in (text, kind) for old, new in (pair, pair[::-1])
    )
    keys = ["doc_id", "type", *text, *kind]
    turned = turned.sort("doc_id", "ordinal").unique(keys, keep="first", maintain_order=True)
    turned = turned.join(relations.filter(~turn), on=keys, how="anti", nulls_equal=True)
    return entities, pl.concat([relations.filter(~turn), turned]).sort("doc_id", "ordinal")


def _confident(entities: pl.DataFrame, relations: pl.DataFrame, given: StageInputs) -> _Frames:
    """Drop what is less probable than `min_confidence`, and relations with an argument that is dropped."""
    if entities["probability"].null_count() + relations["probability"].null_count():
        raise MednerError(
            "postprocessing: min_confidence needs probabilities, and these completions have none: they are "
            "of a server, a file, or an earlier edition of medner (then `medner forget` them and evaluate)"
        )
    sure = entities["probability"] >= given.least["entity"]
    kept = entities.filter(sure)
    out = _strings(entities.filter(~sure), "text").join(
        _strings(kept, "text"), on=["doc_id", "norm"], how="anti"
    )
    return kept, _without_arguments(
        relations.filter(relations["probability"] >= given.least["relation"]), out.unique()
    )


def _in_schema(relations: pl.DataFrame, schema: RelationSchema) -> tuple[pl.Series, pl.Series]:
    """Return whether the schema allows each relation as it is, and turned round."""
    triples = schema.frame().with_columns(known=True)
    marks = []
    for head, tail in (("head_type", "tail_type"), ("tail_type", "head_type")):
        joined = relations.select("type", head=head, tail=tail).join(
            triples.rename({"head_type": "head", "tail_type": "tail"}),
            on=["type", "head", "tail"], how="left", maintain_order="left",
        )  # fmt: skip
        marks.append(joined["known"].fill_null(False))
    return marks[0], marks[1]


STAGES: dict[str, Callable[[pl.DataFrame, pl.DataFrame, StageInputs], _Frames]] = {
    "drop_ungrounded": _grounded,
    "deduplicate": _distinct,
    "enforce_schema": _allowed,
    "fix_direction": _turned,
    MIN_CONFIDENCE: _confident,
}
"""Stage → what it does with the entities and relations that the stages before it left."""
