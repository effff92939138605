"""Vendors and tax codes of presets, which are read only where the workspace names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pleoctl.errors import InvalidFile, Refused, SourceError
from pleoctl.sources.http.presets import PRESETS, load_preset
from pleoctl.sources.opening import open_source, untrusted
from vendors import NUMBERS, VENDORS, section

if TYPE_CHECKING:
    from fake_books import Books, Call, FakeServer, Reply
    from pleoctl.model.records import Row
    from shapes import Json, Value

pytestmark = pytest.mark.usefixtures("tokens")
#: Before the number in the identity of its vendors.
PREFIX = {"xero": "c-", "business-central": "c-", "visma-eaccounting": "c-", "exact-online": "c-", "sage": "c-"}
#: Those whose vendors without a number do not exist.
NUMBERED = {"business-central", "visma-eaccounting", "exact-online", "netsuite", "e-conomic", "fortnox"}
#: What vendor 1001 has as its number for tax, where the list says it at all.
WITHOUT_TAX_NUMBER = {"netsuite", "fortnox", "quickbooks"}
Seen = tuple[Any, ...]
TAX_CODES: dict[str, list[Seen]] = {
    "xero": [
        ("INPUT2", "0.2", "inclusive", True),
        ("REVERSECHARGES", "0.2", "reverse", False),
        ("RRINPUT", "0.125", "inclusive", True),
    ],
    "sage": [("GB_STANDARD", "0.2", "inclusive", True), ("GB_OLD", "0.175", "inclusive", False)],
    "exact-online": [("1", "0.21", "inclusive", True, "1520", None), ("5", "0.21", "reverse", True, "1521", None)],
    "e-conomic": [("I25", "0.25", "inclusive", True, "6903", None), ("OBVK", "0.25", "reverse", False, "6903", "6904")],
    "quickbooks": [
        ("2", "0.2", "inclusive", True),
        ("3", "0.2", "reverse", True),
        ("4", "0.14975", "inclusive", False),
    ],
    "netsuite": [
        ("5", "0.2", "inclusive", True),
        ("6", "0.2", "reverse", True),
        ("7", "0.175", "inclusive", False),
    ],
    "odoo": [
        ("7", "0.25", "inclusive", True, "26+100", None),
        ("8", "0.25", "reverse", True, "26+100", "26-100"),
        ("9", "0", "inclusive", False, None, None),
        ("10", None, "inclusive", True, None, None),
    ],
    "visma-eaccounting": [
        ("vat-05", "0.25", "inclusive", True),
        ("vat-21", "0.25", "reverse", True),
        ("vat-48", "0.06", "inclusive", True),
    ],
}
_TYPE = {"visma-eaccounting": {"fields": {"type": "Code == '21' && 'reverse' || 'inclusive'"}}}


def asked(server: FakeServer, name: str, **tables: Json) -> Json:
    """The vendor's section, in which only these tables are read, wherever the preset asks them."""
    own = {table: {"baseUrl": server.url} for table, offer in load_preset(name).offers.items() if "baseUrl" in offer}
    none = dict.fromkeys(("accounts", "dimensions", "values"))
    return {
        **section(server, name),
        **none,
        **{table: {**own.get(table, {}), **more} for table, more in tables.items()},
    }


def seen(row: Row) -> Seen:
    """What a tax code became; its accounts where the system says any."""
    accounts = [row.fields[one] for one in ("ingoingTaxAccount", "outgoingTaxAccount") if one in row.fields]
    return (row.key, row.fields["rate"], row.fields["type"], row.active, *accounts)


def test_what_is_offered_is_tried() -> None:
    """All presets give vendors; those that are not here list no tax codes that say enough."""
    assert [name for name in PRESETS.names() if "vendors" not in load_preset(name).offers] == []
    assert {name for name in PRESETS.names() if "taxCodes" in load_preset(name).offers} == TAX_CODES.keys()


@pytest.mark.parametrize("name", VENDORS)
def test_vendors_are_read_where_they_are_named(server: FakeServer, books: Books, name: str) -> None:
    """Completely, with the currency that the workspace gives to those that have none; unasked they are not read."""
    server.app = VENDORS[name].app
    assert "vendor" not in books.read(section(server, name)).flat
    rows = books.read(asked(server, name, vendors={"defaultCurrency": "EUR"})).flat["vendor"]
    assert len(rows) == len(NUMBERS)
    assert [row.hold for row in rows if row.hold is not None] == []
    by_key = {row.key: row for row in rows}
    if name == "datev":
        one = by_key["710010000"]
        assert (one.fields["code"], one.fields["name"], one.local) == (
            "71001",
            "Vendor 1001",
            {"payableAccount": "71001"},
        )
        return
    prefix = PREFIX.get(name, "")
    first, second = by_key[f"{prefix}1001"], by_key[f"{prefix}1002"]
    without = "1002" if name in NUMBERED else None
    assert (first.fields["code"], first.fields["name"], second.fields["code"]) == ("1001", "Vendor 1001", without)
    assert first.fields.get("taxRegistrationNumber") == (None if name in WITHOUT_TAX_NUMBER else "GB1")
    assert second.fields["defaultCurrency"] == "EUR"
    assert first.fields["defaultCurrency"] == ("EUR" if name == "odoo" else "GBP")
    assert [row.active for row in rows].count(False) == 105


