from dataclasses import replace

import pytest

from medner_assets.audit.duplicates import Alike
from medner_assets.audit.figures import AuditFigure, Figures
from medner_assets.audit.gain import Estimate, Gain
from medner_assets.audit.lead import lead_sentence
from medner_assets.audit.questions import Probe
from medner_assets.audit.reasons import Leaks, reasons
from medner_assets.audit.verdict import DatasetVerdict, Evidence, verdict_of
from medner_assets.recipes.sources import Targets


def gain(share: float, low: float, high: float, groups: int = 500) -> Gain:
    half, told = Estimate(0.5, 0.4, 0.6), Estimate(share, low, high)
    return Gain(half, half, half, half, half, told, told, told, 0.0, groups, groups, 4 * groups)


def probe(share: float, low: float, high: float, unread: float = 0.5, groups: int = 500) -> Probe:
    return Probe("within_document", gain(share, low, high, groups), unread, True, 2000)


CLEAR, NOTHING = probe(0.5, 0.4, 0.6), probe(0.0, -0.05, 0.05)
LITTLE, WIDE = probe(0.13, 0.04, 0.22), probe(0.1, -0.1, 0.3)
BARELY = probe(0.13, 0.01, 0.25)
SETTLED = probe(0.0, -0.05, 0.05, unread=0.95)
NOT_ASKED = Probe("type", None, None, False, 0)
ALL_RELATED = Probe("within_document", None, 1.0, False, 100)
PLAIN = Evidence(1000, 150, 0.2, 0.5, CLEAR, NOT_ASKED, NOT_ASKED)


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, "learnable"),
        ({"documents": 49, "all_pairs_low": 0.95}, "undecided"),
        ({"all_pairs_low": 0.90}, "nearly-free-given-entities"),
        ({"all_pairs_low": 0.95, "test_documents": 29}, "learnable"),
        ({"pairs": NOTHING}, "labels-do-not-follow-text"),
        ({"pairs": LITTLE}, "weak"),
        ({"pairs": WIDE}, "undecided"),
        ({"pairs": BARELY}, "undecided"),
        ({"pairs": probe(0.2, 0.01, 0.39)}, "undecided"),
        ({"pairs": replace(CLEAR, gain=gain(0.5, 0.4, 0.6, 49))}, "undecided"),
        ({"pairs": SETTLED, "unread_f1": 0.95}, "follows-without-reading"),
        ({"pairs": NOTHING, "unread_f1": 0.90}, "follows-without-reading"),
        ({"pairs": CLEAR, "unread_f1": 0.95}, "learnable"),
        ({"pairs": SETTLED, "unread_f1": 0.85}, "labels-do-not-follow-text"),
        ({"type": NOTHING}, "types-do-not-follow-text"),
        ({"direction": NOTHING}, "directions-do-not-follow-text"),
        ({"pairs": NOTHING, "type": CLEAR}, "labels-do-not-follow-text"),
        ({"type": WIDE}, "undecided"),
        ({"type": SETTLED}, "learnable"),
        ({"type": CLEAR, "direction": CLEAR}, "learnable"),
        ({"pairs": SETTLED, "type": CLEAR}, "learnable"),
        ({"pairs": SETTLED, "type": NOTHING, "unread_f1": 0.3}, "types-do-not-follow-text"),
        ({"pairs": ALL_RELATED, "type": CLEAR}, "learnable"),
        ({"pairs": ALL_RELATED, "type": NOTHING}, "types-do-not-follow-text"),
        ({"pairs": ALL_RELATED}, "undecided"),
    ],
)
def test_the_rule_of_the_verdict(changed: dict[str, object], verdict: str):
    assert verdict_of(replace(PLAIN, **changed)) == verdict  # type: ignore[arg-type]


def test_an_estimate_below_0_does_not_narrow_the_interval():
    """Labels follow no text only where the upper end is small also for a gain of 0."""
    assert verdict_of(replace(PLAIN, pairs=probe(-0.2, -0.38, -0.02))) == DatasetVerdict.UNDECIDED
    assert verdict_of(replace(PLAIN, pairs=probe(-0.2, -0.25, -0.15))) == DatasetVerdict.NOT_FOLLOWING


def test_an_interval_just_above_0_is_undecided_and_says_why():
    evidence = replace(PLAIN, pairs=BARELY)
    first, *_ = reasons(verdict_of(evidence), evidence, figures(), Leaks())
    assert first.endswith("above 0, but so is by chance one such interval of forty: too wide to tell")


