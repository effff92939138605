from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fake_books import Reply
from pleoctl.desired.comments import render
from pleoctl.desired.read import read_state
from pleoctl.errors import InvalidFile, Refused, SourceError
from pleoctl.sources.export import read_source

if TYPE_CHECKING:
    from fake_books import Books, Call, FakeServer
    from shapes import Json, Value

CHART = [
    {"id": 1, "number": 100, "name": " Cash ", "blocked": False, "type": "posting", "vat": None, "Kind": "A"},
    {
        "id": 2,
        "number": 2000.0,
        "name": "Sales",
        "blocked": True,
        "type": "posting",
        "vat": {"code": "V25"},
        "Kind": "b",
    },
    {"id": 3, "number": 3, "name": "Heading", "blocked": False, "type": "heading", "vat": None, "Kind": "c"},
]
FIELDS = {"externalId": "string(id)", "name": "name", "active": "!blocked"}


def section(server: FakeServer, fields: Json | None = None, **more: Value) -> Json:
    """A source whose accounts come in one answer."""
    chosen = {
        "path": "/a",
        "paginate": {"type": "none"},
        "records": "@",
        "fields": FIELDS if fields is None else fields,
    }
    return {"type": "http", "baseUrl": server.url, "accounts": {**chosen, **more}}


def test_expressions_have_functions_for_codes(server: FakeServer, books: Books) -> None:
    """trim, lower, upper, pad and string give text; null stays null."""
    server.app = lambda _call: Reply(CHART)
    fields = {
        "externalId": "join('-', [lower(Kind), string(id)])",
        "code": "pad(number, `4`)",
        "name": "upper(trim(name))",
        "active": "!blocked",
        "taxCodeExternalId": "vat.code",
    }
    state = books.read(section(server, fields, where="type == 'posting'"))
    assert [(row.key, row.fields, row.active) for row in state.accounts or []] == [
        ("a-1", {"code": "0100", "name": "CASH", "taxCodeExternalId": None}, True),
        ("b-2", {"code": "2000", "name": "SALES", "taxCodeExternalId": "V25"}, False),
    ]


def test_parents_are_asked_one_by_one(server: FakeServer, books: Books) -> None:
    """One request per dimension, its field in the path percent-encoded, its names in the expressions."""
    dimensions = [{"key": "A/B", "name": "One"}, {"key": "C", "name": "Two"}]
    values = {
        "/d/A%2FB/values": [{"code": "x", "name": "X"}],
        "/d/C/values": [{"code": "y", "name": "Y"}],
    }
    server.app = lambda call: Reply(dimensions if call.path == "/d" else values[call.path])
    once = {"paginate": {"type": "none"}, "records": "@"}
    source = section(server)
    del source["accounts"]
    source["dimensions"] = {"path": "/d", **once, "fields": {"code": "key", "name": "name"}}
    source["values"] = {
        "forEach": "dimensions",
        "path": "/d/{parent.code}/values",
        **once,
        "fields": {"dimension": "parent.code", "code": "code", "name": "join(' ', [parent.name, name])"},
    }
    state = books.read(source)
    found = [(d.row.key, [v.fields["name"] for v in d.values or []]) for d in state.dimensions or []]
    assert found == [("A/B", ["One X"]), ("C", ["Two Y"])]
    for steps in ("..", "."):  # servers and libraries take them out of a path, however they are spelt
        dimensions[1]["key"] = steps
        server.calls.clear()
        with pytest.raises(SourceError, match="a step to another path"):
            books.read(source)
        assert {call.path for call in server.calls} <= {"/d", "/d/A%2FB/values"}


def test_values_may_stand_in_their_dimension(server: FakeServer, books: Books) -> None:
    """A forEach without a path reads the parent's own record and makes no request."""
    tree = [{"id": "d1", "Options": [{"id": "o1", "name": "One"}]}, {"id": "d2", "Options": []}]
    server.app = lambda _call: Reply(tree)
    source = section(server)
    del source["accounts"]
    once = {"paginate": {"type": "none"}}
    source["dimensions"] = {"path": "/d", **once, "records": "@", "fields": {"code": "id", "name": "id"}}
    source["values"] = {
        "forEach": "dimensions",
        **once,
        "records": "parent.Options",
        "fields": {"dimension": "parent.code", "code": "id", "name": "name"},
    }
    state = books.read(source)
    assert [[v.key for v in d.values or []] for d in state.dimensions or []] == [["o1"], []]
    assert len(server.calls) == 1


