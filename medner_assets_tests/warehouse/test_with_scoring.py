"""The views hold for what scoring really writes: sums, gains and flips are those of the headline scores."""

import json
import random
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from medner_assets.prompting.grounding import predict
from medner_assets.schema import Document, Entity, Relation
from medner_assets.scoring.evaluation import score_version
from medner_assets.scoring.external import score_documents
from medner_assets.scoring.frames import PREDICTED_ENTITIES, PREDICTED_RELATIONS, PredictedFrames
from medner_assets.scoring.gold import gold_frames
from medner_assets.scoring.postprocessing import RelationSchema, apply_stages, stage_names
from medner_assets.scoring.submissions import read_submission
from medner_assets.warehouse.export import export_predictions
from medner_assets.warehouse.store import Store
from medner_assets_tests.support.rows import answers, frame

DRUGS, SYMPTOMS = ["aspirin", "Ibuprofen", "low-dose warfarin", "warfarin"], ["pain", "severe pain", "fever"]
STEPS = ("drop_ungrounded", "deduplicate")
DOCUMENTS = 60


def documents() -> list[Document]:
    """Sentences that repeat their mentions, some without a relation."""
    draw = random.Random(1)
    made = []
    for n in range(DOCUMENTS):
        text, entities = "", []
        for _ in range(draw.randint(1, 5)):
            kind, words = draw.choice([("Drug", DRUGS), ("Symptom", SYMPTOMS)])
            word = draw.choice(words)
            entities.append(Entity(f"T{len(entities)}", kind, len(text), len(text) + len(word), word))
            text += f"{word} then "
        pairs = [(a, b) for a in entities for b in entities if a.type == "Drug" and b.type == "Symptom"]
        relations = [Relation(draw.choice(["treats", "causes"]), a.id, b.id) for a, b in pairs[:3]]
        made.append(Document(f"doc-{n}", text, tuple(entities), tuple(relations), split="test"))
    return made


def completion(document: Document, draw: random.Random) -> str:
    """What a careless reader would write of a document: some left out, some twice, some with another type."""
    entities, relations = ["### Entities:"], ["### Relations:"]
    by_id = {entity.id: entity for entity in document.entities}
    for entity in document.entities:
        kind = draw.choice([entity.type] * 4 + ["Symptom", "Drug"])
        entities += [f"{len(entities)}. [{kind}] {entity.text}"] * draw.choice([0, 1, 1, 1, 2])
    if draw.random() < 0.2:
        entities.append("9. [Drug] unobtainium")
    for relation in document.relations:
        head, tail = by_id[relation.head or ""].text, by_id[relation.tail or ""].text
        if draw.random() < 0.2:
            head, tail = tail, head
        kind = draw.choice([relation.type] * 3 + ["treats", "causes"])
        relations += [f"{len(relations)}. {head} --[{kind}]--> {tail}"] * draw.choice([0, 1, 1, 2])
    return "\n".join([*entities, *relations])


def predicted(version: str, gold: list[Document]) -> PredictedFrames:
    draw = random.Random(version)
    entities, relations = [], []
    for document in gold:
        made = predict(document.id, document.text, completion(document, draw))
        entities += [
            ("raw", document.id, e.ordinal, e.type, e.text, e.start, e.end, e.grounding.value)
            for e in made.entities
        ]
        relations += [
            ("raw", document.id, r.ordinal, r.type, r.head_text, r.head_type, r.tail_text, r.tail_type)
            for r in made.relations
        ]
    raw = (
        pl.DataFrame(entities, schema=PREDICTED_ENTITIES, orient="row").drop("stage"),
        pl.DataFrame(relations, schema=PREDICTED_RELATIONS, orient="row").drop("stage"),
    )
    schema = RelationSchema(frozenset({("treats", "Drug", "Symptom"), ("causes", "Drug", "Symptom")}))
    return PredictedFrames(*apply_stages(*raw, STEPS, schema))


@pytest.fixture(scope="module")
def scored(shared_root: Path) -> Path:
    """A warehouse of its own with two scored versions."""
    root = shared_root.parent / "scored"
    store, gold = Store(root), documents()
    store.initialise()
    frames = gold_frames(gold)
    for version in ("v1", "v2"):
        predictions = predicted(version, gold)
        tables = score_version(
            frames, predictions, evaluation_id=f"e-{version}", dataset="d", dataset_version="d-1",
            stages=stage_names(STEPS), seed=1, resamples=100,
        )  # fmt: skip
        keep = frame("predicted_entities", []), frame("predicted_relations", [])
        for empty, rows, name in zip(
            keep,
            (predictions.entities, predictions.relations),
            ("predicted_entities", "predicted_relations"),
            strict=True,
        ):
            at = {"evaluation_id": f"e-{version}", "dataset": "d", "split": "test"}
            tables[name] = pl.concat(
                [empty, rows.with_columns(pl.lit(value).alias(column) for column, value in at.items())],
                how="diagonal",
            )
        tables["completions"] = frame("completions", [{"doc_id": document.id} for document in gold])
        steps = {"setting": "postprocessing", "value": json.dumps(STEPS)}
        tables["recipes"] = frame("recipes", [steps])
        store.replace(tables, version)
    rows = frames.documents.with_columns(
        characters=pl.col("text").str.len_chars().cast(pl.Int64), dataset_version=pl.lit("d-1")
    )
    store.replace({"documents": rows}, "d")
    return root


