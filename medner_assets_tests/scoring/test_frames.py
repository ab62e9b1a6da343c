import polars as pl
import pytest

from medner_assets.errors import MednerError
from medner_assets.scoring.frames import GoldFrames
from medner_assets.tables import TABLES
from medner_assets_tests.support.building import document, evaluate, says


def test_the_tables_of_an_evaluation_have_the_declared_columns():
    text = "Aspirin treats headache."
    gold = document(text, [("Drug", "Aspirin")])
    for said in ([says(text, [("Drug", "Aspirin")])], []):
        for name, table in evaluate([gold], said).items():
            assert table.schema == pl.Schema(TABLES[name].schema), name


def test_a_frame_that_lacks_a_column_is_named_with_it():
    frames = [
        pl.DataFrame(schema=TABLES[name].schema) for name in ("documents", "gold_entities", "gold_relations")
    ]
    assert GoldFrames(*frames).documents.is_empty()
    with pytest.raises(MednerError, match="frame gold_relations: column 'type' is missing"):
        GoldFrames(*frames[:2], frames[2].drop("type"))
