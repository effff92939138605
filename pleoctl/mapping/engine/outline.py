"""What an entry says beside its own figures, days and texts: the same for all items that are alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pleoctl.mapping.engine.entries import Entry, InvoiceOf, LedgerEntry, OriginalOf, PeriodOf, Posting, VendorOf
from pleoctl.mapping.engine.figures import line_of

if TYPE_CHECKING:
    from pleoctl.mapping.engine.work import Work
    from pleoctl.mapping.items import Invoice, Item, Period, Person, Supplier, Vendor
    from pleoctl.mapping.rules.template import Template
    from pleoctl.mapping.vocabulary import Side

#: A posting without its amount: side, account, role, number of the figure, line, tax code, tags, rule, branch.
Seat = tuple["Side", str, str | None, int, int | None, str | None, dict[str, str], str | None, str | None]


class Outline(msgspec.Struct, gc=False):
    """An entry without what is the item's own; ``template`` describes it where a line row says so.

    ``legs`` are kinds with their seats, none for what is not mapped.
    """

    digest: str
    currency: str | None
    method: str | None
    rule: str | None
    vendor: VendorOf | None
    warnings: list[str]
    template: Template | None = None
    legs: tuple[tuple[str, tuple[Seat, ...]], ...] = ()

    @classmethod
    def of(cls, work: Work, digest: str) -> Outline:
        """What is known of an item by now, but its postings."""
        rule = None if work.row is None else work.row.id
        vendor = None if work.item.vendor is None and (work.employee or work.vendor) is None else _vendor(work)
        return cls(digest, work.currency, work.method, rule, vendor, work.warnings, work.template)

    def seat(self, entries: list[LedgerEntry], figures: list[int]) -> None:
        """Take over the postings of an item's entries; ``figures`` tells what each of them amounts to."""
        numbers = iter(figures)
        self.legs = tuple((one.kind, tuple([_seat(made, next(numbers)) for made in one.postings])) for one in entries)

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

    def filled(self, item: Item, figures: list[int]) -> list[LedgerEntry]:
        """The entries of an item that has the outline, of its figures."""
        currency, lines = self.currency or "", item.accounting_entry_lines
        return [
            LedgerEntry(
                kind,
                [
                    Posting(
                        side,
                        account,
                        role,
                        figures[number],
                        currency,
                        None if line is None else lines[line].accounting_entry_line_id,
                        tax_code,
                        tags,
                        rule,
                        branch,
                    )
                    for side, account, role, number, line, tax_code, tags, rule, branch in seats
                ],
            )
            for kind, seats in self.legs
        ]


def _seat(posting: Posting, number: int) -> Seat:
    return (
        posting.side,
        posting.account,
        posting.role,
        number,
        line_of(number),
        posting.tax_code,
        posting.tags,
        posting.rule,
        posting.branch,
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
