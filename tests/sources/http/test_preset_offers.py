"""Vendors and tax codes of presets, which are read only where the workspace names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.errors import InvalidFile
from vendors import NUMBERS, VENDORS, section

if TYPE_CHECKING:
    from fake_books import Books, FakeServer

pytestmark = pytest.mark.usefixtures("tokens")
OFFERED = {
    "xero": "c-",
    "business-central": "c-",
    "odoo": "",
    "visma-eaccounting": "c-",
    "exact-online": "c-",
    "sage": "c-",
    "netsuite": "",
}
#: Those whose vendors without a number do not exist.
NUMBERED = {"business-central", "visma-eaccounting", "exact-online", "netsuite"}


@pytest.mark.parametrize("name", OFFERED)
def test_vendors_are_read_where_they_are_named(server: FakeServer, books: Books, name: str) -> None:
    """Completely, with the currency that the workspace gives to those that have none; unasked they are not read."""
    server.app = VENDORS[name].app
    assert "vendor" not in books.read(section(server, name)).flat
    rows = books.read({**section(server, name), "vendors": {"defaultCurrency": "EUR"}}).flat["vendor"]
    assert len(rows) == len(NUMBERS)
    assert [row.hold for row in rows if row.hold is not None] == []
    by_key = {row.key: row for row in rows}
    first, second = by_key[f"{OFFERED[name]}1001"], by_key[f"{OFFERED[name]}1002"]
    without = "1002" if name in NUMBERED else None
    assert (first.fields["code"], first.fields["name"], second.fields["code"]) == ("1001", "Vendor 1001", without)
    assert first.fields.get("taxRegistrationNumber") == (None if name == "netsuite" else "GB1")
    assert second.fields["defaultCurrency"] == "EUR"
    assert first.fields["defaultCurrency"] == ("EUR" if name == "odoo" else "GBP")
    assert [row.active for row in rows].count(False) == 105


def test_tax_rates_of_xero_are_tax_codes(server: FakeServer, books: Books) -> None:
    """Those of expenses, percentages as fractions, reverse charge by its name."""
    server.app = VENDORS["xero"].app
    rows = books.read({**section(server, "xero"), "taxCodes": {}}).flat["taxCode"]
    assert [(row.key, row.fields["rate"], row.fields["type"], row.active) for row in rows] == [
        ("INPUT2", "0.2", "inclusive", True),
        ("REVERSECHARGES", "0.2", "reverse", False),
        ("RRINPUT", "0.125", "inclusive", True),
    ]


def test_tax_rates_of_sage_are_tax_codes(server: FakeServer, books: Books) -> None:
    """Percentages as fractions, one that is not shown is inactive."""
    server.app = VENDORS["sage"].app
    rows = books.read({**section(server, "sage"), "taxCodes": {}}).flat["taxCode"]
    assert [(row.key, row.fields["rate"], row.active) for row in rows] == [
        ("GB_STANDARD", "0.2", True),
        ("GB_OLD", "0.175", False),
    ]


def test_vat_codes_of_exact_are_tax_codes(server: FakeServer, books: Books) -> None:
    """Those of purchases, charged ones as reverse charge, with the accounts of the tax; sales alone are left out."""
    server.app = VENDORS["exact-online"].app
    rows = books.read({**section(server, "exact-online"), "taxCodes": {}}).flat["taxCode"]
    assert [(row.key, row.fields["rate"], row.fields["type"], row.fields["ingoingTaxAccount"]) for row in rows] == [
        ("1", "0.21", "inclusive", "1520"),
        ("5", "0.21", "reverse", "1521"),
    ]


def test_a_table_that_a_preset_does_not_offer_needs_all_its_keys(server: FakeServer, books: Books) -> None:
    """`{}` is enough only where the preset knows how to read it."""
    with pytest.raises(InvalidFile) as caught:
        books.read({**section(server, "datev"), "vendors": {}})
    assert "source.vendors says nothing: the preset datev does not know" in str(caught.value.findings[0])
    assert server.calls == []
