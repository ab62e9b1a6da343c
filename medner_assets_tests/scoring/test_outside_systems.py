"""Real outputs of other systems: the counts of scheme `span` are those of the published evaluations."""

from collections import Counter
from pathlib import Path

import pytest

from medner_assets.scoring.external import scored_submission
from medner_assets_tests.support.slow_scorer import norm
from medner_assets_tests.support.tagged import Tagged, neurotrialner, prompted, strict_spans

ARCHIVE = Path(__file__).parents[2].parent / "shared" / "cases" / "scoring" / "neurotrialner.tar.xz"
needs_outputs = pytest.mark.skipif(
    not ARCHIVE.exists(), reason="no ../shared/cases/scoring beside the checkout"
)


@pytest.fixture(scope="module")
def outputs() -> dict[str, list[Tagged]]:
    return dict(neurotrialner(ARCHIVE))


def counted(documents: list[Tagged]) -> dict[str, tuple[int, int, int]]:
    """Return type → (tp, fp, fn) of scheme span, and of all types under `all`."""
    types = sorted(
        {
            kind
            for each in documents
            for tags in (each.gold, each.predicted)
            for kind, *_ in strict_spans(tags)
        }
    )
    found = {"all": scored(documents, None)}
    return found | {kind: scored(documents, kind) for kind in types}


def scored(documents: list[Tagged], kind: str | None, scheme: str = "span") -> tuple[int, int, int]:
    kept = [
        Tagged(each.id, each.tokens, *(
            [tag if kind is None or tag.endswith(f"-{kind}") else "O" for tag in tags]
            for tags in (each.gold, each.predicted)
        ))
        for each in documents
    ]  # fmt: skip
    result = scored_submission(
        [each.document() for each in kept], [each.submission() for each in kept], resamples=20
    ).to_json()
    row = result["entity"][scheme]
    return (
        (row["tp"], row["fp"], row["fn"])
        if row
        else (0, 0, sum(len(strict_spans(each.gold)) for each in kept))
    )


def as_nervaluate(documents: list[Tagged]) -> list[list[list[dict[str, object]]]]:
    """Return gold and predicted spans as nervaluate takes them."""
    return [
        [
            [{"label": kind, "start": first, "end": last} for kind, first, last in strict_spans(tags)]
            for tags in side
        ]
        for side in ([each.gold for each in documents], [each.predicted for each in documents])
    ]


def is_one_to_one(document: Tagged) -> bool:
    """Whether no span of a side overlaps two spans of the other, of any type."""
    sides = strict_spans(document.gold), strict_spans(document.predicted)
    return all(
        sum(mine[1] <= other[2] and other[1] <= mine[2] for other in theirs) < 2
        for ours, theirs in (sides, sides[::-1])
        for mine in ours
    )


@needs_outputs
def test_overlaps_are_counted_as_nervaluates_ent_type_does_where_it_counts_no_gold_span_twice(
    outputs: dict[str, list[Tagged]],
):
    from nervaluate import Evaluator

    for system, documents in outputs.items():
        plain = [each for each in documents if is_one_to_one(each)]
        assert len(plain) > 50, system
        tags = sorted(
            {
                kind
                for each in plain
                for side in (each.gold, each.predicted)
                for kind, *_ in strict_spans(side)
            }
        )
        theirs = Evaluator(*as_nervaluate(plain), tags=tags, loader="dict").evaluate()["overall"]["ent_type"]
        tp, fp, fn = scored(plain, None, "overlap")
        assert (theirs.correct, theirs.actual, theirs.possible) == (tp, tp + fp, tp + fn), system


@needs_outputs
def test_spans_are_counted_as_nervaluates_strict_does(outputs: dict[str, list[Tagged]]):
    from nervaluate import Evaluator

    assert sorted(outputs) == ["BioLinkBERT-base", "bert-base-uncased", "biobert-v1.1"]
    for system, documents in outputs.items():
        ours = counted(documents)
        types = [kind for kind in ours if kind != "all"]
        strict = Evaluator(*as_nervaluate(documents), tags=types, loader="dict").evaluate()["overall"][
            "strict"
        ]
        assert (strict.correct, strict.actual, strict.possible) == (
            ours["all"][0], ours["all"][0] + ours["all"][1], ours["all"][0] + ours["all"][2]
        ), system  # fmt: skip


@needs_outputs
def test_spans_are_counted_as_seqevals_strict_mode_does(outputs: dict[str, list[Tagged]]):
    metrics = pytest.importorskip("seqeval.metrics", reason="seqeval is not installed")
    from seqeval.scheme import IOB2

    for system, documents in outputs.items():
        sides = [each.gold for each in documents], [each.predicted for each in documents]
        report = metrics.classification_report(
            *sides, mode="strict", scheme=IOB2, output_dict=True, zero_division=0
        )
        for kind, (tp, fp, fn) in counted(documents).items():
            theirs = report["micro avg" if kind == "all" else kind]
            assert theirs["support"] == tp + fn, (system, kind)
            assert theirs["precision"] == pytest.approx(tp / (tp + fp) if tp + fp else 0), (system, kind)
            assert theirs["recall"] == pytest.approx(tp / (tp + fn) if tp + fn else 0), (system, kind)


@needs_outputs
def test_strings_of_prompted_models_are_counted_as_sets_are(outputs: dict[str, list[Tagged]]):
    documents = [each.document() for each in outputs["biobert-v1.1"]]
    counts = {}
    for system, answers in prompted(ARCHIVE):
        row = scored_submission(documents, answers, resamples=20).to_json()["entity"]
        gold, said = (
            {(each.id, e.type, norm(e.text)) for each in sides for e in each.entities}
            for sides in (documents, answers)
        )
        counts[system] = tuple(row["text"][key] for key in ("tp", "fp", "fn"))
        assert counts[system] == (len(gold & said), len(said - gold), len(gold - said))
        assert row["span"] is None
    assert counts == {"gpt-3.5-turbo": (305, 1119, 565), "gpt-4": (338, 979, 532)}


def test_a_span_begins_with_b_and_ends_where_its_type_ends():
    assert strict_spans(["I-A", "B-A", "I-A", "I-B", "B-B", "O", "I-B"]) == [("A", 1, 2), ("B", 4, 4)]
    assert Counter(kind for kind, *_ in strict_spans(["B-A", "B-A"])) == {"A": 2}
