from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from fake_books import TOKEN, Reply
from pleoctl.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_books import Books, Call, FakeServer
    from shapes import Json, Value

CHART = [
    {"id": n, "code": str(1000 + n), "name": f"Account {n}", "active": n != 2, "closed": n == 3, "type": 1}
    for n in range(1, 1051)
]
TREE = [
    {"id": 1, "code": "KST", "name": "Kostenstelle", "active": 1, "type": "root", "root": None},
    {"id": 2, "code": "", "name": "Vertrieb", "active": 0, "type": "normal", "root": 1},
    {"id": 3, "code": "G", "name": "Gruppe", "active": 1, "type": "view", "root": 1},
]
SESSION = base64.b64encode(b"ann:7:session-key-1").decode()


def tryton(change: Callable[[str, Value], Value] | None = None) -> Callable[[Call], Reply]:
    """Tryton's JSON-RPC; ``change`` may turn the result of a method into something else."""

    def app(call: Call) -> Reply:
        method, params = call.body["method"], call.body["params"]
        if method == "common.db.login":
            good = params[:2] == ["ann", {"password": TOKEN}]
            result: Value = [7, "session-key-1"] if good else None
        else:
            assert call.headers["Authorization"] == f"Session {SESSION}"
            rows = CHART if "account.account.search" in method and "analytic" not in method else TREE
            result = len(rows) if method.endswith("_count") else rows[params[1] : params[1] + params[2]]
        return Reply({"id": 0, "result": change(method, result) if change else result})

    return app


def section(server: FakeServer, **more: Value) -> Json:
    """A source that reads everything."""
    return {
        "type": "tryton",
        "baseUrl": server.url,
        "database": "books",
        "user": "ann",
        "password": "env:BOOKS_TOKEN",
        **more,
    }


def test_accounts_and_analytic_trees_are_read(server: FakeServer, books: Books) -> None:
    """Page by page, closed and inactive told apart from active, ids in place of missing codes."""
    server.app = tryton()
    state = books.read(section(server, company=4))
    rows = state.accounts or []
    assert [row.key for row in rows] == [str(n) for n in range(1, 1051)]
    assert [row.key for row in rows if not row.active] == ["2", "3"]
    (dimension,) = state.dimensions or []
    assert dimension.row.key == "KST"
    assert [(v.key, v.active) for v in dimension.values or []] == [("2", False)]
    assert {call.path for call in server.calls} == {"/books/"}
    assert ["company", "=", 4] in server.calls[1].body["params"][0]
    assert server.calls[1].body["params"][-1] == {"company": 4}
    assert {r.key for r in books.read(section(server, externalId="code", resources=["accounts"])).accounts or []} == {
        row["code"] for row in CHART
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda m, r: r[:-1] if m.endswith("search_read") and len(r) < 1000 else r,
            "1049 rows came, 1050 were announced",
        ),
        (lambda m, r: CHART[:1000] if m.endswith("search_read") else r, "was not read completely"),
        (lambda m, r: 10**9 if m.endswith("search_count") else r, "more than 5000 pages can hold"),
        (lambda m, r: [] if m.endswith("search_read") else r, "0 rows came, 1050 were announced"),
        (lambda m, r: None if m == "common.db.login" else r, "does not let ann log in"),
    ],
)
def test_a_list_that_is_not_whole_is_refused(
    server: FakeServer, books: Books, change: Callable[[str, Value], Value], words: str
) -> None:
    """Too few, repeated or no rows, and no session."""
    server.app = tryton(change)
    with pytest.raises(SourceError) as caught:
        books.read(section(server))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"id": 0, "error": ["UserError", [f"no access with {TOKEN}", ""]]}, "Tryton refused common.db.login"),
        ({"unexpected": 1}, "something that is not JSON-RPC"),
        ("text", "something that is not JSON-RPC"),
    ],
)
def test_errors_of_the_server_are_told_without_secrets(
    server: FakeServer, books: Books, body: Value, words: str
) -> None:
    """JSON-RPC errors come with status 200."""
    server.app = lambda _call: Reply(body)
    with pytest.raises(SourceError) as caught:
        books.read(section(server))
    assert words in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_a_database_without_analytic_accounts_is_told_what_to_write(server: FakeServer, books: Books) -> None:
    """Reading only accounts is said in the file, never guessed from an error."""

    def app(call: Call) -> Reply:
        missing = "analytic" in call.body["method"]
        return Reply({"id": 0, "error": ["KeyError", ["analytic_account.account", ""]]}) if missing else tryton()(call)

    server.app = app
    with pytest.raises(SourceError) as caught:
        books.read(section(server))
    assert caught.value.findings[0].hint == "without analytic accounts write resources: [accounts]"
    assert books.read(section(server, resources=["accounts"])).dimensions is None


