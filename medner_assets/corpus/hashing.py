"""The data version of a dataset: equal documents in equal order, equal hash."""

import hashlib
import json
from collections.abc import Iterable, Sequence

from medner_assets.corpus.jsonl import document_to_json
from medner_assets.schema import Document


def content_hash(documents: Sequence[Document], symmetric: Iterable[str]) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of all that training and scoring can see.

    documents: in their order, which training depends on. symmetric: relation types of which head and tail may
    change places, in any order. A document without a group is its own group, so both spellings hash alike.
    """
    digest = hashlib.sha256()
    digest.update(json.dumps(sorted(set(symmetric))).encode())
    for document in documents:
        content = document_to_json(document) | {"group": document.group or document.id}
        digest.update(b"\n")
        digest.update(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())
    return digest.hexdigest()[:16]
