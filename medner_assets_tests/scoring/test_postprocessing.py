import polars as pl
import pytest

from medner_assets.errors import MednerError
from medner_assets.scoring.gold import gold_frames
from medner_assets.scoring.postprocessing import RelationSchema, apply_stages, stage_names
from medner_assets_tests.support.building import document, says

TEXT = "Aspirin treats headache; aspirin causes bleeding."
SCHEMA = RelationSchema(
    frozenset([("treats", "Drug", "Disease"), ("causes", "Drug", "Effect"), ("with", "Drug", "Drug")]),
    frozenset(["with"]),
)
ENTITIES = [("Drug", "Aspirin"), ("Disease", "headache"), ("Effect", "bleeding")]


def kept(stages, entities=(), relations=(), schema=SCHEMA, documents=None):
    """Return the strings of entities and the triples of relations at the last of the named stages."""
    frames = apply_stages(*says(TEXT, entities, relations), stages, schema, documents)
    left, right = (frame.filter(pl.col("stage") == stages[-1]) for frame in frames)
    return left["text"].to_list(), right.select("head_text", "type", "tail_text").rows()


def test_stages_are_named_ordered_and_cumulative():
    assert stage_names(["deduplicate", "enforce_schema"]) == ("raw", "deduplicate", "enforce_schema", "final")
    lines = [("Aspirin", "treats", "headache")] * 2 + [("Aspirin", "treats", "bleeding")]
    _, relations = apply_stages(*says(TEXT, ENTITIES, lines), ["deduplicate", "enforce_schema"], SCHEMA)
    sizes = relations.group_by("stage", maintain_order=True).len().rows()
    assert sizes == [("raw", 3), ("deduplicate", 2), ("enforce_schema", 1), ("final", 1)]


def test_without_stages_final_is_raw():
    entities, relations = apply_stages(*says(TEXT, ENTITIES, [("Aspirin", "treats", "headache")]), [], SCHEMA)
    for frame in (entities, relations):
        raw, final = (frame.filter(pl.col("stage") == stage).drop("stage") for stage in ("raw", "final"))
        assert raw.equals(final)


def test_the_stage_stands_after_the_dataset_as_in_the_tables():
    entities, relations = says(TEXT, ENTITIES)
    entities = entities.select(pl.lit("e").alias("evaluation_id"), pl.lit("d").alias("dataset"), pl.all())
    staged, _ = apply_stages(entities, relations, [], SCHEMA)
    assert staged.columns[:4] == ["evaluation_id", "dataset", "stage", "doc_id"]


def test_drop_ungrounded_drops_what_the_text_does_not_have():
    lines = [("Aspirin", "treats", "headache"), ("Ibuprofen", "treats", "headache")]
    assert kept(["drop_ungrounded"], [*ENTITIES, ("Drug", "Ibuprofen")], lines) == (
        ["Aspirin", "headache", "bleeding"],
        [("Aspirin", "treats", "headache")],
    )


def test_drop_ungrounded_looks_up_arguments_without_an_entity_line_in_the_text():
    documents = pl.DataFrame({"doc_id": ["d1"], "text": [TEXT]})
    lines = [("Ibuprofen", "treats", "headache"), ("ASPIRIN", "treats", "headache")]
    assert kept(["drop_ungrounded"], [], lines, documents=documents)[1] == [("ASPIRIN", "treats", "headache")]
    assert kept(["drop_ungrounded"], [], lines)[1] == lines  # without the text nothing is known of them


def test_deduplicate_keeps_the_first_line_and_as_many_mentions_as_the_text_has():
    entities = [("Drug", "Aspirin"), ("Drug", "aspirin"), ("Drug", "aspirin"), ("Disease", "Aspirin")]
    assert kept(["deduplicate"], entities)[0] == ["Aspirin", "aspirin", "Aspirin"]
    lines = [
        ("Aspirin", "treats", "headache"),
        ("Aspirin", "causes", "headache"),
        ("Aspirin", "treats", "headache"),
    ]
    assert kept(["deduplicate"], ENTITIES, lines)[1] == lines[:2]


