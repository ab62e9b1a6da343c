"""Write a table that a benchmark measured into a page of the documentation, between its two marks."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; each row has as many cells as the head."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def write_between(page: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- name -->` and `<!-- end of name -->`; exit with a line where these
    are not there once each, in this order."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    written = page.read_text(encoding="utf-8")
    before, _, rest = written.partition(begin)
    _, _, after = rest.partition(end)
    if written.count(begin) != 1 or rest.count(end) != 1:
        sys.exit(f"{page}: has no one place for the table: write {begin} and, below it, {end} once each")
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")
