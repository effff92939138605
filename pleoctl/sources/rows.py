"""Source rows → desired rows: usable, held, or without a key (A32-A36, T50-T53).

One bad row must not stop a company's sync and must never archive anything, so a row that has a key but cannot be used
is exported with ``hold``. A row without a key is exported without one: it holds back every archive of its kind or
group, since the record it meant may be any of them.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pleoctl.desired.lines import ordered
from pleoctl.desired.rows import fields_of, local_of
from pleoctl.errors import Finding
from pleoctl.model.days import is_day
from pleoctl.model.kinds import TAG, TAG_GROUP, flat_kinds
from pleoctl.model.records import NOTHING, DesiredState, Dimension, Row
from pleoctl.place import Place
from pleoctl.sources.cells import ENDLESS, NO_END
from pleoctl.sources.days import day_of
from pleoctl.sources.filling import doubtful_rate, filled
from pleoctl.text import is_whole
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pleoctl.model.kind import Kind
    from pleoctl.sources.base import SourceRow, Table

_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_DATE_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")


class RowReader:
    """Turns tables into a desired state and keeps a finding per row that cannot be used."""

    def __init__(self, section: Mapping[str, Any] = NOTHING) -> None:
        """``section`` is the workspace's ``source``, whose tables may say what fills and converts their cells."""
        self._section = section
        self.findings: list[Finding] = []

    def state(self, tables: Mapping[str, Table | None]) -> DesiredState:
        """The desired state of the tables that the source has, by their names."""
        state = DesiredState()
        for kind in flat_kinds():
            if (table := tables.get(kind.section)) is not None:
                state.flat[kind.name] = self._unique(self._rows(table.rows, kind, table), kind)
        if (dimensions := tables.get(TAG_GROUP.section)) is not None:
            rows = self._unique(self._rows(dimensions.rows, TAG_GROUP, dimensions), TAG_GROUP)
            state.dimensions = self._with_values(rows, tables.get(TAG.section))
        return state

    # --- one row -----------------------------------------------------------------------------------------------

    def _rows(self, sources: list[SourceRow], kind: Kind, table: Table) -> list[Row]:
        name = table.name
        return [_plain(source, kind, name) or self._judged(source, kind, table) for source in sources]

    def _judged(self, source: SourceRow, kind: Kind, table: Table) -> Row:
        cells = _with_day(filled(source.cells, kind, table, self._section))
        texts = {name: value for name, value in cells.items() if isinstance(value, str)}
        problem = source.problem or self._problem(cells, texts, kind)
        doubt = None if problem else doubtful_rate(source.cells, kind, table, self._section)
        problem = problem or doubt
        identity = cells.get(kind.key)
        if not isinstance(identity, str) or not _is_key(identity):
            broken = isinstance(identity, str) and not is_whole(identity)
            identity, problem = None, problem if broken or source.keyless else f"has no {kind.key}"
        whole = texts if problem is None else {name: text for name, text in texts.items() if is_whole(text)}
        fields, active = self._fields(cells, whole, kind), cells.get("active", True) is not False
        row = Row(identity, fields, active, problem, NOTHING, source.file or table.name, source.line or 0)
        if problem is None:
            endless = cells.get("expires") == ENDLESS
            row.local = local_of(kind, {**cells, "expires": None} if endless else cells)
        if problem is not None:
            given = self._section.get(kind.section)
            cure = kind.cure(texts, given if isinstance(given, dict) else ())
            said_unit = f"say rateUnit: fraction or percent in source.{kind.section}" if doubt else None
            self._report(row, problem, cure if problem == kind.problem(texts) else said_unit)
        return row

    @staticmethod
    def _fields(cells: dict[str, Any], texts: dict[str, str], kind: Kind) -> dict[str, str | None]:
        given = {name: texts.get(name) for name in kind.names if name in cells}
        said = fields_of(kind, given)
        return said if len(said) == len(given) else {name: said[name] for name in given}

    @staticmethod
    def _problem(cells: dict[str, Any], texts: dict[str, str], kind: Kind) -> str | None:
        wrong = _not_text(cells, texts, kind) or _broken(texts) or kind.problem(texts) or _wrong_local(texts)
        if wrong is None and not isinstance(cells.get("active", True), bool):
            wrong = f"active is neither true nor false: {cells.get('active')!r}"
        return wrong or (None if cells.get(kind.key) else f"has no {kind.key}")

    def _report(self, row: Row, problem: str, hint: str | None = None) -> None:
        shown = f"{row.key!r}: " if row.key is not None else ""
        self.findings.append(
            Finding(
                "held-row" if row.key is not None else "no-key",
                f"{shown}{problem}",
                "warning",
                place=Place(row.file, row.line or None),
                hint=hint,
            )
        )

    # --- several rows ------------------------------------------------------------------------------------------

    def _unique(self, rows: list[Row], kind: Kind) -> list[Row]:
        """Rows with one key twice become one held row: neither may win (A36, T50, T32)."""
        keys = kind.normalised([row.key for row in rows if row.key is not None])
        if len({*keys}) == len(keys):
            return rows
        by_key: dict[str | int, list[Row]] = defaultdict(list)
        for number, row in enumerate(rows):
            by_key[number if row.key is None else kind.normalise(row.key)].append(row)
        return [same[0] if len(same) == 1 else self._twice(same, kind) for same in by_key.values()]

    def _twice(self, rows: list[Row], kind: Kind) -> Row:
        first = ordered(rows)[0]
        first.hold = f"{kind.key} stands {many(len(rows), 'time')} in the accounting system"
        first.local = NOTHING
        for row in rows:
            self._report(row, first.hold)
        return first

    def _with_values(self, rows: list[Row], values: Table | None) -> list[Dimension]:
        """Values under their dimensions; those of an inactive dimension are left out."""
        by_code: dict[str, list[SourceRow]] = defaultdict(list)
        lost: list[SourceRow] = []
        for source in values.rows if values is not None else ():
            code = source.cells.get("dimension")
            (by_code[code.casefold()] if isinstance(code, str) and _is_key(code) else lost).append(source)
        made = []
        for row in rows:
            mine = by_code.pop(row.key.casefold(), []) if row.key is not None else []
            made.append(self._dimension(row, mine, values))
        return made + self._strays(by_code, values) + self._homeless(lost, values)

    def _dimension(self, row: Row, mine: list[SourceRow], table: Table | None) -> Dimension:
        if table is None or not row.active or row.key is None:
            return Dimension(row, None)
        return Dimension(row, self._unique(self._rows(mine, TAG, table), TAG))

    def _strays(self, by_code: dict[str, list[SourceRow]], table: Table | None) -> list[Dimension]:
        """Values of a dimension that the dimensions do not list: one of the two lists is short."""
        made = []
        for sources in by_code.values():
            code = min(s.cells["dimension"] for s in sources)
            hold = "has values, but is not in the list of dimensions"
            row = Row(code, {"code": code, "name": code}, hold=hold, file=table.name if table else "")
            row.line = sources[0].line or 0
            self._report(row, hold)
            made.append(Dimension(row, None))
        return made

    def _homeless(self, lost: list[SourceRow], table: Table | None) -> list[Dimension]:
        """Values without a dimension may belong to any: they hold back every archive of tags and groups."""
        if not lost or table is None:
            return []
        row = Row(
            None,
            {"name": None},
            hold=many(len(lost), "value", "has no dimension", "have no dimension"),
            file=table.name,
            line=lost[0].line or 0,
        )
        self._report(row, row.hold or "")
        return [Dimension(Row(None, {}, hold=row.hold), None)]