@pytest.mark.parametrize("name", TAX_CODES)
def test_tax_codes_are_read_where_they_are_named(server: FakeServer, books: Books, name: str) -> None:
    """Those of purchases: rates as fractions, reverse charge as the system says it, its accounts."""
    server.app = VENDORS[name].app
    assert "taxCode" not in books.read(section(server, name)).flat
    rows = books.read(asked(server, name, taxCodes=_TYPE.get(name, {}))).flat["taxCode"]
    assert [seen(row) for row in rows] == TAX_CODES[name]
    assert [row.key for row in rows if row.hold is not None] == (["10"] if name == "odoo" else [])


def test_what_the_list_does_not_say_is_asked_for(server: FakeServer, books: Books) -> None:
    """The vendor gives no type: the section must, and is shown how; nothing is sent before."""
    with pytest.raises(InvalidFile) as caught:
        books.read(asked(server, "visma-eaccounting", taxCodes={}))
    (finding,) = caught.value.findings
    assert "source.taxCodes.fields lacks type: Visma does not say which codes are reverse charge" in finding.message
    assert "fields: {type: \"contains(['21', '22'], Code)" in (finding.hint or "")
    assert server.calls == []


def test_the_company_of_a_choice_is_asked_for_everywhere(server: FakeServer, books: Books) -> None:
    """Tax codes and vendors of the named company alone, as its accounts."""
    domains: list[Value] = []

    def app(call: Call) -> Reply:
        domains.append(call.body["domain"])
        return VENDORS["odoo"].app(call.__class__(**{**vars(call), "body": {**call.body, "context": _ALL}}))

    server.app = app
    tables: Json = {"taxCodes": {}, "vendors": {"defaultCurrency": "EUR"}}
    books.read({**asked(server, "odoo", **tables), "variables": {"company": 3}})
    assert domains[0] == [["type_tax_use", "=", "purchase"], ["company_id", "parent_of", 3]]
    assert domains[1] == [["supplier_rank", ">", 0], ["company_id", "in", [False, 3]]]


_ALL = {"active_test": False}


def test_a_rate_that_is_not_in_its_list_holds_the_row(server: FakeServer, books: Books) -> None:
    """A reference into nothing is no empty cell; the others come."""

    def app(call: Call) -> Reply:
        reply = VENDORS["quickbooks"].app(call)
        query = call.query["query"]
        if "from TaxRate" in query:
            response = reply.body["QueryResponse"]
            if "count(*)" in query:
                response["totalCount"] -= 1
            else:
                response["TaxRate"] = [one for one in response["TaxRate"] if one["Id"] != "14"]
        return reply

    server.app = app
    rows = books.read(asked(server, "quickbooks", taxCodes={})).flat["taxCode"]
    held = {row.key: row.hold for row in rows if row.hold is not None}
    assert held == {"4": "rate: In function pick(), there is no record '14'"}


def test_a_list_beside_is_read_completely_or_not_at_all(server: FakeServer, books: Books) -> None:
    """A short list of rates fails the export as any other would."""

    def app(call: Call) -> Reply:
        reply = VENDORS["quickbooks"].app(call)
        if "count(*) from TaxRate" in call.query["query"]:
            reply.body["QueryResponse"]["totalCount"] += 1
        return reply

    server.app = app
    with pytest.raises(SourceError, match="4 rows came, 5 were announced"):
        books.read(asked(server, "quickbooks", taxCodes={}))


def test_a_table_of_another_host_needs_trust(server: FakeServer, books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """The preset's own second host does not; one that the workspace writes there does, before anything is sent."""
    monkeypatch.delenv("PLEOCTL_TRUSTED_HOSTS", raising=False)
    own = {"type": "http", "preset": "e-conomic", "vendors": {}}
    assert untrusted(open_source(books.workspace(own))) == []
    with pytest.raises(Refused, match="evil"):
        books.read(asked(server, "e-conomic", vendors={"baseUrl": "https://evil.example"}))
    assert server.calls == []


def test_a_table_that_a_preset_does_not_offer_needs_all_its_keys(server: FakeServer, books: Books) -> None:
    """`{}` is enough only where the preset knows how to read it."""
    with pytest.raises(InvalidFile) as caught:
        books.read({**section(server, "datev"), "taxCodes": {}})
    assert "source.taxCodes says nothing: the preset datev does not know" in str(caught.value.findings[0])
    assert server.calls == []
