"""Read one list to its end and prove it: the danger of this arrow is a short read that becomes a mass archive.

A list is complete when every answer came, the totals agree with what was read, nothing came twice, and the end was
said as its kind of paging says it. A page shorter than asked for says nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

from pleoctl.errors import Finding, SourceError
from pleoctl.hosts import same_server, server_shown
from pleoctl.remote.pages import endless
from pleoctl.sources.http.annotations import (
    failed,
    goes_on,
    goes_on_beside,
    list_inside,
    unread_list,
)
from pleoctl.sources.http.comparing import Filtered
from pleoctl.sources.http.expressions import Expression, ExpressionError
from pleoctl.sources.http.inner import announced_inside, held
from pleoctl.sources.http.lengths import Lengths
from pleoctl.words import many, short_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pleoctl.remote.transport import Answer
    from pleoctl.sources.connect import Denied
    from pleoctl.sources.http.spec import Request, Resource

    Send = Callable[[Request, Mapping[str, Any], str | None], tuple[Answer, str]]

MAX_EMPTY: Final = 20
_PARTIAL: Final = 206
# Kinds of paging that need no word of the server to go on.
_COUNTED: Final = frozenset({"page", "offset"})
# What gathers rows out of several lists has one of these in it.
_GATHERS: Final = "["
_A_NUMBER: Final = "a number"
_SHOWN_ERROR: Final = 200
_SHOWN_KEYS: Final = 8
_AGAIN: Final = "nothing was written; run again, and check source.* if it stays"


class ListReader:
    """One list, read once."""

    def __init__(self, resource: Resource, send: Send, variables: Mapping[str, Any], parent: Any = None) -> None:
        """``send`` makes one request and gives the answer with the url it came from."""
        self._resource, self._send, self._variables, self._parent = resource, send, variables, parent
        self._read = Lengths()
        self._filtered = Filtered(resource.records)
        self._seen: set[int] = set()
        self._keys: set[Any] = set()
        self._key = [resource.fields[name] for name in resource.identity]
        self._full = False
        self._tokens: set[str] = set()

    @property
    def unproven(self) -> bool:
        """Whether nothing but a missing name said that the list ended: no total, and no page shorter than asked for."""
        return self._resource.next is not None and self._read.total is None and self._full

    def doubts(self) -> Iterator[Finding]:
        """What is odd about a list that was read."""
        # A server may give fewer rows than asked for, and name what follows otherwise than is looked for.
        once = self._resource.paging == "none" or self._is_named_nowhere()
        own = self._resource.paging in _COUNTED and self._resource.counted is None
        size = self._resource.size if own else None
        yield from self._read.doubts(self._label(), alone=once and self._resource.request is not None, size=size)
        yield from self._filtered.findings()

    def _is_named_nowhere(self) -> bool:
        """Whether no answer had the name, or the header, of what follows."""
        after = self._resource.next
        if after is None:
            return self._resource.paging == "link"
        return not all(self._resource.may_lack(name, after) for name in after.unseen)

    def is_unused(self, error: Denied) -> bool:
        """Whether a refusal of the first request says that the company does not use what is listed here."""
        unused = self._resource.unused
        if unused is None or self._read.pages:
            return False
        try:
            return unused({"status": error.status, "body": error.body}) is True
        except ExpressionError:
            return False

    def read(self) -> Iterator[dict[str, Any]]:
        """All records, page by page. Raises `SourceError` as soon as the list contradicts itself."""
        request = self._resource.request
        if request is None:
            scope = {"parent": self._parent}
            rows = self._records(scope)
            self._judge_inner(self._parent, rows, record=True)
            yield from rows
            return
        self._ask_count()
        step: Mapping[str, Any] | None = self._first()
        link = None
        empty = 0
        while step is not None:
            answer, url = self._send(request, {**self._variables, **step}, link)
            self._read.pages += 1
            rows = self._rows(answer)
            yield from rows
            empty = 0 if rows else empty + 1
            if empty > MAX_EMPTY:
                raise self._wrong("page after page is empty")
            step, link = self._next(step, rows, answer, url)
            if step is None:
                self._refuse_unread_pages(answer)
            if step is not None and endless(self._read.pages, self._read.rows):
                raise self._wrong(
                    f"{self._read.pages} pages came with {many(self._read.rows, 'row')}, and there is always one more"
                )
        if self._read.total is not None and self._read.rows != self._read.total:
            raise self._wrong(short_of(self._read.rows, self._read.total))

    # --- one answer --------------------------------------------------------------------------------------------

    def _rows(self, answer: Answer) -> list[dict[str, Any]]:
        body = answer.body
        if self._parent is not None and isinstance(body, dict):
            body = {**body, "parent": self._parent}
        rows = self._records(body)
        self._refuse_failed(body)
        self._note_total(body)
        self._refuse_lists_that_go_on(answer.body)
        if _GATHERS in self._resource.records.text:
            self._judge_inner(answer.body, rows, record=False)
        self._refuse_repeats(rows)
        self._read.note(answer, len(rows))
        return rows

    def _records(self, body: Any) -> list[dict[str, Any]]:
        self._filtered.note(body)
        rows = self._value(self._resource.records, body)
        if not isinstance(rows, list):
            raise self._wrong(
                f"{self._resource.records.key} gives no list ({_kind(rows)}); the answer has {_keys(body)}"
            )
        for row in rows:
            if not isinstance(row, dict):
                raise self._wrong(f"a row is {_kind(row)}, not an object")
            self._refuse_more(row)
        return rows

    def _refuse_failed(self, body: Any) -> None:
        """An answer that names an error holds what there was until then, whatever its status."""
        name = failed(body) if isinstance(body, dict) else None
        if name is not None and name not in self._resource.optional:
            raise self._wrong(
                f"an answer says at {name!r} that something went wrong: {str(body[name])[:_SHOWN_ERROR]}",
                f"{_AGAIN}; if it is no error, name it: optional: [{name!r}]",
            )

    def _refuse_more(self, row: dict[str, Any]) -> None:
        """A record that says that a list inside it goes on elsewhere holds only the beginning of that list."""
        name = unread_list(row, self._resource.optional)
        if name is not None:
            raise self._wrong(
                f"a record says at {name!r} that its inner list goes on",
                f"read that list by a request of its own; if it is not needed, name it: optional: [{name!r}]",
            )

    def _refuse_lists_that_go_on(self, body: Any) -> None:
        """Rows may be gathered out of several lists, or hold lists in lists: each of them must be whole."""
        name = list_inside(body, self._resource.optional)
        if name is not None:
            raise self._wrong(
                f"an object says at {name!r} that a list inside it goes on",
                f"read that list by a request of its own; if it is not needed, name it: optional: [{name!r}]",
            )

    def _judge_inner(self, value: Any, rows: list[dict[str, Any]], *, record: bool) -> None:
        """What is said beside lists inside records that rows come from: a way on is refused, a larger number told."""
        for about, number in held(value, rows, record=record):
            name = goes_on(about, by_any_name=True)
            if name is not None and name not in self._resource.optional:
                raise self._wrong(
                    f"a record says at {name!r} that a list inside it goes on",
                    f"read that list by a request of its own; if it is whole, name it: optional: [{name!r}]",
                )
            said = announced_inside(about, number)
            if said is not None and said[0] not in self._resource.optional:
                self._read.inner = (number, *said)

    def _note_total(self, body: Any) -> None:
        expression = self._resource.total
        if expression is None:
            return
        value = self._value(expression, body)
        if value is None and self._read.pages > 1:
            return
        self._agree(self._number(value, expression))

    def _agree(self, total: int) -> None:
        if self._read.total is not None and total != self._read.total:
            raise self._wrong(f"the total moved from {self._read.total} to {total} while it was read")
        self._read.total = total

    def _ask_count(self) -> None:
        count, expression = self._resource.count, self._resource.counted
        if count is not None and expression is not None:
            answer, _ = self._send(count, self._variables, None)
            self._agree(self._number(self._value(expression, answer.body), expression))

    def _refuse_repeats(self, rows: list[dict[str, Any]]) -> None:
        """A record of an earlier page: the server repeats a page, or the list moved while it was read."""
        if self._resource.paging == "none":
            return
        keys = {key for row in rows if (key := self._identity(row)) is not None}
        for key in sorted(keys & self._keys, key=str)[:1]:
            words = "/".join(str(part) for part in key)
            raise self._wrong(f"the row {words!r} came again on a later page: the list changed while it was read")
        self._keys |= keys
        marks = {hash(repr(row)) for row in rows}
        if len(marks) < len(rows):
            raise self._wrong(
                "a row came twice in one page: the page may stand for another, or the next one skips a row"
            )
        if not marks.isdisjoint(self._seen):
            raise self._wrong("a row of an earlier page came again: the paging does not move on, or the list changed")
        self._seen |= marks

    def _identity(self, row: dict[str, Any]) -> tuple[Any, ...] | None:
        """The key of the row that this record becomes; None where it has none."""
        scope = row if self._parent is None else {**row, "parent": self._parent}
        try:
            key = tuple(expression(scope) for expression in self._key)
        except ExpressionError:
            return None
        return key if all(isinstance(part, str) for part in key) else None

    # --- the next request --------------------------------------------------------------------------------------

    def _first(self) -> dict[str, Any]:
        kind, start, size = self._resource.paging, self._resource.start, self._resource.size
        moving: dict[str, dict[str, Any]] = {
            "page": {"page": start},
            "offset": {"offset": start},
            "cursor": {"cursor": None},
        }
        return {**moving.get(kind, {}), "size": size}

    def _next(
        self, step: Mapping[str, Any], rows: list[dict[str, Any]], answer: Answer, url: str
    ) -> tuple[Mapping[str, Any] | None, str | None]:
        kind = self._resource.paging
        if kind == "page":
            return (None if self._ended(rows, answer) else {**step, "page": step["page"] + 1}), None
        if kind == "offset":
            # On by what came, not by what was asked for: a server that gives fewer must not make us skip rows.
            return (None if self._ended(rows, answer) else {**step, "offset": step["offset"] + len(rows)}), None
        if kind == "none":
            return None, None
        self._full = self._resource.size is None or len(rows) >= self._resource.size
        token = self._token(answer)
        if token is None:
            return None, None
        return (step, self._link(token, url)) if kind == "link" else ({**step, "cursor": token}, None)

    def _ended(self, rows: list[dict[str, Any]], answer: Answer) -> bool:
        pages = self._resource.pages
        number = None if pages is None else self._number(self._value(pages, answer.body), pages)
        if self._read.total is not None and self._read.rows >= self._read.total:
            return True
        if number is not None and not rows and self._read.pages < number:
            raise self._wrong(f"page {self._read.pages} of {number} is empty")
        return not rows if number is None else self._read.pages >= number

    def _token(self, answer: Answer) -> str | int | None:
        expression = self._resource.next
        value: Any = answer.links.get("next") if expression is None else self._value(expression, answer.body)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self._wrong(f"the next token is {_kind(value)}, not text")
        if str(value) in self._tokens:
            raise self._wrong("the next token came before: the paging does not move on")
        self._tokens.add(str(value))
        return value

    def _refuse_unread_pages(self, answer: Answer) -> None:
        """An answer that was to be the last, and itself says that there is more."""
        body = answer.body if isinstance(answer.body, dict) else {}
        # Servers that count pages put a link to the next one also where that is empty.
        counted = self._resource.paging in _COUNTED
        linked = "next" in answer.links and not counted
        unknown = self._resource.next is None and self._resource.paging in {"none", "link"}
        name = "a Link header" if linked else goes_on(body, by_any_name=unknown)
        name = name or (None if counted else goes_on_beside(answer.headers))
        once = self._resource.paging == "none"
        if once and answer.status == _PARTIAL and self._read.announced != ("Content-Range", self._read.rows):
            name = name or f"the status {_PARTIAL}"
        if name is None or name in self._resource.optional or self._read.total is not None:
            return
        raise self._wrong(
            f"{'paginate is none' if once else 'the list ended'}, and {name} says that there are more pages",
            f"describe the paging; if the list is whole, give total, or optional: [{name!r}]",
        )

    def _link(self, token: str | int, url: str) -> str:
        target = urljoin(url, str(token))
        if not same_server(url, target):
            origin = f"{urlsplit(target).scheme}://{server_shown(target)}"
            raise self._wrong(f"the next link leads to another host ({origin}), which is refused")
        return target

    # --- small things ------------------------------------------------------------------------------------------

    def _value(self, expression: Expression, data: Any) -> Any:
        try:
            return expression(data)
        except ExpressionError as error:
            raise self._wrong(f"{expression.key}: {error}") from error

    def _number(self, value: Any, expression: Expression) -> int:
        if isinstance(value, str) and value.isascii() and value.isdigit():
            return int(value)
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if whole and not isinstance(value, bool) and value >= 0:
            return int(value)
        shown = value if _kind(value) == _A_NUMBER else _kind(value)
        raise self._wrong(f"{expression.key} gives {shown} instead of a number of rows or pages")

    def _wrong(self, words: str, hint: str = _AGAIN) -> SourceError:
        return SourceError(f"{self._label()} was not read completely: {words}", hint=hint)

    def _label(self) -> str:
        return f"{self._resource.name} ({self._resource.label})"


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), _A_NUMBER)


def _keys(body: Any) -> str:
    if not isinstance(body, dict):
        return f"no names, it is {_kind(body)}"
    return ", ".join(list(body)[:_SHOWN_KEYS]) or "no names"