class _Shape(NamedTuple):
    """How rows with the same cells are read: their fields, all of their texts, those that must not be null.

    No row of at most ``longest`` characters has a text that is too long.
    """

    fields: tuple[str, ...]
    texts: Callable[[Mapping[str, Any]], Sequence[Any]]
    needed: tuple[str, ...]
    longest: int


@cache
def _shape(kind: Kind, cells: tuple[str, ...]) -> _Shape | None:
    """None where cells have to be converted, or have a form."""
    formed = any(one.spelt or one.strict or one.rated or one.general for one in kind.fields)
    needed = (kind.key, *kind.needed)
    if formed or not {*needed} <= {*cells} or {*kind.locals} & {*cells}:
        return None
    texts = [name for name in cells if name != "active"]
    limits = [limit for limit in (kind.longest, *(one.longest for one in kind.fields)) if limit is not None]
    return _Shape(
        tuple(name for name in kind.names if name in cells),
        itemgetter(*(texts if len(texts) > 1 else texts * 2)),  # of one it would make no sequence
        needed,
        min(limits, default=sys.maxsize),
    )


def _plain(source: SourceRow, kind: Kind, name: str) -> Row | None:
    """The row of cells that are texts with nothing wrong about them, as nearly all are, said as they stand.

    None for any other, also where it only takes a closer look: `RowReader` judges that one cell by cell, and would make
    the same of these. ``name`` is the table's.
    """
    cells = source.cells
    shape, active = _shape(kind, tuple(cells)), cells.get("active", True)
    if shape is None or source.problem is not None or not isinstance(active, bool):
        return None
    texts = shape.texts(cells)
    if None in texts and not (texts := _said(cells, shape, texts)):
        return None
    try:
        said = "".join(texts)
    except TypeError:  # a cell that is no text
        return None
    if len(said) > shape.longest or not all(map(str.strip, texts)) or not is_whole(said):
        return None
    fields = {}
    for one in shape.fields:  # a comprehension is one more call before Python 3.12
        fields[one] = cells[one]
    return Row(cells[kind.key], fields, active, None, NOTHING, source.file or name, source.line or 0)


def _said(cells: Mapping[str, Any], shape: _Shape, texts: Sequence[Any]) -> list[Any]:
    """The texts that are not null; none where one of them must not be."""
    if None in [cells[one] for one in shape.needed]:
        return []
    return [text for text in texts if text is not None]


def _not_text(cells: dict[str, Any], texts: dict[str, str], kind: Kind) -> str | None:
    """What is there, and is no text."""
    if len(texts) == len(cells):
        return None
    for name in _texts_of(kind):
        value = cells.get(name)
        if value is not None and not isinstance(value, str):
            return f"{name} is not text"
    return None


@cache
def _texts_of(kind: Kind) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*kind.names, kind.key, *kind.locals)))


def _is_key(text: str) -> bool:
    return bool(text.strip()) and is_whole(text)


def _broken(texts: dict[str, str]) -> str | None:
    if is_whole("".join(texts.values())):
        return None
    for name, text in texts.items():
        if not is_whole(text):
            return f"{name} {text!r} holds half of a character"
    return None


def _with_day(cells: dict[str, Any]) -> dict[str, Any]:
    """A date-time says the day of an end as a date does."""
    end = cells.get("expires")
    if not isinstance(end, str) or (_DATE_TIME.match(end) is None and end not in NO_END):
        return cells
    try:
        return {**cells, "expires": day_of(end) or ENDLESS}
    except ValueError:
        return cells


def _wrong_local(texts: dict[str, str]) -> str | None:
    currency, expires = texts.get("currency"), texts.get("expires")
    if currency is not None and not _CURRENCY.fullmatch(currency):
        return f"currency {currency!r} is not a three-letter code"
    if expires is not None and not is_day(expires):
        return f"expires {expires!r} is not a date (YYYY-MM-DD)"
    return None
