import pytest

from medner_assets.audit.figures import Figure
from medner_assets.audit.reasons import Figures, lead_sentence, reasons
from medner_assets.audit.verdict import Evidence, Verdict, verdict_of
from medner_assets.recipes.sources import Targets


@pytest.mark.parametrize(
    ("evidence", "verdict"),
    [
        (Evidence(0.90, 0.5, 0.4, 0.6, 500), "nearly-free-given-entities"),
        (Evidence(0.99, None, None, None, 0), "nearly-free-given-entities"),
        (Evidence(0.899, 0.8, 0.78, 0.82, 99), "undecided"),
        (Evidence(0.3, 0.8, 0.69, 0.9, 100), "undecided"),
        (Evidence(0.3, None, None, None, 0), "undecided"),
        (Evidence(0.3, 0.51, 0.49, 0.53, 100), "labels-do-not-follow-text"),
        (Evidence(0.3, 0.5, 0.5, 0.5, 100), "labels-do-not-follow-text"),
        (Evidence(0.3, 0.65, 0.60, 0.70, 100), "learnable"),
        (Evidence(0.3, 0.649, 0.60, 0.70, 100), "weak"),
        (Evidence(0.3, 0.40, 0.36, 0.44, 100), "weak"),
    ],
)
def test_the_first_rule_that_applies_decides(evidence: Evidence, verdict: str):
    assert verdict_of(evidence) == verdict


def figures(**changed: float | None) -> Figures:
    values: dict[tuple[str, str, str], float | None] = {
        ("all_pairs", "f1", "gold_entities"): 0.563,
        ("imitation", "f1", "gold_entities"): 0.46,
        ("leakage", "text", ""): 0,
        ("leakage", "group", ""): 0,
        ("duplicates", "near_across", ""): 0,
        ("duplicates", "exact", ""): 0,
        ("dictionary_ner", "f1", ""): 0.5,
        ("unannotated", "test", ""): 0.1,
        ("conflicts", "share_same_text", ""): 0.0,
        ("conflicts", "repeated_same_text", ""): 100,
    }
    for name, value in changed.items():
        probe, figure = name.split("__")
        key = next(key for key in values if key[:2] == (probe, figure))
        values[key] = value
    made = [Figure(probe, figure, value, "", setting) for (probe, figure, setting), value in values.items()]
    made.append(Figure("ceiling", "f1", 0.60, "", "gold_entities", 0.59, 0.614))
    return Figures(made)


RANDOM = Evidence(0.563, 0.494, 0.48, 0.51, 4000)


def test_the_lead_learns_that_a_higher_score_would_be_a_bug_and_that_the_target_is_out_of_reach():
    sentence = lead_sentence(Verdict.NOT_FOLLOWING, RANDOM, figures(), Targets(relation_f1=0.75))
    assert sentence == (
        "A relation F1 above 0.61 on this test set would be a bug or a leak; "
        "the target 0.75 cannot be reached by training."
    )


def test_a_target_below_the_ceiling_asks_for_no_reading():
    sentence = lead_sentence(Verdict.NOT_FOLLOWING, RANDOM, figures(), Targets(relation_f1=0.5))
    assert "asks for no reading" in sentence


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_has_a_sentence_and_a_reason(verdict: Verdict):
    assert lead_sentence(verdict, RANDOM, figures(), Targets()).endswith(".")
    assert len(reasons(verdict, RANDOM, figures())[0]) > 40


def test_random_labels_are_told_to_score_below_relating_everything():
    told = reasons(Verdict.NOT_FOLLOWING, RANDOM, figures())
    assert any("0.563" in reason and "imitation" in reason for reason in told)
    assert len(reasons(Verdict.LEARNABLE, RANDOM, figures())) == 1


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"leakage__text": 3}, "3 test documents have a text that is in train"),
        ({"leakage__group": 7}, "7 test documents share their group with train"),
        ({"duplicates__near_across": 2}, "2 test documents are near duplicates"),
        ({"duplicates__exact": 4}, "4 documents have a text that occurs more than once"),
        ({"dictionary_ner__f1": 0.99}, "finding them shows no reading"),
        ({"unannotated__test": 0.4}, "40% of the places in test"),
        ({"conflicts__share_same_text": 0.5}, "labelled differently"),
    ],
)
def test_what_else_is_wrong_adds_a_reason(changed: dict[str, float], told: str):
    assert any(told in reason for reason in reasons(Verdict.LEARNABLE, RANDOM, figures(**changed)))
