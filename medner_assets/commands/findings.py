"""What `medner doctor` says of one thing: its state, what was found, and the remedy."""

from dataclasses import dataclass
from typing import Literal

from medner_assets.visible import visible

State = Literal["ok", "note", "missing"]
_MARKS: dict[State, str] = {"ok": "✓", "note": "·", "missing": "✗"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `remedy` is empty where nothing needs to be done."""

    name: str
    state: State
    found: str
    remedy: str = ""

    def line(self) -> str:
        """Return the finding as one line."""
        line = f"{_MARKS[self.state]} {self.name}: {self.found}{f' → {self.remedy}' if self.remedy else ''}"
        return visible(line, keep="\n")
