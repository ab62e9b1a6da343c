"""The same predictions have the same score on every way through the product, whatever a system writes."""

import hashlib
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from medner_assets import paths
from medner_assets.corpus.building import BuiltDataset
from medner_assets.corpus.frames import dataset_frames
from medner_assets.defs.datasets.data import Data
from medner_assets.defs.evaluation.metrics import gold_of
from medner_assets.defs.versions.submitted import answers_of, prediction_of, submission_rows
from medner_assets.prompting.grounding import predict
from medner_assets.recipes.version import VersionRecipe
from medner_assets.schema import Document, Level
from medner_assets.scoring.evaluation import score_version
from medner_assets.scoring.external import has_spans, scored_submission
from medner_assets.scoring.frames import PredictedFrames
from medner_assets.scoring.gold import gold_frames
from medner_assets.scoring.postprocessing import RelationSchema, apply_stages, stage_names
from medner_assets.scoring.relation_spans import with_places
from medner_assets.scoring.submissions import read_submission
from medner_assets.scoring.tabulation import prediction_frames
from medner_assets.warehouse.export import export_predictions
from medner_assets.warehouse.store import Store
from medner_assets_tests.support.generated import RELATION_TYPES, SYMMETRIC, TEXT, TYPES, answers, documents
from medner_assets_tests.support.rows import put

STRINGS = ("Ab", "ab", "AB  AB", "ab ab", "ß", "SS", "aB ss", "b a", "absent", "aB")
NUMBERS = ("task", "scheme", "signature", "tp", "fp", "fn", "f1", "f1_low", "f1_high", "documents")
SCHEMA = RelationSchema(frozenset([("R1", "T1", "T2"), ("R2", "T1", "T1"), ("R2", "T2", "T1")]), SYMMETRIC)


@st.composite
def completions(draw: st.DrawFn) -> str:
    """What a model may write: strings in any case, arguments that no entity line lists, repeated lines."""
    string, kind, name = (st.sampled_from(each) for each in (STRINGS, TYPES, RELATION_TYPES))
    entities = draw(st.lists(st.builds("[{}] {}".format, kind, string), max_size=6))
    relations = draw(st.lists(st.builds("{} --[{}]--> {}".format, string, name, string), max_size=6))
    parts = [
        heading + "".join(f"\n{i + 1}. {line}" for i, line in enumerate(lines))
        for heading, lines in (("### Entities:", entities), ("### Relations:", relations))
    ]
    return "\n\n".join(parts)


@given(
    st.lists(st.tuples(documents(), completions()), min_size=1, max_size=3),
    st.lists(st.sampled_from(["drop_ungrounded", "deduplicate", "enforce_schema"]), unique=True),
)
@example([(Document("d", "Ab  ab\nß aB ss b a", split="test"), "### Entities:\n1. [T1] absent")], [])
@settings(max_examples=40, deadline=None)
def test_exported_predictions_score_as_in_the_product_to_the_last_digit(
    corpus: list[tuple[Document, str]], steps: list[str]
):
    gold = [replace(document, id=f"d{i}") for i, (document, _) in enumerate(corpus)]
    frames = prediction_frames(
        (predict(each.id, TEXT, completion) for each, (_, completion) in zip(gold, corpus, strict=True)),
        evaluation_id="e",
        dataset="d",
        split="test",
    )
    rows = apply_stages(
        frames["predicted_entities"], frames["predicted_relations"], steps, SCHEMA,
        pl.DataFrame({"doc_id": [each.id for each in gold], "text": [TEXT] * len(gold)}),
    )  # fmt: skip
    own = score_version(
        gold_frames(gold, symmetric_types=SYMMETRIC),
        PredictedFrames(*rows),
        evaluation_id="e",
        dataset="d",
        dataset_version="1",
        stages=stage_names(steps),
        seed=42,
        symmetric=SYMMETRIC,
        resamples=20,
    )["metrics"].filter(pl.col("stage") == "final")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "warehouse"
        store = Store(root)
        store.replace({"predicted_entities": rows[0], "predicted_relations": rows[1]}, "v")
        put(root, "completions", "v", *(
            {"doc_id": each.id, "split": "test", "dataset": "d", "dataset_version": "1"} for each in gold
        ))  # fmt: skip
        put(root, "documents", "d", *(
            {"doc_id": each.id, "text": TEXT, "split": "test", "dataset_version": "1"} for each in gold
        ))  # fmt: skip
        export_predictions(Path(folder) / "v.jsonl", "v", root=root)
        with (Path(folder) / "v.jsonl").open(encoding="utf-8") as lines:
            submitted = read_submission(lines, "v.jsonl")
    scored = scored_submission(gold, submitted, symmetric=SYMMETRIC, resamples=20)
    assert scored.metrics.select(NUMBERS).rows() == own.select(NUMBERS).rows()
    assert json.loads(json.dumps(scored.to_json()))["documents"] == len(gold)


def registered(gold: list[Document], file: bytes) -> pl.DataFrame:
    """Return the metrics of a file of answers as a registered version has them, from its kept bytes on."""
    tables = dataset_frames(BuiltDataset(tuple(gold), (), tuple(SYMMETRIC)))
    data = Data("d", *(tables[name] for name in ("documents", "gold_entities", "gold_relations")))
    digest = hashlib.sha256(file).hexdigest()
    recipe = VersionRecipe(summary="s", dataset="d", system="predictions", submissions=(digest,))
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDNER_DATA", folder)
        paths.private_folder(paths.submission(digest).parent)
        paths.submission(digest).write_bytes(file)
        submitted = answers_of(submission_rows("v", recipe, data))
    frames = prediction_frames(
        (prediction_of(each, TEXT) for each in submitted), evaluation_id="e", dataset="d", split="test"
    )
    said = (frames["predicted_entities"], frames["predicted_relations"])
    rows = apply_stages(*said, [], SCHEMA, data.documents)
    return score_version(
        *with_places(gold_of(data), PredictedFrames(*rows), submitted),
        evaluation_id="e",
        dataset="d",
        dataset_version="1",
        stages=stage_names([]),
        seed=42,
        symmetric=SYMMETRIC,
        spans=has_spans(submitted),
        resamples=20,
    )["metrics"].filter(pl.col("stage") == "final")


@given(st.lists(st.tuples(documents(level=Level.MENTION), answers()), min_size=1, max_size=3), st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_registered_file_scores_as_score_says_to_the_last_digit(
    corpus: list[tuple[Document, dict[str, Any]]], leaves_one_out: bool
):
    gold = [replace(document, id=f"d{i}") for i, (document, _) in enumerate(corpus)]
    lines = [json.dumps(said | {"id": f"d{i}"}) for i, (_, said) in enumerate(corpus)][leaves_one_out:]
    scored = scored_submission(gold, read_submission(lines, "f"), symmetric=SYMMETRIC, resamples=20)
    own = registered(gold, "\n".join(lines).encode())
    assert scored.metrics.select(NUMBERS).rows() == own.select(NUMBERS).rows()
