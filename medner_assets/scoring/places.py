"""Where rows belong: documents and stages as integers, and which relation types have no direction in a
document.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from medner_assets.errors import MednerError
from medner_assets.schema import Level
from medner_assets.scoring.encoding import Codes, text_codes
from medner_assets.scoring.frames import GoldFrames, PredictedFrames
from medner_assets.scoring.matching import Mask


class Places:
    """Document codes (the row of the document in `gold.documents`) and stage codes (the place in `stages`)
    of all rows.

    Raises MednerError if a document stands twice, or a row belongs to no document or to no stage.
    """

    def __init__(self, gold: GoldFrames, predicted: PredictedFrames, stages: Sequence[str]) -> None:
        self.gold_entities, self.gold_relations, self.predicted_entities, self.predicted_relations = (
            document_codes(gold, predicted)
        )
        self.entity_stage = _stage_codes(predicted.entities["stage"], stages, "predicted entities")
        self.relation_stage = _stage_codes(predicted.relations["stage"], stages, "predicted relations")
        self.concept_level: Mask = (gold.documents["level"] == Level.CONCEPT.value).to_numpy()
        self.undirected: Mask = (~gold.documents["directed"]).to_numpy()


def document_codes(gold: GoldFrames, predicted: PredictedFrames) -> list[Codes]:
    """Return the row of its document in `gold.documents` for each row of the gold entities, gold relations,
    predicted entities and predicted relations. Raises MednerError as `Places` does.
    """
    columns = {
        "gold entities": gold.entities["doc_id"],
        "gold relations": gold.relations["doc_id"],
        "predicted entities": predicted.entities["doc_id"],
        "predicted relations": predicted.relations["doc_id"],
    }
    (own, *others), ids = text_codes([gold.documents["doc_id"], *columns.values()])
    row_of = np.full(len(ids) + 1, -1, dtype=np.int64)
    row_of[own] = np.arange(len(own))
    if (row_of[own] != np.arange(len(own))).any():
        twice = gold.documents["doc_id"].filter(gold.documents["doc_id"].is_duplicated())[0]
        raise MednerError(f"gold documents: {twice!r} occurs twice: give each document its own id")
    docs = [row_of[codes] for codes in others]
    for name, doc, column in zip(columns, docs, columns.values(), strict=True):
        if (doc < 0).any():
            unknown = column[int(np.flatnonzero(doc < 0)[0])]
            raise MednerError(
                f"{name}: document {unknown!r} is not among the gold documents: "
                "score predictions against the dataset version that they were made for"
            )
    return docs


def symmetric_types(gold: GoldFrames) -> frozenset[str]:
    """Return the relation types that gold calls symmetric in a directed document.

    In an undirected document every type is symmetric, whatever it is elsewhere.
    """
    stated = gold.relations.filter("symmetric").join(
        gold.documents.filter("directed"), on="doc_id", how="semi"
    )
    return frozenset(stated["type"].unique().to_list())


def _stage_codes(column: pl.Series, stages: Sequence[str], name: str) -> Codes:
    (known, codes), _ = text_codes([pl.Series(list(stages), dtype=pl.String), column])
    number = np.full(max(int(known.max(initial=-1)), int(codes.max(initial=-1))) + 2, -1, dtype=np.int64)
    number[known] = np.arange(len(stages))
    found = number[codes]
    if (found < 0).any():
        stage = column[int(np.flatnonzero(found < 0)[0])]
        raise MednerError(f"{name}: unknown stage {stage!r}: score the stages {', '.join(stages)}")
    return found
