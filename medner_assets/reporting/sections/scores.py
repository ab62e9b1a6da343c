"""Precision and Recall: what was scored, per task and version, with intervals; by type; under other
schemes."""

from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.numbers import Unit
from medner_assets.reporting.questions import Answer, Questions

HEADLINE = {"entity": "text", "relation": "strict"}
"""The scheme that speaks for a task: type and string of mentions; type and both arguments with their
types."""

SCORE_UNITS = dict.fromkeys(("precision", "recall", "f1", "f1_low", "f1_high", "macro_f1"), Unit.SHARE)

_SCORES = """
select task, model_version, stage, scheme, precision, recall, f1, f1_low, f1_high, macro_f1,
    tp, fp, fn, documents
from metrics
where model_version in $versions and dataset = $dataset
    and ((task = 'entity' and scheme = 'text') or (task = 'relation' and scheme = 'strict'))
"""


def headline_scores(ask: Questions, inputs: ReportInputs) -> Answer:
    """Return one row per (task, model_version, stage) under the headline scheme; no rows if nothing is
    scored."""
    if not inputs.has("metrics"):
        return Answer("", ())
    return ask.table(
        _SCORES,
        ("task", "model_version", "stage"),
        SCORE_UNITS,
        versions=[each.name for each in inputs.pair],
        dataset=inputs.dataset,
    )
