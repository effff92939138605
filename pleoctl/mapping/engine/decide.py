"""Which rules decide about an item: its route (B1-B7), its type row, its vendor (A2-A4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.mapping.engine.record import NOBODY
from pleoctl.mapping.failures import ItemFailure, invalid, look, missing, wrong
from pleoctl.mapping.items import said
from pleoctl.mapping.vocabulary import (
    ACCOUNTS_PAYABLE,
    JOURNAL,
    JOURNAL_ONLY,
    SUBTYPES,
    VENDOR_TYPES,
    VENDOR_UNKNOWN,
    Cell,
)

if TYPE_CHECKING:
    from pleoctl.mapping.engine.work import Work
    from pleoctl.mapping.rules.model import Rules, TypeRow
    from pleoctl.mapping.rules.vendors import Vendors

_VENDOR = "tag another vendor in Pleo, or add or unblock it among the vendors of the mapping rules"
_ROUTES = {"journal": JOURNAL, "none": JOURNAL, "accounts_payable": ACCOUNTS_PAYABLE}


class Decider:
    """Finds the row of the expense-type table, and what it needs."""

    def __init__(self, rules: Rules, vendors: Vendors) -> None:
        """Rows are looked up by the plain tuple that equals a cell."""
        self._rows: dict[tuple[str, str | None, str], tuple[Cell, list[TypeRow]]] = {
            cell: (cell, rows) for cell, rows in rules.by_cell.items()
        }
        self._vendors = vendors
        self._unmatched_fails = rules.unmatched == "fail"

    def decide(self, work: Work) -> TypeRow:
        """Route, type row and vendor of an item, which stand in ``work`` as well. Raises `ItemFailure`."""
        item = work.item
        if item.sub_type not in SUBTYPES.get(item.type, ()):
            pair = item.type if item.sub_type is None else f"{item.type} with subtype {item.sub_type}"
            raise invalid(f"no rule is known for type {pair[:120]}; ask for pleoctl to be updated")
        work.method = self._route(work)
        work.cell, rows = self._rows[item.type, item.sub_type, work.method]
        if len(rows) == 1:
            work.row = rows[0]
        if work.recorder is not NOBODY:
            work.recorder.type_row(work.cell, work.row)
        if work.row is None:
            raise _undecided(work.cell, rows)
        if work.row.needs_vendor:
            self._find_vendor(work)
        return work.row

    def _route(self, work: Work) -> str:
        """The bookkeeping method that counts (B1-B6, T38, T39)."""
        item, heard = work.item, work.recorder is not NOBODY
        method = said(item.bookkeeping.method) if item.bookkeeping is not None else None
        route: str | None
        if item.type in JOURNAL_ONLY:
            route, branch = JOURNAL, "always journal"
        elif method is None:
            route, branch = self._legacy_route(work)
        else:
            route, branch = _ROUTES.get(method), f"bookkeeping.method {method}" if heard else ""
        if heard:
            work.recorder.route(route, branch)
        if route is None:
            raise look(f"bookkeeping.method is {(method or '')[:40]!r}, not journal, accounts_payable or none")
        return route

    def _legacy_route(self, work: Work) -> tuple[str, str]:
        """Without a method, a supplier that is a known vendor means accounts payable (B3, B4, A4)."""
        item = work.item
        if item.vendor is not None or item.supplier is None or item.type not in VENDOR_TYPES:
            return JOURNAL, "no bookkeeping"
        work.vendor = self._vendors.of_supplier(item.supplier)
        if work.vendor is None:
            tried = "" if work.recorder is NOBODY else f" ({self._vendors.tried(item.supplier)})"
            return JOURNAL, f"no bookkeeping, no supplier matched{tried}"
        return ACCOUNTS_PAYABLE, "no bookkeeping, supplier matched"

    def _find_vendor(self, work: Work) -> None:
        """The vendor of a row that uses accountsPayable (A2, A3, C-1, C-2)."""
        item = work.item
        if work.vendor is None:
            work.vendor = self._vendors.of_item(item)
        work.recorder.vendor(work.vendor)
        if work.vendor is not None or (item.vendor is None and work.method == JOURNAL):
            return
        shown = "no vendor is tagged on the item"
        if item.vendor is not None:
            name = item.vendor.code or item.vendor.name or "without code"
            shown = f"vendor {name} is not among the rules' vendors in use: {self._vendors.tried(item.vendor)}"
        if work.method == ACCOUNTS_PAYABLE and self._unmatched_fails:
            raise ItemFailure(VENDOR_UNKNOWN, f"{shown}; {_VENDOR}")
        work.warnings.append(f"{shown}; booked to accounts.accountsPayable")


def _undecided(cell: Cell, rows: list[TypeRow]) -> ItemFailure:
    if rows:
        names = " and ".join(row.id for row in rows)
        return wrong(f"{names} both match {cell}; run `pleoctl mapping check`")
    return missing(f"no rule matches {cell}; add a row to expenseTypes")
