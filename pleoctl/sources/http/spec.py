"""One resource of the ``http`` source as the workspace or a preset describes it, checked and compiled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import SourceError
from pleoctl.place import Setting
from pleoctl.sources.base import FIELDS, REQUIRED, identity
from pleoctl.sources.credentials import ROUTING_HEADERS
from pleoctl.sources.http.expressions import Expression
from pleoctl.sources.http.templates import check_names, fill, fill_path, names, of_parent
from pleoctl.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Variables that each kind of paging offers.
PAGING: Final[dict[str, set[str]]] = {
    "none": set(),
    "page": {"page", "size"},
    "offset": {"offset", "size"},
    "cursor": {"cursor", "size"},
    "link": {"size"},
}
# Without these a kind of paging cannot work.
_NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "none": (),
    "page": (),
    "offset": (),
    "cursor": ("next",),
    "link": ("next",),
}
_MOVES: Final = {"page": "page", "offset": "offset", "cursor": "cursor"}
METHODS: Final = ("GET", "POST")
_CREDENTIAL_HEADERS: Final = {"authorization", "cookie", "proxy-authorization"}
HEADER: Final = "header"


@dataclass(slots=True)
class Request:
    """How one request is made; strings may hold variables."""

    method: str
    path: str
    query: dict[str, Any]
    headers: dict[str, Any]
    body: Any

    def build(self, variables: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Path and keyword arguments of the transport."""
        arguments: dict[str, Any] = {}
        if self.query:
            arguments["params"] = {name: _word(value) for name, value in fill(self.query, variables).items()}
        if self.headers:
            arguments["headers"] = {name: str(value) for name, value in fill(self.headers, variables).items()}
        if isinstance(self.body, str):
            arguments["data"] = str(fill(self.body, variables)).encode()
        elif self.body is not None:
            arguments["json"] = fill(self.body, variables)
        return fill_path(self.path, variables), arguments


@dataclass(slots=True)
class Resource:
    """Everything about one table of rows."""

    name: str
    parent: str | None
    request: Request | None
    paging: str
    start: int
    size: int | None
    count: Request | None
    counted: Expression | None
    records: Expression
    total: Expression | None
    pages: Expression | None
    next: Expression | None
    where: Expression | None
    fields: dict[str, Expression]
    optional: frozenset[str]
    may_be_empty: bool
    key: Setting
    of_parent: Mapping[str, str]
    identity: tuple[str, ...]
    one: Expression | None = None
    unused: Expression | None = None
    base_url: str = ""
    """Where it is asked, if not at the source's own base url."""
    beside: dict[str, Resource] = field(default_factory=dict)
    """Lists whose records are at hand in its expressions, by their ``id``."""

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"{self.request.method} {self.request.path}" if self.request else f"{self.name} in {self.parent}"

    def may_lack(self, name: str, of: Expression) -> bool:
        """Whether ``optional`` says that no record need have a name of an expression: the name, or the expression."""
        return name in self.optional or of.text in self.optional

    def expressions(self) -> Iterator[Expression]:
        """All but the fields' whose names must occur in the data; ``next`` is judged by itself."""
        for one in (self.records, self.total, self.pages, self.counted, self.where, self.one):
            if one is not None:
                yield one


def resources(name: str, config: dict[str, Any], variables: set[str]) -> list[Resource]:
    """The requests behind a table: one, or each of its ``parts``, which share what stands beside them.

    ``variables`` are those of the source. Raises `SourceError`.
    """
    parts = config.get("parts")
    if parts is None:
        return [_resource(name, config, variables, Setting("source", name))]
    shared = {key: value for key, value in config.items() if key != "parts"}
    return [
        _resource(name, {**shared, **part}, variables, Setting("source", name, "parts", of))
        for of, part in parts.items()
    ]


def _resource(name: str, config: dict[str, Any], variables: set[str], key: Setting) -> Resource:
    paginate = _required(config, "paginate", key)
    kind = _kind(paginate, key)
    parent = config.get("forEach")
    known = variables | PAGING[kind] | ({"parent"} if parent else set())
    request = request_of(config, key, known) if "path" in config or not parent else None
    _check_moves(kind, config, key)

    def expression(part: dict[str, Any], field: str, below: Setting = key) -> Expression | None:
        return Expression(str(part[field]), below / field) if part.get(field) is not None else None

    counting, counted = _counting(config, key, variables | ({"parent"} if parent else set()))
    after = paginate.get("next")
    return Resource(
        name,
        parent,
        request,
        kind,
        int(paginate.get("start", 1 if kind == "page" else 0)),
        paginate.get("size"),
        counting,
        counted,
        Expression(str(_required(config, "records", key)), key / "records"),
        expression(config, "total"),
        expression(paginate, "pages", key / "paginate"),
        None if after == HEADER and kind == "link" else expression(paginate, "next", key / "paginate"),
        expression(config, "where"),
        _fields(name, _required(config, "fields", key), key / "fields"),
        frozenset(config.get("optional", ())),
        bool(config.get("mayBeEmpty", False)),
        key,
        of_parent([[one.path, one.query, one.headers, one.body] for one in (request, counting) if one is not None]),
        tuple(identity(name)),
        expression(config, "one"),
        expression(config, "unused"),
        str(config.get("baseUrl") or ""),
        {of: lookup(one, key / "beside" / of, variables) for of, one in config.get("beside", {}).items()},
    )


