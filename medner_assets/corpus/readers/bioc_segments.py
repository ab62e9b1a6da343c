"""The text of a BioC document, joined from its passages, and where each passage stands in it."""

from bisect import bisect_right
from dataclasses import dataclass, field


@dataclass(slots=True)
class Segments:
    """The pieces of text of one document: where each stands in the source's offsets and in our text."""

    offsets: list[int] = field(default_factory=list)
    anchors: list[int] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    length: int = 0
    end: int = 0
    ordered: bool = True

    @property
    def text(self) -> str:
        """All pieces, joined."""
        return "".join(self.parts)

    def add(self, offset: int, text: str) -> None:
        """Append a piece; `end` is where the source's offsets stand after it, if they count characters."""
        if self.offsets:
            if offset != self.end:
                self.parts.append(" ")
                self.length += 1
            self.ordered = self.ordered and self.offsets[-1] < offset
        self.offsets.append(offset)
        self.anchors.append(self.length)
        self.parts.append(text)
        self.length += len(text)
        self.end = offset + len(text)

    def holding(self, offset: int, position: int) -> int:
        """Return the last segment that starts before `offset`; `position` where they are unordered."""
        if not self.ordered:
            return position
        return max(0, bisect_right(self.offsets, offset) - 1)
