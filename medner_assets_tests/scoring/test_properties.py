"""What must hold for every document and prediction, whatever they say."""

from dataclasses import replace

import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from medner_assets.schema import Level
from medner_assets.scoring.matching import Counts
from medner_assets.scoring.postprocessing import RelationSchema
from medner_assets_tests.support.building import counts, evaluate
from medner_assets_tests.support.generated import SYMMETRIC, TYPES, cases, corpora, documents

SCHEMES = ("text", "span", "overlap", "strict", "boundaries")
FEW = settings(max_examples=12, deadline=None)
ALL_STAGES = ("drop_ungrounded", "deduplicate", "enforce_schema", "fix_direction")


def run(corpus, **options):
    return evaluate([d for d, _ in corpus], [p for _, p in corpus], symmetric=SYMMETRIC, **options)


def perfect(document):
    """What a system says that copies gold: mentions in text order and each stated triple of strings once."""
    entities = pl.DataFrame(
        [(document.id, i, e.type, e.text, e.start, e.end, "exact") for i, e in enumerate(document.entities)],
        schema=["doc_id", "ordinal", "type", "text", "start", "end", "grounding"],
        orient="row",
    )
    by_id = {e.id: e for e in document.entities}
    triples = dict.fromkeys((r.type, by_id[r.head], by_id[r.tail]) for r in document.relations)
    relations = pl.DataFrame(
        [
            (document.id, i, kind, head.text, head.type, tail.text, tail.type)
            for i, (kind, head, tail) in enumerate(triples)
        ],
        schema=["doc_id", "ordinal", "type", "head_text", "head_type", "tail_text", "tail_type"],
        orient="row",
    )
    return entities, relations


@given(corpora())
@FEW
def test_each_predicted_and_each_gold_row_stands_in_the_outcomes_with_one_class(corpus):
    tables = run(
        corpus, stages=ALL_STAGES, schema=RelationSchema(frozenset([("R1", "T1", "T2"), ("R2", "T1", "T1")]))
    )
    golds = sum(len(d.entities) for d, _ in corpus), sum(len(d.relations) for d, _ in corpus)
    concept = {d.id for d, _ in corpus if d.level == "concept"}
    raw = (
        sum(len(p[0]) for _, p in corpus),
        sum(len(p[1].filter(~pl.col("doc_id").is_in(concept))) for _, p in corpus),
    )
    for task, key, gold, predicted in zip(
        ("entity", "relation"), ("entity_id", "relation_id"), golds, raw, strict=True
    ):
        for (stage,), rows in tables[f"{task}_outcomes"].group_by("stage"):
            matched = rows.filter(pl.col(key).is_not_null())
            assert matched.height == matched.select("doc_id", key).n_unique() == gold
            said = rows.filter(pl.col("ordinal").is_not_null())
            if task == "relation":  # at concept level a line stands for each pair of concepts that it names
                said = said.filter(~pl.col("doc_id").is_in(concept))
            assert said.height == said.select("doc_id", "ordinal").n_unique()
            if stage == "raw":
                assert said.height == predicted


@given(corpora())
@FEW
def test_the_outcomes_add_up_to_the_scores_of_each_document_at_every_stage(corpus):
    tables = run(
        corpus, stages=ALL_STAGES, schema=RelationSchema(frozenset([("R1", "T1", "T2"), ("R2", "T1", "T1")]))
    )
    for task, scheme in (("entity", "text"), ("relation", "strict")):
        by = ["stage", "doc_id"]
        outcomes = tables[f"{task}_outcomes"].group_by(by).agg(pl.col("tp", "fp", "fn").sum())
        scores = tables["document_scores"].filter(pl.col("scheme") == scheme).select(*by, "tp", "fp", "fn")
        joined = scores.join(outcomes, on=by, how="left").fill_null(0)
        for count in ("tp", "fp", "fn"):
            assert joined[count].to_list() == joined[f"{count}_right"].to_list()


@given(corpora())
@FEW
def test_gold_is_the_same_at_every_stage_and_predictions_are_items_and_duplicates(corpus):
    tables = run(corpus, stages=ALL_STAGES)
    scores = tables["document_scores"]
    gold = scores.group_by("doc_id", "scheme").agg((pl.col("tp") + pl.col("fn")).n_unique().alias("values"))
    assert set(gold["values"]) <= {1}
    outcomes = tables["entity_outcomes"].with_columns(norm=pl.col("predicted_text").str.to_lowercase())
    assert set(outcomes.select(pl.max_horizontal("tp", "fp", "fn")).to_series()) <= {0, 1}
    assert outcomes.filter((pl.col("tp") == 1) & (pl.col("error") != "correct")).is_empty()
    assert outcomes.filter(
        (pl.col("error") == "correct") & ((pl.col("fp") == 1) | (pl.col("fn") == 1))
    ).is_empty()


@given(documents(level=Level.MENTION))
@FEW
def test_a_perfect_prediction_misses_nothing_and_invents_nothing(document):
    distinct = {(e.start, e.end, e.type) for e in document.entities}
    assume(len(distinct) == len(document.entities))
    tables = evaluate([document], [perfect(document)], symmetric=SYMMETRIC)
    for scheme in SCHEMES:
        tp, fp, fn = counts(tables, scheme)
        assert (fp, fn) == (0, 0)
        assert tp or not (document.entities if scheme in ("text", "span", "overlap") else document.relations)


