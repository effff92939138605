"""Fields of a file's row that are computed from its cells, by the expressions of the http source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pleoctl.errors import MissingExtra, SourceError
from pleoctl.sources.base import FIELDS
from pleoctl.text import did_you_mean

if TYPE_CHECKING:
    from pleoctl.sources.base import SourceRow
    from pleoctl.sources.http.expressions import Expression


class Computed:
    """The ``fields`` of a table, compiled."""

    def __init__(self, given: dict[str, str], resource: str) -> None:
        """Raises `SourceError` for what is no expression, `MissingExtra` where expressions cannot be read."""
        self._key = f"source.{resource}.fields"
        self._fields: dict[str, Expression] = {}
        for name, text in given.items():
            if name not in FIELDS[resource]:
                hint = did_you_mean(name, sorted(FIELDS[resource]))
                raise SourceError(f"{self._key}: unknown field {name!r}", hint=hint)
            self._fields[name] = _compiled(text, f"{self._key}.{name}")

    def __contains__(self, name: str) -> bool:
        """Whether a field is computed, and needs no column."""
        return name in self._fields

    def check(self, header: list[str]) -> None:
        """Raise `SourceError` for a name that is no column: JMESPath would give null in every row."""
        for expression in self._fields.values():
            for name in expression.unseen:
                if name not in header:
                    hint = did_you_mean(name, [one for one in header if one])
                    raise SourceError(f"{expression.key}: there is no column {name!r} ({expression.text})", hint=hint)

    def fill(self, row: SourceRow, record: dict[str, str]) -> None:
        """Set the fields of a row; one that fails is its problem."""
        from pleoctl.sources.http.expressions import ExpressionError  # jmespath is an extra

        for name, expression in self._fields.items():
            value: Any = None
            try:
                value = expression(record)
            except ExpressionError as error:
                row.problem = row.problem or f"{name}: {error}"
            row.cells[name] = value


def _compiled(text: str, key: str) -> Expression:
    try:
        from pleoctl.sources.http.expressions import Expression  # jmespath is an extra
    except ModuleNotFoundError as error:
        raise MissingExtra(f"{key} needs the package jmespath", hint="pip install 'pleoctl[http]'") from error
    return Expression(text, key)
