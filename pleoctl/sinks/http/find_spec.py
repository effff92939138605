"""How records are looked up, checked and compiled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_args

from pleoctl.errors import SourceError
from pleoctl.place import Setting
from pleoctl.sinks.base import Stage
from pleoctl.sources.http.expressions import Expression
from pleoctl.sources.http.spec import lookup, request_of
from pleoctl.sources.http.templates import names, of_parent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pleoctl.sources.http.spec import Request, Resource

N = TypeVar("N", bound=str)
_FIND: Final = Setting("sink", "find")

_LINE: Final = ("account", "accountId", "side", "amount", "debit", "credit", "currency", "taxCode")
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)
KEY: Final = "key"
KEYS: Final = "keys"
SINCE: Final = "since"


@dataclass(frozen=True, slots=True)
class Lines:
    """How a record tells its postings: ``each`` gives its lines, ``fields`` and by tag group ``tags`` read one."""

    each: Expression
    fields: dict[str, Expression]
    tags: dict[str, Expression]

    @property
    def tells_tax_codes(self) -> bool:
        """Whether a line's tax code is read."""
        return "taxCode" in self.fields


@dataclass(frozen=True, slots=True)
class Many:
    """Up to ``size`` keys in one request: each written as ``each`` says, with ``join`` between; a list without."""

    size: int
    each: str | None
    join: str


@dataclass(frozen=True, slots=True)
class Detail:
    """A request for the whole of a record that a list shows in part."""

    request: Request
    record: Expression | None
    of_record: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Find:
    """One look-up by our reference and what is read of a record.

    ``by_key``: one request asks for one key. ``group`` makes one record of the rows that it is equal for.
    """

    listing: Resource
    key: Expression
    fields: dict[str, Expression]
    lines: Lines | None
    left: dict[Stage, Expression]
    group: Expression | None
    many: Many | None
    detail: Detail | None
    by_key: bool

    @property
    def id(self) -> Expression:
        """What reads a record's id."""
        return self.listing.fields["id"]


def finds_of(config: Any, variables: set[str], currency: str | None) -> list[Find]:
    """The section ``find``: a look-up, or several that are asked one after the other. Raises `SourceError`."""
    given = [(_FIND / n, one) for n, one in enumerate(config)] if isinstance(config, list) else [(_FIND, config)]
    return [_find(one, key, variables, currency) for key, one in given]


def _find(config: dict[str, Any], key: Setting, variables: set[str], currency: str | None) -> Find:
    if config.get("key") is None:
        raise SourceError(f"{key} lacks key", hint="the expression that gives our reference in a record", setting=key)
    used = set(names([config.get(part) for part in ("path", "query", "headers", "body")]))
    many = _many(config.get("many"), key)
    if (KEYS in used) != (many is not None):
        raise SourceError(
            f"{key}: {{keys}} and many belong together", hint="many says how the keys are written", setting=key
        )
    if KEY in used and many is not None:
        raise SourceError(f"{key} asks for {{key}} and for {{keys}}", hint="take one of them", setting=key)
    listing = lookup(config, key, variables | {KEY, KEYS, SINCE})
    return Find(
        listing,
        Expression(config["key"], key / "key"),
        given(config, ("url", "void", "date", "attachments"), key),
        _lines(config["lines"], key, currency) if config.get("lines") else None,
        given(config.get("left") or {}, STAGES, key / "left"),
        optional(config, "group", key),
        many,
        _detail(config["detail"], key / "detail", variables) if config.get("detail") else None,
        by_key=KEY in used,
    )


def optional(config: Mapping[str, Any], name: str, key: Setting) -> Expression | None:
    """The expression of a key that may be left out, or null."""
    return Expression(config[name], key / name) if config.get(name) is not None else None


def given(config: Mapping[str, Any], names: Iterable[N], key: Setting) -> dict[N, Expression]:
    """The expressions of those of the names that have one."""
    return {name: found for name in names if (found := optional(config, name, key)) is not None}


def _many(config: dict[str, Any] | None, key: Setting) -> Many | None:
    if config is None:
        return None
    if "each" in config and set(names(config["each"])) != {KEY}:
        raise SourceError(
            f"{key}.many.each writes no {{key}}",
            hint="e.g. each: \"reference eq '{key}'\"",
            setting=key / "many" / "each",
        )
    return Many(int(config["size"]), config.get("each"), str(config.get("join", "")))


def _detail(config: dict[str, Any], key: Setting, variables: set[str]) -> Detail:
    plain = {name: value for name, value in config.items() if name != "record"}
    request = request_of(plain, key, variables | {"parent"})
    return Detail(request, optional(config, "record", key), of_parent([request.path, request.query, request.headers]))


def _lines(config: dict[str, Any], key: Setting, currency: str | None) -> Lines:
    fields = config["as"]
    amounts = {"amount", "debit", "credit"} & {name for name, text in fields.items() if text}
    accounts = {"account", "accountId"} & {name for name, text in fields.items() if text}
    if len(accounts) != 1 or not amounts or ("amount" in amounts and len(amounts) > 1):
        words = "needs account or accountId, and either amount or debit and credit"
        raise SourceError(f"{key}.lines.as {words}", setting=key / "lines" / "as")
    if "currency" not in fields and currency is None:
        raise SourceError(
            f"{key}.lines.as lacks currency",
            hint="or say sink.currency, that of the books",
            setting=key / "lines" / "as",
        )
    named = {name: Expression(fields[name], key / "lines" / "as" / name) for name in _LINE if fields.get(name)}
    tags = {group: Expression(text, key / "lines" / "tags" / group) for group, text in config.get("tags", {}).items()}
    return Lines(Expression(config["each"], key / "lines" / "each"), named, tags)