def figures(**changed: float | None) -> Figures:
    values: dict[tuple[str, str, str], float | None] = {
        ("all_pairs", "f1", "gold_entities"): 0.563,
        ("imitation", "f1", "gold_entities"): 0.46,
        ("duplicates", "exact", ""): 0,
        ("dictionary_ner", "f1", ""): 0.5,
        ("unannotated", "test", ""): 0.1,
        ("conflicts", "share_same_text", ""): 0.0,
        ("conflicts", "repeated_same_text", ""): 100,
        ("shape", "documents in train", ""): 700,
        ("shape", "documents in test", ""): 300,
        ("shape", "documents looked at", ""): 1000,
        ("shape", "documents ranked", ""): 1000,
        ("shape", "pairs looked at", ""): 8000,
        ("shape", "crowded documents", ""): 0,
    }
    for name, value in changed.items():
        key = next(key for key in values if "__".join(key[:2]).replace(" ", "_") == name)
        values[key] = value
    made = [
        AuditFigure(probe, figure, value, "", setting) for (probe, figure, setting), value in values.items()
    ]
    made.append(AuditFigure("without_reading", "f1", 0.60, "", "gold_entities", 0.59, 0.614))
    return Figures(made)


RANDOM = replace(PLAIN, pairs=NOTHING)


def told(verdict: DatasetVerdict, target: float = 0.75, *, leaks: bool = False) -> str:
    return lead_sentence(verdict, RANDOM, figures(), Targets(relation_f1=target), leaks=leaks)


def test_the_lead_learns_what_can_be_had_without_reading_and_that_more_would_be_a_bug():
    assert told(DatasetVerdict.NOT_FOLLOWING) == (
        "The text adds nothing that position and names do not say: the best score without reading the text "
        "is relation F1 60.0% (95 % interval up to 61.4%), a higher score would be a bug or a leak, and "
        "the target 75.0% cannot be reached by training."
    )


def test_a_higher_score_is_no_bug_where_test_repeats_train():
    assert "bug" not in told(DatasetVerdict.NOT_FOLLOWING, leaks=True)
    assert "repeat train documents" in told(DatasetVerdict.NOT_FOLLOWING, leaks=True)


@pytest.mark.parametrize("verdict", [each for each in DatasetVerdict if each != DatasetVerdict.NOT_FOLLOWING])
def test_only_labels_that_follow_nothing_are_told_that_more_would_be_a_bug(verdict: DatasetVerdict):
    assert "bug" not in told(verdict)


def test_a_target_below_what_can_be_had_without_reading_asks_for_no_reading():
    assert "asks for no reading" in told(DatasetVerdict.NOT_FOLLOWING, 0.5)


@pytest.mark.parametrize("verdict", list(DatasetVerdict))
def test_every_verdict_has_a_sentence_and_a_reason_and_says_no_ceiling(verdict: DatasetVerdict):
    sentence = told(verdict)
    assert sentence.endswith(".")
    assert "ceiling" not in sentence
    assert len(reasons(verdict, RANDOM, figures(), Leaks())[0]) > 40


def test_random_labels_are_told_to_score_below_relating_everything():
    found = reasons(DatasetVerdict.NOT_FOLLOWING, RANDOM, figures(), Leaks())
    assert any("56.3%" in reason and "imitation" in reason for reason in found)
    assert len(reasons(DatasetVerdict.LEARNABLE, PLAIN, figures(), Leaks())) == 1


def test_each_question_that_was_asked_is_a_reason():
    asked = replace(PLAIN, type=replace(NOTHING, name="type"), direction=replace(CLEAR, name="direction"))
    found = reasons(DatasetVerdict.TYPES_NOT_FOLLOWING, asked, figures(), Leaks())
    assert [reason.split(",")[0] for reason in found] == [
        "which pairs are related", "the type of a related pair", "the direction of a related pair",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("leaks", "said"),
    [
        (
            Leaks(text=[("a", "b"), ("c", "d"), ("e", "f"), ("g", "h")]),
            "4 test documents have a text that is in train: remove them before scoring (a and b; c and d; "
            "e and f; and 1 more)",
        ),
        (Leaks(group=[("a", "b")]), "1 test documents share their group, such as the patient, with train"),
        (Leaks(near=[Alike("a", "b", 0.9)]), "numbers left aside (a and b (90%))"),
        (
            Leaks(template=[Alike("a", "b", 1.0)]),
            "follow the template of a train document, names and numbers",
        ),
    ],
)
def test_a_leak_is_a_reason_that_names_documents(leaks: Leaks, said: str):
    assert any(said in reason for reason in reasons(DatasetVerdict.LEARNABLE, PLAIN, figures(), leaks))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"duplicates__exact": 4}, "4 documents have a text that occurs more than once"),
        ({"dictionary_ner__f1": 0.99}, "finding them shows no reading"),
        ({"unannotated__test": 0.4}, "40% of the places in test"),
        ({"conflicts__share_same_text": 0.5}, "labelled differently"),
        ({"shape__documents_looked_at": 400}, "400 of 1,000 documents were looked at, drawn with a seed"),
        (
            {"shape__documents_ranked": 90},
            "judged on 90 documents (8,000 candidate pairs), drawn with a seed",
        ),
        ({"shape__crowded_documents": 2}, "of 2 documents with more than 2,000 pairs of entities"),
    ],
)
def test_what_else_is_to_know_adds_a_reason(changed: dict[str, float], said: str):
    found = reasons(DatasetVerdict.LEARNABLE, PLAIN, figures(**changed), Leaks())
    assert any(said in reason for reason in found)