def lookup(config: dict[str, Any], key: Setting, variables: set[str]) -> Resource:
    """The list that one reference is looked up in: no table, and a record is what its ``id`` says.

    Raises `SourceError`.
    """
    paginate = config.get("paginate", {"type": "none"})
    kind = _kind(paginate, key)
    _check_moves(kind, {**config, "paginate": paginate}, key)
    given = {name: paginate.get(name) for name in ("pages", "next")} | {"total": config.get("total")}
    counting, counted = _counting(config, key, variables)
    total, pages, after = (
        None if given[name] is None else Expression(str(given[name]), key / name) for name in ("total", "pages", "next")
    )
    return Resource(
        str(key),
        None,
        request_of(config, key, variables | PAGING[kind]),
        kind,
        int(paginate.get("start", 1 if kind == "page" else 0)),
        paginate.get("size"),
        counting,
        counted,
        Expression(str(_required(config, "records", key)), key / "records"),
        total,
        pages,
        None if given["next"] == HEADER and kind == "link" else after,
        None,
        {"id": Expression(str(_required(config, "id", key)), key / "id")},
        frozenset(config.get("optional", ())),
        may_be_empty=True,
        key=key,
        of_parent={},
        identity=("id",),
    )


def _counting(config: dict[str, Any], key: Setting, known: set[str]) -> tuple[Request | None, Expression | None]:
    """The request that says how many rows a list has, and where its answer says so."""
    count = config.get("count")
    if not count:
        return None, None
    total = Expression(str(_required(count, "total", key / "count")), key / "count" / "total")
    return request_of({**_shared(config), **count}, key / "count", known), total


def _required(config: dict[str, Any], name: str, key: Setting) -> Any:
    if config.get(name) is None:
        hint = "write {type: none} where the server sends everything at once" if name == "paginate" else None
        raise SourceError(f"{key} lacks {name}", hint=hint, setting=key)
    return config[name]


def _kind(paginate: dict[str, Any], key: Setting) -> str:
    kind = str(paginate.get("type"))
    if kind not in PAGING:
        raise SourceError(
            f"{key}.paginate.type is {kind!r}", hint=f"one of: {', '.join(PAGING)}", setting=key / "paginate" / "type"
        )
    for name in _NEEDS[kind]:
        if paginate.get(name) is None:
            raise SourceError(f"{key}.paginate of type {kind} lacks {name}", setting=key / "paginate")
    return kind


def _check_moves(kind: str, config: dict[str, Any], key: Setting) -> None:
    """A request that does not use its page variable would read the first page for ever."""
    used = set(names([config.get(part) for part in ("path", "query", "headers", "body")]))
    moving = _MOVES.get(kind)
    if moving and moving not in used:
        raise SourceError(
            f"{key} pages by {kind}, but no string uses {{{moving}}}",
            hint=f'e.g. query: {{{moving}: "{{{moving}}}"}}',
            setting=key,
        )
    if "size" in used and config["paginate"].get("size") is None:
        raise SourceError(f"{key} uses {{size}}, but its paginate lacks size", setting=key)


def _shared(config: dict[str, Any]) -> dict[str, Any]:
    """What a count request takes from its resource unless it says otherwise."""
    return {name: config[name] for name in ("method", "headers") if name in config}


def request_of(config: dict[str, Any], key: Setting, known: set[str], methods: Sequence[str] = METHODS) -> Request:
    """A request with its variables checked; without ``method`` the first of ``methods``. Raises `SourceError`."""
    section = key.section
    method = str(config.get("method", methods[0])).upper()
    path = str(_required(config, "path", key))
    if method not in methods:
        reads = "a source only reads: " if section == "source" else "here it is "
        raise SourceError(f"{key}.method is {method}", hint=reads + " or ".join(methods), setting=key / "method")
    if not path.startswith("/"):
        raise SourceError(
            f"{key}.path must begin with /", hint=f"the host stands in {section}.baseUrl", setting=key / "path"
        )
    for name in config.get("headers", {}):
        if name.lower() in _CREDENTIAL_HEADERS:
            raise SourceError(
                f"{key}.headers must not set {name}",
                hint=f"give it in {section}.auth, as a reference",
                setting=key / "headers",
            )
        if name.lower() in ROUTING_HEADERS:
            raise SourceError(
                f"{key}.headers must not set {name}",
                hint=f"{section}.baseUrl alone says where requests go",
                setting=key / "headers",
            )
    for part in ("path", "query", "headers", "body"):
        check_names(config.get(part), known, key / part)
    return Request(method, path, config.get("query", {}), config.get("headers", {}), config.get("body"))


def _fields(name: str, given: dict[str, str | None], key: Setting) -> dict[str, Expression]:
    fields = {field: text for field, text in given.items() if text is not None}
    for one in fields:
        if one not in FIELDS[name]:
            raise SourceError(
                f"{key}: unknown field {one!r}", hint=did_you_mean(one, sorted(FIELDS[name])), setting=key
            )
    missing = [field for field in REQUIRED[name] if field not in fields]
    if missing:
        raise SourceError(f"{key} lacks {', '.join(missing)}", setting=key)
    return {field: Expression(text, key / field) for field, text in fields.items()}


def _word(value: Any) -> Any:
    """Booleans as web APIs spell them."""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else value
