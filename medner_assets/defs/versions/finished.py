"""A finished adapter's folder, read back and verified: the row that describes it, its log, its weights."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from medner_assets.errors import MednerError
from medner_assets.tables import TABLES

WEIGHTS, DESCRIPTION, LOG = "adapter_model.safetensors", "medner.json", "training_log.jsonl"
CONFIG = "adapter_config.json"
"""PEFT's own file: its `lora_alpha` scales what the weights add, so it decides as much as they do."""


@dataclass(frozen=True, slots=True)
class FinishedAdapter:
    """What stands in an adapter's folder. `row` has the columns of table `adapters`."""

    row: Mapping[str, Any]
    log: pl.DataFrame
    trained_as: Mapping[str, str] = field(default_factory=dict)
    """What was adapted and by which path, in words; see `trained_as`."""

    @property
    def fingerprint(self) -> str:
        """What it was trained from."""
        return str(self.row["fingerprint"])

    @property
    def weights_hash(self) -> str:
        """The first 16 digits of the SHA-256 of the weights file."""
        return str(self.row["weights_hash"])

    def tables(self) -> dict[str, pl.DataFrame]:
        """Return the rows of `adapters` and `training_log`."""
        return {
            "adapters": pl.DataFrame([dict(self.row)], schema=TABLES["adapters"].schema, strict=False),
            "training_log": self.log,
        }


def finished_adapter(folder: Path) -> FinishedAdapter | None:
    """Return what stands in `folder`; None when no adapter was ever finished there.

    Raises MednerError when the folder is not what its description says: it was changed by other hands.
    """
    if not folder.exists():
        return None
    try:
        row = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        log = [json.loads(line) for line in (folder / LOG).read_text(encoding="utf-8").splitlines()]
        with (folder / WEIGHTS).open("rb") as stream:
            actual = hashlib.file_digest(stream, "sha256").hexdigest()[:16]
        if not isinstance(row, dict) or not all(isinstance(line, dict) for line in log):
            raise ValueError("not objects")
        finished_at = datetime.fromisoformat(row["finished_at"]) if "finished_at" in row else None
    except (OSError, ValueError, TypeError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not the JSON that training writes"
        raise _corrupt(folder, str(reason)) from None
    missing = [name for name in TABLES["adapters"].schema if name not in row]
    if missing:
        raise _corrupt(folder, f"{DESCRIPTION} lacks {', '.join(missing)}")
    if row["weights_hash"] != actual:
        raise _corrupt(folder, f"{WEIGHTS} is not the file that {DESCRIPTION} describes")
    if "config_hash" in row and row["config_hash"] != _hash_of(folder / CONFIG):
        raise _corrupt(folder, f"{CONFIG} is not the file that {DESCRIPTION} describes")
    row["finished_at"] = finished_at
    if not isinstance(row["versions"], str):
        row["versions"] = json.dumps(row["versions"], sort_keys=True)
    try:
        finished = FinishedAdapter(
            {name: row[name] for name in TABLES["adapters"].schema},
            pl.DataFrame(log, schema=TABLES["training_log"].schema, strict=False),
            trained_as(row),
        )
        finished.tables()
    except (pl.exceptions.PolarsError, TypeError, OverflowError):
        raise _corrupt(folder, "holds values of other kinds than training writes") from None
    return finished


def trained_as(description: Mapping[str, Any]) -> dict[str, str]:
    """Return what a description says of the layers that carry the adapter, the path that training took and
    how far it is from plain transformers + PEFT, as label → words. Adapters of an older medner say nothing.
    """
    told = {}
    layers = description.get("adapted_layers")
    if isinstance(layers, dict) and layers:
        told["adapted layers"] = ", ".join(f"{count} {name}" for name, count in sorted(layers.items()))
    if isinstance(description.get("path"), str):
        told["path of training"] = description["path"]
    findings = description.get("equality")
    last = findings[-1] if isinstance(findings, list) and findings else None
    if isinstance(last, dict) and isinstance(last.get("loss"), float):
        told["against plain transformers + PEFT"] = (
            f"loss differs by {last['loss']:.1e} nats a token, gradients by {last['gradients']:.1e} "
            f"({last['compute']}, {last['samples']} samples)"
        )
    return told


def trained_as_of(folder: Path, weights_hash: str) -> dict[str, str]:
    """Return `trained_as` of the adapter in `folder`; {} where other weights, or none, stand there."""
    try:
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        return trained_as(description) if description["weights_hash"] == weights_hash else {}
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return {}


def covers_its_configuration(folder: Path) -> bool:
    """Tell whether the adapter's description names the hash of its configuration; older ones do not."""
    try:
        return "config_hash" in json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return True  # whoever reads the adapter says what is wrong with it


def _hash_of(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()[:16]
    except OSError:
        return ""


def _corrupt(folder: Path, reason: str) -> MednerError:
    return MednerError(
        f"adapter {folder.name}: {reason}: remove {folder} and run `medner train {folder.name}`"
    )
