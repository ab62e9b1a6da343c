"""The layout of what medner generates, as a number: which edition can read a folder or an object store.

It rises when what an earlier edition wrote has to be migrated. A column that was added, or is no longer
declared, needs none (`warehouse/store.py`).
"""

import json
from importlib.metadata import PackageNotFoundError, version

from medner_assets.errors import MednerError

LAYOUT = 1
"""What this edition writes, and the latest that it reads."""


def marked() -> bytes:
    """Return the mark of new data, by which later editions know it: its layout and medner's version."""
    try:
        ours = version("medner")
    except PackageNotFoundError:  # a checkout that was not installed
        ours = "unknown"
    return (json.dumps({"layout": LAYOUT, "medner": ours}) + "\n").encode()


def require_known(content: bytes, place: str) -> str:
    """Return which medner began data with this mark; raise MednerError for a layout of a later edition.

    place: where the mark stands, for the message.
    """
    try:
        stated = json.loads(content)
        layout, by = stated["layout"], str(stated.get("medner", "unknown"))[:40]
        is_known = 1 <= layout <= LAYOUT
    except (ValueError, TypeError, KeyError, AttributeError):
        raise MednerError(f"{place}: not a mark of medner's: choose another place for its data") from None
    if not is_known:
        raise MednerError(
            f"{place}: its layout is {layout} (medner {by}), and this medner reads up to {LAYOUT}: install "
            "that medner, or a later one"
        )
    return by