def _tax(number: int, **more: Value) -> Json:
    """A tax as Tryton sends it."""
    rate = {"__class__": "Decimal", "decimal": "0.190"}
    plain = {"id": number, "name": f"Tax {number}", "active": True, "type": "percentage", "rate": rate, "parent": None}
    plain |= {"start_date": None, "end_date": None}
    return {**plain, "group": None, "group.": None, "invoice_account": 5, "invoice_account.": {"code": "1576"}, **more}


MINUS = {"__class__": "Decimal", "decimal": "-0.190"}
TAXES = [
    _tax(1),
    _tax(2, active=False, **{"invoice_account.": None}),
    _tax(3, type="none", rate=None),
    _tax(4, parent=3),
    _tax(5, parent=3, rate=MINUS, **{"invoice_account.": {"code": "1787"}}),
    _tax(6, group=1, **{"group.": {"kind": "sale"}}),
    _tax(7, type="fixed", rate=None),
    _tax(8, group=2, **{"group.": {"kind": "purchase"}}),
    _tax(9, type="none", rate=None),
    _tax(10, parent=9),
    _tax(11, parent=9, rate={"__class__": "Decimal", "decimal": "0.070"}),
    _tax(12, rate=MINUS),
    # As the German chart has them: a tax of today and one of yesterday, below one that has no rate itself.
    _tax(13, type="none", rate=None),
    _tax(14, type="none", rate=None, parent=13, end_date={"__class__": "date", "year": 2020, "month": 6, "day": 30}),
    _tax(15, parent=14),
    _tax(16, type="none", rate=None, parent=13, start_date={"__class__": "date", "year": 2021, "month": 1, "day": 1}),
    _tax(17, parent=16, rate={"__class__": "Decimal", "decimal": "0.07"}),
    _tax(18, parent=13, start_date={"__class__": "date", "year": 9000, "month": 1, "day": 1}),
]
PARTIES = [
    {"id": 1, "name": "Papier GmbH", "code": "70001", "active": True},
    {"id": 2, "name": "Alt", "code": None, "active": False},
]
NUMBERS = [
    {"id": 1, "party": 1, "type": "eu_vat", "code": "DE136695976"},
    {"id": 2, "party": 1, "type": "vat", "code": "other"},
]
COMPANIES = [{"id": 1, "currency": 1, "currency.": {"code": "EUR"}}]


def more_of_tryton(call: Call) -> Reply:
    """Taxes, parties and companies beside the rest."""
    lists = {"account.tax": TAXES, "party.party": PARTIES, "party.identifier": NUMBERS, "company.company": COMPANIES}
    model = call.body["method"].removeprefix("model.").rpartition(".")[0]
    if model not in lists:
        return tryton()(call)
    counting = call.body["method"].endswith("_count")
    return Reply({"id": 0, "result": len(lists[model]) if counting else lists[model]})


def test_taxes_are_tax_codes(server: FakeServer, books: Books) -> None:
    """Percentages and reverse charges with their accounts; sales are left out, what has no single rate is held."""
    server.app = more_of_tryton
    state = books.read(section(server, resources=["taxCodes", "accounts"], company=1))
    rows = {row.key: row for row in state.flat["taxCode"]}
    assert list(rows) == ["1", "2", "3", "7", "8", "9", "12", "13"]
    assert rows["13"].fields["rate"] == "0.07"
    assert rows["1"].fields == {
        "code": "1",
        "name": "Tax 1",
        "rate": "0.19",
        "type": "inclusive",
        "ingoingTaxAccount": "1576",
    }
    assert (rows["2"].active, rows["2"].fields["ingoingTaxAccount"]) == (False, None)
    reverse = {name: rows["3"].fields[name] for name in ("type", "rate", "ingoingTaxAccount", "outgoingTaxAccount")}
    assert reverse == {
        "type": "reverse",
        "rate": "0.19",
        "ingoingTaxAccount": "1576",
        "outgoingTaxAccount": "1787",
    }
    assert [key for key, row in rows.items() if row.hold is not None] == ["7", "9", "12"]


def test_parties_are_vendors(server: FakeServer, books: Books) -> None:
    """With the company's currency and their number for tax; a category narrows them to suppliers."""
    server.app = more_of_tryton
    source = section(server, resources=["vendors", "accounts"], company=1, vendorCategory="Suppliers")
    rows = books.read(source).flat["vendor"]
    assert [(row.key, row.active, row.hold) for row in rows] == [("1", True, None), ("2", False, None)]
    assert rows[0].fields == {
        "code": "70001",
        "name": "Papier GmbH",
        "defaultCurrency": "EUR",
        "taxRegistrationNumber": "DE136695976",
    }
    assert "taxRegistrationNumber" not in rows[1].fields
    asked = [call.body["params"][0] for call in server.calls if "party.party" in call.body["method"]]
    assert asked[0][1] == ["categories.name", "=", "Suppliers"]


def test_neither_is_read_unasked(server: FakeServer, books: Books) -> None:
    """A section that names no tables reads what it always did."""
    server.app = more_of_tryton
    assert set(books.read(section(server)).flat) == {"account"}
