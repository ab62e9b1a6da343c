"""Gold and predicted frames → integer rows with one item code a row and scheme; coded once for all stages."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import polars as pl

from medner_assets.scoring.encoding import normalised_codes, ordered_codes
from medner_assets.scoring.entity_rows import entity_rows
from medner_assets.scoring.frames import GoldFrames, PredictedFrames
from medner_assets.scoring.places import Places
from medner_assets.scoring.relation_rows import RelationCodes, SideCodes, relation_rows
from medner_assets.scoring.relation_spans import span_rows
from medner_assets.scoring.schemes import SCHEMES, Scheme, Task


@dataclass(frozen=True, slots=True)
class CodedRows:
    """Gold and predicted rows of one scheme as integers; -1 stands for null.

    gold: row, doc, type, item, … . predicted: the same with stage, ordinal and duplicate, sorted by stage,
    document and ordinal. `row` is the row of the frame that came in.
    """

    gold: pl.DataFrame
    predicted: pl.DataFrame

    def at(self, stage: int) -> pl.DataFrame:
        """Return the predicted rows of one stage."""
        low, high = np.searchsorted(self.predicted["stage"].to_numpy(), [stage, stage + 1]).tolist()
        return self.predicted.slice(low, high - low)


@dataclass(frozen=True, slots=True)
class Coded:
    """Everything that is scored, by scheme; spans only where every gold mention has offsets."""

    rows: dict[tuple[Task, Scheme], CodedRows]
    entity_types: list[str]
    relation_types: list[str]
    mentions: pl.DataFrame
    """What each gold mention stands for as an argument: doc, norm, type, start, end, node."""


def coded(
    gold: GoldFrames,
    predicted: PredictedFrames,
    stages: Sequence[str],
    *,
    symmetric: frozenset[str],
    spans: bool,
    relation_spans: bool = False,
) -> Coded:
    """Code all rows. symmetric: relation types without direction. spans, relation_spans: whether those of
    entities and of relations are scored. Raises MednerError for rows of unknown documents or stages and
    ordinals that stand twice.
    """
    arguments = [
        (frame.relations[f"{argument}_type"], frame.relations[f"{argument}_text"])
        for frame in (gold, predicted)
        for argument in ("head", "tail")
    ]
    kinds = [gold.entities["type"], predicted.entities["type"], *(kind for kind, _ in arguments)]
    texts = [gold.entities["text"], predicted.entities["text"], *(text for _, text in arguments)]
    # Looking up strings is a third of the work, and the three columns have nothing to do with each other.
    with ThreadPoolExecutor(2) as pool:
        looked_up = pool.submit(ordered_codes, kinds), pool.submit(normalised_codes, texts)
        places = Places(gold, predicted, stages)
    types, entity_types = looked_up[0].result()
    strings = looked_up[1].result()
    relation_codes, relation_types = ordered_codes([gold.relations["type"], predicted.relations["type"]])
    gold_entities, predicted_entities = entity_rows(
        gold, predicted, places, (types[0], types[1]), (strings[0], strings[1])
    )
    relations = relation_rows(
        gold,
        predicted,
        places,
        RelationCodes(
            SideCodes(relation_codes[0], types[2], strings[2], types[3], strings[3]),
            SideCodes(relation_codes[1], types[4], strings[4], types[5], strings[5]),
            np.array([kind in symmetric for kind in relation_types], dtype=bool),
        ),
        gold_entities,
    )

    def under(scheme: str) -> CodedRows:
        item = pl.col(scheme).alias("item")
        return CodedRows(gold_entities.with_columns(item), predicted_entities.with_columns(item))

    rows: dict[tuple[Task, Scheme], CodedRows] = {
        (task, scheme): under(scheme)
        for task, scheme in SCHEMES
        if task == "entity" and (spans or scheme == "text")
    }
    rows["relation", "strict"] = CodedRows(*relations.strict)
    rows["relation", "boundaries"] = CodedRows(*relations.boundaries)
    if relation_spans:
        rows["relation", "span"] = CodedRows(*span_rows(gold, predicted, relations.strict))
    return Coded(rows, entity_types, relation_types, relations.mentions)
