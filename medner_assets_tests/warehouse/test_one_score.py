"""The same predictions have the same score on every way through the product, whatever a model writes."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from medner_assets.prompting.grounding import predict
from medner_assets.schema import Document
from medner_assets.scoring.evaluation import score_version
from medner_assets.scoring.external import scored_submission
from medner_assets.scoring.frames import PredictedFrames
from medner_assets.scoring.gold import gold_frames
from medner_assets.scoring.postprocessing import RelationSchema, apply_stages, stage_names
from medner_assets.scoring.submissions import read_submission
from medner_assets.scoring.tabulation import prediction_frames
from medner_assets.warehouse.export import export_predictions
from medner_assets.warehouse.store import Store
from medner_assets_tests.support.generated import RELATION_TYPES, SYMMETRIC, TEXT, TYPES, documents
from medner_assets_tests.support.rows import put

STRINGS = ("Ab", "ab", "AB  AB", "ab ab", "ß", "SS", "aB ss", "b a", "absent", "aB")
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
    numbers = ["task", "scheme", "signature", "tp", "fp", "fn", "f1", "f1_low", "f1_high", "documents"]
    assert scored.metrics.select(numbers).rows() == own.select(numbers).rows()
    assert json.loads(json.dumps(scored.to_json()))["documents"] == len(gold)
