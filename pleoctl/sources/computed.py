"""Fields of a file's row that are computed from its cells, by the expressions of the http source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pleoctl.errors import MissingExtra, SourceError
from pleoctl.place import Setting
from pleoctl.sources.base import FIELDS
from pleoctl.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.errors import Finding
    from pleoctl.place import Place
    from pleoctl.sources.base import SourceRow
    from pleoctl.sources.http.comparing import Compared
    from pleoctl.sources.http.expressions import Expression


class Computed:
    """The ``fields`` of a table, compiled."""

    def __init__(self, given: dict[str, str], resource: str) -> None:
        """Raises `SourceError` for what is no expression, `MissingExtra` where expressions cannot be read."""
        self._key = Setting("source", resource, "fields")
        self._fields: dict[str, Expression] = {}
        self._names: list[tuple[str, str]] = []
        for name, text in given.items():
            if name not in FIELDS[resource]:
                hint = did_you_mean(name, sorted(FIELDS[resource]))
                raise SourceError(f"{self._key}: unknown field {name!r}", hint=hint, setting=self._key)
            self._fields[name] = _compiled(text, self._key / name)
            self._names += [(name, column) for column in self._fields[name].unseen]
        self._compared = _compared([], self._fields.values()) if given else None

    def __contains__(self, name: str) -> bool:
        """Whether a field is computed, and needs no column."""
        return name in self._fields

    def columns(self) -> list[tuple[str, str]]:
        """Each field with each column that it is computed from."""
        return self._names

    def check(self, header: list[str]) -> None:
        """Raise `SourceError` for a name that is no column: JMESPath would give null in every row."""
        for expression in self._fields.values():
            _check_names(expression, header)

    def fill(self, row: SourceRow, record: dict[str, str]) -> None:
        """Set the fields of a row; one that fails is its problem."""
        from pleoctl.sources.http.expressions import ExpressionError  # jmespath is an extra

        if self._compared is not None:
            self._compared.note(record)
        for name, expression in self._fields.items():
            value: Any = None
            try:
                value = expression(record)
            except ExpressionError as error:
                row.problem = row.problem or f"{name}: {error}"
            row.cells[name] = value

    def findings(self, place: Place) -> Iterator[Finding]:
        """What came near a word that a field compares with."""
        return iter(()) if self._compared is None else self._compared.findings(place)


class Condition:
    """``where`` as an expression: which rows of a file are meant."""

    def __init__(self, text: str, resource: str) -> None:
        """Raises `SourceError` for what is no expression, `MissingExtra` where expressions cannot be read."""
        self._expression = _compiled(text, Setting("source", resource, "where"))
        self._compared = _compared([self._expression])
        self.names = frozenset(self._expression.unseen)
        self._header: list[str] = []
        self._least = 0

    def header(self, header: list[str]) -> None:
        """Remember the columns. Raises `SourceError` for a name that is none of them."""
        self._header = header
        _check_names(self._expression, header)
        self._least = 1 + max((header.index(name) for name in self.names), default=-1)

    def wants(self, cells: list[str]) -> bool:
        """Whether a row is meant; one too short to tell is, and is held for that. Raises `SourceError`."""
        from pleoctl.sources.http.expressions import ExpressionError  # jmespath is an extra

        if len(cells) < self._least:
            return True
        key = self._expression.key
        record = dict(zip(self._header, cells, strict=False))
        self._compared.note(record)
        try:
            value = self._expression(record)
        except ExpressionError as error:
            raise SourceError(f"{key}: {error}", setting=key) from error
        if not isinstance(value, bool):
            shown = "null" if value is None else repr(value)[:60]
            words = f"{key} gives {shown} for the row {cells[:3]}, neither true nor false"
            raise SourceError(words, setting=key)
        return value

    def findings(self, place: Place) -> Iterator[Finding]:
        """What came near a word that the condition compares with, and words that no row has."""
        return self._compared.findings(place)


def _compared(conditions: Iterable[Expression], fields: Iterable[Expression] = ()) -> Compared:
    from pleoctl.sources.http.comparing import Compared  # jmespath is an extra

    return Compared(conditions, fields)


def _check_names(expression: Expression, header: list[str]) -> None:
    for name in expression.unseen:
        if name not in header:
            hint = did_you_mean(name, [one for one in header if one])
            raise SourceError(
                f"{expression.key}: there is no column {name!r} ({expression.text})", hint=hint, setting=expression.key
            )


def _compiled(text: str, key: Setting) -> Expression:
    try:
        from pleoctl.sources.http.expressions import Expression  # jmespath is an extra
    except ModuleNotFoundError as error:
        raise MissingExtra(f"{key} needs the package jmespath", hint="pip install 'pleoctl[http]'") from error
    return Expression(text, key)
