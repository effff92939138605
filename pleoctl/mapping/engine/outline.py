"""What an entry says beside its item's own figures, days and texts: the same for all items that are alike.

    Outline         what is known before a line is looked at: the head of the entry, its legs, and of each leg the
                    postings that stand against the whole item
    ShareOutline    what a line puts on the expense side of one leg: a posting, a posting and its tax, or tax alone

So an entry is its outline, filled with those of its item's lines, one for each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from pleoctl.mapping.engine.accounts import VENDOR_BRANCH
from pleoctl.mapping.engine.entries import Entry, InvoiceOf, LedgerEntry, OriginalOf, PeriodOf, Posting, VendorOf
from pleoctl.mapping.engine.figures import GROSS, NET, TAX
from pleoctl.mapping.engine.post import TAX_ROLE
from pleoctl.mapping.items import said
from pleoctl.model.days import is_day

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pleoctl.mapping.engine.linetable import LineTable
    from pleoctl.mapping.engine.share import Share
    from pleoctl.mapping.engine.work import Work
    from pleoctl.mapping.items import Invoice, Item, Period, Person, Supplier, Vendor
    from pleoctl.mapping.rules.model import VendorRow
    from pleoctl.mapping.vocabulary import Side

#: Whose row among the vendors counts.
Payee = Literal["employee", "vendor"]
#: A posting against the whole item: side, account (None: the payee's), role, branch, and the payee.
Counter = tuple["Side", str | None, str | None, str | None, Payee | None]
#: A posting of a line: which of its figures, side, account (None: the line's own), role, tax code, rule, branch, and
#: whether it has the line's tags.
Seat = tuple[int, "Side", str | None, str | None, str | None, str | None, str | None, bool]


class Expense(msgspec.Struct, frozen=True, gc=False):
    """Where lines stand in an entry: the side of their leg, and the currency.

    ``account`` is one that a type row names in their place; else ``table`` is asked about them, where it has rows.
    """

    side: Side
    currency: str
    account: str | None
    table: LineTable | None


class LegOutline(msgspec.Struct, gc=False):
    """An entry of a kind, and whether the lines stand in it, before its counter postings."""

    kind: str
    has_lines: bool
    counters: tuple[Counter, ...]


class Outline(msgspec.Struct, gc=False):
    """An entry without what is the item's own. ``found`` is whose row among the vendors counts, if any does.

    ``legs``: none for what is not mapped. ``expense``: None where lines have no say.
    """

    digest: str
    currency: str | None
    method: str | None
    rule: str | None
    found: Payee | None
    warnings: list[str]
    legs: tuple[LegOutline, ...] = ()
    expense: Expense | None = None

    @classmethod
    def of(cls, work: Work, digest: str) -> Outline:
        """What is known of an item by now, but its legs."""
        found: Payee | None = None if work.vendor is None else "vendor"
        if work.employee is not None:
            found = "employee"
        rule = None if work.row is None else work.row.id
        return cls(digest, work.currency, work.method, rule, found, work.warnings)

    def frame(
        self, item: Item, day: str | None, description: str, original: OriginalOf | None, row: VendorRow | None
    ) -> Entry:
        """The entry of an item without postings, not mapped yet (D2-D4, D10); ``row`` is the one that was found."""
        info = item.additional_information
        period = None if item.service_period is None else _period(item.service_period)
        return Entry(
            item.accounting_entry_id,
            "failed",
            item.type,
            item.sub_type,
            self.method,
            self.rule,
            self.digest,
            day,
            self.currency,
            description,
            info.reconciliation_id,
            [] if info.reconciled_entries is None else info.reconciled_entries,
            [] if info.attendees is None else info.attendees,
            None if row is None and item.vendor is None else _vendor(item, row, self.found),
            None if info.invoice_information is None else _invoice(info.invoice_information),
            original,
            period,
            item.company_id,
            [],
            [*self.warnings] if period is None else [*self.warnings, *_doubts(period)],
        )


def leg_outline(made: LedgerEntry, side: Side | None) -> LegOutline:
    """The outline of an entry, on whose ``side`` are the lines, if on any; its counter postings are the last ones."""
    counters = made.postings if side is None else made.postings[-1:]
    return LegOutline(made.kind, side is not None, tuple([_counter(one) for one in counters]))


def _counter(made: Posting) -> Counter:
    if made.branch != VENDOR_BRANCH:
        return made.side, made.account, made.role, made.branch, None
    return made.side, None, made.role, made.branch, "employee" if made.role == "employeePayable" else "vendor"


class ShareOutline(msgspec.Struct, gc=False):
    """What lines put on the expense side that are alike.

    ``needs_own``: the line's own account must be one to post to, also where nothing is left of the line but its tax.
    """

    seats: tuple[Seat, ...]
    needs_own: bool

    @classmethod
    def of(cls, share: Share, postings: Sequence[Posting]) -> ShareOutline:
        """The outline of a share that became postings."""
        needs_own = not share.stands_in and (share.row is None or share.row.account is None)
        return cls(tuple([_seat(one, share, needs_own=needs_own) for one in postings]), needs_own)


def _seat(made: Posting, share: Share, *, needs_own: bool) -> Seat:
    if made.role == TAX_ROLE:
        return TAX, made.side, made.account, made.role, made.tax_code, made.rule, made.branch, False
    figure, account = GROSS if made.amount == share.amount else NET, None if needs_own else made.account
    return figure, made.side, account, made.role, made.tax_code, made.rule, made.branch, True


def _vendor(item: Item, row: VendorRow | None, found: Payee | None) -> VendorOf | None:
    """The vendor that was found, in the item's words; without one the item's own (A2-A4, T36)."""
    given: Vendor | Supplier | Person | None = item.vendor
    if given is None and row is not None:
        given = item.user if found == "employee" else item.supplier
    if given is None:
        return None
    return VendorOf(said(given.code) if row is None else row.code, said(given.name), said(given.code))


def _period(given: Period) -> PeriodOf:
    return PeriodOf(_day(given.start), _day(given.end))


def _doubts(period: PeriodOf) -> Iterator[str]:
    """What is wrong with a service period, which goes into the books as it is (D11)."""
    start, end = period.start, period.end
    if not all(day is None or is_day(day) for day in (start, end)):
        yield f"the service period is none of days: {start} to {end}; look at the item in Pleo"
    elif start is not None and end is not None and end < start:
        yield f"the service period ends before it begins: {start} to {end}; look at the item in Pleo"


def _invoice(given: Invoice) -> InvoiceOf:
    return InvoiceOf(said(given.invoice_number), _day(given.invoice_date), _day(given.due_date))


def _day(text: str | None) -> str | None:
    day = said(text)
    return None if day is None else day[:10]
