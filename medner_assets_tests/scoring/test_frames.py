import polars as pl
import pytest

from medner_assets.scoring import frames
from medner_assets.tables import TABLES
from medner_assets_tests.support.building import document, evaluate, says

READ = {
    "documents": frames.DOCUMENTS,
    "gold_entities": frames.GOLD_ENTITIES,
    "gold_relations": frames.GOLD_RELATIONS,
    "predicted_entities": frames.PREDICTED_ENTITIES,
    "predicted_relations": frames.PREDICTED_RELATIONS,
}
WRITTEN = {
    "entity_outcomes": frames.ENTITY_OUTCOMES,
    "relation_outcomes": frames.RELATION_OUTCOMES,
    "document_scores": frames.DOCUMENT_SCORES,
    "metrics": frames.METRICS,
    "comparisons": frames.COMPARISONS,
}


@pytest.mark.parametrize("table", READ)
def test_what_scoring_reads_are_columns_of_the_tables(table):
    assert READ[table].items() <= TABLES[table].schema.items()


@pytest.mark.parametrize("table", WRITTEN)
def test_what_scoring_writes_has_the_columns_of_the_tables_in_their_order(table):
    assert list(WRITTEN[table].items()) == list(TABLES[table].schema.items())


def test_the_tables_of_an_evaluation_have_the_declared_columns():
    text = "Aspirin treats headache."
    gold = document(text, [("Drug", "Aspirin")])
    for said in ([says(text, [("Drug", "Aspirin")])], []):
        for name, table in evaluate([gold], said).items():
            assert table.schema == pl.Schema(TABLES[name].schema), name
