"""Audit a dataset: all probes over train, dev and test, a verdict, its reasons."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from medner_assets.audit.duplicates import duplicates
from medner_assets.audit.examining import Examined, examined
from medner_assets.audit.figures import AuditFigure, Figures
from medner_assets.audit.format import stated
from medner_assets.audit.lead import lead_sentence
from medner_assets.audit.leakage import shared_documents, unseen_name_figures
from medner_assets.audit.nodes import Nodes, gold_nodes
from medner_assets.audit.probes import FAMILIES, UNREAD, one_thread
from medner_assets.audit.reasons import Leaks, reasons
from medner_assets.audit.sampling import drawn_documents
from medner_assets.audit.verdict import DatasetVerdict, verdict_of
from medner_assets.audit.without_reading import without_reading
from medner_assets.errors import MednerError
from medner_assets.recipes.sources import Targets
from medner_assets.schema import Document

DEFAULT_TARGETS = Targets()


@dataclass(frozen=True, slots=True)
class Audit:
    """What a dataset can and cannot teach."""

    verdict: DatasetVerdict
    reasons: tuple[str, ...]
    """Plain sentences without a full stop, the one that decided first."""
    lead_sentence: str
    figures: tuple[AuditFigure, ...]

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

    train: what readers learn from; dev (may be empty): only where all documents are looked at (pairs, types
    and directions, conflicts, duplicates); test: what they are scored on. symmetric_types: relation types
    whose arguments may change places. Documents at concept level are audited on pairs of concepts, all
    others on pairs of mentions. A large dataset is sampled with the seed, and a reason says so. Raises
    MednerError if train or test is empty.
    """
    for name, documents in (("train", train), ("test", test)):
        if not documents:
            raise MednerError(f"{name}: has no documents: give a split with documents")
    given = [_in_split(split, name) for split, name in ((train, "train"), (dev, "dev"), (test, "test"))]
    shared = shared_documents(given[0], given[2])
    splits = drawn_documents(given, seed)
    nodes = [[gold_nodes(each, symmetric_types, seed) for each in split] for split in splits]
    with one_thread():
        looked_at = examined(nodes, symmetric_types, seed)
    alike = duplicates([document for split in splits for document in split])
    said = stated(splits[2], symmetric_types)
    cut = [*_shape(given, splits, nodes), *_cut(nodes, looked_at)]
    figures = [
        *cut,
        *looked_at.figures,
        *unseen_name_figures(splits[0], splits[2]),
        *shared.figures(),
        *alike.figures,
        *said.figures(),
    ]
    find = Figures(figures)
    evidence = looked_at.evidence
    verdict = verdict_of(evidence)
    if verdict in (DatasetVerdict.NOT_FOLLOWING, DatasetVerdict.WITHOUT_READING):
        # What reads the text here reads nothing out of it: its score is had without reading too.
        figures += without_reading(find, ("all_pairs", *FAMILIES))
    else:
        figures += without_reading(find, ("all_pairs", *UNREAD))
    find = Figures(figures)
    leaks = Leaks(shared.text, shared.group, alike.near, alike.template)
    return Audit(
        verdict,
        (*reasons(verdict, evidence, find, leaks), *said.reasons()),
        lead_sentence(verdict, evidence, find, targets, leaks=bool(leaks.documents)),
        tuple(figures),
    )


def _in_split(documents: Sequence[Document], split: str) -> tuple[Document, ...]:
    return tuple(document.with_split(split) for document in documents)


def _shape(
    given: Sequence[Sequence[Document]], splits: Sequence[Sequence[Document]], nodes: Sequence[list[Nodes]]
) -> list[AuditFigure]:
    """Return the size of the dataset, to read the other figures by."""
    figures = [
        AuditFigure("shape", f"documents in {name}", len(split), f"documents in {name}")
        for name, split in zip(("train", "dev", "test"), given, strict=True)
    ]
    test = nodes[2]
    mentions, relations = (sum(counts) for counts in (
        (len(each.document.entities) for each in test), (len(each.gold) for each in test),
    ))  # fmt: skip
    sampled_documents = sum(map(len, splits))
    return [
        *figures,
        AuditFigure("shape", "entities", mentions, "gold mentions in test"),
        AuditFigure("shape", "relations", relations, "distinct gold relations in test"),
        AuditFigure("shape", "documents looked at", sampled_documents, "documents that were looked at"),
    ]


def _cut(nodes: Sequence[list[Nodes]], looked_at: Examined) -> list[AuditFigure]:
    crowded = sum(each.share < 1 for split in nodes for each in split)
    return [
        AuditFigure("shape", "crowded documents", crowded, "documents of whose pairs 2,000 were drawn"),
        AuditFigure(
            "shape", "documents ranked", looked_at.documents, "documents whose pairs were looked at"
        ),
        AuditFigure("shape", "pairs looked at", looked_at.pairs, "candidate pairs of these documents"),
    ]  # fmt: skip
