"""Codes and the ids that an accounting system books by: a list that is read once a run, when it is first needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import SourceError
from pleoctl.mapping.vocabulary import INVALID_CONFIGURATION
from pleoctl.place import Setting
from pleoctl.sinks.base import BooksUnusable, Refusal
from pleoctl.sinks.http.bodies import refuse_unseen, value_of
from pleoctl.sinks.http.find_spec import optional
from pleoctl.sources.http.expressions import Expression, ExpressionError
from pleoctl.sources.http.spec import lookup
from pleoctl.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.sources.http.spec import Resource

#: What of a posting can be looked up, and what its id is called beside it.
NAMES: Final = {"account": "accountId", "taxCode": "taxCodeId"}
_WORDS: Final = {"account": "account", "taxCode": "tax code"}


@dataclass(frozen=True, slots=True)
class Lookup:
    """One list: ``code`` and ``id`` of a row, and whether it may be booked on."""

    name: str
    listing: Resource
    code: Expression
    usable: Expression | None


def lookups_of(config: dict[str, Any], variables: set[str]) -> list[Lookup]:
    """The section ``lookups``. Raises `SourceError`."""
    made = []
    for name, one in config.items():
        key = Setting("sink", "lookups", name)
        if name not in NAMES:
            raise SourceError(f"{key} is not known", hint=did_you_mean(name, sorted(NAMES)), setting=key)
        if one.get("code") is None:
            raise SourceError(f"{key} lacks code", hint="the expression that gives the code of a row", setting=key)
        code, usable = Expression(one["code"], key / "code"), optional(one, "usable", key)
        made.append(Lookup(name, lookup(one, key, variables), code, usable))
    return made


class Table:
    """The rows of one list."""

    def __init__(self, spec: Lookup, read: Callable[[Resource], list[dict[str, Any]]]) -> None:
        """``read`` gives all rows of a list, or raises `BooksUnusable`."""
        self._spec, self._read = spec, read

    @cached_property
    def _rows(self) -> list[tuple[str, Any, bool]]:
        """Code, id, and whether it may be booked on. Raises `BooksUnusable`."""
        spec = self._spec
        records = self._read(spec.listing)
        try:
            rows = [self._row(record) for record in records]
        except ExpressionError as error:
            raise BooksUnusable(str(error), INVALID_CONFIGURATION) from error
        refuse_unseen(spec.listing, records, spec.code, spec.listing.fields["id"], spec.usable)
        return [row for row in rows if row[0] and row[1] is not None]

    def _row(self, record: dict[str, Any]) -> tuple[str, Any, bool]:
        code = value_of(self._spec.code, record)
        usable = self._spec.usable is None or bool(value_of(self._spec.usable, record))
        return "" if code is None else str(code), value_of(self._spec.listing.fields["id"], record), usable

    @cached_property
    def _by_code(self) -> dict[str, list[tuple[Any, bool]]]:
        found: dict[str, list[tuple[Any, bool]]] = {}
        for code, id_, usable in self._rows:
            found.setdefault(code, []).append((id_, usable))
        return found

    @cached_property
    def _by_id(self) -> dict[str, str]:
        return {str(id_): code for code, id_, _ in self._rows}

    def id_of(self, code: str) -> Any:
        """The id of a code. Raises `Refusal`, `BooksUnusable`."""
        problem = self.problem(code)
        if problem is not None:
            raise Refusal(f"{_WORDS[self._spec.name]} {code} {problem}", INVALID_CONFIGURATION)
        return next(id_ for id_, usable in self._by_code[code] if usable)

    def code_of(self, id_: Any) -> str | None:
        """The code of an id; None for an id that the list does not have."""
        return self._by_id.get(str(id_))

    def problem(self, code: str) -> str | None:
        """Why a code cannot be booked on."""
        rows = self._by_code.get(code, [])
        usable = [id_ for id_, may in rows if may]
        if len(usable) == 1:
            return None
        where = "the accounting system"
        if not rows:
            return f"is not in {where}"
        return f"cannot be booked on in {where}" if not usable else f"is there several times in {where}"
