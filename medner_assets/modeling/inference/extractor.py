"""A version, loaded once, that reads texts of any length: windows, completions, places, post-processing.

A text whose prompt has at most `max_tokens` is read whole. A longer one is read sentence by sentence: what is
said of a sentence then depends on nothing else, no mention is met twice, and none is lost but one that
crosses sentences. Offsets are those of the text. Evaluation reads the same way (`scoring/staging.py`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from medner_assets.corpus.readers.files import read_text
from medner_assets.modeling.inference.completer import Completer
from medner_assets.modeling.inference.decoding import Completion
from medner_assets.modeling.job import ReadingJob
from medner_assets.modeling.windows import Window
from medner_assets.normalising import normalise
from medner_assets.prompting.grounding import predict
from medner_assets.prompting.probability import TokenProbabilities
from medner_assets.schema import Grounding
from medner_assets.scoring.confidence.calibration import Calibration
from medner_assets.scoring.postprocessing import RelationSchema
from medner_assets.scoring.schemes import FINAL
from medner_assets.scoring.staging import WindowPrediction, staged_frames

_RELATION = ("type", "head_text", "head_type", "tail_text", "tail_type", "probability")


@dataclass(frozen=True, slots=True)
class ReadWindow:
    """What was read in one window. Places are characters of the whole text.

    entities: type, text, start, end (None where the string is not in the window), grounding, probability.
    relations: type, head_text, head_type, tail_text, tail_type, probability, and head and tail as positions
    in `entities`, None where an argument is no entity that was read.
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
        """Loads the model; raises MednerError where it cannot be."""
        self._stages = job.postprocessing
        self._least = job.least
        self._calibration = (
            Calibration.parsed(read_text(job.calibration), str(job.calibration)) if job.calibration else None
        )
        self._schema = RelationSchema(frozenset(job.triples), frozenset(job.symmetric))
        self._completer = Completer(job)
        self._completer.load()

    @property
    def batch_size(self) -> int:
        """Windows that are generated at once."""
        return self._completer.batch_size

    def windows(self, text: str) -> Iterator[Window]:
        """Yield the windows of a text, in order; none of white space only."""
        return self._completer.windows(text)

    def read(self, windows: Sequence[Window]) -> list[ReadWindow]:
        """Return what is read in each window, in their order."""
        written = self.completions(windows)
        said = [
            predict(
                str(n),
                window.text,
                each.completion,
                is_cut=each.finish_reason == "length",
                tokens=TokenProbabilities.of(each.token_starts, each.log_probabilities),
            )
            for n, (window, each) in enumerate(zip(windows, written, strict=True))
        ]
        frames = staged_frames(
            (WindowPrediction(each, at.text, at.start) for each, at in zip(said, windows, strict=True)),
            self._stages,
            self._schema,
            calibration=self._calibration,
            least=self._least,
        )
        entities, relations = (
            frames[table]
            .filter(pl.col("stage") == FINAL)
            .sort("doc_id", "ordinal")
            .partition_by("doc_id", as_dict=True)
            for table in ("predicted_entities", "predicted_relations")
        )
        return [
            _read(window, entities.get((str(n),)), relations.get((str(n),)), written[n])
            for n, window in enumerate(windows)
        ]

    def completions(self, windows: Sequence[Window]) -> list[Completion]:
        """Return what the version writes about each window, in their order."""
        written: dict[int, Completion] = {}
        for batch in self._completer.complete([window.text for window in windows]):
            written |= batch
        return [written[n] for n in range(len(windows))]


def _read(
    window: Window, entities: pl.DataFrame | None, relations: pl.DataFrame | None, written: Completion
) -> ReadWindow:
    found: list[dict[str, Any]] = []
    first: dict[tuple[str, str], int] = {}
    for row in entities.iter_rows(named=True) if entities is not None else ():
        # A near match is no place of the string: it is kept for error analysis only.
        there = row["grounding"] in (Grounding.EXACT, Grounding.CASE)
        first.setdefault((normalise(row["text"]), row["type"]), len(found))
        found.append(
            {
                "type": row["type"],
                "text": row["text"],
                "start": row["start"] if there else None,
                "end": row["end"] if there else None,
                "grounding": row["grounding"],
                "probability": row["probability"],
            }
        )
    related = tuple(
        {
            **{name: row[name] for name in _RELATION},
            "head": first.get((normalise(row["head_text"]), row["head_type"])),
            "tail": first.get((normalise(row["tail_text"]), row["tail_type"])),
        }
        for row in (relations.iter_rows(named=True) if relations is not None else ())
    )
    tokens = written.prompt_tokens + written.completion_tokens
    return ReadWindow(window, tuple(found), related, written.finish_reason == "length", tokens)
