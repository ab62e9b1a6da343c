"""Two versions on three documents, small enough to count by hand: what the tests of the report are about.

new finds everything but one entity and turns one relation; old misses more and repeats itself. Every frame
has the
declared columns; a table that a test does not want is replaced by an empty one.
"""

import datetime
from typing import Any

import polars as pl

from medner_assets.tables import TABLES
from medner_assets_tests.support.sureness import compared_rows, confidence_rows

DATASET, OLD, NEW = "notes", "old", "new"
TEXTS = {
    "d1": "Aspirin causes bleeding.",
    "d2": "No complaints today.",
    "d3": "Insulin \N{SYRINGE} treats diabetes.",
}
RECIPES = {
    OLD: {"summary": "The first try", "baseline": "null", "training.epochs": "3", "lora.rank": "16",
          "training.relation_loss_weight": "1.0", "postprocessing": "[]", "expectation": "null"},
    NEW: {"summary": "A longer try", "baseline": OLD, "training.epochs": "7", "lora.rank": "32",
          "training.relation_loss_weight": "1.0", "postprocessing": '["deduplicate"]',
          "expectation.raw.entity.conservative.f1": "[0.8, 0.9]",
          "expectation.raw.entity.optimistic.f1": "[0.9, 1.0]",
          "expectation.raw.entity.confidence": "0.95",
          "expectation.raw.relation.error_shares.duplicate": "[0.0, 0.3]",
          "expectation.final.relation.conservative.f1": "[0.6, 0.7]",
          "expectation.final.relation.optimistic.f1": "null",
          "expectation.reasons": '["More epochs, <b>better</b> relations"]'},
}  # fmt: skip
GOLD_ENTITIES = {
    ("d1", "T0"): ("Drug", 0, 7, "Aspirin"),
    ("d1", "T1"): ("Effect", 15, 23, "bleeding"),
    ("d3", "T0"): ("Drug", 0, 7, "Insulin"),
    ("d3", "T1"): ("Disease", 17, 25, "diabetes"),
}
GOLD_RELATIONS = {("d1", 0): ("causes", "T0", "T1"), ("d3", 0): ("treats", "T0", "T1")}
# (version, doc, gold id or None, error, tp, fp, fn, predicted type, predicted text, start, end)
ENTITIES: tuple[tuple[Any, ...], ...] = (
    (OLD, "d1", "T0", "correct", 1, 0, 0, "Drug", "Aspirin", 0, 7),
    (OLD, "d1", "T1", "missing", 0, 0, 1, None, None, None, None),
    (OLD, "d2", None, "spurious", 0, 1, 0, "Effect", "complaints", 3, 13),
    (OLD, "d3", "T0", "correct", 1, 0, 0, "Drug", "Insulin", 0, 7),
    (OLD, "d3", "T1", "type", 0, 1, 1, "Effect", "diabetes", 17, 25),
    (NEW, "d1", "T0", "correct", 1, 0, 0, "Drug", "Aspirin", 0, 7),
    (NEW, "d1", "T1", "correct", 1, 0, 0, "Effect", "bleeding", 15, 23),
    (NEW, "d2", None, "ungrounded", 0, 1, 0, "Drug", "paracetamol", None, None),
    (NEW, "d3", "T0", "correct", 1, 0, 0, "Drug", "Insulin", 0, 7),
    (NEW, "d3", "T1", "correct", 1, 0, 0, "Disease", "diabetes", 17, 25),
)
# (version, stage or None for both, doc, gold id or None, error, tp, fp, fn, predicted type, head, tail)
RELATIONS: tuple[tuple[Any, ...], ...] = (
    (OLD, None, "d1", 0, "missing", 0, 0, 1, None, None, None),
    (OLD, None, "d3", 0, "cascaded", 0, 1, 1, "treats", "Insulin", "diabetes"),
    (OLD, "raw", "d3", None, "duplicate", 0, 1, 0, "treats", "Insulin", "diabetes"),
    (OLD, "final", "d3", None, "duplicate", 0, 0, 0, "treats", "Insulin", "diabetes"),
    (NEW, None, "d1", 0, "correct", 1, 0, 0, "causes", "Aspirin", "bleeding"),
    (NEW, None, "d3", 0, "direction", 0, 1, 1, "treats", "diabetes", "Insulin"),
    (NEW, "raw", "d1", None, "duplicate", 0, 1, 0, "causes", "Aspirin", "bleeding"),
)
# (version, stage, task) → tp, fp, fn
COUNTS = {
    (OLD, "raw", "entity"): (2, 2, 2), (OLD, "final", "entity"): (2, 2, 2),
    (NEW, "raw", "entity"): (4, 1, 0), (NEW, "deduplicate", "entity"): (4, 1, 0), (NEW, "final",
                                                                                   "entity"): (4, 1, 0),
    (OLD, "raw", "relation"): (0, 2, 2), (OLD, "final", "relation"): (0, 1, 2),
    (NEW, "raw", "relation"): (1, 2, 1), (NEW, "deduplicate", "relation"): (1, 1, 1),
    (NEW, "final", "relation"): (1, 1, 1),
}  # fmt: skip
LOSSES = {OLD: (1.2, 0.8, 0.5), NEW: (1.2, 0.7, 0.4, 0.3, 0.25, 0.24, 0.239)}


