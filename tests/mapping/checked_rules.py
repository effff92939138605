"""Rules put together for a check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from findings import line_of
from pleoctl.mapping.analysis.check import Report, check
from pleoctl.mapping.rules.build import read_rules
from pleoctl.mapping.rules.files import folder_reader

from .conftest import HEAD

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.mapping.catalog import Catalog


def report(folder: Path, text: str, held: Catalog | None = None) -> Report:
    """The report of rules."""
    (folder / "mapping.yaml").write_text(text)
    rules, names = read_rules("mapping.yaml", folder_reader(folder))
    return check(rules, names, held)


def found(folder: Path, text: str, held: Catalog | None = None) -> list[tuple[str, int | None]]:
    """Codes and lines of the findings."""
    return [(f.code, line_of(f)) for f in report(folder, text, held).findings]


def with_rows(*rows: str, types: tuple[str, ...] = (), more: str = "") -> str:
    """Rules with line rows (the first in line 14 + len(types)) and type rows (from line 13)."""
    listed = "".join(f"- {{{row}}}\n" for row in types)
    section = f"expenseTypes:\n{listed}" if types else "expenseTypes: []\n"
    lines = "lines:\n  rows:\n" + "".join(f"  - {{{row}}}\n" for row in rows) if rows else ""
    return HEAD + section + lines + more
