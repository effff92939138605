"""Vendors: rows from the rule file or a CSV file, and finding the one that an item means.

Only exact matches count (A12). The first key of ``match`` that hits decides; a blocked vendor is no vendor (A3). A key
that several vendors in use share points at none of them, since a liability must never go to the wrong party.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import MOST_ALIKE, Finding, InvalidFile
from pleoctl.mapping.items import Supplier, attribute
from pleoctl.mapping.rules.files import delimiter_of, named
from pleoctl.mapping.rules.model import VendorRow, literal
from pleoctl.mapping.rules.spelling import UNKNOWN
from pleoctl.place import Place
from pleoctl.text import did_you_mean
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.mapping.items import Item, Vendor

#: Keys by which an item finds its vendor; codes are unique.
KEYS: Final = ("externalId", "taxRegistrationNumber", "supplierCode", "supplierAccount")
_FIELDS: Final = ("code", *KEYS, "account")
_COLUMNS: Final = [*_FIELDS, "blocked"]
_TRUE: Final = {"true", "1", "yes", "y", "blocked"}
_FALSE: Final = {"", "false", "0", "no", "n"}


def vendor_row(data: dict[str, Any], place: Place) -> VendorRow:
    """The vendor of a mapping that its schema has checked."""
    fields = {attribute(name): value for name, value in data.items() if name in _FIELDS}
    if fields.get("account"):
        fields["account"] = literal(fields["account"])
    return VendorRow(place=place, blocked=data.get("blocked", False), **fields)


def read_csv(text: str, shown: str) -> Iterator[VendorRow]:
    """Vendors of a CSV file; empty cells are absent. Raises `InvalidFile` with the line."""
    import csv  # only where there is one

    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text), strict=True)
    try:
        whole = next(reader, [])
        header = named(whole, whole)
        _check_header(header, shown)
        for cells in (named(whole, cells) for cells in reader):
            if any(cell.strip() for cell in cells):
                yield _csv_row(
                    dict(zip(header, cells, strict=False)), len(cells), len(header), Place(shown, reader.line_num, 1)
                )
    except csv.Error as error:
        raise InvalidFile(f"is not valid CSV: {error}", place=Place(shown, reader.line_num)) from error


def _check_header(header: list[str], shown: str) -> None:
    findings = [
        Finding(UNKNOWN, f"unknown column {name!r}", place=Place(shown, 1), hint=did_you_mean(name, _COLUMNS, "known"))
        for name in [n for n in header if n not in _COLUMNS][:MOST_ALIKE]
    ]
    if not findings and "code" not in header:
        findings = [Finding("invalid-file", "lacks the column code", place=Place(shown, 1))]
    if not findings and len(set(header)) < len(header):
        findings = [Finding("invalid-file", "names a column twice", place=Place(shown, 1))]
    if findings:
        raise InvalidFile.of(findings)


def _csv_row(cells: dict[str, str], count: int, expected: int, place: Place) -> VendorRow:
    line = Place(place.file, place.line)
    if count != expected:
        raise InvalidFile(f"has {many(count, 'cell')} where the header has {expected}", place=line)
    blocked = cells.pop("blocked", "").strip().lower()
    if blocked not in _TRUE | _FALSE:
        raise InvalidFile(f"blocked is {blocked!r}", hint="write true or false", place=line)
    if not cells["code"]:
        raise InvalidFile("the vendor has no code", place=line)
    data: dict[str, Any] = {name: value or None for name, value in cells.items()}
    return vendor_row({**data, "blocked": blocked in _TRUE}, place)


def doubles(rows: Iterable[VendorRow]) -> Iterator[Finding]:
    """Vendor codes that stand twice."""
    seen: dict[str, VendorRow] = {}
    for row in rows:
        first = seen.setdefault(row.code, row)
        if first is not row:
            message = f"vendor {row.code!r} stands twice, first in {first.place}"
            yield Finding("duplicate-id", message, place=row.place, hint="keep one row")


#: How Pleo calls the keys of a vendor or supplier.
_LABELS: Final = {
    "external_id": "externalId",
    "tax_registration_number": "taxRegistrationNumber",
    "tax_identifier": "taxIdentifier",
}
Index = dict[str, VendorRow | None]


class Vendors:
    """An index of vendors for each match key; a key that several in use share maps to None."""

    def __init__(self, rows: Iterable[VendorRow], match: Iterable[str]) -> None:
        """``match``: the keys of an item's vendor, in the order in which they are tried (C-3)."""
        listed = list(rows)
        self._by_code = _index(listed, "code")
        self._keys = [(attribute(name), _index(listed, attribute(name))) for name in match]
        # A card network's merchant number must not meet a vendor code by chance, so this code has to be given.
        self._legacy = [
            ("code", _index(listed, "supplier_code")),
            ("account", _index(listed, "supplier_account")),
            ("tax_identifier", _index(listed, "tax_registration_number")),
        ]

    def of_item(self, item: Item) -> VendorRow | None:
        """The vendor that an item's ``vendor`` means (A2); None where it is unknown or blocked."""
        return None if item.vendor is None else _first(self._keys, item.vendor)

    def of_supplier(self, supplier: Supplier) -> VendorRow | None:
        """The vendor that a supplier's identifiers mean, for items without bookkeeping (B3)."""
        return _first(self._legacy, supplier)

    def tried(self, holder: Vendor | Supplier) -> str:
        """How a look-up that found no vendor went: the key that hit one out of use, or every key that was tried."""
        told = []
        for name, index in self._legacy if isinstance(holder, Supplier) else self._keys:
            value, label = getattr(holder, name), _LABELS.get(name, name)
            if value and value in index:
                found = "several vendors in use" if index[value] is None else "a blocked vendor"
                return f"{label} {value[:60]!r} is that of {found}"
            told.append(f"{label} {value[:60]!r}" if value else f"{label} (absent)")
        return f"tried {', '.join(told)}"

    def of_employee(self, code: str | None) -> VendorRow | None:
        """The vendor whose code is an employee's (T36)."""
        row = self._by_code.get(code) if code else None
        return None if row is None or row.blocked else row


def _first(keys: list[tuple[str, Index]], holder: Vendor | Supplier) -> VendorRow | None:
    for name, index in keys:
        value = getattr(holder, name)
        if value and value in index:
            row = index[value]
            return None if row is None or row.blocked else row
    return None


def _index(rows: Iterable[VendorRow], name: str) -> Index:
    found: dict[str, list[VendorRow]] = {}
    for row in rows:
        if value := getattr(row, name):
            found.setdefault(value, []).append(row)
    return {value: _single(rows) for value, rows in found.items()}


def _single(rows: list[VendorRow]) -> VendorRow | None:
    if len(rows) == 1:
        return rows[0]  # as almost all are
    in_use = [row for row in rows if not row.blocked] or rows[:1]
    return in_use[0] if len(in_use) == 1 else None
