"""What a process that generates loads before it can begin: libraries that it never uses stay out."""

import json
import subprocess
import sys

SCRIPT = """
import json, sys
from medner_assets.modeling.process import process
with process():
    import transformers.generation.candidate_generator, transformers.loss.loss_utils
    print(json.dumps([name for name in ("sklearn", "scipy", "dagster", "pandas") if name in sys.modules]))
"""
JOB = """
import json, sys
import medner_assets.cli, medner_assets.commands.predict, medner_assets.commands.predict_output
from medner_assets.defs.versions import handover, reading
from medner_assets.warehouse import data_tables
print(json.dumps([name for name in ("dagster", "torch", "duckdb", "sklearn") if name in sys.modules]))
"""


def loaded(script: str) -> list[str]:
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def test_generation_loads_neither_scikit_learn_nor_scipy():
    assert loaded(SCRIPT) == []


def test_predict_hands_its_job_over_without_dagster_and_torch():
    assert loaded(JOB) == []
