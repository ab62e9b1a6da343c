"""Who is in train, dev or test: the split rules of a dataset's recipe. Pure; nothing is drawn at random."""

import hashlib
from collections.abc import Mapping, Sequence

from medner_assets.errors import MednerError
from medner_assets.recipes.sources import Split, SplitRule
from medner_assets.schema import Document

SPLITS: tuple[Split, ...] = ("train", "dev", "test")


def sha1_tenth(group: str) -> int:
    """Return the tenth (0 to 9) that a group falls into: its SHA-1, read as a number, modulo 10."""
    return int(hashlib.sha1(group.encode(), usedforsecurity=False).hexdigest(), 16) % 10


def assigned(documents: Sequence[Document], rule: SplitRule) -> list[Document]:
    """Return the documents in the splits that `rule` gives them; for rules that look at documents.

    `documents`: each has to name its split. `sha1-tenths`: by the tenth of its group (of its id where it
    has none), so that one group is in one split whatever else the dataset holds. Raise MednerError naming
    the first document that cannot be assigned.
    """
    if rule.kind == "sha1-tenths":
        return [document.with_split(_tenth_split(document, rule)) for document in documents]
    if rule.kind == "documents":
        for document in documents:
            if document.split not in SPLITS:
                raise MednerError(
                    f"document {document.id!r} names the split {document.split!r}: give it train, dev or "
                    "test, or choose another split rule"
                )
        return list(documents)
    raise MednerError("split kind 'files' needs files named train, dev or test: choose another split rule")


def subtracted(documents: Sequence[Document], subtract: Mapping[Split, Sequence[Split]]) -> list[Document]:
    """Return the documents without those whose id occurs in a split that is subtracted from theirs.

    subtract: split → splits whose documents are taken out of it.
    """
    ids = {split: {each.id for each in documents if each.split == split} for split in SPLITS}

    def is_taken_out(document: Document) -> bool:
        split = next(each for each in SPLITS if each == document.split)
        return any(document.id in ids[other] for other in subtract.get(split, ()) if other != split)

    return [document for document in documents if not is_taken_out(document)]


def _tenth_split(document: Document, rule: SplitRule) -> Split:
    tenth = sha1_tenth(document.group or document.id)
    return "test" if tenth in rule.test else "dev" if tenth in rule.dev else "train"