def test_variables_stand_in_every_string(server: FakeServer, books: Books) -> None:
    """Path, query, headers and body; a string that is only a variable keeps its type; no cursor, no member."""

    def app(call: Call) -> Reply:
        last = "cursor" in call.body
        return Reply({"rows": CHART[2:] if last else CHART[:2], "next": None if last else "n&x"})

    server.app = app
    source = section(
        server,
        method="POST",
        path="/c/{company}/a",
        query={"n": "{size}", "q": "top {size}"},
        headers={"X-Company": "{company}"},
        body={"size": "{size}", "cursor": "{cursor}", "keep": ["{ id }", 1, True]},
        paginate={"type": "cursor", "next": "next", "size": 2},
        records="rows",
    )
    assert len(books.read({**source, "variables": {"company": "a b"}}).accounts or []) == 3
    first, second = server.calls
    assert (first.method, first.path, first.query) == ("POST", "/c/a%20b/a", {"n": "2", "q": "top 2"})
    assert first.headers["X-Company"] == "a b"
    assert first.body == {"size": 2, "keep": ["{ id }", 1, True]}
    assert second.body["cursor"] == "n&x"


def test_a_text_body_is_sent_as_it_is(server: FakeServer, books: Books) -> None:
    """For APIs that take something else than JSON."""
    server.app = lambda _call: Reply(CHART)
    books.read(section(server, method="POST", body="<q/>", headers={"Content-Type": "application/xml"}))
    assert (server.calls[0].body, server.calls[0].headers["Content-Type"]) == ("<q/>", "application/xml")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"where": "typ == 'posting'"}, "source.accounts.where: no record has 'typ'"),
        ({"where": "type == 'posting' && missing"}, "no record so far has 'missing'"),
        ({"where": "type"}, "gives 'posting' for row 1, neither true nor false"),
        ({"where": "number > `x`"}, "not a JMESPath expression"),
        ({"fields": {**FIELDS, "active": "Blocked == `false`"}}, "no record has 'Blocked'"),
        ({"fields": {**FIELDS, "active": "type == 'open'"}}, "is true for no row; that would archive everything"),
        ({"fields": {**FIELDS, "active": "type"}}, "is true for no row"),
        ({"fields": {**FIELDS, "active": "blocked && other"}}, "no record has 'other'"),
        ({"fields": {**FIELDS, "code": "vat.number"}}, "no record has 'number'"),
        ({"fields": {**FIELDS, "code": "vat.code.x || null"}}, "no record has"),
        ({"fields": {**FIELDS, "active": "!vat.code"}}, "write !(a.b), since ! binds tighter than the dot"),
        ({"fields": {**FIELDS, "code": "`null`"}}, "source.accounts.fields.code is null in all 3 rows"),
        ({"fields": {**FIELDS, "code": "number"}}, "is never text; write string(number)"),
        ({"fields": {**FIELDS, "code": "trim(number)"}}, "fails for every row"),
        ({"fields": {**FIELDS, "code": "strip(name)"}}, "calls strip(), which there is not"),
        ({"fields": {**FIELDS, "kode": "name"}}, "unknown field 'kode'"),
        ({"fields": {"externalId": "string(id)"}}, "source.accounts.fields lacks name"),
        ({"records": "rows"}, "gives no list (null)"),
        ({"path": "a"}, "does not begin with /"),
        ({"query": {"p": "{pge}"}}, "uses {pge}, which there is not"),
        ({"query": {"p": "{page}"}}, "uses {page}, which there is not"),
        ({"paginate": {"type": "page", "size": 5}}, "no string uses {page}"),
        ({"paginate": {"type": "page"}, "query": {"p": "{page}", "n": "{size}"}}, "its paginate lacks size"),
        ({"paginate": {"type": "cursor"}}, "lacks next"),
        ({"forEach": "values"}, "there is no resource 'values'"),
        ({"forEach": "accounts"}, "leads back to accounts"),
        ({"headers": {"authorization": "Bearer x"}}, "must not set authorization"),
    ],
)
def test_a_slip_in_the_description_is_told(server: FakeServer, books: Books, change: Json, words: str) -> None:
    """Nothing that does not fit the data is exported."""
    server.app = lambda _call: Reply(CHART)
    with pytest.raises((SourceError, InvalidFile)) as caught:
        books.read(section(server, **change))
    assert words in " ".join(str(finding) for finding in caught.value.findings)


