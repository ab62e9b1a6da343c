"""What docs/extending.md tells to touch is enough: something of each kind is added and seen in use."""

import shutil
import sys
from types import ModuleType
from typing import get_args

import polars as pl
import pytest

from medner_assets.corpus.importing import import_files
from medner_assets.corpus.readers import registry
from medner_assets.corpus.readers.drafts import Draft, MentionClaim
from medner_assets.paths import SQL
from medner_assets.recipes.settings import Stage
from medner_assets.scoring import coding, entity_rows
from medner_assets.scoring.encoding import joint_codes
from medner_assets.scoring.postprocessing import STAGES
from medner_assets.scoring.schemes import SCHEMES, Scheme
from medner_assets.warehouse.catalogue import connect
from medner_assets.warehouse.queries import ask, listing
from medner_assets.warehouse.store import Store
from medner_assets_tests.support.building import counts, document, evaluate, says
from medner_assets_tests.support.rows import metric, put

TEXT = "Aspirin eased the headache."
GOLD = [document(TEXT, [("Drug", "Aspirin"), ("Effect", "headache")])]
SAID = says(TEXT, [("Drug", "Aspirin"), ("Drug", "headache"), ("Drug", "the")])


def test_what_a_recipe_may_name_is_what_post_processing_and_scoring_know():
    assert get_args(Stage) == tuple(STAGES)
    assert set(get_args(Scheme)) == {scheme for _, scheme in SCHEMES}
    of_entities = {scheme for task, scheme in SCHEMES if task == "entity"}
    assert of_entities == {"text", "span", *entity_rows.SPAN_SCHEMES}


def test_a_stage_that_is_added_repairs_predictions_and_is_scored_under_its_name(monkeypatch):
    def without_short_words(entities, relations, given):
        assert given.later == ("deduplicate",)
        return entities.filter(pl.col("text").str.len_chars() > 3), relations

    monkeypatch.setitem(STAGES, "drop_short", without_short_words)
    tables = evaluate(GOLD, [SAID], stages=["drop_short", "deduplicate"])
    stages = {stage: counts(tables, "text", stage) for stage in ("raw", "drop_short", "deduplicate", "final")}
    assert stages == {"raw": (1, 2, 1)} | dict.fromkeys(("drop_short", "deduplicate", "final"), (1, 1, 1))


def test_a_scheme_that_is_added_is_counted_with_its_interval_and_signature(monkeypatch):
    def places(gold, predicted):
        rows = pl.concat([frame.select("doc", "start", "end") for frame in (gold, predicted)])
        items = joint_codes([rows[name].to_numpy() for name in rows.columns])
        return items[: gold.height], items[gold.height :]

    monkeypatch.setitem(entity_rows.SPAN_SCHEMES, "untyped", places)
    monkeypatch.setattr(coding, "SCHEMES", (*SCHEMES, ("entity", "untyped")))
    tables = evaluate(GOLD, [SAID])
    assert counts(tables, "span") == (1, 2, 1)
    assert counts(tables, "untyped") == (2, 1, 0)
    row = tables["metrics"].filter(scheme="untyped", stage="final").row(0, named=True)
    assert row["f1"] == pytest.approx(0.8)
    assert row["f1_low"] <= row["f1"] <= row["f1_high"]
    assert row["signature"].startswith("scheme:untyped|unit:span|")


def test_a_question_that_is_added_is_listed_and_answered(tmp_path):
    folder = tmp_path / "sql"
    shutil.copytree(SQL, folder)
    (folder / "queries" / "how_good.sql").write_text(
        "-- How good is a version?\n-- parameters: version\n-- Grain: one row per task.\n-- Reads: scores.\n"
        "select task, f1 from scores where model_version = $version and scheme in ('text', 'strict');\n"
    )
    Store(tmp_path / "tables").initialise()
    put(tmp_path / "tables", "metrics", "v1", metric("entity", 0.9))
    with connect(tmp_path / "tables") as medner:
        listed = listing(medner, folder).relation.fetchall()
        assert ("question", "how_good", "version", "How good is a version?") in listed
        assert ask(medner, "how_good", {"version": "v1"}, folder).relation.fetchall() == [("entity", 0.9)]


def test_a_format_that_is_added_is_imported_with_its_offsets_verified(tmp_path, monkeypatch):
    def drafts(source, options):
        for number, line in source.each_line():
            text, _, mention = line.partition(" => ")
            claim = MentionClaim("T1", "Drug", ((0, len(mention)),), mention, line=number)
            yield Draft(source.name, f"line{number}", text, number, [claim])

    module = ModuleType("medner_assets.corpus.readers.arrow_lines")
    vars(module).update(SUFFIXES=(".arrows",), drafts=drafts)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(registry, "FORMATS", (*registry.FORMATS, "arrow-lines"))
    (tmp_path / "notes.arrows").write_text("Aspirin helped. => Aspirin\nIt helped. => Ibuprofen\n")
    read = import_files("arrow-lines", [tmp_path])
    assert [(each.id, [e.text for e in each.entities]) for each in read.documents] == [
        ("line1", ["Aspirin"]), ("line2", []),
    ]  # fmt: skip
    assert [problem.line for problem in read.problems] == [2]
