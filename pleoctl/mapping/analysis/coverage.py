"""Coverage of rules by real items: hits per row, rows never hit, items without an entry (P2)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pleoctl.mapping.engine.record import Nobody

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pleoctl.mapping.engine.engine import Engine
    from pleoctl.mapping.engine.entries import Entry
    from pleoctl.mapping.engine.facts import Facts
    from pleoctl.mapping.items import Defect, Item
    from pleoctl.mapping.rules.model import LineRow, Rules


#: Items without an entry beyond this many are only counted, so that memory does not grow.
MAX_UNMAPPED: Final = 1000


@dataclass(slots=True)
class Coverage:
    """Hits per row of expenseTypes (items) and of lines (lines), and the first `MAX_UNMAPPED` items that failed."""

    rules: Rules
    items: int = 0
    types: Counter[str] = field(default_factory=Counter)
    lines: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    unmapped: list[dict[str, Any]] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        """Count an entry."""
        self.items += 1
        if entry.rule is not None:
            self.types[entry.rule] += 1
        if entry.failed:
            self.failed += 1
            if len(self.unmapped) < MAX_UNMAPPED:
                self.unmapped.append(_unmapped(entry))

    def as_json(self) -> dict[str, Any]:
        """The result of ``mapping coverage``; ``neverHit`` leaves out the rows that ship with pleoctl."""
        rows = [
            *(_row("expenseTypes", r.id, r.place, self.types[r.id], standard=r.standard) for r in self.rules.types),
            *(_row("lines", r.id, r.place, self.lines[r.id], standard=False) for r in self.rules.lines),
        ]
        return {
            "items": self.items,
            "mapped": self.items - self.failed,
            "failed": self.failed,
            "rulesDigest": self.rules.digest,
            "rules": rows,
            "neverHit": [row["rule"] for row in rows if not row["hits"] and not row["standard"]],
            "unmapped": self.unmapped,
            "unmappedLeftOut": self.failed - len(self.unmapped),
        }


class _LineHits(Nobody):
    """Counts the rows of lines, whatever becomes of the item."""

    def __init__(self, hits: Counter[str]) -> None:
        self._hits = hits

    def line(self, number: int, facts: Facts, row: LineRow | None) -> None:  # noqa: ARG002 - what is heard
        if row is not None:
            self._hits[row.id] += 1


def coverage(engine: Engine, items: Iterable[Item | Defect]) -> Coverage:
    """Map items and count which rows decided."""
    found = Coverage(engine.rules)
    recorder = _LineHits(found.lines)
    for item in items:
        found.add(engine.entry(item, recorder))
    return found


def _row(table: str, name: str, place: Any, hits: int, *, standard: bool) -> dict[str, Any]:
    return {
        "rule": name,
        "table": table,
        "file": place.file,
        "line": place.line,
        "hits": hits,
        "standard": standard,
    }


def _unmapped(entry: Entry) -> dict[str, Any]:
    return {
        "accountingEntryId": entry.accounting_entry_id,
        "type": entry.type,
        "subType": entry.sub_type,
        "method": entry.method,
        "failureReasonType": entry.failure_reason_type,
        "failureReason": entry.failure_reason,
    }