HEADLINE = "from scores where scheme in ('text', 'strict') order by all"


def test_sums_of_outcomes_are_the_headline_scores_of_every_stage(scored: Path):
    of_outcomes = (
        "select model_version, stage, task, sum(tp), sum(fp), sum(fn) from outcomes group by all order by all"
    )
    expected = answers(scored, f"select model_version, stage, task, tp, fp, fn {HEADLINE}")
    assert len(expected) == 16
    assert answers(scored, of_outcomes) == expected


def test_sums_over_types_are_the_headline_scores_of_every_stage(scored: Path):
    by_type = (
        "select model_version, stage, task, sum(tp), sum(fp), sum(fn) "
        "from scores_by_type group by all order by all"
    )
    assert answers(scored, by_type) == answers(
        scored, f"select model_version, stage, task, tp, fp, fn {HEADLINE}"
    )


def test_sums_over_errors_are_the_headline_mistakes_of_every_stage(scored: Path):
    by_error = (
        "select model_version, stage, task, sum(fp), sum(fn) from error_counts group by all order by all"
    )
    assert answers(scored, by_error) == answers(
        scored, f"select model_version, stage, task, fp, fn {HEADLINE}"
    )


def test_sums_over_lengths_are_the_scores_of_every_stage_and_scheme(scored: Path):
    by_length = (
        "select model_version, stage, task, scheme, sum(tp), sum(fp), sum(fn), sum(documents) "
        "from slices_by_length group by all order by all"
    )
    expected = answers(
        scored, "select model_version, stage, task, scheme, tp, fp, fn, documents from scores order by all"
    )
    assert answers(scored, by_length) == expected


def test_oracle_gain_starts_from_the_headline_f1(scored: Path):
    f1 = "select distinct model_version, stage, task, f1 from oracle_gain order by all"
    assert answers(scored, f1) == answers(scored, f"select model_version, stage, task, f1 {HEADLINE}")
    assert all(0 <= row[0] <= 1 for row in answers(scored, "select gain from oracle_gain"))


@pytest.mark.parametrize("stage", ["raw", "drop_ungrounded", "deduplicate", "final"])
@pytest.mark.parametrize("task", ["entity", "relation"])
def test_what_was_lost_and_gained_makes_up_the_difference_in_true_positives(
    scored: Path, stage: str, task: str
):
    asked = f"select change from flips('v1', 'v2', stage := '{stage}') where task = '{task}'"
    changes = Counter(row[0] for row in answers(scored, asked))
    where = f"stage = '{stage}' and task = '{task}' and scheme in ('text', 'strict')"
    found = answers(scored, f"select tp from scores where {where} order by model_version")
    before, after = (row[0] for row in found)
    assert changes["lost"] > 0
    assert changes["gained"] > 0
    assert changes["gained"] - changes["lost"] == after - before


def test_every_predicted_line_and_every_gold_mention_is_on_one_row(scored: Path):
    lines = "select model_version, stage, count(*) from predicted_entities group by all order by all"
    rows = (
        "select model_version, stage, count(ordinal) from outcomes "
        "where task = 'entity' group by all order by all"
    )
    assert answers(scored, rows) == answers(scored, lines)
    mentions = sum(len(document.entities) for document in documents())
    asked = (
        "select distinct count(gold_id) over (partition by model_version, stage) "
        "from outcomes where task = 'entity'"
    )
    assert answers(scored, asked) == [(mentions,)]


def test_duplicates_are_those_of_the_error_class(scored: Path):
    copies = "select model_version, stage, task, sum(copies) from duplicates group by all order by all"
    mentions = (
        "select model_version, stage, task, mentions from error_counts where error = 'duplicate' order by all"
    )
    found = answers(scored, copies)
    assert found == answers(scored, mentions)
    assert {row[1] for row in found} >= {"raw", "drop_ungrounded"}


def test_postprocessing_gain_adds_up_to_what_final_gains_over_raw(scored: Path):
    asked = (
        "select sum(f1_gain) - max(gain_over_raw) filter (where stage = 'final') "
        "from postprocessing_gain group by model_version, task, scheme"
    )
    assert all(abs(row[0]) < 1e-9 for row in answers(scored, asked))


def test_documents_without_relations_are_those_without_a_line(scored: Path):
    silent = "select count(*) from documents_without_relations where model_version = 'v1' and stage = 'raw'"
    spoken = (
        "select count(distinct doc_id) from predicted_relations where model_version = 'v1' and stage = 'raw'"
    )
    assert answers(scored, silent)[0][0] == DOCUMENTS - answers(scored, spoken)[0][0]


def test_exported_predictions_score_as_the_version_does(scored: Path, tmp_path: Path):
    export_predictions(tmp_path / "v1.jsonl", "v1", root=scored)
    with (tmp_path / "v1.jsonl").open(encoding="utf-8") as file:
        scores = score_documents(documents(), read_submission(file, "v1.jsonl"))
    for task, scheme in (("entity", "text"), ("entity", "span"), ("relation", "strict")):
        where = f"model_version = 'v1' and stage = 'final' and task = '{task}' and scheme = '{scheme}'"
        ((tp, fp, fn),) = answers(scored, f"select tp, fp, fn from scores where {where}")
        found = scores[task][scheme]
        assert (found["tp"], found["fp"], found["fn"]) == (tp, fp, fn)
