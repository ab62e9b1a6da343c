"""What test shares with train: texts, groups, relations by their strings, names."""

from collections.abc import Sequence

from medner_assets.audit.figures import Figure
from medner_assets.audit.nodes import Nodes
from medner_assets.schema import Document
from medner_assets.scoring.normalising import normalise


def leakage_figures(train: Sequence[Nodes], test: Sequence[Nodes]) -> list[Figure]:
    """Return how many test documents share a text or a group with train, and which relations recur.

    A shared relation string is no leak by itself (aspirin causes bleeding in many texts), but it can be
    known by heart.
    """
    texts = {normalise(each.document.text) for each in train}
    groups = {each.document.group for each in train if each.document.group is not None}
    known = {relation for each in train for relation in _strings(each)}
    asked = [relation in known for each in test for relation in _strings(each)]
    by_text = sum(normalise(each.document.text) in texts for each in test)
    by_group = sum(each.document.group in groups for each in test if each.document.group is not None)
    return [
        Figure("leakage", "text", by_text, "test documents whose text is in train"),
        Figure("leakage", "group", by_group, "test documents whose group is in train"),
        Figure(
            "leakage", "relation_strings", sum(asked) / len(asked) if asked else None,
            "share of test relations that train has with the same type and strings",
        ),
    ]  # fmt: skip


def unseen_name_figures(train: Sequence[Document], test: Sequence[Document]) -> list[Figure]:
    """Return the share of test's mentions, and of its distinct names by type, that train never annotates."""
    known = {(entity.type, normalise(entity.text)) for document in train for entity in document.entities}
    asked = [(entity.type, normalise(entity.text)) for document in test for entity in document.entities]
    figures = [
        Figure(
            "unseen_names", "mentions", _unseen(asked, known), "share of test mentions whose name train lacks"
        ),
        Figure("unseen_names", "names", _unseen(sorted(set(asked)), known), "the same of distinct names"),
    ]
    for kind in sorted({kind for kind, _ in asked}):
        of_type = [each for each in asked if each[0] == kind]
        figures.append(
            Figure(
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
