"""What the format of completions cannot state: a perfect completion, written, read back and scored on gold.

Completions name mentions by their strings. A relation of the second of two mentions with one string and
different types, one between concepts that no mention bears, a string that stands for two concepts, or the
second occurrence of a string whose first is not annotated cannot be told from what is written.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from medner_assets.audit.figures import AuditFigure, in_per_cent
from medner_assets.prompting.grounding import predict
from medner_assets.prompting.templates import render_completion
from medner_assets.schema import Document
from medner_assets.scoring.coding import coded
from medner_assets.scoring.frames import PREDICTED_ENTITIES, PREDICTED_RELATIONS, PredictedFrames
from medner_assets.scoring.gold import gold_frames
from medner_assets.scoring.matching import Counts
from medner_assets.scoring.metrics import scored
from medner_assets.scoring.places import symmetric_types
from medner_assets.scoring.schemes import FINAL, Scheme, Task

_WORDS: dict[tuple[Task, Scheme], str] = {
    ("entity", "text"): "entities",
    ("entity", "span"): "entities at their place",
    ("relation", "strict"): "relations",
}
_NAMED = 3
"""Documents that the reason names."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What perfect completions of documents say. counts: (task, scheme) → over all documents; a scheme that
    cannot be scored (a gold mention without offsets) is not there."""

    counts: dict[tuple[Task, Scheme], Counts]
    lacking: tuple[str, ...]
    """Ids of the documents whose perfect completion does not state all of their entities and relations."""

    def figures(self) -> list[AuditFigure]:
        """Return the rows of table `audits`."""
        found = []
        for (task, scheme), counts in self.counts.items():
            found += [
                AuditFigure(
                    "format", f"{task}_{scheme}_f1", counts.f1 if counts.tp + counts.fn else None,
                    f"F1 of a perfect completion, written and read back: {task}, {scheme}",
                ),
                AuditFigure(
                    "format", f"{task}_{scheme}_missed", counts.fn,
                    f"gold items of test that a perfect completion does not state: {task}, {scheme}",
                ),
                AuditFigure(
                    "format", f"{task}_{scheme}_wrong", counts.fp,
                    f"items that a perfect completion states and gold lacks: {task}, {scheme}",
                ),
            ]  # fmt: skip
        return found

    def reasons(self) -> list[str]:
        """Return how far a perfect completion falls short, in words; nothing where it says all."""
        short = [
            f"{words} F1 {in_per_cent(counts.f1)} ({counts.fn:,} of {counts.tp + counts.fn:,} missed, "
            f"{counts.fp:,} wrong)"
            for key, words in _WORDS.items()
            if (counts := self.counts.get(key)) is not None and counts.fn + counts.fp
        ]
        if not short:
            return []
        more = len(self.lacking) - _NAMED
        named = "; ".join(self.lacking[:_NAMED]) + (f"; and {more} more" if more > 0 else "")
        return [
            "completions name mentions by their strings, so that even a perfect one, written and read back, "
            f"scores on test: {', '.join(short)}; documents: {named}"
        ]


def stated(documents: Sequence[Document], symmetric: Collection[str] = ()) -> Stated:
    """Score the perfect completion of each document against its gold.

    documents: at least one. symmetric: relation types whose arguments may change places.
    """
    entities, relations = [], []
    for document in documents:
        read = predict(document.id, document.text, render_completion(document), is_cut=False)
        entities += [
            (FINAL, read.doc_id, e.ordinal, e.type, e.text, e.start, e.end, e.grounding.value)
            for e in read.entities
        ]
        relations += [
            (FINAL, read.doc_id, r.ordinal, r.type, r.head_text, r.head_type, r.tail_text, r.tail_type)
            for r in read.relations
        ]
    gold = gold_frames(documents, symmetric_types=frozenset(symmetric))
    rows = coded(
        gold,
        PredictedFrames(
            pl.DataFrame(entities, schema=PREDICTED_ENTITIES, orient="row"),
            pl.DataFrame(relations, schema=PREDICTED_RELATIONS, orient="row"),
        ),
        [FINAL],
        symmetric=symmetric_types(gold),
        spans=gold.entities["start"].null_count() == 0,
    )
    done = scored(rows, [FINAL], np.ones(len(documents), dtype=bool))
    counts = {
        (each.task, each.scheme): Counts(*(int(count) for count in each.documents.sum(axis=0)))
        for each in done
    }
    wrong = sum((each.documents[:, 1:].sum(axis=1) for each in done), np.zeros(len(documents)))
    names = gold.documents["doc_id"].to_list()
    return Stated(counts, tuple(name for name, many in zip(names, wrong, strict=True) if many))
