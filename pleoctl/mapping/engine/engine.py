"""The engine: an export item in, a balanced entry or a reason out.

    read → decide (route, type row, vendor) → lines → check the amounts → post

Everything that depends only on the rules is worked out once, when the engine is made, and what follows for items that
are alike once for all of them (`pleoctl.mapping.engine.alike`). An item never raises: whatever is wrong with it ends in
a failed entry with a reason of Pleo's enumeration (E4, E5, M19). Each step checks what it leads to before the next one
begins, so that the first thing wrong is the one that is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.mapping.engine.accounts import Accounts
from pleoctl.mapping.engine.alike import Alike
from pleoctl.mapping.engine.check import Checks, check_amounts
from pleoctl.mapping.engine.decide import Decider
from pleoctl.mapping.engine.entries import Entry, LedgerEntry
from pleoctl.mapping.engine.expense import Expenses
from pleoctl.mapping.engine.lines import Lines
from pleoctl.mapping.engine.outline import Outline
from pleoctl.mapping.engine.post import Poster
from pleoctl.mapping.engine.record import NOBODY, Recorder
from pleoctl.mapping.engine.work import Work
from pleoctl.mapping.failures import ItemFailure
from pleoctl.mapping.items import Defect, Item, said
from pleoctl.mapping.rules.vendors import Vendors
from pleoctl.mapping.vocabulary import VALIDATION_FAILURE

if TYPE_CHECKING:
    from pleoctl.mapping.catalog import Catalog
    from pleoctl.mapping.rules.model import Rules


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
        expenses = Expenses(self._lines, self._poster, split=rules.tax_shape == "split")
        self._alike = Alike(rules, vendors, self._checks, expenses)
        self._describe = rules.describe

    def entry(self, item: Item | Defect, recorder: Recorder = NOBODY) -> Entry:
        """What becomes of an item; ``recorder`` hears why."""
        if isinstance(item, Defect):
            return self._unreadable(item)
        if item.sub_type is not None and said(item.sub_type) is None:
            item.sub_type = None
        met = self._alike.meet(item) if recorder is NOBODY else None
        if isinstance(met, Entry):
            return met
        work = Work(item, recorder)
        try:
            work.description = self._describe(item)
            entries = self._entries(work)
        except ItemFailure as failure:
            entry = self._framed(work, Outline.of(work, self.rules.digest))
            entry.failure_reason_type = failure.reason_type
            entry.failure_reason = failure.reason
            return entry
        outline = Outline.of(work, self.rules.digest)
        entry = self._framed(work, outline)
        entry.status, entry.entries = "mapped", entries
        if met is not None:
            self._alike.learn(met, work, outline, entries)
        return entry

    def _framed(self, work: Work, outline: Outline) -> Entry:
        row = work.employee or work.vendor
        entry = outline.frame(work.item, work.posting_date, work.description, work.original, row)
        entry.warnings += work.of_lines
        return entry

    def _entries(self, work: Work) -> list[LedgerEntry]:
        work.read()
        row = self._decider.decide(work)
        self._checks.contra(work)
        work.legs = [(leg, leg.line_side) for leg in row.legs]
        stand_in = None if row.uses_line or work.cell is None else row.stand_ins.get(work.cell)
        if stand_in is not None:
            # The row names an account where the lines' accounts would stand.
            of, side = stand_in
            work.legs = [(leg, side if leg is of else None) for leg in row.legs]
            work.shares = self._lines.shares_on(of.on(side).code or "", work)
        elif row.uses_line and work.cell is not None:
            work.shares = self._lines.shares(work, work.cell)
        check_amounts(work)
        return [self._poster.leg(leg, side, work) for leg, side in work.legs]

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
