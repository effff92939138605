"""The line table of one cell, compiled: the first row that matches, found without trying them all.

Each row is filed under its most telling condition: an exact value (hash), else a beginning (hash of the prefix, one
look-up for each prefix length in use), else a short list that is always tried. Only what is found there is tested.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from pleoctl.mapping.rules.predicates import folded, prepared
from pleoctl.mapping.vocabulary import CELL_FIELDS, DATE, TAG_PREFIX, Cell, is_folded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pleoctl.mapping.items import Item, Line
    from pleoctl.mapping.rules.model import LineRow
    from pleoctl.mapping.rules.predicates import Predicate


class Facts(msgspec.Struct, gc=False):
    """What line rules can ask about: ``account`` is the line's resolved code, ``amount`` is without sign."""

    item: Item
    line: Line
    account: str | None
    amount: int
    _tags: dict[str, str] | None = None

    def tag(self, group: str) -> str | None:
        """The code of the line's first tag of a folded group."""
        if self._tags is None:
            tags = self.line.tags or ()
            self._tags = {tag.group_code.casefold(): tag.code for tag in reversed(tags) if tag and tag.code}
        return self._tags.get(group)


def _tax_code(facts: Facts) -> str | None:
    tax = facts.line.tax
    return None if tax is None else tax.code


def _of(holder: str, name: str) -> Callable[[Facts], Any]:
    return lambda facts: None if (part := getattr(facts.item, holder)) is None else getattr(part, name)


def _tag(group: str) -> Callable[[Facts], Any]:
    return lambda facts: facts.tag(group)


_RAW: Final[dict[str, Callable[[Facts], Any]]] = {
    "supplier": _of("supplier", "name"),
    "supplierCode": _of("supplier", "code"),
    "vendor": _of("vendor", "code"),
    "user": _of("user", "code"),
    "account": lambda facts: facts.account,
    "mcc": _of("supplier", "category_code"),
    "note": lambda facts: facts.item.note,
    "team": _of("team", "code"),
    "taxCode": _tax_code,
    "country": _of("supplier", "country"),
    "currency": lambda facts: facts.item.amount.in_wallet_currency.currency,
    "amount": lambda facts: facts.amount,
    DATE: lambda facts: facts.item.date[:10],
}


#: Fields whose values are no texts that people type.
_EXACT: Final = frozenset({"currency", "amount"})
#: How many prepared texts of a field are kept, and of what length.
_KEPT: Final = 1024
_KEPT_LENGTH: Final = 64


def _raw(field: str) -> Callable[[Facts], Any]:
    return _tag(field.removeprefix(TAG_PREFIX)) if field.startswith(TAG_PREFIX) else _RAW[field]


def raw_value(field: str, facts: Facts) -> Any:
    """What an item or line has in a field, as it was sent."""
    return _raw(field)(facts)


def _getter(field: str) -> Callable[[Facts], Any]:
    """How a field is read for comparing."""
    raw, fold = _raw(field), is_folded(field)
    if field in _EXACT:
        return raw
    if field == DATE:
        return lambda facts: folded(DATE, raw(facts))
    known: dict[str, str | None] = {}

    def get(facts: Facts) -> str | None:
        value = raw(facts)
        if value is None:
            return None
        if value in known:
            return known[value]
        found = prepared(value, fold=fold)
        # Suppliers, tags and the like come again and again; what is long, or one of very many, is not kept.
        if len(known) < _KEPT and len(value) < _KEPT_LENGTH:
            known[value] = found
        return found

    return get


def cell_allows(conditions: Iterable[Predicate], cell: Cell) -> bool:
    """Whether the conditions on type, subType and method hold in a cell."""
    return all(p.test()(cell[CELL_FIELDS.index(p.field)]) for p in conditions if p.field in CELL_FIELDS)


_RANK: Final = {name: rank for rank, name in enumerate(_RAW)}
_TAG_RANK: Final = 3.5


def _rank(condition: Predicate) -> tuple[bool, float]:
    return condition.kind != "in", _RANK.get(condition.field, _TAG_RANK)


class LineTable:
    """The rows of the line table that can match in one cell, in their order (hit policy FIRST)."""

    def __init__(self, rows: Iterable[LineRow], cell: Cell) -> None:
        """Compile the rows whose conditions on type, subType and method hold in ``cell``."""
        self._rows = [row for row in rows if cell_allows(row.when, cell)]
        fields = dict.fromkeys(p.field for row in self._rows for p in row.when if p.field not in CELL_FIELDS)
        self._position = {name: position for position, name in enumerate(fields)}
        self._getters = [_getter(name) for name in fields]
        self._exact: dict[int, dict[Any, list[int]]] = {}
        self._prefix: dict[int, dict[int, dict[str, list[int]]]] = {}
        self._rest: list[int] = []
        self._tests = [self._file(index, row) for index, row in enumerate(self._rows)]
        self.has_rows = bool(self._rows)

    def _file(self, index: int, row: LineRow) -> list[tuple[int, Callable[[Any], bool]]]:
        """File a row in the indexes; the tests that are left to do."""
        conditions = sorted((p for p in row.when if p.field not in CELL_FIELDS), key=_rank)
        best = conditions[0] if conditions else None
        if best is None or best.kind not in {"in", "startsWith"}:
            self._rest.append(index)
            return [(self._position[p.field], p.test()) for p in conditions]
        position = self._position[best.field]
        for value in best.values:
            if best.kind == "in":
                self._exact.setdefault(position, {}).setdefault(value, []).append(index)
            else:
                text = str(value)
                lengths = self._prefix.setdefault(position, {})
                lengths.setdefault(len(text), {}).setdefault(text, []).append(index)
        return [(self._position[p.field], p.test()) for p in conditions[1:]]

    def find(self, facts: Facts) -> LineRow | None:
        """The first row that matches a line."""
        values = [get(facts) for get in self._getters]
        for index in self._candidates(values):
            for position, test in self._tests[index]:
                if not test(values[position]):
                    break
            else:
                return self._rows[index]
        return None

    def _candidates(self, values: list[Any]) -> list[int]:
        found = self._rest
        for position, index in self._exact.items():
            hit = index.get(values[position])
            if hit is not None:
                found = found + hit
        for position, lengths in self._prefix.items():
            value = values[position]
            if value is not None:
                for length, prefixes in lengths.items():
                    hit = prefixes.get(value[:length])
                    if hit is not None:
                        found = found + hit
        return sorted(found) if len(found) > 1 else found
