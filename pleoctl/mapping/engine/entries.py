"""The accounting entry that comes out of an item, in the order of its JSON line."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from pleoctl.mapping.vocabulary import Side  # noqa: TC001 - msgspec evaluates the annotations


class Posting(msgspec.Struct, rename="camel", gc=False):
    """One side of an entry; ``amount`` is in hundredths of ``currency`` and greater than zero.

    ``role`` is the role of the rule that led here, ``tax`` for a tax account, or None for an account that a rule
    names itself. ``branch`` tells which branch of the role gave the account.
    """

    side: Side
    account: str
    role: str | None
    amount: int
    currency: str
    line_id: str | None = None
    tax_code: str | None = None
    tags: dict[str, str] = {}  # msgspec copies an empty default for each posting
    rule: str | None = None
    branch: str | None = None


class LedgerEntry(msgspec.Struct, gc=False):
    """One balanced entry; ``kind`` is journal, invoice, payment or creditNote."""

    kind: str
    postings: list[Posting]


class VendorOf(msgspec.Struct, rename="camel", gc=False):
    """The vendor of an entry: ``code`` is the one that it is booked on, name and ``item_code`` are the item's words."""

    code: str | None
    name: str | None
    item_code: str | None


class OriginalOf(msgspec.Struct, gc=False):
    """What was paid at the supplier's; signed hundredths."""

    currency: str
    amount: int


class PeriodOf(msgspec.Struct, gc=False):
    """The service period; ISO dates."""

    start: str | None
    end: str | None


class InvoiceOf(msgspec.Struct, rename="camel", gc=False):
    """The invoice of an entry; ISO dates."""

    number: str | None
    date: str | None
    due_date: str | None


class Entry(msgspec.Struct, rename="camel", gc=False):
    """What one item became: ``status`` mapped with balanced ``entries``, or failed with a reason."""

    accounting_entry_id: str | None
    status: Literal["mapped", "failed"]
    type: str | None
    sub_type: str | None
    method: str | None
    rule: str | None
    rules_digest: str
    posting_date: str | None
    currency: str | None
    description: str
    reconciliation_id: str | None
    reconciled_entries: list[str | None]
    attendees: list[str | None]
    vendor: VendorOf | None
    invoice: InvoiceOf | None
    original: OriginalOf | None
    service_period: PeriodOf | None
    company: str | None
    entries: list[LedgerEntry]
    warnings: list[str]
    failure_reason_type: str | None = None
    failure_reason: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the item has no entry."""
        return self.status == "failed"


_ENCODER: Final = msgspec.json.Encoder()
#: An entry as one JSON line, without the line break.
encode: Final = _ENCODER.encode
#: Entries as JSON lines, each with its line break, in half the time.
encode_lines: Final = _ENCODER.encode_lines
