"""Lists inside records, which rows may come from, and parts of a table: a beginning is no list (law 1)."""

import pytest

from fake_books import Books, FakeServer, Reply
from listed_accounts import FIELDS, ROWS, accounts
from pleoctl.errors import SourceError
from shapes import Json, Value

FEW = ROWS[:2]
#: What gathers rows out of records, and a section's own way to read lists of its parents.
GATHERED = "groups[].rows.items[]"

MORE: dict[str, Json] = {
    "next": {"items": FEW, "next": "/more"},
    "nextCursor": {"items": FEW, "meta": {"nextCursor": "abc"}},
    "done": {"items": FEW, "done": False},
    "links": {"items": FEW, "links": [{"rel": "next", "href": "/more"}]},
}


def of_parents(server: FakeServer, **more: Value) -> Json:
    """Values that stand in the records of their dimensions."""
    source = accounts(server, {"type": "none"}, records="groups", fields={"code": "code", "name": "code"})
    source["dimensions"] = source.pop("accounts")
    fields = {"dimension": "parent.code", "code": "string(id)", "name": "name"}
    records = {"forEach": "dimensions", "paginate": {"type": "none"}, "records": "parent.rows.items", "fields": fields}
    source["values"] = {**records, **more}
    return source


@pytest.mark.parametrize("name", MORE)
def test_a_list_of_a_record_that_goes_on_is_refused(server: FakeServer, books: Books, name: str) -> None:
    """What wraps a list speaks of it alone, whether it is a parent's or rows are gathered; `optional` knows better."""
    server.app = lambda _call: Reply(
        {"groups": [{"code": "A", "rows": {"items": ROWS[2:3]}}, {"code": "B", "rows": MORE[name]}]}
    )
    words = f"a record says at '{name}' that a list inside it goes on"
    with pytest.raises(SourceError, match=words):
        books.read(of_parents(server))
    with pytest.raises(SourceError, match=words):
        books.read(accounts(server, {"type": "none"}, records=GATHERED))
    found = books.read(of_parents(server, optional=[name])).dimensions or []
    assert [len(one.values or []) for one in found] == [1, 2]
    assert len(books.read(accounts(server, {"type": "none"}, records=GATHERED, optional=[name])).accounts or []) == 3


@pytest.mark.parametrize(
    ("beside", "words"),
    [({"total": 5}, "'total' says 5"), ({"meta": {"total_count": "5"}}, "says 5"), ({"pages": 3}, "'pages' says 3")],
)
def test_a_list_of_a_record_that_announces_more_is_told(
    server: FakeServer, books: Books, beside: Json, words: str
) -> None:
    """As a larger number beside rows is; one that is no larger says nothing."""
    server.app = lambda _call: Reply({"groups": [{"code": "A", "rows": {"items": FEW, **beside}}]})
    for source in (of_parents(server), accounts(server, {"type": "none"}, records=GATHERED)):
        (told,) = books.findings(source)
        assert (told.code, told.level, words in told.message) == ("full-page", "warning", True)
    server.app = lambda _call: Reply({"groups": [{"code": "A", "rows": {"items": FEW, "total": 2, "pages": 1}}]})
    assert books.findings(of_parents(server)) == []


def test_a_record_with_a_list_may_have_names_of_its_own(server: FakeServer, books: Books) -> None:
    """A balance, or the record that follows, is nothing that a list says; links and paging of the record are."""
    own = {"code": "A", "total": 1200, "next": "B", "count": 9, "done": False, "rows": FEW, "others": [{"next": "x"}]}
    server.app = lambda _call: Reply({"groups": [own]})
    assert books.findings(of_parents(server, records="parent.rows")) == []
    assert books.findings(accounts(server, {"type": "none"}, records="groups[].rows[]", fields=FIELDS)) == []
    own |= {"paging": {"next": "/more"}}
    with pytest.raises(SourceError, match="says at 'next' that a list inside it goes on"):
        books.read(of_parents(server, records="parent.rows"))


def test_a_part_without_rows_beside_others_is_told(server: FakeServer, books: Books) -> None:
    """What it had at the last export would be archived; one that may be empty says nothing."""
    server.app = lambda call: Reply({"rows": [] if call.path == "/b" else FEW})
    parts: Json = {"a": {"path": "/a"}, "b": {"path": "/b"}}
    source = accounts(server, {"type": "none"}, parts=parts)
    (told,) = books.findings(source)
    assert (told.code, told.message) == ("empty-list", "source.accounts.parts.b gave no rows while other parts did")
    parts["b"]["mayBeEmpty"] = True
    assert books.findings(accounts(server, {"type": "none"}, parts=parts)) == []
