"""`medner queue VERSION CORPUS`: the documents that are worth a person's time, ready to be corrected."""

import json
import random
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from medner_assets import paths
from medner_assets.commands.predict import described, inputs, predict, trained
from medner_assets.commands.rounds import PREDICTED, Queue, Queued, folder_of, next_round, text_hash
from medner_assets.corpus.writers.annotation_tools import (
    label_studio_config,
    label_studio_task,
    prodigy_task,
)
from medner_assets.defs.datasets.data import Data, data_of
from medner_assets.errors import MednerError
from medner_assets.files import write_private
from medner_assets.modeling.inference.parts import documents
from medner_assets.normalising import normalise
from medner_assets.recipes.loading import dataset_names, load_version
from medner_assets.scoring.selection import Candidate, Key, select
from medner_assets.warehouse.data_tables import DataTables

Document = dict[str, Any]
"""As `medner predict --json` writes it."""


def queue(
    version: str, corpus: str, count: int, *, against: str | None, random_share: float, seed: int
) -> Iterator[str]:
    """Read the corpus, choose `count` documents and write them for the annotation tools; yield what to tell.

    against: another version, whose disagreement counts. Raises MednerError when the round is queued or made
    already, or nothing is left to be corrected; the folder appears whole or not at all.
    """
    for each in filter(None, (version, against)):
        trained(each)
    dataset = load_version(version).dataset
    round_ = next_round(dataset)
    folder = folder_of(round_)
    if round_ in dataset_names():
        raise MednerError(f"{round_} was corrected already: queue with a version of {round_}")
    if folder.exists():
        raise MednerError(
            f"{round_} is queued already: import what was corrected (`medner import … --round {round_}`), or "
            f"remove {folder}"
        )
    data = data_of(dataset, DataTables())
    read, left_out = _without_known(_read(version, corpus), data)
    if not read:
        raise MednerError(f"{corpus}: every document of it is in {dataset} already: nothing to correct")
    other = _by_text(_read(against, corpus)) if against else None
    candidates = [
        Candidate(
            name,
            len(each["text"]),
            said(each, version),
            None if other is None else said(other[text_hash(each["text"])], against or ""),
        )
        for name, each in read.items()
    ]
    picks = select(candidates, count, random_share=random_share, seed=seed)
    queued = {
        each.doc_id: Queued(text_hash(read[each.doc_id]["text"]), each.part, round(each.expected_errors, 3))
        for each in picks
    }
    made = Queue(round_, version, against, dataset, len(candidates), random_share, seed, queued)
    # Whoever corrects must not see by the order which were drawn.
    shuffled = random.Random(seed).sample([read[each.doc_id] for each in picks], len(picks))
    _write(made, shuffled, data)
    drawn = sum(each.part == "random" for each in picks)
    yield f"{round_}: {len(picks)} of {len(candidates)} documents, {drawn} drawn at random, the others chosen"
    if left_out:
        yield f"{left_out} documents were left out: their texts are in {dataset}, or stand twice"
    yield str(folder)


def said(document: Document, version: str) -> dict[Key, float]:
    """Return item → probability of what a version says of a document, each item once.

    Raises MednerError where it gave no probabilities.
    """
    texts = {each["id"]: each["text"] for each in document["entities"]}
    lines: list[tuple[Key, Mapping[str, Any]]] = [
        (("entity", each["type"], normalise(each["text"])), each) for each in document["entities"]
    ]
    lines += [
        (("relation", each["type"], normalise(texts[each["head"]]), normalise(texts[each["tail"]])), each)
        for each in document["relations"]
    ]
    lines += [
        (("relation", each["type"], normalise(each["head_text"]), normalise(each["tail_text"])), each)
        for each in document.get("unresolved_relations", ())
    ]
    found: dict[Key, float] = {}
    for key, each in lines:
        if "probability" not in each:
            raise MednerError(f"{version} gives no probabilities: there is nothing to choose by")
        found[key] = max(found.get(key, 0.0), each["probability"])
    return found


def _read(version: str, corpus: str) -> list[Document]:
    sources = inputs(corpus, sys.stdin)
    if any(each.is_argument for each in sources):
        raise MednerError(f"{corpus[:80]}: there is no such file or folder: name a corpus")
    with closing(predict(version, sources)) as parts:
        return list(documents(described(parts, len(sources))))


def _by_text(read: Sequence[Document]) -> dict[str, Document]:
    return {text_hash(each["text"]): each for each in read}


def _without_known(read: Sequence[Document], data: Data) -> tuple[dict[str, Document], int]:
    """Return id → document of what the dataset does not hold, each text once, and how many are left out.

    A test document must not be trained on. An id that the dataset has, or that stands twice, gets the number
    of its text behind it.
    """
    texts = {text_hash(each) for each in data.documents["text"]}
    taken = set(data.documents["doc_id"])
    kept: dict[str, Document] = {}
    for each in read:
        own = text_hash(each["text"])
        if own in texts:
            continue
        texts.add(own)
        name = each["id"] if each["id"] not in taken else f"{each['id']}#{own[:8]}"
        taken.add(name)
        kept[name] = {**each, "id": name}
    return kept, len(read) - len(kept)


def _write(made: Queue, chosen: Sequence[Document], data: Data) -> None:
    folder = folder_of(made.round)
    paths.private_folder(folder)
    try:
        tasks = [label_studio_task(each, made.version, {"medner_round": made.round}) for each in chosen]
        lines = [prodigy_task(each, {"round": made.round}) for each in chosen]
        write_private(folder / "label-studio.json", json.dumps(tasks, ensure_ascii=False, indent=1))
        write_private(folder / "label-studio.xml", label_studio_config(*data.types()))
        write_private(folder / "prodigy.jsonl", _json_lines(lines))
        write_private(folder / PREDICTED, _json_lines(chosen))
        made.save()  # last: a folder without it is no queue
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _json_lines(values: Sequence[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in values)