@given(corpora(), st.randoms())
@FEW
def test_the_order_of_rows_and_documents_changes_nothing(corpus, random):
    shuffled = list(corpus)
    random.shuffle(shuffled)
    mixed = [(d, tuple(frame.sample(fraction=1, shuffle=True, seed=3) for frame in p)) for d, p in shuffled]
    mixed = [(replace(d, relations=d.relations), p) for d, p in mixed]
    straight, other = run(corpus), run(mixed)
    by = ["stage", "task", "scheme", "doc_id"]
    assert straight["document_scores"].sort(by).equals(other["document_scores"].sort(by))
    for table in ("entity_outcomes", "relation_outcomes"):
        columns = straight[table].columns
        assert straight[table].sort(columns).equals(other[table].sort(columns))


@given(corpora(), st.integers(1, 6))
@FEW
def test_blocks_of_documents_give_the_rows_of_all_at_once(corpus, rows_at_once):
    whole, blocks = run(corpus), run(corpus, rows_at_once=rows_at_once)
    for table, frame in whole.items():
        assert frame.equals(blocks[table]), table


@given(cases(level=Level.MENTION), st.randoms())
@FEW
def test_the_order_of_the_lines_changes_no_score(case, random):
    document, (entities, relations) = case

    def renumbered(frame):
        order = list(range(frame.height))
        random.shuffle(order)
        return frame.with_columns(ordinal=pl.Series(order, dtype=pl.Int64))

    straight = evaluate([document], [(entities, relations)], symmetric=SYMMETRIC)
    other = evaluate([document], [(renumbered(entities), renumbered(relations))], symmetric=SYMMETRIC)
    assert straight["document_scores"].equals(other["document_scores"])


@given(cases(), st.data())
@FEW
def test_a_duplicate_never_raises_a_score(case, data):
    document, (entities, relations) = case
    assume(entities.height and relations.height)

    def with_a_repeat(frame):
        row = frame.slice(data.draw(st.integers(0, frame.height - 1)), 1)
        return pl.concat([frame, row.with_columns(ordinal=pl.lit(frame.height, pl.Int64))])

    once = evaluate([document], [(entities, relations)], symmetric=SYMMETRIC)
    twice = evaluate([document], [(with_a_repeat(entities), with_a_repeat(relations))], symmetric=SYMMETRIC)
    for scheme in SCHEMES:
        assert counts(twice, scheme, "final") == counts(once, scheme, "final")
        tp, fp, fn = counts(once, scheme, "raw")
        assert counts(twice, scheme, "raw") == (tp, fp + 1, fn)


@given(cases(level=Level.MENTION))
@FEW
def test_a_wrong_prediction_more_never_raises_precision(case):
    document, (entities, relations) = case
    wrong = pl.DataFrame(
        [(document.id, entities.height, "T1", "never written", None, None, "none")],
        schema=entities.schema,
        orient="row",
    )
    false = pl.DataFrame(
        [(document.id, relations.height, "R1", "never written", "T1", "nor this", None)],
        schema=relations.schema,
        orient="row",
    )
    less = evaluate([document], [(entities, relations)], symmetric=SYMMETRIC)
    more = evaluate(
        [document], [(pl.concat([entities, wrong]), pl.concat([relations, false]))], symmetric=SYMMETRIC
    )
    for scheme in SCHEMES:
        for stage in ("raw", "final"):
            before, after = Counts(*counts(less, scheme, stage)), Counts(*counts(more, scheme, stage))
            assert after.precision <= before.precision
            assert after.recall == before.recall


@given(corpora())
@FEW
def test_relabelling_types_permutes_the_scores_of_types(corpus):
    names = dict(zip(TYPES, reversed(TYPES), strict=True))

    def relabelled(frame, columns):
        return frame.with_columns(pl.col(column).replace(names) for column in columns)

    renamed = [
        (
            replace(d, entities=tuple(replace(e, type=names[e.type]) for e in d.entities)),
            (relabelled(p[0], ["type"]), relabelled(p[1], ["head_type", "tail_type"])),
        )
        for d, p in corpus
    ]
    before, after = run(corpus), run(renamed)
    assert before["document_scores"].equals(after["document_scores"])
    assert before["metrics"]["macro_f1"].to_list() == after["metrics"]["macro_f1"].to_list()
    for (kind,), rows in before["entity_outcomes"].group_by(pl.coalesce("predicted_type", "gold_type")):
        other = after["entity_outcomes"].filter(
            pl.coalesce("predicted_type", "gold_type") == names[str(kind)]
        )
        assert rows["tp"].sum() == other["tp"].sum()
        assert rows["fp"].sum() == other["fp"].sum()


@given(cases(level=Level.MENTION))
@FEW
def test_types_that_gold_never_saw_are_false_positives_and_no_error(case):
    document, (entities, relations) = case
    unseen = entities.with_columns(type=pl.lit("Unseen"))
    tp, fp, _ = counts(evaluate([document], [(unseen, relations)]), "text")
    assert tp == 0
    assert fp == len({(" ".join(text.casefold().split())) for text in entities["text"]})
