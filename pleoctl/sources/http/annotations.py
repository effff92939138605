"""How answers say that a list goes on: a page of its own that was not asked for is rows that were not read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

# OData 4 annotates a property with the page that follows: ``values@odata.nextLink``.
_SUFFIXES: Final = ("@odata.nextlink", "@nextlink")
# OData 2 and 3, Salesforce, and links as many systems name them; true, or a text that is not empty.
_LINKS: Final = frozenset({"__next", "nextlink", "next_link", "nextrecordsurl", "nextpage", "next_page", "nextpageurl"})
# What an answer as a whole calls the way on; in a record these may be anything.
_NEXT: Final = frozenset(
    {"next", "nextcursor", "next_cursor", "nexttoken", "next_token", "nextpagetoken", "next_page_token"}
    | {"continuationtoken", "continuation_token"}
)
# Addresses as a list of objects with their relation.
_LISTS: Final = frozenset({"links", "_links", "link"})
_FLAGS: Final = frozenset(
    {"hasmore", "has_more", "hasnextpage", "has_next_page", "hasmoreitems", "has_more_items", "morerecords"}
    | {"more_records", "moreavailable", "more_available", "truncated", "istruncated", "is_truncated"}
    | {"incompleteresults", "incomplete_results"}
)
# True on the last page alone.
_LAST: Final = frozenset({"last", "islast", "is_last", "lastpage", "last_page", "islastpage", "is_last_page"})
# Where an answer with status 200 says that it failed, or gave a part only, as GraphQL does.
_FAILED: Final = frozenset({"error", "errors", "fault", "faults", "exception"})
_STATES: Final = frozenset({"status", "state", "result"})
_BAD: Final = frozenset({"error", "fail", "failed", "failure"})
_WELL: Final = frozenset({"success", "succeeded", "ok"})
_TOTALS: Final = frozenset(
    {"total", "totalcount", "total_count", "totalresults", "total_results", "totalitems", "total_items"}
    | {"totalrecords", "total_records", "totalelements", "total_elements", "itemcount", "count", "@odata.count"}
)
# The same in a header; ``Content-Range`` gives it behind a slash.
_TOTAL_HEADERS: Final = ("X-Total-Count", "X-Total", "Total-Count", "Content-Range")
_PAGE_HEADERS: Final = ("X-Total-Pages", "X-Page-Count", "X-Pagination-Page-Count")
_NEXT_HEADERS: Final = ("X-Next-Page", "X-Next-Cursor", "X-Next-Token", "X-Continuation-Token", "x-ms-continuation")
_PAGES: Final = frozenset(
    {"pages", "pagecount", "page_count", "totalpages", "total_pages", "@totalpages", "numpages", "num_pages"}
    | {"numberofpages", "number_of_pages", "totalnumberofpages", "lastpage", "last_page"}
)
_SIZES: Final = frozenset(
    {"limit", "size", "pagesize", "page_size", "perpage", "per_page", "itemsperpage", "items_per_page", "maxresults"}
    | {"max_results", "pagelength", "page_length"}
)
# What means nothing but a page that follows, wherever it stands.
_DEEP: Final = ("__next", *_SUFFIXES)


def announced(answer: dict[str, Any]) -> tuple[str, int] | None:
    """The number of rows that an answer, or an object of it, seems to announce, and its name; the largest there is."""
    return max(_numbers(answer, _TOTALS), key=lambda one: one[1], default=None)


def pages_announced(answer: dict[str, Any]) -> tuple[str, int] | None:
    """The number of pages that an answer, or an object of it, seems to announce, and its name; None for one page."""
    return max((one for one in _numbers(answer, _PAGES) if one[1] > 1), key=lambda one: one[1], default=None)


def page_size(answer: dict[str, Any], rows: int) -> str | None:
    """The name under which an answer, or an object of it, says that a page has just as many rows."""
    return next((name for name, number in _numbers(answer, _SIZES) if number == rows), None)


def _numbers(answer: dict[str, Any], names: frozenset[str]) -> Iterator[tuple[str, int]]:
    """The whole numbers of these names in an answer and in its objects."""
    for one in _objects(answer):
        for name, value in one.items():
            if name.casefold() in names and isinstance(value, int) and not isinstance(value, bool):
                yield name, value


def _objects(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """An answer, its objects and theirs, such as ``meta.pagination``; what lists hold is not the answer's own."""
    yield answer
    for inner in answer.values():
        if isinstance(inner, dict):
            yield inner
            yield from (one for one in inner.values() if isinstance(one, dict))