def empty() -> dict[str, pl.DataFrame]:
    """Return every table without rows."""
    return {
        name: pl.DataFrame(schema={**table.schema, table.partition: pl.String})
        for name, table in TABLES.items()
    }


def table(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Return a table of `rows`; columns that a row does not name are null."""
    declared = TABLES[name]
    schema = {**declared.schema, declared.partition: pl.String}
    return pl.DataFrame([dict.fromkeys(schema) | row for row in rows], schema=schema)


def story() -> dict[str, pl.DataFrame]:
    """Return all tables of the story."""
    return empty() | {
        "documents": table("documents", [_document(doc_id, text) for doc_id, text in TEXTS.items()]),
        "gold_entities": table("gold_entities", [*_gold_entities()]),
        "gold_relations": table("gold_relations", [*_gold_relations()]),
        "audits": table("audits", _audits()),
        "recipes": table("recipes", [
            {"model_version": name, "setting": setting, "value": value, "recipe_hash": f"hash-{name}"}
            for name, recipe in RECIPES.items() for setting, value in recipe.items()
        ]),
        "adapters": table("adapters", [_adapter(name) for name in (OLD, NEW)]),
        "training_log": table("training_log", [row for name in (OLD, NEW) for row in _log(name)]),
        "completions": table("completions", [
            {"model_version": name, "dataset": DATASET, "split": "test", "doc_id": doc_id, "completion": "…",
             "finish_reason": "length" if (name, doc_id) == (OLD, "d3") else "stop", "completion_tokens": 10,
             "seconds": 2.0}
            for name in (OLD, NEW) for doc_id in TEXTS
        ]),
        "rejected_lines": table("rejected_lines", [
            {"model_version": OLD, "dataset": DATASET, "split": "test", "doc_id": "d3", "line_number": 9,
             "line": "9. [Dr", "reason": "no closing bracket"}
        ]),
        "entity_outcomes": table("entity_outcomes", _entity_outcomes()),
        "relation_outcomes": table("relation_outcomes", _relation_outcomes()),
        "document_scores": table("document_scores", _document_scores()),
        "metrics": table("metrics", [_metric(*key, *counts) for key, counts in COUNTS.items()]),
        "confidence": table("confidence", confidence_rows(DATASET, OLD, NEW)),
        "confidence_comparisons": table("confidence_comparisons", compared_rows(DATASET, OLD, NEW)),
        "comparisons": table("comparisons", [
            _comparison("entity", "text", 0.5, 8 / 9, 0.004, "better"),
            _comparison("relation", "strict", 0.0, 0.5, 0.3, "not distinguishable"),
        ]),
    }  # fmt: skip


def _document(doc_id: str, text: str) -> dict[str, Any]:
    return {"dataset": DATASET, "doc_id": doc_id, "split": "test", "group_id": doc_id, "text": text,
            "characters": len(text), "directed": True, "level": "mention",
            "dataset_version": "content"}  # fmt: skip


def _gold_entities() -> list[dict[str, Any]]:
    return [
        {"dataset": DATASET, "doc_id": doc_id, "split": "test", "entity_id": entity_id, "type": type_,
         "start": start,
         "end": end, "text": text, "concepts": []}
        for (doc_id, entity_id), (type_, start, end, text) in GOLD_ENTITIES.items()
    ]  # fmt: skip


def _gold_relations() -> list[dict[str, Any]]:
    rows = []
    for (doc_id, number), (type_, head, tail) in GOLD_RELATIONS.items():
        ends = GOLD_ENTITIES[doc_id, head], GOLD_ENTITIES[doc_id, tail]
        row = {"dataset": DATASET, "doc_id": doc_id, "relation_id": number, "type": type_, "symmetric": False,
               "head_id": head, "tail_id": tail, "head_text": ends[0][3], "head_type": ends[0][0],
               "tail_text": ends[1][3], "tail_type": ends[1][0]}  # fmt: skip
        rows += [row | {"split": "test"}, row | {"split": "train", "doc_id": f"train-{doc_id}"}]
    return rows


def _audits() -> list[dict[str, Any]]:
    figures = (
        ("all_pairs", "f1", "gold_entities", 0.4, 0.3, 0.5, "every type-compatible pair"),
        ("without_reading", "f1", "gold_entities", 0.45, 0.35, 0.55, "best without the text"),
        ("dictionary_ner", "f1", "", 0.6, 0.5, 0.7, "names of train"),
        ("within_document", "auc", "", 0.81, 0.75, 0.87, "rank within strata"),
        ("verdict", "verdict", "", None, None, None, "learnable"),
        ("verdict", "reason", "", None, None, None, "the text decides"),
    )
    names = ("probe", "figure", "setting", "value", "low", "high", "detail")
    return [
        dict(zip(names, row, strict=True)) | {"dataset": DATASET, "dataset_version": "content"}
        for row in figures
    ]


def _adapter(name: str) -> dict[str, Any]:
    epochs = len(LOSSES[name])
    return {
        "model_version": name, "dataset": DATASET, "dataset_version": "content",
        "recipe_hash": f"hash-{name}",
        "weights_hash": f"weights-{name}", "base_model": "small", "base_revision": "0" * 40,
        "backend": "peft",
        "device": "cpu", "trainable_parameters": 1000 * epochs, "total_parameters": 1_000_000,
        "adapter_bytes": 4000 * epochs, "train_documents": 2, "train_samples": 2, "train_tokens": 600,
        "unplaced_annotations": 0, "epochs": float(epochs), "steps": 10 * epochs, "best_step": 10 * epochs,
        "final_train_loss": LOSSES[name][-1] - 0.05, "best_eval_loss": min(LOSSES[name]),
        "train_seconds": 60.0 * epochs, "peak_memory_bytes": 10**9, "seed": 42,
        "finished_at": datetime.datetime(2026, 2, 8, 12, epochs, tzinfo=datetime.UTC),
    }  # fmt: skip


def _log(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for epoch, loss in enumerate(LOSSES[name], 1):
        common = {"model_version": name, "step": 10 * epoch, "epoch": float(epoch), "seconds": 60.0 * epoch}
        rows.append(common | {"kind": "train", "loss": loss - 0.05, "learning_rate": 2e-4, "grad_norm": 0.5})
        rows.append(common | {"kind": "eval", "loss": loss})
    return rows


def _entity_outcomes() -> list[dict[str, Any]]:
    rows = []
    for name, doc_id, entity_id, error, tp, fp, fn, type_, text, start, end in ENTITIES:
        gold = GOLD_ENTITIES.get((doc_id, entity_id), (None,) * 4)
        row = {"model_version": name, "evaluation_id": f"eval-{name}", "dataset": DATASET, "split": "test",
               "doc_id": doc_id, "error": error, "tp": tp, "fp": fp, "fn": fn, "entity_id": entity_id,
               "ordinal": None if type_ is None else 0, "predicted_type": type_, "predicted_text": text,
               "predicted_start": start, "predicted_end": end, "gold_type": gold[0], "gold_start": gold[1],
               "gold_end": gold[2], "gold_text": gold[3]}  # fmt: skip
        rows += [row | {"stage": stage} for stage in _stages(name)]
    return rows


def _relation_outcomes() -> list[dict[str, Any]]:
    rows = []
    for name, stage, doc_id, number, error, tp, fp, fn, type_, head, tail in RELATIONS:
        type_of_gold, head_id, tail_id = GOLD_RELATIONS.get((doc_id, number), (None, "", ""))
        ends = [GOLD_ENTITIES.get((doc_id, end), (None,) * 4) for end in (head_id, tail_id)]
        row = {"model_version": name, "evaluation_id": f"eval-{name}", "dataset": DATASET, "split": "test",
               "doc_id": doc_id, "error": error, "tp": tp, "fp": fp, "fn": fn, "relation_id": number,
               "ordinal": None if type_ is None else 0, "predicted_type": type_, "predicted_head": head,
               "predicted_tail": tail, "gold_type": type_of_gold, "gold_head": ends[0][3],
               "gold_head_type": ends[0][0], "gold_tail": ends[1][3],
               "gold_tail_type": ends[1][0]}  # fmt: skip
        rows += [row | {"stage": each} for each in _stages(name) if stage in (None, each)]
    return rows


def _document_scores() -> list[dict[str, Any]]:
    rows = []
    for name in (OLD, NEW):
        for stage in _stages(name):
            for task, outcomes in (("entity", _entity_outcomes()), ("relation", _relation_outcomes())):
                for doc_id in TEXTS:
                    own = [
                        row for row in outcomes
                        if (row["model_version"], row["stage"], row["doc_id"]) == (name, stage, doc_id)
                    ]  # fmt: skip
                    counts = {key: sum(row[key] for row in own) for key in ("tp", "fp", "fn")}
                    rows.append({"model_version": name, "evaluation_id": f"eval-{name}", "dataset": DATASET,
                                 "dataset_version": "content", "stage": stage, "split": "test", "task": task,
                                 "scheme": "text" if task == "entity" else "strict", "doc_id": doc_id,
                                 "group_id": doc_id, **counts})  # fmt: skip
    return rows


def _metric(name: str, stage: str, task: str, tp: int, fp: int, fn: int) -> dict[str, Any]:
    f1 = 2 * tp / (2 * tp + fp + fn)
    scheme = "text" if task == "entity" else "strict"
    return {
        "model_version": name, "evaluation_id": f"eval-{name}", "dataset": DATASET,
        "dataset_version": "content",
        "stage": stage, "task": task, "scheme": scheme,
        "signature": f"scheme:{scheme}|unit:text|case:lower|stage:{stage}|v1", "tp": tp, "fp": fp, "fn": fn,
        "precision": tp / (tp + fp), "recall": tp / (tp + fn), "f1": f1, "f1_low": max(f1 - 0.1, 0.0),
        "f1_high": min(f1 + 0.1, 1.0), "macro_f1": f1 / 2, "documents": 3, "seed": 42, "resamples": 1000,
    }  # fmt: skip


def _comparison(
    task: str, scheme: str, before: float, after: float, p: float, verdict: str
) -> dict[str, Any]:
    return {
        "model_version": NEW, "baseline": OLD, "dataset": DATASET, "dataset_version": "content",
        "stage": "final",
        "task": task, "scheme": scheme, "baseline_f1": before, "version_f1": after,
        "difference": after - before,
        "low": after - before - 0.2, "high": after - before + 0.2, "p_value": p / 2, "p_adjusted": p,
        "verdict": verdict,
        "documents": 3, "groups": 3, "seed": 42, "resamples": 1000, "evaluation_id": "eval-new",
        "baseline_evaluation_id": "eval-old",
    }  # fmt: skip


def _stages(name: str) -> tuple[str, ...]:
    return ("raw", "final") if name == OLD else ("raw", "deduplicate", "final")
