"""How answers say that a list goes on: a page of its own that was not asked for is rows that were not read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

# Names are looked for in small letters, their words joined (`word_of`), since each system spells them in its own way.
_JOINT: Final = re.compile(r"(?<=[a-z0-9])[_-](?=[a-z0-9])")
# OData 4 annotates a property with the page that follows: ``values@odata.nextLink``.
_SUFFIXES: Final = ("@odata.nextlink", "@nextlink")
# OData 2 and 3, Salesforce, and links as many systems name them; true, or a text that is not empty.
_LINKS: Final = frozenset(
    {"__next", "nextlink", "nextrecordsurl", "nextpage", "nextpageurl", "nextpageuri", "nextpagelink", "nexturl"}
    | {"nexturi", "nexthref"}
)
# What an answer as a whole calls the way on; in a record these may be anything.
_NEXT: Final = frozenset(
    {"next", "nextcursor", "nexttoken", "nextpagetoken", "nextpagecursor", "nextpagekey", "nextpagenumber"}
    | {"nextoffset", "nextstart", "continuationtoken", "lastevaluatedkey"}
)
# Addresses as a list of objects with their relation.
_LISTS: Final = frozenset({"links", "_links", "link"})
_RELATIONS: Final = ("rel", "relation")
_FLAGS: Final = frozenset(
    {"hasmore", "hasnext", "hasnextpage", "truncated", "istruncated", "incompleteresults", "moreavailable"}
    | {"moredataavailable", "moreitemsincollection", "more"}
    | {f"{more}{what}" for more in ("hasmore", "more") for what in ("items", "results", "records", "rows", "pages")}
    | {"hasmoredata", "moredata"}
)
# True on the last page alone; what an answer as a whole has reached, and a record may be anything.
_LAST: Final = frozenset({"last", "islast", "lastpage", "islastpage"})
_ENDED: Final = frozenset({"done", "finished", "complete", "iscomplete", "endofrecords", "endoflist"})
#: A text of more is no number of rows.
_DIGITS: Final = 19
_YES: Final = frozenset({"true", "yes", "y"})
_NO: Final = frozenset({"false", "no", "n"})
# Where an answer with status 200 says that it failed, or gave a part only, as GraphQL does.
_FAILED: Final = frozenset({"error", "errors", "fault", "faults", "exception"})
_STATES: Final = frozenset({"status", "state", "result"})
_BAD: Final = frozenset({"error", "fail", "failed", "failure"})
_WELL: Final = frozenset({"success", "succeeded", "ok"})
_TOTALS: Final = frozenset(
    {f"total{what}" for what in ("", "count", "results", "items", "records", "elements", "rows", "entries", "hits")}
    | {"totalsize", "totalnumber", "totalresultscount", "totalnumberofresults", "totalnumberofitems", "recordstotal"}
    | {f"{what}count" for what in ("item", "record", "row", "result", "")}
    | {f"num{of}{what}" for of in ("", "berof") for what in ("found", "results", "records", "items", "rows")}
    | {"@odata.count", "odata.count", "__count"}
)
# The same in a header; ``Content-Range`` gives it behind a slash.
_TOTAL_HEADERS: Final = ("X-Total-Count", "X-Total", "Total-Count", "Content-Range")
_PAGE_HEADERS: Final = ("X-Total-Pages", "X-Page-Count", "X-Pagination-Page-Count")
_NEXT_HEADERS: Final = ("X-Next-Page", "X-Next-Cursor", "X-Next-Token", "X-Continuation-Token", "x-ms-continuation")
_PAGES: Final = frozenset(
    {"pages", "pagecount", "totalpages", "@totalpages", "numpages", "numberofpages", "totalnumberofpages", "lastpage"}
)
_SIZES: Final = frozenset({"limit", "size", "pagesize", "perpage", "itemsperpage", "maxresults", "pagelength"})
# What means nothing but a page that follows, wherever it stands.
_DEEP: Final = ("__next", *_SUFFIXES)


def word_of(name: str) -> str:
    """A name as those above are written."""
    word = name.casefold()
    return _JOINT.sub("", word) if "_" in word or "-" in word else word


def _is_yes(value: Any) -> bool:
    """True, also as a text or as a number, which some languages write for it."""
    if isinstance(value, str):
        return value.strip().casefold() in _YES
    return isinstance(value, int) and value > 0


def _is_no(value: Any) -> bool:
    return value is False or (isinstance(value, str) and value.strip().casefold() in _NO)


def _whole(value: Any) -> int | None:
    """A whole number, also as a text; None for anything else."""
    if isinstance(value, str) and len(value) < _DIGITS:
        return int(value) if value.isascii() and value.isdigit() else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value == value // 1 else None


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
            if word_of(name) in names and (number := _whole(value)) is not None:
                yield name, number


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
    word = word_of(name)
    return _is_yes(value) if word == "hasnextpage" else bool(isinstance(value, str) and value) and word.endswith(_DEEP)


def _leads_with_list(name: str, value: Any) -> bool:
    """Of an object that has a list of its own, flags mean that one."""
    return _leads_deep(name, value) or (word_of(name) in _FLAGS and _is_yes(value))


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
    return next(
        (n for one in _objects(answer) for n, value in one.items() if says(n, value) or _unended(n, value)), None
    )


def _unended(name: str, value: Any) -> bool:
    return word_of(name) in _ENDED and _is_no(value)


def _leads_on(name: str, value: Any) -> bool:
    word = word_of(name)
    if word in _NEXT or word in _LINKS:
        # An address, a token, the number of a page, or an object with one of them.
        return bool(value) if isinstance(value, str | int | dict) else False
    if word in _LISTS and isinstance(value, list):
        return any(isinstance(link, dict) and _is_next(link) for link in value)
    return _says_more(name, value)


def _is_next(link: dict[str, Any]) -> bool:
    found = next((link[name] for name in _RELATIONS if name in link), "")
    words = found if isinstance(found, list) else str(found).split()
    return "next" in [word.casefold() for word in words if isinstance(word, str)]


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
    word = word_of(name)
    if word in _FLAGS:
        return _is_yes(value)
    if word in _LAST:
        return _is_no(value)
    return isinstance(value, str) and value != "" and (word.endswith(_SUFFIXES) or word in _LINKS)
