"""The stage that abstains, and calibration before it: on literal rows."""

import polars as pl
import pytest

from medner_assets.errors import MednerError
from medner_assets.prompting.grounding import predict
from medner_assets.prompting.probability import TokenProbabilities
from medner_assets.scoring.confidence.calibration import Calibration, CalibrationCurve, TaskCalibration
from medner_assets.scoring.postprocessing import RelationSchema
from medner_assets.scoring.staging import WindowPrediction, staged_frames

TEXT = "aspirin rash ibuprofen"
COMPLETION = (
    "### Entities:\n1. [Drug] aspirin\n2. [Effect] rash\n3. [Drug] ibuprofen\n\n### Relations:\n"
    "1. aspirin --[causes]--> rash\n2. ibuprofen --[causes]--> rash"
)
SURE, DOUBTFUL = -0.01, -2.0
BOTH = {"entity": 0.5, "relation": 0.5}


def window(tokens=True, doubtful=("[Drug] ibuprofen",)):
    """What a completion says, each line of one token; that of `doubtful` ones is improbable."""
    starts, likely, at = [], [], 0
    for line in COMPLETION.split("\n"):
        said = line.partition(". ")[2]
        starts.append(at + len(line) - len(said))
        likely.append(DOUBTFUL if said in doubtful else SURE)
        at += len(line) + 1
    known = TokenProbabilities(starts, likely) if tokens else None
    return WindowPrediction(predict("d", TEXT, COMPLETION, is_cut=False, tokens=known), TEXT)


def final(windows, **options):
    frames = staged_frames(windows, ("min_confidence",), RelationSchema(frozenset()), **options)
    entities, relations = (
        frames[name].filter(pl.col("stage") == "final")
        for name in ("predicted_entities", "predicted_relations")
    )
    return entities["text"].to_list(), relations.select("head_text", "tail_text").rows()


def test_what_is_less_probable_is_left_out_and_relations_of_it_too():
    assert final([window()], least=BOTH) == (["aspirin", "rash"], [("aspirin", "rash")])


def test_a_doubtful_relation_is_left_out_and_its_mentions_stay():
    doubtful = window(doubtful=("ibuprofen --[causes]--> rash",))
    assert final([doubtful], least=BOTH) == (["aspirin", "rash", "ibuprofen"], [("aspirin", "rash")])


def test_the_threshold_is_of_the_calibrated_probability():
    curve = CalibrationCurve(items=100, model=(0.0, 1.0), calibrated=(0.3, 0.4))
    task = TaskCalibration(items=100, right=35, curve=curve, types={})
    calibration = Calibration(generation_id="g", tasks={"entity": task, "relation": task})
    assert final([window()], least=BOTH, calibration=calibration) == ([], [])
    assert len(final([window()], least={"entity": 0.3, "relation": 0.3}, calibration=calibration)[0]) == 3


def test_predictions_without_probabilities_cannot_abstain_and_one_line_says_why():
    with pytest.raises(MednerError, match="min_confidence needs probabilities, and these completions have"):
        final([window(tokens=False)], least=BOTH)


def test_each_task_has_its_own_threshold():
    doubtful = window(doubtful=("[Drug] ibuprofen", "aspirin --[causes]--> rash"))
    kept = final([doubtful], least={"entity": 0.5, "relation": 0.1})
    assert kept == (["aspirin", "rash"], [("aspirin", "rash")])
    kept = final([doubtful], least={"entity": 0.1, "relation": 0.5})
    assert kept == (["aspirin", "rash", "ibuprofen"], [("ibuprofen", "rash")])
