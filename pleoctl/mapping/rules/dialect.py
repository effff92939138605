"""How a table of entries is written: its columns, and what stands between cells, before decimals and in dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from pleoctl.mapping.rules.spelling import UNKNOWN
from pleoctl.mapping.vocabulary import tag_group
from pleoctl.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.documents.document import Steps
    from pleoctl.errors import Finding
    from pleoctl.mapping.rules.conditions import Origin

#: The columns of a table that nobody asked to be another.
COLUMNS: Final = (
    "accountingEntryId",
    "status",
    "type",
    "subType",
    "method",
    "rule",
    "postingDate",
    "description",
    "reconciliationId",
    "reconciledEntries",
    "attendees",
    "vendorCode",
    "vendorName",
    "invoiceNumber",
    "invoiceDate",
    "invoiceDueDate",
    "originalCurrency",
    "originalAmount",
    "servicePeriodStart",
    "servicePeriodEnd",
    "company",
    "entry",
    "kind",
    "side",
    "account",
    "role",
    "amount",
    "currency",
    "lineId",
    "taxCode",
    "tags",
    "lineRule",
    "branch",
    "failureReasonType",
    "failureReason",
    "rulesDigest",
    "warnings",
)
#: Amounts by side, which a table has where it asks for them.
SIDES: Final = ("debit", "credit", "signedAmount")
AMOUNTS: Final = frozenset({"amount", "originalAmount", *SIDES})
DAYS: Final = frozenset({"postingDate", "invoiceDate", "invoiceDueDate", "servicePeriodStart", "servicePeriodEnd"})
_DELIMITERS: Final = {"tab": "\t"}


class Dialect(msgspec.Struct, frozen=True):
    """A table's form; ``columns`` are names with their titles, ``date_format`` as in ``DD.MM.YYYY``."""

    delimiter: str = ","
    decimal: str = "."
    date_format: str = "YYYY-MM-DD"
    columns: tuple[tuple[str, str], ...] = tuple((name, name) for name in COLUMNS)

    @classmethod
    def of(cls, data: dict[str, Any]) -> Dialect:
        """The form that a rule file gives; what it leaves out is as in a plain table."""
        listed = [(c, c) if isinstance(c, str) else (c["column"], c["title"]) for c in data.get("columns", COLUMNS)]
        delimiter = data.get("delimiter", PLAIN.delimiter)
        return cls(
            _DELIMITERS.get(delimiter, delimiter),
            data.get("decimal", PLAIN.decimal),
            data.get("dateFormat", PLAIN.date_format),
            tuple(listed),
        )

    def day(self, text: str) -> str:
        """An ISO day in this form."""
        year, month, day = text[:4], text[5:7], text[8:10]
        made = self.date_format.replace("YYYY", year).replace("YY", year[2:])
        return made.replace("MM", month).replace("DD", day)


PLAIN: Final = Dialect()


def unknown_columns(origin: Origin, path: Steps, listed: list[Any]) -> Iterator[Finding]:
    """Columns that no table has."""
    known = (*COLUMNS, *SIDES)
    for index, given in enumerate(listed):
        name = given if isinstance(given, str) else given["column"]
        if name not in known and not tag_group(name):
            hint = did_you_mean(name, known, "known")
            yield origin.finding((*path, index), f"unknown column {name!r}", hint, UNKNOWN)
