"""A version, loaded once, that reads texts of any length: windows, completions, places, post-processing.

A text whose prompt has at most `max_tokens` is read whole, as evaluation does. A longer one is read sentence
by sentence: what is said of a sentence then depends on nothing else, no mention is met twice, and none is
lost but one that crosses sentences. Post-processing works on each window. Offsets are those of the text.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from medner_assets.modeling.fused.decoding import use_grouped_attention
from medner_assets.modeling.inference.decoding import Completion, generate_batches
from medner_assets.modeling.inference.model import load_for_reading
from medner_assets.modeling.job import ReadingJob
from medner_assets.modeling.loading import (
    find_weights,
    load_base,
    load_tokenizer,
    longest_prompt,
    pick_device,
)
from medner_assets.modeling.samples import Encoder
from medner_assets.modeling.windows import Window
from medner_assets.prompting.grounding import predict
from medner_assets.schema import Grounding, Prediction
from medner_assets.scoring.postprocessing import RelationSchema, apply_stages
from medner_assets.scoring.schemes import FINAL

_ENTITY = {
    "doc_id": pl.String(), "ordinal": pl.Int64(), "type": pl.String(), "text": pl.String(),
    "start": pl.Int64(), "end": pl.Int64(), "grounding": pl.String(),
}  # fmt: skip
_RELATION = {
    "doc_id": pl.String(), "ordinal": pl.Int64(), "type": pl.String(), "head_text": pl.String(),
    "head_type": pl.String(), "tail_text": pl.String(), "tail_type": pl.String(),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Read:
    """What was read in one window. Places are characters of the whole text.

    entities: type, text, start, end (None where the string is not in the window), grounding. relations: type,
    head_text, head_type, tail_text, tail_type, and head and tail as positions in `entities`, None where an
    argument is no entity that was read.
    """

    window: Window
    entities: tuple[dict[str, Any], ...]
    relations: tuple[dict[str, Any], ...]
    is_cut: bool
    """Whether the completion reached max_new_tokens, so that its last lines may be missing."""
    tokens: int
    """Of prompt and completion."""


class Extractor:
    """The model of one version. Expensive to make (seconds), cheap to use again."""

    def __init__(self, job: ReadingJob) -> None:
        self._decoding, self._stages = job.decoding, job.postprocessing
        self._schema = RelationSchema(frozenset(job.triples), frozenset(job.symmetric))
        folder = find_weights(job.base, job.base_folder)
        model = load_base(folder, job.base, pick_device(job.device))
        self._model = load_for_reading(model, job.adapter, quantized=job.base.quantization != "none")
        self._model.eval()
        use_grouped_attention(self._model)
        self._encoder = Encoder(
            load_tokenizer(folder), job.base.prompt_style, job.entity_types, job.relation_types
        )
        self._longest = longest_prompt(folder, job.max_tokens)

    @property
    def batch_size(self) -> int:
        """Windows that are generated at once."""
        return self._decoding.batch_size

    def windows(self, text: str) -> Iterator[Window]:
        """Yield the windows of a text, in order; none of white space only."""
        return self._encoder.windows(text, self._longest)

    def read(self, windows: Sequence[Window]) -> list[Read]:
        """Return what is read in each window, in their order."""
        written = self._completions(windows)
        grounded = [predict(str(n), each.text, written[n].completion) for n, each in enumerate(windows)]
        entities, relations = self._postprocessed(grounded, windows)
        return [
            _read(
                window,
                entities.get((str(n),), pl.DataFrame(schema=_ENTITY)),
                relations.get((str(n),), pl.DataFrame(schema=_RELATION)),
                written[n],
            )
            for n, window in enumerate(windows)
        ]

    def _completions(self, windows: Sequence[Window]) -> dict[int, Completion]:
        """Return the completion of each window, by its position."""
        batches = generate_batches(
            self._model,
            self._encoder.tokenizer,
            [(str(n), self._encoder.prompt(window.text)) for n, window in enumerate(windows)],
            batch_size=self._decoding.batch_size,
            max_new_tokens=self._decoding.max_new_tokens,
        )
        return {int(each.doc_id): each for batch in batches for each in batch}

    def _postprocessed(
        self, predictions: Sequence[Prediction], windows: Sequence[Window]
    ) -> tuple[dict[tuple[Any, ...], pl.DataFrame], dict[tuple[Any, ...], pl.DataFrame]]:
        entities = [
            (p.doc_id, e.ordinal, e.type, e.text, e.start, e.end, e.grounding.value)
            for p in predictions
            for e in p.entities
        ]
        relations = [
            (p.doc_id, r.ordinal, r.type, r.head_text, r.head_type, r.tail_text, r.tail_type)
            for p in predictions
            for r in p.relations
        ]
        texts = pl.DataFrame(
            {"doc_id": [str(n) for n in range(len(windows))], "text": [each.text for each in windows]},
            schema={"doc_id": pl.String(), "text": pl.String()},
        )
        staged = apply_stages(
            pl.DataFrame(entities, schema=_ENTITY, orient="row"),
            pl.DataFrame(relations, schema=_RELATION, orient="row"),
            self._stages,
            self._schema,
            texts,
        )
        final = (frame.filter(pl.col("stage") == FINAL).sort("doc_id", "ordinal") for frame in staged)
        first, second = (frame.partition_by("doc_id", as_dict=True) for frame in final)
        return first, second


def _read(window: Window, entities: pl.DataFrame, relations: pl.DataFrame, written: Completion) -> Read:
    found: list[dict[str, Any]] = []
    first: dict[tuple[str, str], int] = {}
    for row in entities.iter_rows(named=True):
        # A near match is no place of the string: it is kept for error analysis only.
        there = row["grounding"] in (Grounding.EXACT, Grounding.CASE)
        first.setdefault((row["text"], row["type"]), len(found))
        found.append(
            {
                "type": row["type"],
                "text": row["text"],
                "start": window.start + row["start"] if there else None,
                "end": window.start + row["end"] if there else None,
                "grounding": row["grounding"],
            }
        )
    related = tuple(
        {
            **{name: row[name] for name in _RELATION if name not in ("doc_id", "ordinal")},
            "head": first.get((row["head_text"], row["head_type"])),
            "tail": first.get((row["tail_text"], row["tail_type"])),
        }
        for row in relations.iter_rows(named=True)
    )
    tokens = written.prompt_tokens + written.completion_tokens
    return Read(window, tuple(found), related, written.finish_reason == "length", tokens)
