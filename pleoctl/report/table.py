"""Aligned tables for a terminal."""

from __future__ import annotations

import itertools
import shutil
import sys
from io import StringIO
from typing import TYPE_CHECKING, Final

from pleoctl.text import Shown, terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NARROWEST: Final = 60
UNCUT: Final = 10_000
_BETWEEN: Final = "  "


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Shown:
    """An aligned table that fits the terminal."""
    cells, width = [[terminal(cell) for cell in row] for row in rows], _width()
    lines = _plain([headers, *cells], width) or _cut(headers, cells, width)
    return Shown.lines(line.rstrip() for line in lines)


def _plain(rows: list[Sequence[str]], width: int) -> list[str] | None:
    """The lines of cells that fit side by side, each letter in one cell of the terminal; None where some do not.

    Loading what cuts them takes as long as planning twenty small companies, and each line as long as a page.
    """
    if any(len(row) != len(rows[0]) for row in rows):
        return None
    columns = list(zip(*rows, strict=True))
    for cell in itertools.chain.from_iterable(columns):
        if not (cell.isascii() and cell.isprintable()) or cell != cell.strip() or "[" in cell:
            return None
    widths = [max(map(len, column)) for column in columns]
    if sum(widths) + len(_BETWEEN) * (len(widths) - 1) > width:
        return None
    return [_BETWEEN.join(map(str.ljust, row, widths)) for row in rows]


def _cut(headers: Sequence[str], rows: list[list[str]], width: int) -> list[str]:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, header_style="bold", expand=False)
    for header in headers:
        made.add_column(header, overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
    out = StringIO()
    Console(file=out, width=width, color_system=None).print(made)
    return out.getvalue().rstrip("\n").split("\n")


def _width() -> int:
    """The terminal's width; what goes into a pipe or file is not cut into lines."""
    if not sys.stdout.isatty():
        return UNCUT
    return max(NARROWEST, shutil.get_terminal_size((110, 24)).columns)
