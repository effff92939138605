"""The section of an ``http`` sink, checked and compiled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import SourceError
from pleoctl.sinks.base import Capabilities, KeyRoom
from pleoctl.sinks.http.bodies import Template, check_names, tag_groups, uses
from pleoctl.sinks.programs import duration
from pleoctl.sources.http.expressions import Expression
from pleoctl.sources.http.spec import lookup, request_of
from pleoctl.sources.http.templates import names

if TYPE_CHECKING:
    from pleoctl.sources.http.spec import Request, Resource

KINDS: Final = ("journal", "invoice", "payment", "creditNote")
_WRITES: Final = ("POST", "PUT", "PATCH")
_LINE: Final = ("account", "side", "amount", "debit", "credit", "currency")
ONCE: Final = "once"


@dataclass(frozen=True, slots=True)
class Lines:
    """How a record tells its postings: ``each`` gives its lines, ``fields`` read one."""

    each: Expression
    fields: dict[str, Expression]


@dataclass(frozen=True, slots=True)
class Find:
    """How records are looked up by our reference and what is read of them; ``by_key``: one request asks for one key."""

    listing: Resource
    key: Expression
    id: Expression
    url: Expression | None
    void: Expression | None
    date: Expression | None
    attachments: Expression | None
    lines: Lines | None
    optional: frozenset[str]
    by_key: bool


@dataclass(frozen=True, slots=True)
class Book:
    """One template of a record; ``when`` says which legs it is for, None is any."""

    request: Request
    body: Template
    when: Expression | None
    id: Expression | None
    url: Expression | None
    once: bool


@dataclass(frozen=True, slots=True)
class Attach:
    """How a file is linked: as the part ``multipart`` of a form, or (None) as the body itself."""

    request: Request
    multipart: str | None


@dataclass(frozen=True, slots=True)
class Spec:
    """All of a section."""

    find: Find
    book: list[Book]
    check: Request | None
    attach: Attach | None
    closed: Expression | None
    next_open: Expression | None
    reasons: dict[str, Expression]
    can: Capabilities


def spec_of(config: dict[str, Any], variables: set[str]) -> Spec:
    """The section over its preset's. Raises `SourceError`."""
    for name in ("find", "book"):
        if not config.get(name):
            raise SourceError(f"sink lacks {name}", hint="docs/sinks.md tells what it holds")
    given = config["book"] if isinstance(config["book"], list) else [config["book"]]
    book = [_book(one, f"sink.book[{n}]" if len(given) > 1 else "sink.book", variables) for n, one in enumerate(given)]
    closed = config.get("closedPeriod") or {}
    find = _find(config["find"], variables, config.get("currency"))
    return Spec(
        find,
        book,
        request_of(config["check"], "sink.check", variables) if config.get("check") else None,
        _attach(config["attach"], variables) if config.get("attach") else None,
        _optional(closed, "when", "sink.closedPeriod"),
        _optional(closed, "nextOpen", "sink.closedPeriod"),
        {kind: Expression(text, f"sink.reasons.{kind}") for kind, text in (config.get("reasons") or {}).items()},
        _capabilities(config, find, book),
    )


def _find(config: dict[str, Any], variables: set[str], currency: str | None) -> Find:
    if config.get("key") is None:
        raise SourceError("sink.find lacks key", hint="the expression that gives our reference in a record")
    listing = lookup(config, "sink.find", variables | {"key"})
    url, void, date, attachments = (
        _optional(config, name, "sink.find") for name in ("url", "void", "date", "attachments")
    )
    lines = _lines(config["lines"], currency) if config.get("lines") else None
    key = Expression(config["key"], "sink.find.key")
    by_key = "key" in names([config.get(part) for part in ("path", "query", "headers", "body")])
    return Find(listing, key, listing.fields["id"], url, void, date, attachments, lines, listing.optional, by_key)


def _lines(config: dict[str, Any], currency: str | None) -> Lines:
    fields = config["as"]
    amounts = {"amount", "debit", "credit"} & {name for name, text in fields.items() if text}
    if "account" not in fields or not amounts or ("amount" in amounts and len(amounts) > 1):
        raise SourceError("sink.find.lines.as needs account, and either amount or debit and credit")
    if "currency" not in fields and currency is None:
        raise SourceError("sink.find.lines.as lacks currency", hint="or say sink.currency, that of the books")
    named = {name: Expression(fields[name], f"sink.find.lines.as.{name}") for name in _LINE if fields.get(name)}
    return Lines(Expression(config["each"], "sink.find.lines.each"), named)


def _book(config: dict[str, Any], key: str, variables: set[str]) -> Book:
    plain = {name: value for name, value in config.items() if name != "body"}
    request = request_of(plain, key, variables | {"key", ONCE}, _WRITES)
    once = "{once}" in str([request.path, request.query, request.headers])
    when, id_, url = (_optional(config, name, key) for name in ("when", "id", "url"))
    body = Template(config.get("body"), f"{key}.body")
    check_names([*body.expressions, *([when] if when else [])])
    return Book(request, body, when, id_, url, once)


def _attach(config: dict[str, Any], variables: set[str]) -> Attach:
    request = request_of(config, "sink.attach", variables | {"key", "id", "name"}, _WRITES)
    return Attach(request, config.get("multipart"))


def _optional(config: dict[str, Any], name: str, key: str) -> Expression | None:
    return Expression(config[name], f"{key}.{name}") if config.get(name) is not None else None


def _capabilities(config: dict[str, Any], find: Find, book: list[Book]) -> Capabilities:
    room = config.get("key") or {}
    said = [expression for one in book for expression in one.body.expressions]
    try:
        guarded = duration(room.get("guardedFor")) if all(one.once for one in book) else 0.0
    except (ValueError, KeyError) as error:
        raise SourceError("sink.key.guardedFor is no duration", hint="e.g. 30s, 5m, 24h") from error
    return Capabilities(
        KeyRoom("what find reads", room.get("length"), room.get("alphabet", "any"), guarded),
        currency=config.get("currency"),
        tax_codes=uses(said, "taxCode"),
        dimensions=tag_groups(said),
        ignored=frozenset(config.get("ignoreTags", ())),
        kinds=_kinds(book),
        drafts=uses(said, "draft"),
        attachments=bool(config.get("attach")),
        lists_attachments=find.attachments is not None,
        periods=bool(config.get("closedPeriod")),
        read_back=find.lines is not None,
        per_leg=config.get("per") == "leg",
    )


def _kinds(book: list[Book]) -> frozenset[str] | None:
    if any(one.when is None for one in book):
        return None
    return frozenset(kind for kind in KINDS for one in book if one.when is not None and is_for(one, kind))


def is_for(template: Book, kind: str) -> bool:
    """Whether a template is for legs of a kind."""
    return template.when is None or bool(template.when({"leg": {"kind": kind}}))
