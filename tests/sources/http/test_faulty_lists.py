"""Every kind of list with every fault: all rows or none, never a short list that passes (law 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from fake_books import Books, Call, FakeServer, Reply
from listed_accounts import accounts
from pleoctl.errors import SourceError
from pleoctl.sources.export import read_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapes import Json, Value

SIZE: Final = 3
KEYS: Final = [str(number) for number in range(1, 9)]
PAGE: Final = {"query": {"at": "{page}"}}
OFFSET: Final = {"query": {"at": "{offset}"}}
CURSOR: Final = {"query": {"at": "{cursor}"}}
COUNT: Final = {"count": {"path": "/count", "total": "number"}}
TOTAL: Final = {"total": "meta.total"}

# Kind of list: how it is described, and whether something proves that it is whole.
LISTS: Final[dict[str, tuple[Json, bool]]] = {
    "page, total": ({"paginate": {"type": "page", "size": SIZE}, **PAGE, **TOTAL}, True),
    "page, count": ({"paginate": {"type": "page", "size": SIZE}, **PAGE, **COUNT}, True),
    "page, pages": ({"paginate": {"type": "page", "size": SIZE, "pages": "meta.pages"}, **PAGE}, False),
    "page": ({"paginate": {"type": "page", "size": SIZE}, **PAGE}, False),
    "offset, total": ({"paginate": {"type": "offset", "size": SIZE}, **OFFSET, **TOTAL}, True),
    "offset, count": ({"paginate": {"type": "offset", "size": SIZE}, **OFFSET, **COUNT}, True),
    "offset": ({"paginate": {"type": "offset", "size": SIZE}, **OFFSET}, False),
    "cursor, total": ({"paginate": {"type": "cursor", "next": "meta.next"}, **CURSOR, **TOTAL}, True),
    "cursor, count": ({"paginate": {"type": "cursor", "next": "meta.next"}, **CURSOR, **COUNT}, True),
    "cursor": ({"paginate": {"type": "cursor", "next": "meta.next"}, **CURSOR}, False),
    "link, total": ({"paginate": {"type": "link", "next": "meta.link"}, **TOTAL}, True),
    "link": ({"paginate": {"type": "link", "next": "meta.link"}}, False),
    "header, total": ({"paginate": {"type": "link", "next": "header"}, **TOTAL}, True),
    "header": ({"paginate": {"type": "link", "next": "header"}}, False),
    "none, total": ({"paginate": {"type": "none"}, **TOTAL}, True),
    "none": ({"paginate": {"type": "none"}}, False),
}


# The list is one page long, as far as can be seen.
ONE_PAGE: Final = {"early end", "misnamed"}


class EightAccounts:
    """A server with eight accounts, in pages of three; ``fault`` changes what it does at the second page."""

    def __init__(self, kind: str, fault: str) -> None:
        self.kind, self.fault = kind.partition(",")[0], fault
        self.rows = [{"id": key, "name": f"Account {key}", "changed": 1} for key in KEYS]
        self.asked = 0

    def __call__(self, call: Call) -> Reply:
        """One answer."""
        if call.path == "/count":
            return Reply({"number": len(self.rows) + (self.fault == "wrong total")})
        start = self._start(call)
        if start:
            self._spoil()
        if self.fault in BROKEN and (start or self.kind == "none"):
            return BROKEN[self.fault]
        return self._page(start)

    def _start(self, call: Call) -> int:
        at = call.query.get("at", "")
        return (int(at) - 1) * SIZE if self.kind == "page" else int(at or 0)

    def _spoil(self) -> None:
        """What happens to the books between the first page and the second."""
        self.asked += 1
        if self.asked > 1:
            return
        if self.fault == "row deleted":
            del self.rows[0]
        elif self.fault == "row added":
            self.rows.insert(0, {"id": "0", "name": "New", "changed": 1})
        elif self.fault == "row edited":
            # The list is in the order of changes: the edited row goes to its end, the next one is missed.
            self.rows.append({**self.rows.pop(0), "changed": 2})

    def _page(self, start: int) -> Reply:
        end = start + (len(self.rows) if self.kind == "none" else SIZE)
        rows, following = self.rows[start:end], end if end < len(self.rows) else None
        if start:
            rows, following = self._fault_of_page(start, rows, following)
        elif self.kind == "none" and self.fault in {"short page", "page lost"}:
            rows = rows[:-1]
        return self._reply(rows, following)

    def _fault_of_page(self, start: int, rows: list[Json], following: int | None) -> tuple[list[Json], int | None]:
        second = start == SIZE
        after = self.rows[start + SIZE : start + 2 * SIZE]
        spoilt: dict[str, tuple[list[Json], int | None]] = {
            # The server counts on without the second page.
            "page lost": (after, start + 2 * SIZE if following is None else following),
            "page repeated": (self.rows[start - SIZE : start], following),
            "page empty": ([] if second else rows, following),
            "short page": (rows[:-1] if second else rows, following),
            "early end": (rows, None),
            "does not move": (rows, SIZE),
            "last page again": (rows or self.rows[-2:], following),
        }
        return spoilt.get(self.fault, (rows, following))

    def _reply(self, rows: list[Json], following: int | None) -> Reply:
        total = len(self.rows) + (self.fault == "wrong total")
        meta: Json = {"total": total, "pages": -(-total // SIZE)}
        headers = {}
        if following is not None and self.kind != "none":
            link = f"/accounts?at={following}"
            meta |= {"next": str(following), "link": link}
            headers = {"Link": f'<{link}>; rel="next"'} if self.kind == "header" else {}
        body: Json = {"rows": rows, "meta": meta}
        if self.fault == "annotated" and following is None:
            body["hasMore"] = True
        if self.fault == "misnamed":
            body["meta"] = {f"x{name}": value for name, value in meta.items()}
            headers = {"Link": headers["Link"].replace("next", "following")} if headers else {}
        return Reply(body, 200, headers)


BROKEN: Final = {
    "forbidden": Reply({"message": "no"}, 403),
    "gone": Reply({"message": "no"}, 404),
    "failing": Reply({"message": "no"}, 500),
    "cut": Reply({"rows": []}, cut=True),
    "no json": Reply(b"<html>"),
    "no rows": Reply({"rows": None, "meta": {"total": 8, "pages": 3}}),
    "other shape": Reply({"rows": {"1": {}}, "meta": {"total": 8, "pages": 3}}),
}
FAULTS: Final = (
    *BROKEN,
    "none",
    "page lost",
    "page repeated",
    "page empty",
    "short page",
    "early end",
    "does not move",
    "last page again",
    "row deleted",
    "row added",
    "row edited",
    "annotated",
    "misnamed",
    "wrong total",
)
# What no reader can tell, since nothing in the answers says it: the list is shorter than the books, and looks whole.
# Such lists are told as unproven.
UNKNOWABLE: Final = {
    "page, pages": {"page lost", "page empty", "short page", "row deleted", "row edited"},
    "page": {"page lost", "page empty", "short page", "row deleted", "row edited"},
    "offset": {"page lost", "page empty", "row deleted", "row edited"},
    "cursor": {"page lost", "page empty", "short page", "early end", "row deleted", "row edited"},
    "link": {"page lost", "page empty", "short page", "early end", "row deleted", "row edited"},
    "header": {"page lost", "page empty", "short page", "early end", "row deleted", "row edited", "misnamed"},
    "none": {"page lost", "short page"},
}


def outcome(server: FakeServer, books: Books, kind: str, fault: str) -> tuple[list[str] | None, set[str]]:
    """The keys that were read, None for a refusal, and the codes of what was told."""
    app: Callable[[Call], Reply] = EightAccounts(kind, fault)
    server.app = app
    description, _ = LISTS[kind]
    fields = {"externalId": "id", "name": "name"}
    rest = {name: value for name, value in description.items() if name != "paginate"}
    source = accounts(server, description["paginate"], **{**rest, "fields": fields})
    try:
        state, findings = read_source(books.workspace(source))
    except SourceError:
        return None, set()
    return [row.key or "" for row in state.accounts or [] if row.hold is None], {found.code for found in findings}


@pytest.mark.parametrize("kind", LISTS)
def test_a_faulty_list_is_whole_or_refused(kind: str, server: FakeServer, books: Books) -> None:
    """A list with a proof is never short; one without is told, and short only where nothing in the answers says so."""
    _, proven = LISTS[kind]
    for fault in FAULTS:
        keys, told = outcome(server, books, kind, fault)
        if fault == "none":
            assert keys == KEYS
        if keys is None:
            continue
        gone = {"1"} if fault == "row deleted" else set()
        short = not set(KEYS) - gone <= set(keys)
        assert not short or (not proven and fault in UNKNOWABLE[kind]), fault
        if not proven and fault not in ONE_PAGE and kind != "none":
            assert "unproven-list" in told, fault


SAID: Final[list[tuple[Value, bool]]] = [
    ([{"message": "timed out"}], True),
    ({"code": 429, "message": "slow down"}, True),
    ("rate limited", True),
    (True, True),
    ([], False),
    (None, False),
    ("", False),
    (False, False),
    ({"code": 0, "message": ""}, False),
]


@pytest.mark.parametrize(("said", "refused"), SAID)
@pytest.mark.parametrize("name", ["errors", "Error", "fault"])
def test_an_answer_that_says_that_it_failed_is_no_list(
    name: str, said: Value, refused: bool, server: FakeServer, books: Books
) -> None:
    """Whatever its status: what there is of its rows is a part, as of GraphQL's; unless it is said to be no error."""
    server.app = lambda _call: Reply({"rows": [{"id": "1", "name": "A"}], name: said})
    source = accounts(server, {"type": "none"})
    if not refused:
        assert len(books.read(source).accounts or []) == 1
        return
    with pytest.raises(SourceError, match=f"an answer says at '{name}' that something went wrong"):
        books.read(source)
    assert len(books.read(accounts(server, {"type": "none"}, optional=[name])).accounts or []) == 1
