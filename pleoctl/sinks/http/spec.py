"""The section of an ``http`` sink, checked and compiled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import SourceError
from pleoctl.place import Setting
from pleoctl.sinks.base import Capabilities, KeyRoom
from pleoctl.sinks.http.bodies import ENTRY, Template, check_names, tag_groups, uses
from pleoctl.sinks.http.find_spec import finds_of, optional
from pleoctl.sinks.http.lookups import NAMES, lookups_of
from pleoctl.sinks.programs import duration
from pleoctl.sources.http.expressions import Expression
from pleoctl.sources.http.spec import request_of
from pleoctl.sources.http.templates import names

if TYPE_CHECKING:
    from pleoctl.sinks.base import Stage
    from pleoctl.sinks.http.find_spec import Find
    from pleoctl.sinks.http.lookups import Lookup
    from pleoctl.sources.http.spec import Request

_BOOK: Final = Setting("sink", "book")
_ATTACH: Final = Setting("sink", "attach")

KINDS: Final = ("journal", "invoice", "payment", "creditNote")
_WRITES: Final = ("POST", "PUT", "PATCH")
_OWN: Final = frozenset({"body", "when", "id", "url", "then", "refused", "for", "multipart"})
_FILE: Final = frozenset({"file", "name", "type", "base64", "id", "key", "variables", "upload"})
ONCE: Final = "once"
ONLY: Final = "only"


@dataclass(frozen=True, slots=True)
class Follow:
    """A request that brings a record further once it is made: its lines, or its posting."""

    stage: Stage
    request: Request
    body: Template | None
    refused: Expression | None


@dataclass(frozen=True, slots=True)
class Book:
    """One template of a record; ``when`` says which legs it is for, None is any.

    ``refused`` gives the words of a refusal that comes as a success.
    """

    request: Request
    body: Template
    when: Expression | None
    id: Expression | None
    url: Expression | None
    refused: Expression | None
    then: list[Follow]
    once: bool


@dataclass(frozen=True, slots=True)
class Upload:
    """One request about a file: the part ``multipart`` of a form, a JSON ``body``, or else the file as it is."""

    request: Request
    multipart: str | None
    body: Template | None


@dataclass(frozen=True, slots=True)
class Attach:
    """How a file is linked; ``id`` reads of the first answer what the second request calls ``{upload}``."""

    first: Upload
    id: Expression | None
    then: Upload | None


@dataclass(frozen=True, slots=True)
class Spec:
    """All of a section."""

    finds: list[Find]
    book: list[Book]
    lookups: list[Lookup]
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
            raise SourceError(f"sink lacks {name}", hint="docs/sinks.md tells what it holds", setting=Setting("sink"))
    lookups = lookups_of(config.get("lookups") or {}, variables)
    known = ENTRY | {NAMES[one.name] for one in lookups}
    given = config["book"]
    several = [(_BOOK / n, one) for n, one in enumerate(given)] if isinstance(given, list) else [(_BOOK, given)]
    book = [_book(one, key, variables, known) for key, one in several]
    closed = config.get("closedPeriod") or {}
    finds = finds_of(config["find"], variables, config.get("currency"))
    _check_accounts(finds, lookups)
    return Spec(
        finds,
        book,
        lookups,
        request_of(config["check"], Setting("sink", "check"), variables) if config.get("check") else None,
        _attach(config["attach"], variables) if config.get("attach") else None,
        optional(closed, "when", Setting("sink", "closedPeriod")),
        optional(closed, "nextOpen", Setting("sink", "closedPeriod")),
        {
            kind: Expression(text, Setting("sink", "reasons", kind))
            for kind, text in (config.get("reasons") or {}).items()
        },
        _capabilities(config, finds, book),
    )


def _check_accounts(finds: list[Find], lookups: list[Lookup]) -> None:
    by_id = any("accountId" in one.lines.fields for one in finds if one.lines)
    if by_id and "account" not in {one.name for one in lookups}:
        raise SourceError(
            "sink.find.lines.as.accountId needs sink.lookups.account",
            setting=Setting("sink", "find", "lines", "as", "accountId"),
        )


def _book(config: dict[str, Any], key: Setting, variables: set[str], known: frozenset[str]) -> Book:
    request = request_of(_plain(config), key, variables | {"key", ONCE}, _WRITES)
    when, id_, url, refused = (optional(config, name, key) for name in ("when", "id", "url", "refused"))
    body = Template(config.get("body"), key / "body")
    once = "{once}" in str([request.path, request.query, request.headers]) or uses(body.expressions, ONCE)
    check_names([*body.expressions, *([when] if when else [])], variables, known)
    then = [_follow(one, key / "then" / n, variables, known) for n, one in enumerate(config.get("then") or ())]
    if id_ is None and any("id" in names([one.request.path, one.request.query]) for one in then):
        raise SourceError(f"{key} lacks id, which its then uses", setting=key)
    return Book(request, body, when, id_, url, refused, then, once)


def _follow(config: dict[str, Any], key: Setting, variables: set[str], known: frozenset[str]) -> Follow:
    request = request_of(_plain(config), key, variables | {"key", "id"}, _WRITES)
    body = Template(config["body"], key / "body") if config.get("body") is not None else None
    check_names(body.expressions if body else (), variables, known | {"id"})
    return Follow(config["for"], request, body, optional(config, "refused", key))


def _attach(config: dict[str, Any], variables: set[str]) -> Attach:
    first = _upload(config, _ATTACH, variables)
    then = _upload(config["then"], _ATTACH / "then", variables | {"upload"}) if config.get("then") else None
    id_ = optional(config, "id", _ATTACH)
    if then is not None and id_ is None:
        raise SourceError("sink.attach lacks id, which its then needs", setting=_ATTACH)
    return Attach(first, id_, then)


def _upload(config: dict[str, Any], key: Setting, variables: set[str]) -> Upload:
    request = request_of(_plain(config), key, variables | {"key", "id", "name"}, _WRITES)
    body = Template(config["body"], key / "body") if config.get("body") is not None else None
    check_names(body.expressions if body else (), variables, _FILE)
    return Upload(request, config.get("multipart"), body)


def _plain(config: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name not in _OWN}


def _capabilities(config: dict[str, Any], finds: list[Find], book: list[Book]) -> Capabilities:
    room = config.get("key") or {}
    said = [expression for one in book for expression in one.body.expressions]
    posted = any(step.stage == "posting" for one in book for step in one.then)
    only = config.get("drafts") == ONLY
    try:
        guarded = duration(room.get("guardedFor")) if all(one.once for one in book) else 0.0
    except (ValueError, KeyError) as error:
        raise SourceError(
            "sink.key.guardedFor is no duration", hint="e.g. 30s, 5m, 24h", setting=Setting("sink", "key", "guardedFor")
        ) from error
    return Capabilities(
        KeyRoom("what find reads", room.get("length"), room.get("alphabet", "any"), guarded),
        currency=config.get("currency"),
        tax_codes=uses(said, "taxCode") or uses(said, "taxCodeId"),
        dimensions=tag_groups(said),
        ignored=frozenset(config.get("ignoreTags", ())),
        tag_keys=("ignoreTags",),
        kinds=_kinds(book),
        drafts=uses(said, "draft") or posted or only,
        only_drafts=only,
        attachments=bool(config.get("attach")),
        lists_attachments=all("attachments" in one.fields for one in finds),
        periods=bool(config.get("closedPeriod")),
        read_back=all(one.lines is not None for one in finds),
        tells_tax_codes=all(one.lines is not None and one.lines.tells_tax_codes for one in finds),
        tells_tags=all(one.lines is not None and bool(one.lines.tags) for one in finds),
        per_leg=config.get("per") == "leg",
    )


def _kinds(book: list[Book]) -> frozenset[str] | None:
    if any(one.when is None for one in book):
        return None
    return frozenset(kind for kind in KINDS for one in book if one.when is not None and is_for(one, kind))


def is_for(template: Book, kind: str) -> bool:
    """Whether a template is for legs of a kind."""
    return template.when is None or bool(template.when({"leg": {"kind": kind}}))
