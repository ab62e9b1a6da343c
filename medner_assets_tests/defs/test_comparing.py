"""`medner compare` and what hangs on it, on a miniature base: rows, reports, model cards, an open session."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from medner_assets.warehouse.catalogue import connect
from medner_assets_tests.reporting.test_report import Page
from medner_assets_tests.support.checkout import VERSION, Checkout, make_checkout

pytestmark = pytest.mark.slow

V1, V2, TRAINED, NEVER = "tiny-v1", "tiny-v2", "trained", "never"
HOLD = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("create or replace table scratch as select 42 as answer")
print("held", flush=True)
sys.stdin.readline()
print(connection.sql("select count(*) from scratch, scores").fetchall()[0][0], flush=True)
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout in which both versions of the demo are evaluated, and a third one is trained only."""
    made = make_checkout(tmp_path_factory.mktemp("comparing") / "checkout")
    made.recipe("versions", TRAINED, VERSION.replace("rank: 4", "rank: 2"))
    made.recipe("versions", NEVER, VERSION)
    for arguments in (("demo",), ("train", TRAINED)):
        ran = made.medner(*arguments)
        assert ran.code == 0, ran.err
    return made


def walk(checkout: Checkout, report: Path) -> int:
    """Hold every number of a report against the SQL that it names; return how many there are."""
    numbers = {(sql, exact): shown for sql, exact, shown in Page(report.read_text()).numbers}
    with connect(checkout.data / "warehouse") as catalogue:
        catalogue.execute("set threads = 1")
        for (sql, exact), shown in numbers.items():
            rows = catalogue.sql(sql).fetchall()
            found = rows[0][0] if rows else None
            assert (found is None) == (exact == ""), f"{shown}: {sql}"
            assert found is None or found == pytest.approx(float(exact), rel=1e-12), f"{shown}: {sql}"
    return len(numbers)


def test_every_number_of_a_real_report_equals_the_sql_beside_it_whatever_the_pair(checkout):
    assert walk(checkout, checkout.data / "reports" / f"{V2}-vs-{V1}.html") > 200
    ran = checkout.medner("compare", V1, "--baseline", V2)
    assert ran.code == 0, ran.err
    assert checkout.rows("comparisons", V1)["baseline"].unique().to_list() == [V2]
    report = checkout.data / "reports" / f"{V1}-vs-{V2}.html"
    assert walk(checkout, report) > 200
    assert "from comparisons" in report.read_text()


def test_rows_of_a_pair_stay_until_one_of_its_evaluations_goes(checkout):
    assert checkout.medner("compare", V1, "--baseline", V2).code == 0
    assert checkout.medner("evaluate", V1).code == 0  # the same evaluation again
    assert checkout.rows("comparisons", V1)["baseline"].unique().to_list() == [V2]
    recipe = checkout.root / "recipes" / "versions" / f"{V2}.yaml"
    original = recipe.read_text()
    recipe.write_text(original.replace("[deduplicate]", "[drop_ungrounded]"))
    try:
        assert checkout.medner("evaluate", V2).code == 0
        assert checkout.medner("evaluate", V1).code == 0
        assert checkout.rows("comparisons", V1).is_empty()
    finally:
        recipe.write_text(original)
        assert checkout.medner("evaluate", V2).code == 0


def test_the_adapters_folder_has_a_model_card_with_the_scores_and_stays_the_same_adapter(checkout):
    folder = checkout.data / "adapters" / V2
    card = folder / "README.md"
    assert card.stat().st_mode & 0o077 == 0
    matter = yaml.safe_load(card.read_text().split("---\n")[1])
    told = {each["name"]: each["value"] for each in matter["model-index"][0]["results"][0]["metrics"]}
    metrics = checkout.rows("metrics", V2).filter(stage="final")
    assert told == {
        "Entity F1": metrics.filter(task="entity", scheme="text")["f1"][0],
        "Relation F1": metrics.filter(task="relation", scheme="strict")["f1"][0],
    }
    assert "More Information Needed" not in card.read_text()
    assert "nothing to train" in checkout.medner("train", V2).err
    assert not list(folder.glob(".*partial"))


def test_a_version_that_is_trained_and_not_evaluated_has_a_report_that_says_so(checkout):
    generation = checkout.data / "work" / TRAINED / "generation"
    generation.mkdir(parents=True)
    (generation / ".completions.jsonl.partial").write_text('{"generation_id": "g"}\n{"doc_id": "d4"}\n{"doc')
    ran = checkout.medner("compare", TRAINED, "--baseline", V1)
    assert ran.code == 0, ran.err
    assert f"{TRAINED} is not evaluated yet." in ran.out
    page = Page((checkout.data / "reports" / f"{TRAINED}-vs-{V1}.html").read_text())
    assert "1/4 documents have a completion" in " ".join(page.text.split())
    assert walk(checkout, checkout.data / "reports" / f"{TRAINED}-vs-{V1}.html") > 50


def test_a_baseline_that_was_never_trained_is_told_and_the_version_is_shown(checkout):
    ran = checkout.medner("compare", V1, "--baseline", NEVER)
    assert ran.code == 0, ran.err
    assert f"{NEVER} was never trained: {V1} stands alone." in ran.out
    assert walk(checkout, checkout.data / "reports" / f"{V1}-vs-{NEVER}.html") > 100
    refused = checkout.medner("compare", NEVER, "--baseline", V1)
    assert (refused.code, refused.reason) == (
        1,
        f"Error: {NEVER} is not evaluated yet: run `medner evaluate {NEVER}`",
    )


def test_an_analysts_session_is_neither_disturbed_by_an_evaluation_nor_in_its_way(checkout):
    file = checkout.data / "medner.duckdb"
    command = [sys.executable, "-c", HOLD, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as analyst:
        assert analyst.stdin is not None
        assert analyst.stdout is not None
        assert analyst.stdout.readline() == "held\n"
        evaluated = checkout.medner("evaluate", TRAINED)
        asked = checkout.medner("sql", "select count(*) as n from scores", "--format", "csv")
        analyst.stdin.write("\n")
        analyst.stdin.flush()
        seen = int(analyst.stdout.readline())
    assert evaluated.code == 0, evaluated.err
    assert asked.code == 0, asked.err
    # The session that was open before sees the rows of the evaluation, and its own table stays.
    assert str(seen) == asked.out.split()[1]
    with connect(checkout.data / "warehouse") as catalogue:
        assert TRAINED in {row[0] for row in catalogue.sql("select model_version from scores").fetchall()}
    again = checkout.medner("sql", "select 1 as one")
    assert again.code == 0
    listed = subprocess.run(
        [sys.executable, "-c", f"import duckdb; print(duckdb.connect({str(file)!r}).sql('from scratch'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "42" in listed.stdout
