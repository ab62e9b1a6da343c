"""Short ways to write gold documents and predictions in tests. Strings are grounded as completions are: the
k-th line with a string takes its k-th occurrence, a line beyond the last takes the last.
"""

from collections import Counter

import polars as pl

from medner_assets.schema import Document, Entity, Level, Relation
from medner_assets.scoring.evaluation import score_version
from medner_assets.scoring.frames import PREDICTED_ENTITIES, PREDICTED_RELATIONS, GoldFrames, PredictedFrames
from medner_assets.scoring.gold import gold_frames
from medner_assets.scoring.postprocessing import RelationSchema, apply_stages, stage_names

RAW_ENTITIES = {name: dtype for name, dtype in PREDICTED_ENTITIES.items() if name != "stage"}
RAW_RELATIONS = {name: dtype for name, dtype in PREDICTED_RELATIONS.items() if name != "stage"}
NOTHING = RelationSchema(frozenset())


def document(
    text, entities=(), relations=(), *, id="d1", concepts=None, directed=True, split="test", group=None
):
    """entities: (type, string), the k-th with a string at its k-th occurrence. relations: (head, type,
    tail) between the first entities with those strings, or between concepts if `concepts` (string → concept
    ids) is given.
    """
    seen = Counter()
    found = []
    for i, (kind, string) in enumerate(entities):
        start = _place(text, string, seen[string])
        seen[string] += 1
        found.append(
            Entity(f"T{i}", kind, start, start + len(string), string, tuple((concepts or {}).get(string, ())))
        )
    first = {}
    for entity in found:
        first.setdefault(entity.text, entity.id)
    stated = tuple(
        Relation(kind, head_concept=head, tail_concept=tail)
        if concepts
        else Relation(kind, first[head], first[tail])
        for head, kind, tail in relations
    )
    level = Level.CONCEPT if concepts else Level.MENTION
    return Document(id, text, tuple(found), stated, group, split, directed, level)


def says(text, entities=(), relations=(), *, id="d1"):
    """Return raw rows: entities (type, string), relations (head, type, tail) with types as the entities
    give them.
    """
    seen, types = Counter(), {}
    rows = []
    for i, (kind, string) in enumerate(entities):
        types.setdefault(string, kind)
        place = _place(text, string, seen[string])
        seen[string] += 1
        span = (None, None, "none") if place is None else (place, place + len(string), "exact")
        rows.append((id, i, kind, string, *span))
    triples = [
        (id, i, kind, head, types.get(head), tail, types.get(tail))
        for i, (head, kind, tail) in enumerate(relations)
    ]
    return (
        pl.DataFrame(rows, schema=RAW_ENTITIES, orient="row"),
        pl.DataFrame(triples, schema=RAW_RELATIONS, orient="row"),
    )


def evaluate(gold, predicted, *, stages=(), schema=NOTHING, symmetric=frozenset(), resamples=20, **options):
    """gold: documents or GoldFrames. predicted: pairs of raw frames as `says` gives them. Returns the
    tables.
    """
    frames = gold if isinstance(gold, GoldFrames) else gold_frames(gold, symmetric_types=symmetric)
    empty = pl.DataFrame(schema=RAW_ENTITIES), pl.DataFrame(schema=RAW_RELATIONS)
    entities = pl.concat([empty[0], *(pair[0] for pair in predicted)])
    relations = pl.concat([empty[1], *(pair[1] for pair in predicted)])
    staged = apply_stages(entities, relations, stages, schema, frames.documents)
    return score_version(
        frames,
        PredictedFrames(*staged),
        evaluation_id="e1",
        dataset="toy",
        dataset_version="v0",
        stages=stage_names(stages),
        seed=7,
        resamples=resamples,
        **options,
    )


def counts(tables, scheme, stage="final"):
    """Return (tp, fp, fn) of one scheme over all documents."""
    rows = tables["document_scores"].filter((pl.col("scheme") == scheme) & (pl.col("stage") == stage))
    return tuple(rows.select("tp", "fp", "fn").sum().row(0))


def errors(tables, task="entity", stage="final"):
    """Return the error classes in row order: predicted lines first, then gold that is left."""
    return tables[f"{task}_outcomes"].filter(pl.col("stage") == stage)["error"].to_list()


def _place(text, string, k):
    starts = []
    start = text.find(string)
    while start >= 0:
        starts.append(start)
        start = text.find(string, start + len(string))
    return starts[min(k, len(starts) - 1)] if starts else None
