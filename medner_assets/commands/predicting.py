"""`medner predict`: read texts with a version, as its evaluation would, and show what it found."""

import json
import shutil
import sys
import tempfile
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import polars as pl
from rich.console import Group, RenderableType
from rich.text import Text

from medner_assets import paths
from medner_assets.corpus.jsonl import write_documents
from medner_assets.defs.evaluation.predictions import relation_schema
from medner_assets.defs.evaluation.tabulation import prediction_frames
from medner_assets.defs.pipes import explained, write_private
from medner_assets.defs.processes import supervise
from medner_assets.defs.resources import Warehouse, process_environment
from medner_assets.defs.versions.completions import adapter_for, read_lines
from medner_assets.defs.versions.handover import Order, order_of
from medner_assets.errors import MednerError
from medner_assets.progress_display import Display, own_stderr
from medner_assets.prompting.grounding import predict as grounded
from medner_assets.schema import Document, Grounding
from medner_assets.scoring.postprocessing import apply_stages
from medner_assets.scoring.schemes import FINAL

_STYLES = ("cyan", "green", "yellow", "magenta", "blue", "red")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a version reads in one text, after its post-processing. Rows of the two prediction tables."""

    id: str
    text: str
    entities: pl.DataFrame
    relations: pl.DataFrame

    def to_json(self) -> str:
        """Return a line of JSON as `medner score` reads it and `medner export` writes it.

        A relation with an argument that is no predicted entity stands under `unresolved_relations`.
        """
        entities: list[dict[str, Any]] = []
        first: dict[tuple[str, str], str] = {}
        for row in self.entities.iter_rows(named=True):
            name = f"E{row['ordinal']}"
            entities.append({"id": name, "type": row["type"], **_span(row), "text": row["text"]})
            first.setdefault((row["text"], row["type"]), name)
        content: dict[str, Any] = {"id": self.id, "text": self.text, "entities": entities, "relations": []}
        for row in self.relations.iter_rows(named=True):
            head, tail = (first.get((row[f"{side}_text"], row[f"{side}_type"])) for side in ("head", "tail"))
            if head is not None and tail is not None:
                content["relations"].append({"head": head, "tail": tail, "type": row["type"]})
            else:
                strings = {name: row[name] for name in ("head_text", "tail_text", "type")}
                content.setdefault("unresolved_relations", []).append(strings)
        return json.dumps(content, ensure_ascii=False)


def read_input(text: str | None, stream: TextIO) -> list[Document]:
    """Return what to read: a text as typed, the file of that name, or the stream where nothing is given.

    A file whose name ends in .jsonl holds documents, one a line; any other is one text.
    """
    if text is None:
        if stream.isatty():
            raise MednerError("nothing to read: give a text, a file, or pipe a text in")
        return [_document("stdin", stream.read())]
    if len(text) > 4096 or "\n" in text or not Path(text).is_file():
        return [_document("text", text)]
    file = Path(text)
    if file.suffix == ".jsonl":
        from medner_assets.corpus.readers.jsonl import read_jsonl

        reading = read_jsonl(file)
        if not reading.documents:
            raise MednerError(f"{file}: no document in it: see docs/formats.md")
        return [Document(id=each.id, text=each.text, split="test") for each in reading.documents]
    try:
        return [_document(file.name, file.read_text(encoding="utf-8"))]
    except UnicodeDecodeError as error:
        raise MednerError(f"{file}: not valid UTF-8 at byte {error.start}: save it as UTF-8") from None


def predict(version: str, documents: list[Document]) -> list[Reading]:
    """Return what a version reads in each document; raise MednerError when it is not trained."""
    order = order_of(version, Warehouse())
    adapter_for(order)
    work = paths.private_folder(paths.data() / "work")
    folder = Path(tempfile.mkdtemp(prefix="predict-", dir=work))
    try:
        return readings(order, documents, completions(order, documents, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # it holds the texts


def completions(order: Order, documents: list[Document], folder: Path) -> dict[str, str]:
    """Run the generation process on the documents; return document → completion."""
    write_documents(folder / "documents.jsonl", documents)
    job = {
        **order.common(),
        "adapter": str(paths.adapter(order.version)),
        "documents": str(folder / "documents.jsonl"),
        "decoding": order.recipe.decoding.model_dump(mode="json"),
        "output": str(folder / "completions.jsonl"),
        "work": str(folder),
        "generation_id": folder.name,
    }
    write_private(folder / "job.json", json.dumps(job))
    with own_stderr() as console:
        display = Display(console, [folder / "progress.json"])
        with display.shown():
            display.started(f"{order.version} reads")
            code = supervise(
                [sys.executable, "-m", "medner_assets.modeling.generate", "--job", str(folder / "job.json")],
                process_environment(order.base.is_local),
                folder=folder,
            )
    if code != 0:
        kept = paths.private_folder(paths.work(order.version, "prediction")) / "stderr.log"
        shutil.copyfile(folder / "stderr.log", kept)
        raise MednerError(explained(code, kept, f"prediction with {order.version}"))
    return {line["doc_id"]: line["completion"] for line in read_lines(folder / "completions.jsonl")}


def readings(order: Order, documents: Iterable[Document], written: dict[str, str]) -> list[Reading]:
    """Return the completions read, grounded and post-processed as the version's recipe says."""
    texts = {document.id: document.text for document in documents}
    frames = prediction_frames(
        (grounded(doc_id, text, written[doc_id]) for doc_id, text in texts.items()),
        evaluation_id="",
        dataset=order.data.name,
        split="test",
    )
    entities, relations = (
        frame.filter(pl.col("stage") == FINAL)
        for frame in apply_stages(
            frames["predicted_entities"],
            frames["predicted_relations"],
            order.recipe.postprocessing,
            relation_schema(order.data.gold_relations),
            pl.DataFrame({"doc_id": list(texts), "text": list(texts.values())}),
        )
    )
    return [
        Reading(
            doc_id,
            text,
            entities.filter(pl.col("doc_id") == doc_id),
            relations.filter(pl.col("doc_id") == doc_id),
        )
        for doc_id, text in texts.items()
    ]


