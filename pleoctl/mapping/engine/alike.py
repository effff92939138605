"""Items that are alike, decided once.

    kind       what of an item decides about its entry before a line of it is looked at: type, method, currency, contra
               account, whether a vendor counts that has an account of its own
    outline    what follows of that: roles, rules, accounts, warnings; see `pleoctl.mapping.engine.outline`
    lines      what each line puts on the expense side, outlines as well; see `pleoctl.mapping.engine.expense`
    its own    figures, ids, days, texts, people, the vendor's account, the accounts and tags of lines

Invariant: outlines are used only for an item of which the engine would make the very same entry. All that it reads of
an item is in the kind, or in that of a line; or is asked anew (vendors, the line table, accounts and tags of lines, the
description); or is in order, as `figures_of` says, and a day of the calendar. What the engine finds out about one line
does not depend on the others, but for their sum, and for what describes the item. An item of which all that cannot be
said goes the engine's way, which alone knows why items fail. So does the first of each kind, which leaves its outline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.mapping.engine.amounts import hundredths
from pleoctl.mapping.engine.entries import Entry, LedgerEntry, OriginalOf, Posting
from pleoctl.mapping.engine.figures import figures_of
from pleoctl.mapping.engine.outline import leg_outline
from pleoctl.mapping.failures import ItemFailure
from pleoctl.mapping.items import said
from pleoctl.mapping.vocabulary import NO_ACCOUNT_ID, VENDOR_TYPES
from pleoctl.model.days import is_day

if TYPE_CHECKING:
    from pleoctl.mapping.engine.check import Checks
    from pleoctl.mapping.engine.expense import Expenses
    from pleoctl.mapping.engine.figures import Figures
    from pleoctl.mapping.engine.outline import Outline
    from pleoctl.mapping.engine.work import Work
    from pleoctl.mapping.items import Item
    from pleoctl.mapping.rules.model import Rules, TypeRow, VendorRow
    from pleoctl.mapping.rules.template import Template
    from pleoctl.mapping.rules.vendors import Vendors

#: Outlines that are kept; where there are more, all are forgotten.
MOST: Final = 4096

Kind = tuple[Any, ...]
#: The rows among the vendors of an item's vendor and of its employee.
Payees = tuple["VendorRow | None", "VendorRow | None"]
_NOBODY: Final[Payees] = (None, None)


class Alike:
    """The kinds that have come, with their outlines; never more than `MOST`."""

    def __init__(self, rules: Rules, vendors: Vendors, checks: Checks, expenses: Expenses) -> None:
        """Nothing has come yet."""
        self._describe = rules.describe
        self._vendors, self._checks, self._expenses = vendors, checks, expenses
        self._has_vendors = bool(rules.vendors)
        #: Types of which a vendor may stand for the employee (T36).
        self._of_employees = {cell.type for cell, rows in rules.by_cell.items() if any(map(_asks_employee, rows))}
        # None is of items that the engine is to see, each of them.
        self._known: dict[Kind, Outline | None] = {}

    def meet(self, item: Item) -> Entry | Kind | None:
        """The entry of an item whose kind is known; the kind where it is to be learnt, else None."""
        figures, day = figures_of(item), item.date[:10]
        if figures is None or not is_day(day):
            return None
        payees = self._payees(item) if self._has_vendors else _NOBODY
        kind = _kind(item, payees)
        try:
            outline = self._known[kind]
        except KeyError:
            return kind
        try:
            return None if outline is None else self._entry(item, day, figures, outline, payees)
        except ItemFailure:
            return None  # as the engine finds and tells

    def learn(self, kind: Kind, work: Work, outline: Outline, entries: list[LedgerEntry]) -> None:
        """Keep the outline of an item of a kind, which became ``entries``."""
        sides = [side for _, side in work.legs]
        outline.legs = tuple([leg_outline(one, side) for one, side in zip(entries, sides, strict=True)])
        on = [side for side in sides if side is not None]
        if on:
            outline.expense = self._expenses.of(on[0], work)
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[kind] = outline if len(on) < 2 else None

    def _payees(self, item: Item) -> Payees:
        """The rows that may count, of the vendor and of the employee."""
        vendor = employee = None
        if item.vendor is not None:
            vendor = self._vendors.of_item(item)
        elif item.supplier is not None and item.type in VENDOR_TYPES:
            booked = item.bookkeeping
            if booked is None or said(booked.method) is None:
                vendor = self._vendors.of_supplier(item.supplier)
        if item.user is not None and item.type in self._of_employees:
            employee = self._vendors.of_employee(item.user.code)
        return vendor, employee

    def _entry(self, item: Item, day: str, figures: list[Figures], outline: Outline, payees: Payees) -> Entry | None:
        postings: list[Posting] = []
        described: list[Template] = []
        if outline.expense is not None:
            found = self._expenses.postings(item, figures, outline.expense)
            if found is None:
                return None
            postings, described = found
        entries = self._entries(int(abs(item.amount.in_wallet_currency.value)), outline, payees, postings)
        # Where several lines describe the item, the first one counts, and the others are warned of.
        if entries is None or len(described) > 1:
            return None
        # Both are asked, since either may fail.
        description = self._describe(item)
        for template in described:
            description = template.render(item)
        paid = item.amount.paid
        original = None if paid is None else OriginalOf(paid.currency, hundredths(paid, "amount"))
        vendor, employee = payees
        row = employee if outline.found == "employee" else vendor if outline.found == "vendor" else None
        entry = outline.frame(item, day, description, original, row)
        entry.status, entry.entries = "mapped", entries
        return entry

    def _entries(
        self, whole: int, outline: Outline, payees: Payees, postings: list[Posting]
    ) -> list[LedgerEntry] | None:
        """The entries of an item of which the lines' postings are known; None where its payee's account cannot be."""
        entries, currency = [], outline.currency or ""
        for leg in outline.legs:
            made = postings if leg.has_lines else []
            for side, fixed, role, branch, payee in leg.counters:
                account = fixed or self._payable(payees[payee == "employee"], currency)
                if account is None:
                    return None
                made.append(Posting(side, account, role, whole, currency, None, None, {}, None, branch))
            entries.append(LedgerEntry(leg.kind, made))
        return entries

    def _payable(self, row: VendorRow | None, currency: str) -> str | None:
        """The account of a vendor, if it can be posted to."""
        if row is None or row.account is None or not self._checks.usable(row.account, currency):
            return None
        return row.account


def _kind(item: Item, payees: Payees) -> Kind:
    money, contra, booked = item.amount.in_wallet_currency, item.contra_account, item.bookkeeping
    vendor, employee = payees
    return (
        item.type,
        item.sub_type,
        None if booked is None else booked.method,
        money.currency,
        money.value > 0,
        contra and (contra.code, contra.identifier, contra.id == NO_ACCOUNT_ID),
        # Warnings name a vendor that is not found. A supplier that is one decides the method, too (B3).
        item.vendor if vendor is None else (item.vendor is None, vendor.account is None),
        employee is not None and employee.account is not None,
    )


def _asks_employee(row: TypeRow) -> bool:
    return any(target.role == "employeePayable" for target in row.targets)
