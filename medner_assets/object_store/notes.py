"""What of a bucket stands in this machine's copy: a note of the pointer that was last brought."""

import json
from dataclasses import asdict
from pathlib import Path

from medner_assets.files import publish_file, write_private
from medner_assets.object_store.bucket import Kept, Pointer
from medner_assets.object_store.client import ObjectState
from medner_assets.paths import private_folder


def noted(file: Path) -> Pointer:
    """Return the pointer in a note; an empty one where there is no note that can be read."""
    try:
        stated = json.loads(file.read_text(encoding="utf-8"))
        return Pointer(
            {name: Kept(**each) for name, each in stated["files"].items()}, ObjectState(*stated["state"])
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Pointer()


def note(file: Path, pointer: Pointer) -> None:
    """Write a note, once all that its pointer names is in place. Whoever does holds the copy's lock."""
    private_folder(file.parent)
    draft = file.with_name(f".{file.name}.tmp")
    write_private(draft, json.dumps(asdict(pointer)))
    publish_file(file, draft)
