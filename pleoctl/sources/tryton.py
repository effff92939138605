"""The ``tryton`` source: accounts, analytic accounts, taxes and parties by JSON-RPC.

Tryton is GPL and is only spoken to. A view (an account without a type) is a heading and left out; a closed account is
inactive. The root of an analytic tree is a dimension, the accounts below it that can be booked on are its values.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import SourceError
from pleoctl.machine import this_machine
from pleoctl.sources.base import SourceRow, Table
from pleoctl.sources.files import wanted
from pleoctl.sources.tryton_calls import TrytonCalls
from pleoctl.sources.tryton_records import (
    IDENTIFIER_FIELDS,
    PARTY_FIELDS,
    TAX_FIELDS,
    TAX_NUMBERS,
    tax_rows,
    vendor_rows,
)

if TYPE_CHECKING:
    from pleoctl.sources.context import Context

# Archived records come only where the domain asks for them.
_ALL: Final = ["active", "in", [True, False]]


class TrytonSource:
    """Reads a Tryton database as one of its users."""

    def __init__(self, context: Context, section: dict[str, Any]) -> None:
        """See `Source`."""
        self._section = section
        self._calls = TrytonCalls(context, section, "source")
        self._analytic: list[dict[str, Any]] | None = None

    def read(self, resource: str) -> Table | None:
        """See `Source.read`."""
        if not wanted(self._section, resource):
            return None
        tables = {"accounts": self._accounts, "taxCodes": self._tax_codes, "vendors": self._vendors}
        if resource in tables:
            return tables[resource]()
        if self._analytic is None:
            self._analytic = self._analytic_accounts()
        return self._dimensions(self._analytic) if resource == "dimensions" else self._values(self._analytic)

    # --- tables ------------------------------------------------------------------------------------------------

    def _accounts(self) -> Table:
        fields = ["code", "name", "active", "closed", "type"]
        records = self._calls.search("account.account", [_ALL, ["type", "!=", None], *self._company()], fields)
        key = self._section.get("externalId", "id")
        return Table(
            "account.account",
            [
                _row(
                    "account.account",
                    record,
                    {
                        "externalId": _text(record[key]),
                        "code": record["code"] or None,
                        "name": record["name"],
                        "active": _flag(record["active"]) and not record["closed"],
                    },
                )
                for record in records
            ],
        )

    def _tax_codes(self) -> Table:
        records = self._calls.search("account.tax", [_ALL, *self._company()], list(TAX_FIELDS))
        rows = list(tax_rows(records, this_machine().now().astimezone().date()))
        return Table("account.tax", rows, rate_unit="fraction")

    def _vendors(self) -> Table:
        """All parties, or those of a category: Tryton does not say who is a supplier."""
        category = self._section.get("vendorCategory")
        chosen = [] if category is None else [["categories.name", "=", category]]
        parties = self._calls.search("party.party", [_ALL, *chosen], list(PARTY_FIELDS))
        identifiers = self._calls.search(
            "party.identifier", [["type", "in", list(TAX_NUMBERS)]], list(IDENTIFIER_FIELDS)
        )
        key = self._section.get("externalId", "id")
        return Table("party.party", list(vendor_rows(parties, identifiers, key, self._currency())))

    def _currency(self) -> str | None:
        """The company's currency, where there is one company to ask for."""
        company = self._section.get("company")
        domain = [] if company is None else [["id", "=", company]]
        found = self._calls.search("company.company", domain, ["currency", "currency.code"])
        codes = {(record.get("currency.") or {}).get("code") for record in found}
        return codes.pop() if len(codes) == 1 else None

    def _analytic_accounts(self) -> list[dict[str, Any]]:
        fields = ["code", "name", "active", "type", "root"]
        try:
            return self._calls.search("analytic_account.account", [_ALL, *self._company()], fields)
        except SourceError as error:
            finding = replace(error.findings[0], hint="without analytic accounts write resources: [accounts]")
            raise SourceError(error.message, findings=[finding]) from None

    @staticmethod
    def _dimensions(records: list[dict[str, Any]]) -> Table:
        roots = [record for record in records if record["type"] == "root"]
        return Table("analytic_account.account", [_row("analytic", record, _named(record)) for record in roots])

    @staticmethod
    def _values(records: list[dict[str, Any]]) -> Table:
        codes = {record["id"]: _code(record) for record in records if record["type"] == "root"}
        normal = [record for record in records if record["type"] not in {"root", "view"}]
        return Table(
            "analytic_account.account",
            [_row("analytic", record, {"dimension": codes.get(record["root"]), **_named(record)}) for record in normal],
        )

    def _company(self) -> list[Any]:
        company = self._section.get("company")
        return [] if company is None else [["company", "=", company]]


def _row(place: str, record: dict[str, Any], cells: dict[str, Any]) -> SourceRow:
    return SourceRow(cells, f"{place} {record['id']}", record=record)


def _code(record: dict[str, Any]) -> str:
    """Codes of analytic accounts are optional in Tryton; the id stands in."""
    return str(record["code"] or record["id"])


def _flag(value: Any) -> Any:
    """On SQLite a boolean may come as a number."""
    return bool(value) if value in {0, 1} else value


def _named(record: dict[str, Any]) -> dict[str, Any]:
    return {"code": _code(record), "name": record["name"], "active": _flag(record["active"])}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
