"""The engine: an export item in, a balanced entry or a reason out.

    route (B1-B7) → vendor (A2-A4) → line accounts → line rules → type row → postings → data mapping → checks

Everything that depends only on the rules is worked out once, when the engine is made. An item never raises: whatever
is wrong with it ends in a failed entry with a reason of Pleo's enumeration (E4, E5, M19).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.mapping.engine.accounts import Accounts
from pleoctl.mapping.engine.entries import OTHER_SIDE, Entry, InvoiceOf, LedgerEntry, Posting, VendorOf
from pleoctl.mapping.engine.expense import ExpenseSide, Share
from pleoctl.mapping.engine.linetable import LineTable
from pleoctl.mapping.engine.work import Work
from pleoctl.mapping.failures import ItemFailure, invalid, missing, wrong
from pleoctl.mapping.items import Defect, Item
from pleoctl.mapping.vendors import Vendors
from pleoctl.mapping.vocabulary import (
    ACCOUNTS_PAYABLE,
    JOURNAL,
    JOURNAL_ONLY,
    SUBTYPES,
    VALIDATION_FAILURE,
    VENDOR_TYPES,
    VENDOR_UNKNOWN,
    Cell,
)

if TYPE_CHECKING:
    from pleoctl.mapping.catalog import Catalog
    from pleoctl.mapping.items import Invoice
    from pleoctl.mapping.rules.model import Leg, Rules, TypeRow

_ROUTES = {"journal": JOURNAL, "none": JOURNAL, "accounts_payable": ACCOUNTS_PAYABLE}


class Engine:
    """Compiled rules. ``catalog`` None: accounts, tags and their currencies are not checked."""

    def __init__(self, rules: Rules, catalog: Catalog | None = None) -> None:
        """Compile."""
        self.rules = rules
        self.has_catalog = catalog is not None
        self.vendors = Vendors(rules.vendors, rules.match)
        self.accounts = Accounts(rules, self.vendors, catalog)
        self._expense = ExpenseSide(rules, self.accounts)
        # Looked up by the plain tuple that equals a cell.
        self._rows: dict[tuple[str, str | None, str], tuple[Cell, list[TypeRow]]] = {
            cell: (cell, rows) for cell, rows in rules.by_cell.items()
        }
        self._tables: dict[Cell, LineTable] = {}
        self._describe = rules.render

    def entry(self, item: Item | Defect) -> Entry:
        """What becomes of an item."""
        if isinstance(item, Defect):
            return self._unreadable(item)
        work = Work(item)
        try:
            work.description = self._describe(item)
            return self._mapped(work, self._entries(work))
        except ItemFailure as failure:
            return self._failed(work, failure)

    # --- deciding ----------------------------------------------------------------------------------------------

    def _entries(self, work: Work) -> list[LedgerEntry]:
        work.read()
        row = self.decide(work)
        self.accounts.check_contra(work)
        shares: list[Share] = []
        if row.uses_line and work.cell is not None:
            shares = self._expense.shares(work, self.line_table(work.cell))
        work.check_amounts()
        return [self._leg(leg, shares, work) for leg in row.legs]

    def decide(self, work: Work) -> TypeRow:
        """Route, vendor and type row of an item. Raises `ItemFailure`."""
        item = work.item
        if item.sub_type not in SUBTYPES.get(item.type, ()):
            pair = item.type if item.sub_type is None else f"{item.type} with subtype {item.sub_type}"
            raise invalid(f"no rule is known for type {pair[:120]}; ask for pleoctl to be updated")
        work.method = self._route(work)
        work.cell, rows = self._rows[item.type, item.sub_type, work.method]
        if len(rows) != 1:
            raise self._undecided(work.cell, rows)
        work.row = rows[0]
        if rows[0].needs_vendor:
            self._find_vendor(work)
        return rows[0]

    @staticmethod
    def _undecided(cell: Cell, rows: list[TypeRow]) -> ItemFailure:
        if rows:
            names = " and ".join(row.id for row in rows)
            return wrong(f"{names} both match {cell}; run `pleoctl mapping check`")
        return missing(f"no rule matches {cell}; add a row to expenseTypes")

    def _route(self, work: Work) -> str:
        """The bookkeeping method that counts (B1-B6, T38, T39)."""
        item = work.item
        if item.type in JOURNAL_ONLY:
            work.branch = "always journal"
            return JOURNAL
        method = item.bookkeeping.method if item.bookkeeping is not None else None
        if method is None:
            return self._legacy_route(work)
        work.branch = f"bookkeeping.method {method}"
        if method not in _ROUTES:
            raise invalid(f"bookkeeping.method is {method[:40]!r}, which is not known")
        return _ROUTES[method]

    def _legacy_route(self, work: Work) -> str:
        """Without a method, a supplier that is a known vendor means accounts payable (B3, B4, A4)."""
        item = work.item
        work.branch = "no bookkeeping"
        if item.vendor is None and item.supplier is not None and item.type in VENDOR_TYPES:
            work.vendor = self.vendors.of_supplier(item.supplier)
            work.branch = "no bookkeeping, supplier matched" if work.vendor else "no bookkeeping, no supplier matched"
        return ACCOUNTS_PAYABLE if work.vendor is not None else JOURNAL

    def _find_vendor(self, work: Work) -> None:
        """The vendor of a row that uses accountsPayable (A2, A3, C-1, C-2)."""
        item = work.item
        if work.vendor is None:
            work.vendor = self.vendors.of_item(item)
        if work.vendor is not None or (item.vendor is None and work.method == JOURNAL):
            return
        shown = "no vendor is tagged on the item"
        if item.vendor is not None:
            name = item.vendor.code or item.vendor.name or "without code"
            shown = f"vendor {name} is not among the rules' vendors, or is blocked"
        if work.method == ACCOUNTS_PAYABLE and self.rules.unmatched == "fail":
            raise ItemFailure(VENDOR_UNKNOWN, f"{shown}; see `vendors` in the mapping rules")
        work.warnings.append(f"{shown}; booked to accounts.accountsPayable")

    def line_table(self, cell: Cell) -> LineTable:
        """The compiled line rules of a cell."""
        table = self._tables.get(cell)
        if table is None:
            table = self._tables[cell] = LineTable(self.rules.lines, cell)
        return table

    # --- posting -----------------------------------------------------------------------------------------------

    def _leg(self, leg: Leg, shares: list[Share], work: Work) -> LedgerEntry:
        side = leg.line_side
        if side is None:
            amount = abs(work.amount)
            return LedgerEntry(
                leg.kind,
                [self._counter("debit", leg, amount, work), self._counter("credit", leg, amount, work)],
            )
        postings = [p for share in shares for p in self._expense.postings(share, side, work)]
        # The counter posting is the exact sum of the lines, so an entry cannot be out of balance (N3, N5, M22).
        total = sum([share.amount for share in shares])
        postings.append(self._counter(OTHER_SIDE[side], leg, total, work))
        return LedgerEntry(leg.kind, postings)

    def _counter(self, side: str, leg: Leg, amount: int, work: Work) -> Posting:
        target = leg.debit if side == "debit" else leg.credit
        found = self.accounts.resolve(target, work)
        return Posting(
            "debit" if side == "debit" else "credit", found.account, found.role, amount, work.currency or "",
            branch=found.branch,
        )  # fmt: skip

    # --- data mapping ------------------------------------------------------------------------------------------

    def _mapped(self, work: Work, entries: list[LedgerEntry]) -> Entry:
        entry = self._shell(work)
        entry.status = "mapped"
        entry.entries = entries
        return entry

    def _failed(self, work: Work, failure: ItemFailure) -> Entry:
        entry = self._shell(work)
        entry.failure_reason_type = failure.reason_type
        entry.failure_reason = failure.reason
        return entry

    def _shell(self, work: Work) -> Entry:
        """Everything of an entry but its postings (D2-D4, D10)."""
        item = work.item
        info = item.additional_information
        vendor = item.vendor
        return Entry(
            item.accounting_entry_id, "failed", item.type, item.sub_type, work.method,
            None if work.row is None else work.row.id, self.rules.digest, work.posting_date, work.currency,
            work.description, info.reconciliation_id, info.reconciled_entries or [], info.attendees or [],
            None if vendor is None else VendorOf(vendor.code, vendor.name),
            None if info.invoice_information is None else _invoice(info.invoice_information),
            [], work.warnings,
        )  # fmt: skip

    def _unreadable(self, defect: Defect) -> Entry:
        return Entry(
            defect.accounting_entry_id, "failed", defect.type, defect.sub_type, None, None, self.rules.digest, None,
            None, "", None, [], [], None, None, [], [], VALIDATION_FAILURE, defect.reason,
        )  # fmt: skip


def _invoice(given: Invoice) -> InvoiceOf:
    return InvoiceOf(given.invoice_number, _day(given.invoice_date), _day(given.due_date))


def _day(text: str | None) -> str | None:
    return None if text is None else text[:10]