def test_names_that_no_record_need_have_are_said(server: FakeServer, books: Books) -> None:
    """APIs that leave out false booleans: optional names may be absent from all records."""
    server.app = lambda _call: Reply([{"id": 1, "name": "Cash"}])
    fields = {**FIELDS, "active": "!barred"}
    with pytest.raises(SourceError, match="does not fit"):
        books.read(section(server, fields))
    state = books.read(section(server, fields, optional=["barred"]))
    assert [row.active for row in state.accounts or []] == [True]


@pytest.mark.parametrize("missing", ["paginate", "records", "fields"])
def test_the_file_must_say_how_a_list_ends(server: FakeServer, books: Books, missing: str) -> None:
    """A resource without paging is a mistake in the file, found before any request."""
    source = section(server)
    del source["accounts"][missing]
    with pytest.raises(InvalidFile) as caught:
        books.read(source)
    assert f"source.accounts lacks {missing}" in str(caught.value.findings[0])


def test_bad_rows_are_held_as_in_a_csv(server: FakeServer, books: Books) -> None:
    """One bad row stops nothing: duplicates, failing functions and wrong types are held, a missing key is told."""
    rows = [
        {"id": "a", "name": "Good", "code": "1", "on": True},
        {"id": "b", "name": "", "code": "2", "on": True},
        {"id": "c", "name": "Twice", "code": "3", "on": True},
        {"id": "c", "name": "Again", "code": "4", "on": True},
        {"id": "d", "name": "Number", "code": 5, "on": True},
        {"id": "e", "name": "Maybe", "code": "6", "on": "yes"},
        {"id": "f", "name": "\ud800", "code": "7", "on": True},
        {"id": None, "name": "No key", "code": "", "on": True},
    ]
    server.app = lambda _call: Reply(rows)
    state = books.read(section(server, {"externalId": "id", "name": "trim(name)", "code": "code", "active": "on"}))
    assert {row.key: row.hold for row in state.accounts or []} == {
        "a": None,
        "b": "name is blank",
        "c": "externalId stands 2 times in the accounting system",
        "d": "code is not text",
        "e": "active is neither true nor false: 'yes'",
        "f": "name '\\ud800' holds half of a character",
        None: "has no externalId",
    }


def test_keys_that_no_file_can_hold_are_no_keys(server: FakeServer, books: Books) -> None:
    """Their rows hold back what they may have meant, and the file that is written can be read."""
    rows = [{"id": "a", "name": "Good"}, {"id": "b\ud800", "name": "Half"}]
    server.app = lambda _call: Reply(rows)
    state = books.read(section(server, {"externalId": "id", "name": "name"}))
    assert {row.key: row.hold for row in state.accounts or []} == {
        "a": None,
        None: "externalId 'b\\ud800' holds half of a character",
    }
    assert read_state(render(state), "f.yaml")[0].accounts is not None


def test_what_nearly_fulfils_a_condition_is_told(server: FakeServer, books: Books) -> None:
    """A blank, a capital, or a text in place of a number drops a row, and a word that no row has drops all."""
    kinds = ["posting", "Posting", "posting ", "heading"]
    server.app = lambda _call: Reply([{"id": n, "name": "A", "type": kind, "on": 1} for n, kind in enumerate(kinds)])
    fields = {"externalId": "string(id)", "name": "name"}
    told = books.findings(section(server, fields, where="type == 'posting' || type == 'sum' || on == `2`"))
    near, missing = (one for one in told if one.code == "near-miss")
    assert near.message.startswith(
        "source.accounts.where compares type with 'posting', and 2 rows have what only looks"
    )
    assert missing.message == "source.accounts.where compares type with 'sum', which no row has"
    server.app = lambda _call: Reply(
        [{"id": n, "name": "A", "on": on} for n, on in enumerate([True, "true", "1", "0"])]
    )
    for where, seen in {"on == `true`": "'true' (1)", "on == `1` || id == `0`": "'1' (1)"}.items():
        (one,) = (one for one in books.findings(section(server, fields, where=where)) if one.code == "near-miss")
        assert one.message.endswith(seen)


