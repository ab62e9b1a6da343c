"""Write an answer as a table that fits the terminal, as CSV, as a JSON array of objects, or as Parquet.

CSV, JSON and Parquet are written in batches, so a large answer needs little memory. What a table shows is
made harmless first: control characters of a text or of a model's output never reach the terminal.
"""

import datetime
import decimal
import io
import json
import math
import re
from typing import Any, BinaryIO, Literal, get_args

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from medner_assets.visible import visible
from medner_assets.warehouse.queries import PreparedQuery, query_errors
from medner_assets.warehouse.streams import distinct, write_csv, write_json, write_parquet

Format = Literal["table", "csv", "json", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)

SHOWN_ROWS = 200
"""A table shows so many rows and says when there are more; the other formats hold all."""

_NARROWEST = 12
"""Text is wrapped down to this many cells; where that is too wide still, a row becomes a block of lines."""
_SHORT = 24
"""Cells of the longest value of a row that is split over several tables, one below the other."""
_GAP = 3
"""Cells between two columns."""
_NUMBERS = (int, float, decimal.Decimal, type(None))


def write_answer(
    answer: PreparedQuery,
    format: Format,
    stream: BinaryIO,
    *,
    width: int | None = None,
    rows: int = SHOWN_ROWS,
    excel: bool = False,
) -> None:
    """Write the rows of `answer` to `stream`, UTF-8 where it is text.

    width: cells of the terminal, for `table`; None: as wide as the rows are, nothing is wrapped.
    rows: how many a `table` shows at most. excel: no cell of `csv` begins as a formula does.
    Raises MednerError when the query fails.
    """
    with query_errors():
        if format == "table":
            stream.write(_table(answer, width, rows).encode())
        elif format == "csv":
            write_csv(answer, stream, excel=excel)
        elif format == "json":
            write_json(answer, stream)
        else:
            write_parquet(answer, stream)


def _table(answer: PreparedQuery, width: int | None, rows: int) -> str:
    found = answer.relation.limit(rows + 1).fetchall()
    columns = [visible(name) for name in distinct(answer.relation.columns)]
    cells = [[_cell(value) for value in row] for row in found[:rows]]
    numeric = [all(isinstance(row[n], _NUMBERS) for row in found) for n in range(len(columns))]
    widths = _widths(columns, cells, numeric, width)
    if widths is not None:
        text = _grid(columns, cells, numeric, widths)
    elif (key := _key(cells, numeric)) is not None:
        text = _pages(columns, cells, numeric, width or 80, key)
    else:
        text = _records(columns, cells, width or 80)
    if not found:
        text += "(no rows)\n"
    if len(found) > rows:
        text += f"… and more: these are the first {rows} rows, --format csv has all\n"
    return text


def _widths(
    columns: list[str], rows: list[list[str]], numeric: list[bool], width: int | None
) -> list[int] | None:
    """Return the cells that each column gets, or None where the terminal is too narrow for all of them.

    Names and numbers are never broken, text is; what room is left goes to the narrowest that wants it.
    """
    longest = [max((cell_len(row[n]) for row in rows), default=0) for n in range(len(columns))]
    wanted = [max(cell_len(name), longest[n]) for n, name in enumerate(columns)]
    if width is None:
        return wanted
    widths = [
        max(cell_len(name), longest[n] if numeric[n] else min(longest[n], _NARROWEST))
        for n, name in enumerate(columns)
    ]
    room = width - sum(widths) - _GAP * (len(columns) - 1)
    if room < 0:
        return None
    while room > 0 and (short := [n for n in range(len(columns)) if widths[n] < wanted[n]]):
        widths[min(short, key=widths.__getitem__)] += 1
        room -= 1
    return widths


def _grid(columns: list[str], rows: list[list[str]], numeric: list[bool], widths: list[int]) -> str:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name, right, width in zip(columns, numeric, widths, strict=True):
        table.add_column(Text(name), justify="right" if right else "left", width=width, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return _printed(table, sum(widths) + _GAP * len(widths))


def _key(rows: list[list[str]], numeric: list[bool]) -> int | None:
    """Return the first column of text that names each row, where all cells are short; None without one."""
    if len(rows) < 2 or max(cell_len(cell) for row in rows for cell in row) > _SHORT:
        return None
    texts = [n for n, is_number in enumerate(numeric) if not is_number]
    return next((n for n in texts if len({row[n] for row in rows}) == len(rows)), None)


def _pages(columns: list[str], rows: list[list[str]], numeric: list[bool], width: int, key: int) -> str:
    """Return the columns in several tables, one below the other; each begins with the column `key`.

    Names of columns may be broken behind `_`, values are not.
    """
    widths = [
        max(*(cell_len(part) for part in _parts(name)), *(cell_len(row[n]) for row in rows))
        for n, name in enumerate(columns)
    ]
    pages = [[key]]
    for n in range(len(columns)):
        if n == key:
            continue
        used = sum(widths[each] + _GAP for each in pages[-1])
        if len(pages[-1]) > 1 and used + widths[n] > width:
            pages.append([key])
        pages[-1].append(n)
    return "\n".join(
        _grid(
            [_broken(columns[n], widths[n]) for n in page],
            [[row[n] for n in page] for row in rows],
            [numeric[n] for n in page],
            [widths[n] for n in page],
        )
        for page in pages
    )


def _parts(name: str) -> list[str]:
    return re.findall(r"[^_]*_|[^_]+", name) or [name]


def _broken(name: str, width: int) -> str:
    """Return the name of a column in lines of at most `width` cells, broken behind `_`."""
    lines = [""]
    for part in _parts(name):
        if cell_len(lines[-1] + part) > width and lines[-1]:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def _records(columns: list[str], rows: list[list[str]], width: int) -> str:
    """Return the rows one below the other, each column on a line of its own."""
    label = max((cell_len(name) for name in columns), default=0)
    room = max(width, label + 2 * _NARROWEST)
    parts = []
    for number, row in enumerate(rows, 1):
        grid = Table.grid(padding=(0, 2))
        grid.add_column(width=label)
        grid.add_column(overflow="fold")
        for name, cell in zip(columns, row, strict=True):
            grid.add_row(Text(name), Text(cell))
        parts.append(f"row {number} ".ljust(room, "─") + "\n" + _printed(grid, room))
    return "".join(parts)


def _printed(table: Table, width: int) -> str:
    out = io.StringIO()
    Console(file=out, width=width, color_system=None, legacy_windows=False).print(table)
    return "".join(line.rstrip() + "\n" for line in out.getvalue().splitlines() if line.strip())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, list | dict):
        return visible(json.dumps(value, ensure_ascii=False, default=str))
    return visible(str(value))


def _number(value: float) -> str:
    """Return four decimals, enough to tell two scores apart; with an exponent where it is tiny or huge."""
    if not math.isfinite(value):
        return str(value)
    if value != 0 and (abs(value) < 0.0001 or abs(value) >= 1e9):
        return f"{value:.2e}"
    return f"{value:.4f}".rstrip("0").rstrip(".")
