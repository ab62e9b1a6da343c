"""The layers below the warehouse state the columns that they read and write; the tables are declared once."""

import pytest

from medner_assets.audit.frames import SCHEMA as AUDITS
from medner_assets.corpus.frames import SCHEMAS as DATASET
from medner_assets.scoring import frames as scoring
from medner_assets.tables import TABLES

WRITTEN = {
    **DATASET,
    "audits": AUDITS,
    "entity_outcomes": scoring.ENTITY_OUTCOMES,
    "relation_outcomes": scoring.RELATION_OUTCOMES,
    "document_scores": scoring.DOCUMENT_SCORES,
    "metrics": scoring.METRICS,
    "comparisons": scoring.COMPARISONS,
    "recipe_comparisons": scoring.RECIPE_COMPARISONS,
}
READ = {
    "documents": scoring.DOCUMENTS,
    "gold_entities": scoring.GOLD_ENTITIES,
    "gold_relations": scoring.GOLD_RELATIONS,
    "predicted_entities": scoring.PREDICTED_ENTITIES,
    "predicted_relations": scoring.PREDICTED_RELATIONS,
}


@pytest.mark.parametrize("table", sorted(WRITTEN))
def test_what_a_layer_writes_is_the_table_as_it_is_declared(table):
    assert list(WRITTEN[table].items()) == list(TABLES[table].schema.items())


@pytest.mark.parametrize("table", sorted(READ))
def test_what_scoring_reads_is_part_of_the_table_as_it_is_declared(table):
    assert READ[table].items() <= TABLES[table].schema.items()


def test_every_table_and_column_says_what_it_means():
    for table in TABLES.values():
        assert table.grain
        assert all(column.meaning for column in table.columns), table.name
