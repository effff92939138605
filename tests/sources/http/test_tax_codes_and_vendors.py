"""Tax codes and vendors from every source that has them: units of rates, currencies that are not said, rows held."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from fake_books import Reply
from pleoctl.errors import InvalidFile, SourceError
from pleoctl.sources.http.presets import PRESETS, load_preset, merged

if TYPE_CHECKING:
    from fake_books import Books, FakeServer
    from pleoctl.model.records import DesiredState
    from shapes import Value

TAXES = """id,name,percentage,kind
V25,Standard,25,inclusive
V12,Food,12.5%,inclusive
R,Reverse,25,reverse
N,Net,20,exclusive
X,Odd,many,inclusive
"""
SUPPLIERS = """id,number,name,currency,country,vat,account
1,100,Acme,,SE,SE1,2441
2,,Beta,EUR,,,
3,102,Gamma,Euro,,,
4,103,,SEK,,,
"""
COLUMNS = {
    "externalId": "id",
    "code": "number",
    "defaultCurrency": "currency",
    "taxRegistrationNumber": "vat",
    "payableAccount": "account",
}


def csv(books: Books, **more: Value) -> DesiredState:
    """The desired state of the two files."""
    (books.folder / "tax.csv").write_text(TAXES)
    (books.folder / "suppliers.csv").write_text(SUPPLIERS)
    taxes = {"path": "tax.csv", "columns": {"code": "id", "rate": "percentage", "type": "kind"}, "rateUnit": "percent"}
    vendors = {"path": "suppliers.csv", "columns": COLUMNS, **more}
    return books.read({"type": "csv", "taxCodes": taxes, "vendors": vendors})


def test_rates_become_exact_fractions(books: Books) -> None:
    """From percentages; a type that Pleo does not support and a rate that is none are held."""
    state = csv(books)
    assert [(row.key, row.fields["rate"], row.hold and row.hold.split(" is ")[0]) for row in state.flat["taxCode"]] == [
        ("V25", "0.25", None),
        ("V12", "0.125", None),
        ("R", "0.25", None),
        ("N", "0.2", "type 'exclusive'"),
        ("X", "many", "rate 'many'"),
    ]


def test_a_currency_of_all_fills_empty_cells(books: Books) -> None:
    """Without it the row is held; a wrong one is held either way; an empty cell of a mapped column clears."""
    (first, second, third, fourth) = csv(books).flat["vendor"]
    assert first.hold == "defaultCurrency is blank"
    assert (second.hold, second.fields["country"], second.fields["taxRegistrationNumber"]) == (None, None, None)
    assert third.hold == "defaultCurrency 'Euro' is not a three-letter currency code"
    assert fourth.hold == "name is blank"
    first = csv(books, defaultCurrency="SEK").flat["vendor"][0]
    assert first.hold is None
    assert (first.fields["defaultCurrency"], first.local) == ("SEK", {"payableAccount": "2441"})


def test_a_row_that_a_setting_would_cure_says_which(books: Books) -> None:
    """A list without types, percentages taken for fractions, vendors without a currency; others have no such hint."""
    rates = "A,Std,0.25,\nB,Low,12,inclusive\nC,Net,0.2,exclusive\nE,One,1,inclusive\nF,All,100%,inclusive\n"
    (books.folder / "tax.csv").write_text(f"code,name,rate,type\n{rates}")
    (books.folder / "v.csv").write_text("externalId,code,name\n1,1,Acme\n")
    source = {"type": "csv", "taxCodes": {"path": "tax.csv"}, "vendors": {"path": "v.csv"}}
    hints = {finding.message.partition(":")[0]: finding.hint or "" for finding in books.findings(source)}
    assert "fixed: {type: inclusive}" in hints["'A'"]
    assert "rateUnit: percent" in hints["'B'"]
    assert hints["'C'"] == ""
    assert (hints["'E'"], "'F'" in hints) == ("say rateUnit: fraction or percent in source.taxCodes", False)
    for unit, fraction in (("percent", "0.01"), ("fraction", "1")):
        source["taxCodes"] = {"path": "tax.csv", "rateUnit": unit}
        assert {row.key: row.fields["rate"] for row in books.read(source).flat["taxCode"]}["E"] == fraction
    (books.folder / "over.csv").write_text("code,name,rate,type\nD,Much,250,inclusive\n")
    over = {"type": "csv", "taxCodes": {"path": "over.csv", "rateUnit": "percent"}}
    (told,) = books.findings(over)
    assert ("is not a rate" in told.message, told.hint) == (True, None)
    assert "defaultCurrency in source.vendors" in hints["'1'"]


def test_they_are_written_and_read_back(books: Books) -> None:
    """Export writes both sections canonically: another export changes nothing."""
    csv(books, defaultCurrency="SEK")
    section = json.loads((books.folder / "pleoctl.yaml").read_text())["source"]
    assert books.export(section).changed == ["desired-state.yaml"]
    text = (books.folder / "desired-state.yaml").read_text()
    assert '- {code: "V12", name: "Food", rate: "0.125", type: "inclusive"}' in text
    assert 'taxRegistrationNumber: "SE1", payableAccount: "2441"}' in text
    assert books.export(section).changed == []


def test_an_api_may_give_numbers(server: FakeServer, books: Books) -> None:
    """`rate` need not be text there."""
    rows = [{"code": "V25", "name": "S", "rate": 25.0}, {"code": "V6", "name": "L", "rate": 5.5}]
    server.app = lambda _call: Reply({"rows": rows})
    resource = {
        "path": "/vat",
        "paginate": {"type": "none"},
        "records": "rows",
        "rateUnit": "percent",
        "fields": {"code": "code", "name": "name", "rate": "rate", "type": "'inclusive'"},
    }
    state = books.read({"type": "http", "baseUrl": server.url, "taxCodes": resource})
    assert [row.fields["rate"] for row in state.flat["taxCode"]] == ["0.25", "0.055"]


def test_the_suppliers_of_an_sie_file_are_vendors(books: Books) -> None:
    """The objects of its dimension 9, in the currency of the books, only where they are asked for."""
    text = '#FLAGGA 0\n#SIETYP 4\n#VALUTA EUR\n#KONTO 1930 "Bank"\n#DIM 9 "Lev"\n'
    text += '#OBJEKT 9 "77" "Acme"\n#OBJEKT 1 "A" "Dept"\n'
    (books.folder / "b.se").write_text(text, encoding="cp437")
    state = books.read({"type": "sie", "path": "b.se", "resources": ["vendors"]})
    (vendor,) = state.flat["vendor"]
    assert (vendor.key, vendor.fields["code"], vendor.fields["name"], vendor.fields["defaultCurrency"]) == (
        "77",
        "77",
        "Acme",
        "EUR",
    )
    assert "vendor" not in books.read({"type": "sie", "path": "b.se"}).flat


EXTF = """EXTF;700;16;Debitoren/Kreditoren;5;20260101
Konto;Name (Adressattyp Unternehmen);Name (Adressattyp natürl. Person);Kurzbezeichnung;EU-Land;EU-UStID;Land
10001;Kunde GmbH;;Kunde;;;DE
70001;Müller & Söhne KG;;Müller;DE;811128135;DE
70002;;Schmidt;Schmidt;;;
"""


def test_the_creditors_of_a_datev_file_are_vendors(books: Books) -> None:
    """Format 16 with debtors left out by an expression; the name stands in one of several columns."""
    (books.folder / "k.csv").write_text(EXTF, encoding="cp1252")
    number, company, person = "Konto", "Name (Adressattyp Unternehmen)", "Name (Adressattyp natürl. Person)"
    vendors = {"path": "k.csv", "encoding": "cp1252", "delimiter": ";", "headerRow": 2, "defaultCurrency": "EUR"}
    vendors["where"] = "to_number(Konto) >= `70000`"
    vendors["columns"] = {"externalId": number, "code": number, "payableAccount": number, "country": "Land"}
    tax_number = """join('', ["EU-Land", "EU-UStID"])"""
    vendors["fields"] = {"name": f'"{company}" || "{person}" || Kurzbezeichnung', "taxRegistrationNumber": tax_number}
    first, second = books.read({"type": "csv", "vendors": vendors}).flat["vendor"]
    assert (first.key, first.fields["name"], first.local) == ("70001", "Müller & Söhne KG", {"payableAccount": "70001"})
    assert (first.fields["taxRegistrationNumber"], first.fields["country"]) == ("DE811128135", "DE")
    assert (second.fields["name"], second.fields["taxRegistrationNumber"], second.hold) == ("Schmidt", None, None)


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("Kunto == '1'", "there is no column 'Kunto'"),
        ("Konto", "gives '10001' for the row"),
        ("to_number(Konto) >=", "is not a JMESPath expression"),
        ("pad(Konto, `999`) == ''", "In function pad()"),
    ],
)
def test_a_condition_that_cannot_tell_is_told(books: Books, where: str, words: str) -> None:
    """A slip would drop rows, and so archive them."""
    (books.folder / "k.csv").write_text(EXTF, encoding="cp1252")
    columns = {"externalId": "Konto", "code": "Konto", "name": "Kurzbezeichnung"}
    vendors = {"path": "k.csv", "encoding": "cp1252", "delimiter": ";", "headerRow": 2, "columns": columns}
    with pytest.raises((SourceError, InvalidFile)) as caught:
        books.read({"type": "csv", "vendors": {**vendors, "where": where}})
    assert words in str(caught.value.findings[0])


def test_what_is_not_asked_for_is_not_read() -> None:
    """No preset reads vendors or tax codes by itself, since that would archive what Pleo has."""
    for name in PRESETS.names():
        assert not {"vendors", "taxCodes"} & merged(load_preset(name), {}).keys()


def test_a_unit_that_is_none_is_told(books: Books) -> None:
    """The section's schema knows both words."""
    taxes = {"path": "tax.csv", "rateUnit": "permille"}
    with pytest.raises(InvalidFile) as caught:
        books.read({"type": "csv", "taxCodes": taxes})
    assert "rateUnit" in caught.value.findings[0].message