@pytest.mark.parametrize(
    ("chosen", "asks", "near"),
    [
        ({"where": "starts_with(type, 'posting')"}, "asks for starts_with(type, 'posting')", "1 row"),
        ({"where": "ends_with(type, 'posting')"}, "asks for ends_with(type, 'posting')", "2 rows"),
        ({"where": "starts_with(type, 'posting ') || id == `0`"}, "", ""),
        ({"where": "!starts_with(type, 'head')"}, "", ""),
        ({"records": "@[?type == 'posting']"}, "compares type with 'posting'", "2 rows"),
        ({"records": "@[?starts_with(type, 'posting')] | [?id == `0`]"}, "asks for starts_with", "1 row"),
    ],
)
def test_what_nearly_begins_so_or_passes_a_filter_is_told(
    server: FakeServer, books: Books, chosen: Json, asks: str, near: str
) -> None:
    """A filter of the records drops them as `where` does; blanks at an end of a word are meant."""
    kinds = ["posting", "Posting", "posting ", "heading"]
    server.app = lambda _call: Reply([{"id": n, "name": "A", "type": kind} for n, kind in enumerate(kinds)])
    told = books.findings(section(server, {"externalId": "string(id)", "name": "name"}, **chosen))
    messages = [one.message for one in told if one.code == "near-miss"]
    assert len(messages) == bool(asks)
    for message in messages:
        assert message.startswith(f"source.accounts.{next(iter(chosen))} {asks}")
        assert near in message


def test_what_a_field_nearly_compares_with_is_told(server: FakeServer, books: Books) -> None:
    """It makes the account inactive; of rows that are meant, and of words that come near alone."""
    states = ["ACTIVE", "Active", "CLOSED", "active "]
    server.app = lambda _call: Reply([{"id": n, "name": "A", "state": state} for n, state in enumerate(states)])
    fields = {"externalId": "string(id)", "name": "name", "active": "state == 'ACTIVE' || state == 'NEW'"}
    (told,) = books.findings(section(server, fields, where="id != `3`"))
    assert told.code == "near-miss"
    assert told.message.startswith("source.accounts.fields.active compares state with 'ACTIVE', and 1 row has what")
    assert told.message.endswith("'Active' (1)")


def test_a_list_that_may_be_empty_may_be_inactive(server: FakeServer, books: Books) -> None:
    """A company whose dimensions are all switched off uses none, which is told; its accounts are exported."""
    server.app = lambda call: Reply([{"id": "a", "name": "A", "on": call.path == "/a"}])
    source = section(server, {"externalId": "id", "name": "name", "active": "on"})
    once = {"path": "/d", "paginate": {"type": "none"}, "records": "@", "mayBeEmpty": True}
    source["dimensions"] = {**once, "fields": {"code": "id", "name": "name", "active": "on"}}
    source["values"] = {**once, "fields": {"dimension": "id", "code": "id", "name": "name", "active": "on"}}
    state, told = read_source(books.workspace(source))
    assert [row.active for row in state.accounts or []] == [True]
    assert [dimension.row.active for dimension in state.dimensions or []] == [False]
    assert [(one.code, one.level) for one in told] == [("empty-list", "warning")] * 2
    assert "gave inactive rows alone" in told[0].message


def test_an_empty_list_is_refused(server: FakeServer, books: Books) -> None:
    """No accounts at all is never exported, and neither is a filter that keeps none."""
    server.app = lambda _call: Reply([])
    with pytest.raises(Refused, match="has no accounts"):
        books.read(section(server))
    server.app = lambda _call: Reply(CHART)
    with pytest.raises(Refused, match="has no accounts") as caught:
        books.read(section(server, where="type == 'none of them'"))
    assert f"source.accounts leaves out all {len(CHART)} rows" in str(caught.value.findings[0])
