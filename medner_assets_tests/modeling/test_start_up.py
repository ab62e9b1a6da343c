"""What a process that reads loads before it can begin: libraries that it never uses stay out."""

import json
import subprocess
import sys

SCRIPT = """
import json, sys
from medner_assets.modeling.process import process
with process(compiles={compiles}):
    import transformers.generation.candidate_generator, transformers.loss.loss_utils
    from transformers.models.mistral import modeling_mistral
    from transformers.cache_utils import StaticLayer
    import bitsandbytes, torch
    StaticLayer(max_cache_len=4).update(*[torch.zeros(1, 1, 2, 2)] * 2)  # as generation on a GPU does
    names = ("sklearn", "scipy", "dagster", "pandas", "sympy",
        "torch._inductor", "torch._dynamo.convert_frame")
    print(json.dumps([name for name in names if name in sys.modules]))
"""
JOB = """
import json, sys
import medner_assets.cli, medner_assets.commands.predict, medner_assets.commands.predict_output
from medner_assets.defs.versions import handover, reading
from medner_assets.warehouse import data_tables
print(json.dumps([name for name in ("dagster", "torch", "duckdb", "sklearn") if name in sys.modules]))
"""
COMPILED = """
import json
from medner_assets.modeling.process import process
with process(compiles=False):
    import torch, transformers.masking_utils as masks
    from transformers.models.mistral import modeling_mistral
    with masks.TransformGetItemToIndex():
        pass
    import torch._dynamo.config
    twice = torch.compile(lambda x: 2 * x, backend="eager")
    print(json.dumps([torch._dynamo.__name__, torch._dynamo.config.__name__, twice(torch.ones(1)).tolist()]))
"""


def loaded(script: str) -> list[str]:
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def test_generation_loads_neither_scikit_learn_nor_scipy():
    assert not {"sklearn", "scipy", "dagster", "pandas"} & set(loaded(SCRIPT.format(compiles=True)))


def test_reading_loads_no_compiler_either():
    assert loaded(SCRIPT.format(compiles=False)) == []


def test_what_needs_the_compiler_after_all_gets_it():
    assert loaded(COMPILED) == ["torch._dynamo", "torch._dynamo.config", [2.0]]


def test_predict_hands_its_job_over_without_dagster_and_torch():
    assert loaded(JOB) == []
