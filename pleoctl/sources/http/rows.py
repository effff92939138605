"""Records → rows by the field expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import SourceError
from pleoctl.sources.base import SourceRow
from pleoctl.sources.cells import settle
from pleoctl.sources.http.comparing import Compared
from pleoctl.sources.http.expressions import Expression, ExpressionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pleoctl.errors import Finding
    from pleoctl.sources.http.spec import Resource

# Enough for `source check --trace`.
KEPT_RECORDS: Final = 100
_NO_TEXTS: Final = frozenset({"active", "rate"})
KEPT_VALUES: Final = 5


class RowMaker:
    """Makes rows of one resource and notes what the guards ask for afterwards."""

    def __init__(self, spec: Resource, beside: Mapping[str, Any], *, keep_records: bool) -> None:
        """``beside``: what else expressions see. ``keep_records``: other resources need the record of each row."""
        self._spec, self._beside, self._keep = spec, beside, keep_records
        self._fields = list(spec.fields.items())
        self._compared = Compared([] if spec.where is None else [spec.where])
        self._said = Compared([], spec.fields.values())
        self.records = 0
        self.all_null = set(spec.fields)
        self.not_text: dict[str, int] = {}
        self.failed: dict[str, str] = {}
        self.unproven = False
        self.several: set[Any] = set()

    def add(self, record: dict[str, Any], parent: Any, rows: list[SourceRow]) -> None:
        """Append the row of a record, unless ``where`` says no. Raises `SourceError` where ``where`` cannot tell."""
        self.records += 1
        scope = record if parent is None else {**record, "parent": parent}
        scope = {**scope, **self._beside} if self._beside else scope
        if self._spec.one is not None:
            self._note_one(self._spec.one, scope)
        self._compared.note(scope)
        if self._spec.where is not None and not self._wanted(self._spec.where, scope):
            return
        self._said.note(scope)
        row = SourceRow({}, f"{self._spec.name}[{self.records}]")
        for name, expression in self._fields:
            row.cells[name] = self._cell(name, expression, scope, row)
        settle(row.cells)
        if self._keep or len(rows) < KEPT_RECORDS:
            row.record = record
        rows.append(row)

    def _note_one(self, one: Expression, scope: dict[str, Any]) -> None:
        """Keep a few of the values that are to be one and the same; of a list, each counts."""
        try:
            value = one(scope)
        except ExpressionError as error:
            raise SourceError(f"{one.key}, row {self.records}: {error}", setting=one.key) from error
        for part in value if isinstance(value, list) else [value]:
            if part is not None and len(self.several) < KEPT_VALUES:
                self.several.add(part if isinstance(part, str | int | float) else repr(part))

    def doubts(self) -> Iterator[Finding]:
        """What ``where`` and fields compare with words that records nearly have."""
        yield from self._compared.findings()
        yield from self._said.findings()

    def _wanted(self, where: Expression, scope: dict[str, Any]) -> bool:
        try:
            value = where(scope)
        except ExpressionError as error:
            raise SourceError(f"{where.key}, row {self.records}: {error}", setting=where.key) from error
        if not isinstance(value, bool):
            shown = "null" if value is None else repr(value)[:60]
            absent = f"; no record so far has {where.unseen[0]!r}" if where.unseen else ""
            raise SourceError(
                f"{where.key} gives {shown} for row {self.records}, neither true nor false{absent}", setting=where.key
            )
        return value

    def _cell(self, name: str, expression: Expression, scope: dict[str, Any], row: SourceRow) -> Any:
        try:
            value = expression(scope)
        except ExpressionError as error:
            row.problem = row.problem or f"{name}: {error}"
            self.failed.setdefault(name, str(error))
            return None
        if value is not None:
            self.all_null.discard(name)
            if name not in _NO_TEXTS and not isinstance(value, str):
                self.not_text[name] = self.not_text.get(name, 0) + 1
        return value