def announced_beside(headers: Mapping[str, str]) -> tuple[str, int] | None:
    """The same of an answer's headers; the first that has a number."""
    return _number_of(headers, _TOTAL_HEADERS)


def pages_announced_beside(headers: Mapping[str, str]) -> tuple[str, int] | None:
    """The same of pages; None for one page."""
    found = _number_of(headers, _PAGE_HEADERS)
    return None if found is None or found[1] < 2 else found


def goes_on_beside(headers: Mapping[str, str]) -> str | None:
    """The header that names a page, or a token, of what follows."""
    return next((name for name in _NEXT_HEADERS if headers.get(name, "").strip()), None)


def _number_of(headers: Mapping[str, str], names: tuple[str, ...]) -> tuple[str, int] | None:
    found = ((name, headers.get(name, "").rpartition("/")[2].strip()) for name in names)
    return next(((name, int(text)) for name, text in found if text.isascii() and text.isdigit()), None)


def list_inside(answer: Any, known: Collection[str]) -> str | None:
    """The name by which anything in a list of an answer, at any depth, says that a list of its own goes on."""
    left = [(answer, False)]
    while left:
        value, inside = left.pop()
        if isinstance(value, dict):
            leads = _leads_with_list if any(isinstance(part, list) for part in value.values()) else _leads_deep
            more = (name for name, part in value.items() if inside and name not in known and leads(name, part))
            if (name := next(more, None)) is not None:
                return str(name)
            left += [(part, inside) for part in value.values() if isinstance(part, dict | list)]
        elif isinstance(value, list):
            left += [(part, True) for part in value if isinstance(part, dict | list)]
    return None


def _leads_deep(name: str, value: Any) -> bool:
    word = name.casefold()
    return value is True if word == "hasnextpage" else bool(isinstance(value, str) and value) and word.endswith(_DEEP)


def _leads_with_list(name: str, value: Any) -> bool:
    """Of an object that has a list of its own, flags mean that one."""
    return _leads_deep(name, value) or (name.casefold() in _FLAGS and value is True)


def failed(answer: dict[str, Any]) -> str | None:
    """The name in an answer under which it says that something went wrong; None where it says so nowhere."""
    for name, value in answer.items():
        word = name.casefold()
        if word in _FAILED and (any(value.values()) if isinstance(value, dict) else value):
            return name
        if word in _STATES and isinstance(value, str) and value.casefold() in _BAD:
            return name
        if word in _WELL and value is False:
            return name
    return None


def goes_on(answer: dict[str, Any], *, by_any_name: bool) -> str | None:
    """The name in an answer, or in an object of it, that says that more rows follow; None where none does.

    ``by_any_name``: nothing in its body is known to be the way on, so whatever looks like one is.
    """
    says = _leads_on if by_any_name else _says_more
    return next((name for one in _objects(answer) for name, value in one.items() if says(name, value)), None)


def _leads_on(name: str, value: Any) -> bool:
    word = name.casefold()
    if word in _NEXT or word in _LINKS:
        # An address, a token, the number of a page, or an object with one of them.
        return bool(value) if isinstance(value, str | int | dict) else False
    if word in _LISTS and isinstance(value, list):
        return any(isinstance(link, dict) and link.get("rel") == "next" for link in value)
    return _says_more(name, value)


def unread_list(record: dict[str, Any], known: Collection[str]) -> str | None:
    """The name in a record that says that a list inside it goes on; names that are ``known`` are looked over."""
    for name, value in record.items():
        if name in known:
            continue
        if "@" in name and _says_more(name, value):
            return name
        # An inner list in an envelope: {"results": [...], "__next": "..."}.
        if isinstance(value, dict) and any(isinstance(part, list) for part in value.values()):
            more = next((inner for inner, part in value.items() if _says_more(inner, part)), None)
            if more is not None and more not in known:
                return f"{name}.{more}"
    return None


def _says_more(name: str, value: Any) -> bool:
    word = name.casefold()
    if word in _FLAGS:
        return value is True
    if word in _LAST:
        return value is False
    return isinstance(value, str) and value != "" and (word.endswith(_SUFFIXES) or word in _LINKS)