def test_deduplicate_knows_symmetric_types():
    lines = [
        ("Aspirin", "with", "bleeding"),
        ("bleeding", "with", "Aspirin"),
        ("headache", "treats", "Aspirin"),
    ]
    lines.append(("Aspirin", "treats", "headache"))
    assert kept(["deduplicate"], ENTITIES, lines)[1] == [lines[0], *lines[2:]]


def test_enforce_schema_drops_what_train_never_showed():
    lines = [
        ("Aspirin", "treats", "headache"),
        ("Aspirin", "treats", "bleeding"),
        ("headache", "treats", "Aspirin"),
        ("Aspirin", "cures", "headache"),
        ("unlisted", "treats", "headache"),
    ]
    assert kept(["enforce_schema"], ENTITIES, lines)[1] == lines[:1]


def test_fix_direction_turns_a_relation_of_which_only_the_reverse_is_allowed():
    lines = [
        ("headache", "treats", "Aspirin"),
        ("Aspirin", "causes", "bleeding"),
        ("headache", "causes", "bleeding"),
    ]
    assert kept(["fix_direction"], ENTITIES, lines)[1] == [("Aspirin", "treats", "headache"), *lines[1:]]


def test_a_relation_that_fix_direction_will_turn_survives_enforce_schema():
    lines = [("headache", "treats", "Aspirin"), ("bleeding", "treats", "headache")]
    stages = ["enforce_schema", "fix_direction"]
    assert kept(stages, ENTITIES, lines)[1] == [("Aspirin", "treats", "headache")]
    assert kept(["fix_direction", "enforce_schema"], ENTITIES, lines)[1] == [
        ("Aspirin", "treats", "headache")
    ]


def test_a_turned_relation_that_stands_there_already_is_dropped():
    lines = [
        ("headache", "treats", "Aspirin"),
        ("Aspirin", "treats", "headache"),
        ("headache", "treats", "Aspirin"),
    ]
    assert kept(["fix_direction"], ENTITIES, lines)[1] == [("Aspirin", "treats", "headache")]


def test_a_turned_relation_keeps_its_ordinal_and_its_types_go_with_its_strings():
    entities, relations = says(
        TEXT, ENTITIES, [("Aspirin", "causes", "bleeding"), ("headache", "treats", "Aspirin")]
    )
    _, staged = apply_stages(entities, relations, ["fix_direction"], SCHEMA)
    row = staged.filter(pl.col("stage") == "final").row(1, named=True)
    assert (row["ordinal"], row["head_type"], row["tail_type"]) == (1, "Drug", "Disease")


def test_the_schema_is_what_train_shows_and_symmetric_types_hold_both_ways():
    train = document(
        TEXT,
        ENTITIES,
        [("Aspirin", "treats", "headache"), ("headache", "seen with", "bleeding")],
        split="train",
    )
    test = document(TEXT, ENTITIES, [("Aspirin", "causes", "bleeding")], id="d2")
    frames = gold_frames([train, test], symmetric_types=frozenset(["seen with"]))
    rows = frames.relations.join(frames.documents.select("doc_id", "split"), on="doc_id")
    schema = RelationSchema.learned_from(rows)
    assert schema.triples == {
        ("treats", "Drug", "Disease"),
        ("seen with", "Disease", "Effect"),
        ("seen with", "Effect", "Disease"),
    }
    assert schema.symmetric == {"seen with"}


def test_a_train_split_without_relations_teaches_no_schema():
    rows = gold_frames([document(TEXT)]).relations.with_columns(split=pl.lit("train"))
    with pytest.raises(MednerError, match="no gold relation"):
        RelationSchema.learned_from(rows)


@pytest.mark.parametrize(
    ("stages", "message"), [(["tidy"], "unknown stage 'tidy'"), (["deduplicate"] * 2, "named twice")]
)
def test_unknown_and_repeated_stages_are_refused(stages, message):
    with pytest.raises(MednerError, match=message):
        stage_names(stages)


def test_predictions_without_rows_pass_every_stage():
    entities, relations = apply_stages(
        *says(TEXT),
        ["drop_ungrounded", "deduplicate", "enforce_schema", "fix_direction"],
        SCHEMA,
        pl.DataFrame({"doc_id": ["d1"], "text": [TEXT]}),
    )
    assert (entities.height, relations.height) == (0, 0)
    assert "stage" in entities.columns
