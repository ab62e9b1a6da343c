"""What test shares with train: texts, groups, relations by their strings, names."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from medner_assets.audit.figures import AuditFigure
from medner_assets.audit.nodes import Nodes
from medner_assets.normalising import normalise
from medner_assets.schema import Document


@dataclass(frozen=True, slots=True)
class Shared:
    """Test documents that share something with a train document, each beside the first such one: ids."""

    text: tuple[tuple[str, str], ...]
    group: tuple[tuple[str, str], ...]

    def figures(self) -> list[AuditFigure]:
        """Return the rows of table `audits`."""
        return [
            AuditFigure("leakage", "text", len(self.text), "test documents whose text is in train"),
            AuditFigure("leakage", "group", len(self.group), "test documents whose group is in train"),
        ]


def shared_documents(train: Sequence[Document], test: Sequence[Document]) -> Shared:
    """Return which test documents have the text, or the group (patient, abstract), of a train document."""
    return Shared(
        _shared(train, test, lambda document: normalise(document.text)),
        _shared(train, test, lambda document: document.group),
    )


def _shared(
    train: Sequence[Document], test: Sequence[Document], key: Callable[[Document], Hashable]
) -> tuple[tuple[str, str], ...]:
    known = {key(document): document.id for document in reversed(train)}
    keyed = ((document.id, key(document)) for document in test)
    return tuple((name, known[found]) for name, found in keyed if found is not None and found in known)


def shared_relations(train: Sequence[Nodes], test: Sequence[Nodes]) -> list[AuditFigure]:
    """Return which share of test's relations train has by their strings.

    That is no leak by itself (aspirin causes bleeding in many texts), but can be known by heart.
    """
    known = {relation for each in train for relation in _strings(each)}
    asked = [relation in known for each in test for relation in _strings(each)]
    return [
        AuditFigure(
            "leakage", "relation_strings", sum(asked) / len(asked) if asked else None,
            "share of test relations that train has with the same type and strings",
        ),
    ]  # fmt: skip


def unseen_name_figures(train: Sequence[Document], test: Sequence[Document]) -> list[AuditFigure]:
    """Return the share of test's mentions, and of its distinct names by type, that train never annotates."""
    known = {(entity.type, normalise(entity.text)) for document in train for entity in document.entities}
    asked = [(entity.type, normalise(entity.text)) for document in test for entity in document.entities]
    figures = [
        AuditFigure(
            "unseen_names", "mentions", _unseen(asked, known), "share of test mentions whose name train lacks"
        ),
        AuditFigure(
            "unseen_names", "names", _unseen(sorted(set(asked)), known), "the same of distinct names"
        ),
    ]
    for kind in sorted({kind for kind, _ in asked}):
        of_type = [each for each in asked if each[0] == kind]
        figures.append(
            AuditFigure(
                "unseen_names",
                f"mentions of {kind}",
                _unseen(of_type, known),
                f"the same of mentions of {kind}",
            )
        )
    return figures


def _unseen(asked: Sequence[tuple[str, str]], known: set[tuple[str, str]]) -> float | None:
    return sum(each not in known for each in asked) / len(asked) if asked else None


def _strings(each: Nodes) -> list[tuple[str, object, object]]:
    names = {node.key: (node.type, node.text) for node in each.nodes}
    return [(kind, names.get(head), names.get(tail)) for kind, head, tail in sorted(each.gold)]
