"""Aligned tables for a terminal."""

from __future__ import annotations

import shutil
import sys
from io import StringIO
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pleoctl.text import Shown, terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NARROWEST: Final = 60
UNCUT: Final = 10_000


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Shown:
    """An aligned table that fits the terminal."""
    made = Table(box=None, pad_edge=False, header_style="bold", expand=False)
    for header in headers:
        made.add_column(header, overflow="fold")
    for row in rows:
        made.add_row(*(Text(terminal(cell)) for cell in row))
    out = StringIO()
    Console(file=out, width=_width(), color_system=None).print(made)
    return Shown.lines(line.rstrip() for line in out.getvalue().rstrip("\n").split("\n"))


def _width() -> int:
    """The terminal's width; what goes into a pipe or file is not cut into lines."""
    if not sys.stdout.isatty():
        return UNCUT
    return max(NARROWEST, shutil.get_terminal_size((110, 24)).columns)
