"""The engine: an export item in, a balanced entry or a reason out.

    read → decide (route, type row, vendor) → lines → check the amounts → post

Everything that depends only on the rules is worked out once, when the engine is made. An item never raises: whatever
is wrong with it ends in a failed entry with a reason of Pleo's enumeration (E4, E5, M19). Each step checks what it
leads to before the next one begins, so that the first thing wrong is the one that is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.mapping.engine.accounts import Accounts
from pleoctl.mapping.engine.check import Checks, check_amounts
from pleoctl.mapping.engine.decide import Decider
from pleoctl.mapping.engine.entries import Entry, InvoiceOf, LedgerEntry, PeriodOf, VendorOf
from pleoctl.mapping.engine.lines import Lines
from pleoctl.mapping.engine.post import Poster
from pleoctl.mapping.engine.record import NOBODY, Recorder
from pleoctl.mapping.engine.work import Work
from pleoctl.mapping.failures import ItemFailure
from pleoctl.mapping.items import Defect, Item
from pleoctl.mapping.rules.vendors import Vendors
from pleoctl.mapping.vocabulary import VALIDATION_FAILURE

if TYPE_CHECKING:
    from pleoctl.mapping.catalog import Catalog
    from pleoctl.mapping.items import Invoice, Period, Person, Supplier, Vendor
    from pleoctl.mapping.rules.model import Leg, Rules, TypeRow
    from pleoctl.mapping.vocabulary import Side


class Engine:
    """Compiled rules. ``catalog`` None: accounts, tags and their currencies are not checked."""

    def __init__(self, rules: Rules, catalog: Catalog | None = None) -> None:
        """Compile."""
        self.rules = rules
        self.has_catalog = catalog is not None
        vendors = Vendors(rules.vendors, rules.match)
        self._checks = Checks(rules, catalog)
        accounts = Accounts(rules, vendors, self._checks)
        self._decider = Decider(rules, vendors)
        self._lines = Lines(rules, accounts, self._checks)
        self._poster = Poster(accounts, self._checks)
        self._describe = rules.render

    def entry(self, item: Item | Defect, recorder: Recorder = NOBODY) -> Entry:
        """What becomes of an item; ``recorder`` hears why."""
        if isinstance(item, Defect):
            return self._unreadable(item)
        if not item.sub_type:
            item.sub_type = None
        work = Work(item, recorder)
        try:
            work.description = self._describe(item)
            entries = self._entries(work)
        except ItemFailure as failure:
            entry = self._shell(work)
            entry.failure_reason_type = failure.reason_type
            entry.failure_reason = failure.reason
            return entry
        entry = self._shell(work)
        entry.status = "mapped"
        entry.entries = entries
        return entry

    def _entries(self, work: Work) -> list[LedgerEntry]:
        work.read()
        row = self._decider.decide(work)
        self._checks.contra(work)
        stand_in = None if row.uses_line or work.cell is None else row.stand_ins.get(work.cell)
        if stand_in is not None:
            return self._in_place_of_lines(work, row, *stand_in)
        shares = self._lines.shares(work, work.cell) if row.uses_line and work.cell is not None else []
        check_amounts(work)
        return [self._poster.leg(leg, leg.line_side, shares, work) for leg in row.legs]

    def _in_place_of_lines(self, work: Work, row: TypeRow, of: Leg, side: Side) -> list[LedgerEntry]:
        """The entries of a row that names an account where the lines' accounts would stand."""
        shares = self._lines.shares_on(of.on(side).code or "", work)
        check_amounts(work)
        return [self._poster.leg(leg, side if leg is of else None, shares, work) for leg in row.legs]

    def _shell(self, work: Work) -> Entry:
        """Everything of an entry but its postings (D2-D4, D10)."""
        item = work.item
        info = item.additional_information
        return Entry(
            item.accounting_entry_id,
            "failed",
            item.type,
            item.sub_type,
            work.method,
            None if work.row is None else work.row.id,
            self.rules.digest,
            work.posting_date,
            work.currency,
            work.description,
            info.reconciliation_id,
            info.reconciled_entries or [],
            info.attendees or [],
            None if item.vendor is None and (work.employee or work.vendor) is None else _vendor(work),
            None if info.invoice_information is None else _invoice(info.invoice_information),
            work.original,
            None if item.service_period is None else _period(item.service_period),
            item.company_id,
            [],
            work.warnings,
        )

    def _unreadable(self, defect: Defect) -> Entry:
        return Entry(
            defect.accounting_entry_id,
            "failed",
            defect.type,
            defect.sub_type,
            None,
            None,
            self.rules.digest,
            None,
            None,
            "",
            None,
            [],
            [],
            None,
            None,
            None,
            None,
            None,
            [],
            [],
            VALIDATION_FAILURE,
            defect.reason,
        )


def _vendor(work: Work) -> VendorOf | None:
    """The vendor that was found, in the item's words; without one the item's own (A2-A4, T36)."""
    item, found = work.item, work.employee or work.vendor
    given: Vendor | Supplier | Person | None = item.vendor
    if given is None and found is not None:
        given = item.supplier if work.employee is None else item.user
    if given is None:
        return None
    return VendorOf(given.code if found is None else found.code, given.name, given.code)


def _period(given: Period) -> PeriodOf:
    return PeriodOf(_day(given.start), _day(given.end))


def _invoice(given: Invoice) -> InvoiceOf:
    return InvoiceOf(given.invoice_number, _day(given.invoice_date), _day(given.due_date))


def _day(text: str | None) -> str | None:
    return None if text is None else text[:10]
