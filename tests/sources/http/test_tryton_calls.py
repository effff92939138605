from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from fake_books import TOKEN, Reply
from pleoctl.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_books import Books, Call, FakeServer

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


def tryton(change: Callable[[str, Any], Any] | None = None) -> Callable[[Call], Reply]:
    """Tryton's JSON-RPC; ``change`` may turn the result of a method into something else."""

    def app(call: Call) -> Reply:
        method, params = call.body["method"], call.body["params"]
        if method == "common.db.login":
            good = params[:2] == ["ann", {"password": TOKEN}]
            result: Any = [7, "session-key-1"] if good else None
        else:
            assert call.headers["Authorization"] == f"Session {SESSION}"
            rows = CHART if "account.account.search" in method and "analytic" not in method else TREE
            result = len(rows) if method.endswith("_count") else rows[params[1] : params[1] + params[2]]
        return Reply({"id": 0, "result": change(method, result) if change else result})

    return app


def section(server: FakeServer, **more: Any) -> dict[str, Any]:
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
    server: FakeServer, books: Books, change: Callable[[str, Any], Any], words: str
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
def test_errors_of_the_server_are_told_without_secrets(server: FakeServer, books: Books, body: Any, words: str) -> None:
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
