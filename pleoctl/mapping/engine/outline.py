"""What an entry says beside its own figures, days and texts: the same for all items that are alike."""

from __future__ import annotations

from operator import methodcaller
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from pleoctl.mapping.engine.entries import Entry, InvoiceOf, LedgerEntry, OriginalOf, PeriodOf, Posting, VendorOf
from pleoctl.mapping.engine.figures import line_of
from pleoctl.mapping.rules.model import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.mapping.engine.lines import Lines
    from pleoctl.mapping.engine.own import OwnAccounts
    from pleoctl.mapping.engine.share import Share
    from pleoctl.mapping.engine.work import Work
    from pleoctl.mapping.items import Invoice, Item, Period, Person, Supplier, Vendor
    from pleoctl.mapping.rules.model import Changes, VendorRow
    from pleoctl.mapping.rules.template import Template

#: A posting as one item's is; the number of the figure that it amounts to, and that of its line; whether it has the
#: line's tags, and stands on the line's own account.
Seat = tuple[Posting, int, int | None, bool, bool]
#: Whether the line's own account is posted to, and what is set on the line.
Given = tuple[bool, "Changes"]
#: A posting like another, in fewer steps than those of `copy`.
_again: Final[Callable[[Posting], Posting]] = methodcaller("__copy__")


class Outline(msgspec.Struct, gc=False):
    """An entry without what is the item's own; ``template`` describes it where a line row says so.

    ``legs`` are kinds with their seats, none for what is not mapped; ``lines`` tell of each line what must be posted of
    it, also where nothing is left of it beside its tax; none where the lines have no say. ``found`` is whose row among
    the vendors counts, if any does.
    """

    digest: str
    currency: str | None
    method: str | None
    rule: str | None
    vendor: VendorOf | None
    warnings: list[str]
    template: Template | None = None
    legs: tuple[tuple[str, tuple[Seat, ...]], ...] = ()
    lines: tuple[Given, ...] = ()
    found: Literal["employee", "vendor"] | None = None

    @classmethod
    def of(cls, work: Work, digest: str) -> Outline:
        """What is known of an item by now, but its postings."""
        rule = None if work.row is None else work.row.id
        found: Literal["employee", "vendor"] | None = None if work.vendor is None else "vendor"
        if work.employee is not None:
            found = "employee"
        vendor = vendor_of(work.item, work.employee or work.vendor, found)
        return cls(digest, work.currency, work.method, rule, vendor, work.warnings, work.template, found=found)

    def seat(self, entries: list[LedgerEntry], work: Work) -> None:
        """Take over the postings of an item's entries."""
        sources = iter(work.sources)
        self.lines = tuple([_given(share) for share in work.shares])
        self.legs = tuple(
            (one.kind, tuple([self._seat(made, *next(sources)) for made in one.postings])) for one in entries
        )

    def _seat(self, made: Posting, figure: int, is_share: bool) -> Seat:
        line = line_of(figure)
        return _again(made), figure, line, is_share, is_share and line is not None and self.lines[line][0]

    def frame(self, item: Item, day: str | None, description: str, original: OriginalOf | None) -> Entry:
        """The entry of an item without postings, not mapped yet (D2-D4, D10)."""
        info = item.additional_information
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
            info.reconciled_entries or [],
            info.attendees or [],
            self.vendor,
            None if info.invoice_information is None else _invoice(info.invoice_information),
            original,
            None if item.service_period is None else _period(item.service_period),
            item.company_id,
            [],
            [*self.warnings],
        )

    def filled(self, item: Item, figures: list[int], own: OwnAccounts, rules: Lines) -> list[LedgerEntry] | None:
        """The entries of an item that has the outline, of its figures and of what its lines have of their own.

        None where an account of these cannot be posted to. Raises `ItemFailure` where a tag cannot.
        """
        entries, lines, accounts, tags = [], item.accounting_entry_lines, [], []
        for at, (on_own, changes) in enumerate(self.lines):
            line = lines[at]
            account = own.of(line, self.currency or "")[1] if on_own else ""
            if account is None:
                return None
            accounts.append(account)
            tags.append(rules.tags(line, changes, at) if line.tags or changes.tags else {})
        for kind, seats in self.legs:
            postings = []
            for seat, number, of_line, is_share, on_own in seats:
                posting = _again(seat)
                posting.amount = figures[number]
                if of_line is not None:
                    posting.line_id = lines[of_line].accounting_entry_line_id
                    if is_share:
                        posting.tags = tags[of_line]
                    if on_own:
                        posting.account = accounts[of_line]
                postings.append(posting)
            entries.append(LedgerEntry(kind, postings))
        return entries


def _given(share: Share) -> Given:
    own = not share.stands_in and (share.row is None or share.row.account is None)
    return own, NOTHING if share.row is None else share.row.changes


def vendor_of(item: Item, row: VendorRow | None, found: Literal["employee", "vendor"] | None) -> VendorOf | None:
    """The vendor that was found, in the item's words; without one the item's own (A2-A4, T36)."""
    given: Vendor | Supplier | Person | None = item.vendor
    if given is None and row is not None:
        given = item.user if found == "employee" else item.supplier
    if given is None:
        return None
    return VendorOf(given.code if row is None else row.code, given.name, given.code)


def _period(given: Period) -> PeriodOf:
    return PeriodOf(_day(given.start), _day(given.end))


def _invoice(given: Invoice) -> InvoiceOf:
    return InvoiceOf(given.invoice_number, _day(given.invoice_date), _day(given.due_date))


def _day(text: str | None) -> str | None:
    return None if text is None else text[:10]
