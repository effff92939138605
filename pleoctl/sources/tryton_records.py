"""Tryton's taxes and parties as rows of tax codes and vendors."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from pleoctl.sources.base import SourceRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TAX_FIELDS: Final = (
    "name",
    "active",
    "type",
    "rate",
    "parent",
    "start_date",
    "end_date",
    "group",
    "group.kind",
    "invoice_account",
    "invoice_account.code",
)
PARTY_FIELDS: Final = ("name", "code", "active")
IDENTIFIER_FIELDS: Final = ("party", "type", "code")
#: Kinds of identifiers that are a number for tax, the European one first.
TAX_NUMBERS: Final = ("eu_vat", "vat")
_OF_SALES: Final = "sale"


def tax_rows(records: list[dict[str, Any]], today: date) -> Iterator[SourceRow]:
    """A row for each tax that stands by itself and is not of sales alone, as it is on a day.

    A percentage is inclusive. A tax made of two opposite percentages is reverse charge: what comes in is on the account
    of the positive one, what goes out on that of the other. Any other is held, for it has no single rate.
    """
    parts = defaultdict(list)
    for record in records:
        if record["parent"] is not None:
            parts[record["parent"]].append(record)
    for record in records:
        if record["parent"] is None and _inner(record, "group", "kind") != _OF_SALES:
            yield _tax_row(record, [one for one in _leaves(record, parts, today) if one["type"] != "none"])


def _leaves(record: dict[str, Any], parts: dict[int, list[dict[str, Any]]], today: date) -> Iterator[dict[str, Any]]:
    """What a tax is made of at last; a part that is of another time is left out."""
    for part in parts.get(record["id"], ()):
        if _valid(part, today):
            yield from _leaves(part, parts, today)
    if record["id"] not in parts:
        yield record


def _valid(record: dict[str, Any], today: date) -> bool:
    start, end = (_day(record[name]) for name in ("start_date", "end_date"))
    return (start is None or start <= today) and (end is None or today <= end)


def _day(value: Any) -> date | None:
    """A day, which comes as ``{"__class__": "date", "year": …}``."""
    return date(value["year"], value["month"], value["day"]) if isinstance(value, dict) else None


def _tax_row(record: dict[str, Any], parts: list[dict[str, Any]]) -> SourceRow:
    cells: dict[str, Any] = {"code": str(record["id"]), "name": record["name"], "active": bool(record["active"])}
    problem = None
    rates = sorted(((rate, part) for part in parts if (rate := _rate(part)) is not None), key=lambda pair: -pair[0])
    if len(rates) == len(parts) == 1 and rates[0][0] >= 0:
        cells |= {"rate": _plain(rates[0][0]), "type": "inclusive", "ingoingTaxAccount": _account(rates[0][1])}
    elif len(rates) == len(parts) == 2 and rates[0][0] == -rates[1][0]:
        (rate, into), (_, out) = rates
        cells |= {"rate": _plain(rate), "type": "reverse"}
        cells |= {"ingoingTaxAccount": _account(into), "outgoingTaxAccount": _account(out)}
    else:
        problem = "has no single rate: it is neither a percentage nor two opposite ones"
    return SourceRow(cells, f"account.tax {record['id']}", problem=problem, record=record)


def _rate(record: dict[str, Any]) -> Decimal | None:
    """The rate of a percentage, which comes as ``{"__class__": "Decimal", "decimal": "0.19"}``."""
    value = record["rate"]
    text = value.get("decimal") if isinstance(value, dict) else value
    if record["type"] != "percentage" or text is None:
        return None
    try:
        return Decimal(str(text))
    except InvalidOperation:
        return None


def _plain(rate: Decimal) -> str:
    return format(rate.normalize(), "f")


def _account(record: dict[str, Any]) -> str | None:
    return _inner(record, "invoice_account", "code") or None


def _inner(record: dict[str, Any], name: str, field: str) -> Any:
    """A field of the record that another one names, which Tryton sends as ``name.``."""
    return (record.get(f"{name}.") or {}).get(field)


def vendor_rows(
    parties: list[dict[str, Any]], identifiers: Iterable[dict[str, Any]], key: str, currency: str | None
) -> Iterator[SourceRow]:
    """A row for each party; ``key`` is what identifies it, ``currency`` that of the company."""
    numbers: dict[int, dict[str, str]] = defaultdict(dict)
    for one in identifiers:
        numbers[one["party"]].setdefault(one["type"], one["code"])
    for party in parties:
        identity = party[key]
        cells: dict[str, Any] = {
            "externalId": None if identity is None else str(identity),
            "code": party["code"] or None,
            "name": party["name"],
            "active": bool(party["active"]),
        }
        if currency is not None:
            cells["defaultCurrency"] = currency
        own = numbers.get(party["id"], {})
        number = next((own[kind] for kind in TAX_NUMBERS if kind in own), None)
        if number is not None:
            cells["taxRegistrationNumber"] = number
        yield SourceRow(cells, f"party.party {party['id']}", record=party)
