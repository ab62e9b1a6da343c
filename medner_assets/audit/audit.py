"""Audit a dataset: all probes over train, dev and test, a verdict, its reasons."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from medner_assets.audit.all_pairs import all_pairs
from medner_assets.audit.ceiling import ceiling_and_imitation
from medner_assets.audit.conflicts import conflict_figures
from medner_assets.audit.dictionary import dictionary_figures, trained_dictionary
from medner_assets.audit.duplicates import duplicate_figures
from medner_assets.audit.figures import END_TO_END, GOLD_ENTITIES, Figure
from medner_assets.audit.ladder import learned_rungs
from medner_assets.audit.leakage import leakage_figures, unseen_name_figures
from medner_assets.audit.nodes import Nodes, found_nodes, gold_nodes
from medner_assets.audit.pairs import candidate_pairs, learn_schema
from medner_assets.audit.probes import one_thread
from medner_assets.audit.reasons import Figures, lead_sentence, reasons
from medner_assets.audit.scores import group_numbers, resample_weights
from medner_assets.audit.verdict import Evidence, Verdict, verdict_of
from medner_assets.audit.within_document import within_document
from medner_assets.errors import MednerError
from medner_assets.recipes.sources import Targets
from medner_assets.schema import Document

DEFAULT_TARGETS = Targets()


@dataclass(frozen=True, slots=True)
class Audit:
    """What a dataset can and cannot teach."""

    verdict: Verdict
    reasons: tuple[str, ...]
    """Plain sentences without a full stop, the one that decided first."""
    lead_sentence: str
    figures: tuple[Figure, ...]

    @property
    def probes(self) -> dict[str, Any]:
        """Figures as probe → (setting →) figure → value, an interval beside it as `<figure>_low`, `_high`."""
        probes: dict[str, Any] = {}
        for each in self.figures:
            place = probes.setdefault(each.probe, {})
            if each.setting:
                place = place.setdefault(each.setting, {})
            place[each.figure] = each.value
            if each.low is not None and each.high is not None:
                place[f"{each.figure}_low"], place[f"{each.figure}_high"] = each.low, each.high
        return probes

    def to_json(self) -> dict[str, Any]:
        """Return what `medner audit --json` prints; the lead's sentence is the first reason."""
        return {
            "verdict": self.verdict.value,
            "reasons": [self.lead_sentence, *self.reasons],
            "probes": self.probes,
        }


def audit_dataset(
    train: Sequence[Document],
    dev: Sequence[Document],
    test: Sequence[Document],
    *,
    symmetric_types: Collection[str] = (),
    targets: Targets = DEFAULT_TARGETS,
    seed: int = 42,
) -> Audit:
    """Run every probe. Equal documents and seed give an equal audit.

    train: what readers learn from; dev (may be empty): only where all documents are looked at
    (within-document test, conflicts, duplicates); test: what they are scored on. symmetric_types: relation
    types whose arguments may change places. Documents at concept level are audited on pairs of concepts,
    all others on pairs of mentions. Raises MednerError if train or test is empty.
    """
    for name, documents in (("train", train), ("test", test)):
        if not documents:
            raise MednerError(f"{name}: has no documents: give a split with documents")
    train, dev, test = _in_split(train, "train"), _in_split(dev, "dev"), _in_split(test, "test")
    train_nodes, dev_nodes, test_nodes = (
        [gold_nodes(document, symmetric_types) for document in split] for split in (train, dev, test)
    )
    every = [*train_nodes, *dev_nodes, *test_nodes]
    schema = learn_schema(train_nodes, symmetric_types)
    fitted = candidate_pairs(train_nodes, schema)
    gold = candidate_pairs(test_nodes, schema)
    dictionary = trained_dictionary(train)
    found = [dictionary.find(document) for document in test]
    end_to_end = candidate_pairs(
        [
            found_nodes(document, hits, each)
            for document, hits, each in zip(test, found, test_nodes, strict=True)
        ],
        schema,
    )
    with one_thread():
        within = within_document(every, learn_schema(every, symmetric_types), seed)
        weights = resample_weights(group_numbers(test_nodes), seed)
        figures = [
            *_shape(train_nodes, dev_nodes, test_nodes),
            *all_pairs(fitted, [(GOLD_ENTITIES, gold), (END_TO_END, end_to_end)], seed),
            *learned_rungs(fitted, gold, end_to_end, seed),
            *ceiling_and_imitation(fitted, gold, seed),
            *within.figures(),
            *dictionary_figures(train, test, found, weights),
            *unseen_name_figures(train, test),
            *leakage_figures(train_nodes, test_nodes),
            *duplicate_figures([*train, *dev, *test]),
            *conflict_figures(every, schema),
        ]
    find = Figures(figures)
    evidence = Evidence(
        find.value("all_pairs", "f1", GOLD_ENTITIES), within.auc, within.low, within.high, within.strata
    )
    verdict = verdict_of(evidence)
    return Audit(
        verdict,
        tuple(reasons(verdict, evidence, find)),
        lead_sentence(verdict, evidence, find, targets),
        tuple(figures),
    )


def _in_split(documents: Sequence[Document], split: str) -> tuple[Document, ...]:
    return tuple(document.with_split(split) for document in documents)


def _shape(*splits: list[Nodes]) -> list[Figure]:
    """Return the size of the dataset, to read the other figures by."""
    figures = []
    for name, documents in zip(("train", "dev", "test"), splits, strict=True):
        figures.append(Figure("shape", f"documents in {name}", len(documents), f"documents in {name}"))
    test = splits[-1]
    figures += [
        Figure(
            "shape", "entities", sum(len(each.document.entities) for each in test), "gold mentions in test"
        ),
        Figure("shape", "relations", sum(len(each.gold) for each in test), "distinct gold relations in test"),
    ]
    return figures
