"""The rounds of a dataset: which documents were queued for correction, and where they are.

A round is called `DATASET@N`. Its queue is the folder of that name below `data/queues`; when it was
corrected, the dataset of that name has the train split of the round before and the corrected documents.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from medner_assets import paths
from medner_assets.errors import MednerError
from medner_assets.files import write_private
from medner_assets.normalising import normalise

MANIFEST, PREDICTED = "queue.json", "predicted.jsonl"
_ROUND = re.compile(rf"(?P<dataset>{paths.SIMPLE_NAME})@(?P<number>[1-9][0-9]{{0,2}})")


@dataclass(frozen=True, slots=True)
class Queued:
    """A document that waits for correction. text: hash of its text."""

    text: str
    part: str
    """random: drawn from all alike; chosen: for its expected errors."""
    expected_errors: float


@dataclass(frozen=True, slots=True)
class Queue:
    """One round's documents, and how they were chosen."""

    round: str
    version: str
    against: str | None
    dataset: str
    """Whose train split the corrected documents join."""
    candidates: int
    """Documents of the corpus from which they were chosen."""
    random_share: float
    seed: int
    documents: dict[str, Queued]

    def save(self) -> None:
        """Write the manifest."""
        content = json.dumps(asdict(self), indent=1, ensure_ascii=False)
        write_private(folder_of(self.round) / MANIFEST, f"{content}\n")


def next_round(dataset: str) -> str:
    """Return the round that follows a dataset: `ade` → `ade@1`, `ade@1` → `ade@2`."""
    match = _ROUND.fullmatch(dataset)
    return f"{match['dataset']}@{int(match['number']) + 1}" if match else f"{dataset}@1"


def before_name(version: str, round_: str) -> str:
    """Return the version of a round that says what `version` said before it: v2, ade@1 → v2.before-1."""
    return f"{version}.before-{round_.rpartition('@')[2]}"


def folder_of(round_: str) -> Path:
    """Return the folder of a round's queue."""
    return paths.data() / "queues" / paths.checked_name(round_)


def queue_of(round_: str) -> Queue:
    """Return what was queued for a round; raise MednerError where nothing was."""
    if not _ROUND.fullmatch(round_):
        raise MednerError(f"--round {round_[:80]}: a round is DATASET@N, as `medner queue` names it")
    file = folder_of(round_) / MANIFEST
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        documents = {name: Queued(**each) for name, each in content["documents"].items()}
        return Queue(**{**content, "documents": documents})
    except FileNotFoundError:
        raise MednerError(
            f"{round_} has no queue: make one with `medner queue VERSION CORPUS`; there are "
            f"{', '.join(known_rounds()) or 'none'}"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise MednerError(f"{file}: not what `medner queue` writes: queue the documents again") from None


def known_rounds() -> list[str]:
    """Return the rounds that have a queue."""
    return sorted(each.parent.name for each in (paths.data() / "queues").glob(f"*/{MANIFEST}"))


def text_hash(text: str) -> str:
    """Return what makes two documents the same to a person who reads them."""
    return hashlib.sha256(normalise(text).encode("utf-8", "surrogatepass")).hexdigest()[:16]