def shown(reading: Reading) -> RenderableType:
    """Return the text with its entities highlighted, then a line for each entity and relation."""
    types = list(dict.fromkeys(reading.entities["type"]))
    style = {each: _STYLES[n % len(_STYLES)] for n, each in enumerate(types)}
    text = Text(harmless(reading.text))
    lines = []
    for row in reading.entities.iter_rows(named=True):
        place = "not in the text" if row["start"] is None else f"{row['start']}–{row['end']}"
        if row["start"] is not None:
            text.stylize(f"bold reverse {style[row['type']]}", row["start"], row["end"])
        lines.append(
            Text.assemble(
                "  ",
                (harmless(row["text"]), "bold"),
                f"  {place}  ",
                (harmless(row["type"]), style[row["type"]]),
            )
        )
    lines += [
        Text(harmless(f"  {row['head_text']} --[{row['type']}]--> {row['tail_text']}"))
        for row in reading.relations.iter_rows(named=True)
    ]
    return Group(text, *(lines or [Text("  nothing found")]))


def harmless(text: str) -> str:
    """Return a text of the same length without control characters: they could steer the terminal."""
    return "".join("\ufffd" if unicodedata.category(c) == "Cc" and c not in "\n\t" else c for c in text)


def _span(row: dict[str, Any]) -> dict[str, int]:
    """Return start and end where the string stands there; a near match is no place of it."""
    if row["grounding"] not in (Grounding.EXACT, Grounding.CASE):
        return {}
    return {"start": row["start"], "end": row["end"]}


def _document(name: str, text: str) -> Document:
    if not text.strip():
        raise MednerError("the text is empty: give one with words in it")
    return Document(id=name, text=text, split="test")
