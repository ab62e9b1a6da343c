"""Answers of a GLiNER2 model: `python -m medner_assets.modeling.inference.gliner --job JOB.json`. A process
of its own, which needs the extra `gliner`.

The model marks entities and relations by their places. A completion is the line of JSON that `medner
register` would read of it. A relation's argument is the entity at its place; where the model marks none
there, it is a string without a type.

Exit code 0: all are there; 1: a mistake that the user can fix, described in the last line of standard error.
"""

import importlib.util
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from medner_assets.errors import MednerError
from medner_assets.modeling.inference.decoding import Completion
from medner_assets.modeling.inference.generate import written
from medner_assets.modeling.job import GlinerJob
from medner_assets.modeling.loading import pick_device
from medner_assets.modeling.process import process
from medner_assets.modeling.windows import Window

_AT_ONCE = 8
"""Texts."""
Place = tuple[int, int]


class Gliner:
    """A GLiNER2 model that writes answers. It is loaded when first needed, and cuts long texts itself."""

    def __init__(self, job: GlinerJob) -> None:
        """Raises MednerError where the package is not installed, or the weights are no safetensors."""
        if importlib.util.find_spec("gliner2") is None:
            raise MednerError("system gliner needs gliner2: run `pip install 'medner[gliner]'`")
        # Without it the package would look for pickled weights, which can run code.
        if not (job.weights / "model.safetensors").is_file():
            raise MednerError(f"{job.weights} has no model.safetensors: name a folder of GLiNER2 weights")
        self._job = job

    def windows(self, text: str) -> Iterator[Window]:
        """Yield the text as its only part."""
        yield Window(0, text)

    def complete(
        self, texts: Sequence[str], *, named: Callable[[int], str], say: Callable[[str], None]
    ) -> Iterator[dict[int, Completion]]:
        """Yield the answers by position in `texts`. named: the id of the text at a position."""
        for low in range(0, len(texts), _AT_ONCE):
            part, began = texts[low : low + _AT_ONCE], time.monotonic()
            answers = [
                answer_of(named(low + n), text, found)
                for n, (text, found) in enumerate(zip(part, self._found(part), strict=True))
            ]
            seconds = (time.monotonic() - began) / len(part)
            yield {
                n: Completion(str(n), json.dumps(answer, ensure_ascii=False), "stop", 0, 0, seconds)
                for n, answer in enumerate(answers, start=low)
            }

    def _found(self, texts: Sequence[str]) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = self._model.batch_extract_long(
            list(texts),
            self._schema,
            batch_size=_AT_ONCE,
            threshold=self._job.threshold,
            include_confidence=True,
            include_spans=True,
        )
        return found

    @cached_property
    def _model(self) -> Any:
        from gliner2 import AutoExtractor

        try:
            device = str(pick_device(self._job.device))
            return AutoExtractor.from_pretrained(str(self._job.weights), map_location=device)
        except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise MednerError(
                f"{self._job.weights}: gliner2 cannot load it ({reason}): name a folder of GLiNER2 weights"
            ) from None

    @cached_property
    def _schema(self) -> Any:
        schema = self._model.create_schema()
        if self._job.entity_types:
            schema = schema.entities(list(self._job.entity_types))
        return schema.relations(list(self._job.relation_types)) if self._job.relation_types else schema


def answer_of(doc_id: str, text: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a model found in a text as a line of answers.

    found: `entities` by type and `relation_extraction` by type, each with places and confidence. Of a
    place that has several types, relations take the surest. The package ends a text with a full stop of its
    own: what reaches into it ends where the text ends, and the stop itself is left out.
    """
    marked = sorted(
        (*_place(each, text), kind, float(each["confidence"]))
        for kind, many in found.get("entities", {}).items()
        for each in many
        if each["start"] < len(text)
    )
    entities, at = [], dict[Place, tuple[float, str]]()
    for n, (start, end, kind, sure) in enumerate(marked):
        entities.append({"id": f"E{n}", "type": kind, "text": text[start:end], "start": start, "end": end})
        at[start, end] = max(at.get((start, end), (-1.0, "")), (sure, f"E{n}"))
    relations = [
        {
            "type": kind,
            **_argument("head", each, text, at),
            **_argument("tail", each, text, at),
        }
        for kind, many in found.get("relation_extraction", {}).items()
        for each in many
        if max(each["head"]["start"], each["tail"]["start"]) < len(text)
    ]
    return {"id": doc_id, "entities": entities, "relations": relations}


def _place(said: Mapping[str, Any], text: str) -> Place:
    return said["start"], min(said["end"], len(text))


def _argument(
    side: str, relation: Mapping[str, Any], text: str, at: Mapping[Place, tuple[float, str]]
) -> dict[str, str]:
    place = _place(relation[side], text)
    return {side: at[place][1]} if place in at else {f"{side}_text": text[slice(*place)]}


@click.command()
@click.option(
    "--job", "job_file", type=click.Path(path_type=Path), required=True, help="The job, a JSON file."
)
def main(job_file: Path) -> None:
    """Write the answers that JOB asks for."""
    with process(compiles=False) as log:
        job = GlinerJob.read(job_file)
        count = written(job, Gliner(job), log)
        log.info(f"{count} answers")


if __name__ == "__main__":
    main()
