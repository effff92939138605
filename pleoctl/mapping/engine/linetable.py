"""The line table of one cell, compiled: the first row that matches, found without trying them all.

Each row is filed under its most telling condition: an exact value (hash), else a beginning (hash of the prefix, one
look-up for each prefix length in use), else what is searched for (one pass over the text), else a short list that is
always tried. Only what is found there is tested.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pleoctl.mapping.engine.amounts import hundredths
from pleoctl.mapping.engine.sieve import WORTH, Sieve, patterns
from pleoctl.mapping.rules.predicates import folded, prepared
from pleoctl.mapping.vocabulary import DATE, NUMBERS, PER_ATTENDEE, WEEKDAY, WEEKDAYS, Cell, is_folded, tag_group

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pleoctl.mapping.items import Item, Line
    from pleoctl.mapping.rules.model import LineRow
    from pleoctl.mapping.rules.predicates import Predicate
    from pleoctl.mapping.rules.when import Way


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


def _of_tax(name: str) -> Callable[[Facts], Any]:
    return lambda facts: None if (tax := facts.line.tax) is None else getattr(tax, name)


def _item_amount(facts: Facts) -> int:
    return abs(hundredths(facts.item.amount.in_wallet_currency, "amount"))


def _net(facts: Facts) -> int:
    """The line without its tax, which is no part of it where it is reverse (C-18, X6)."""
    tax = facts.line.tax
    if tax is None or tax.type == "reverse":
        return facts.amount
    whole = hundredths(facts.line.line_amount.in_wallet_currency, "the line")
    return abs(whole - hundredths(tax.amount.in_wallet_currency, "the line's tax"))


def _original_currency(facts: Facts) -> str | None:
    paid = facts.item.amount.paid
    return None if paid is None else paid.currency


def _original_amount(facts: Facts) -> int | None:
    paid = facts.item.amount.paid
    return None if paid is None else abs(hundredths(paid, "amount.inSupplierCurrency"))


def _attendees(facts: Facts) -> int:
    return sum(bool(name) for name in facts.item.additional_information.attendees or ())


def _per_attendee(facts: Facts) -> Fraction | None:
    """Exact, so that no rounding decides; None where nobody attends."""
    count = _attendees(facts)
    return Fraction(_item_amount(facts), count) if count else None


def _weekday(facts: Facts) -> str:
    return WEEKDAYS[date.fromisoformat(facts.item.date[:10]).weekday()]


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
    "taxCode": _of_tax("code"),
    "country": _of("supplier", "country"),
    "vendorTaxNumber": _of("vendor", "tax_registration_number"),
    "taxType": _of_tax("type"),
    "originalCurrency": _original_currency,
    "currency": lambda facts: facts.item.amount.in_wallet_currency.currency,
    "amount": lambda facts: facts.amount,
    "itemAmount": _item_amount,
    "netAmount": _net,
    "originalAmount": _original_amount,
    PER_ATTENDEE: _per_attendee,
    "attendees": _attendees,
    "files": lambda facts: len(facts.item.files or ()),
    WEEKDAY: _weekday,
    DATE: lambda facts: facts.item.date[:10],
}


#: Fields whose values are no texts that people type.
_EXACT: Final = NUMBERS | {"currency"}
#: How many prepared texts of a field are kept, and of what length.
_KEPT: Final = 1024
_KEPT_LENGTH: Final = 64


def _raw(field: str) -> Callable[[Facts], Any]:
    group = tag_group(field)
    return _RAW[field] if group is None else _tag(group)


def raw_value(field: str, facts: Facts) -> Any:
    """What an item or line has in a field, as it was sent."""
    return _raw(field)(facts)


def _getter(field: str) -> Callable[[Facts], Any]:
    """How a field is read for comparing."""
    raw, fold = _raw(field), is_folded(field)
    if field in _EXACT:
        return raw
    if field in {DATE, WEEKDAY, PER_ATTENDEE}:
        return lambda facts: folded(field, raw(facts))
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


_RANK: Final = {name: rank for rank, name in enumerate(_RAW)}
_TAG_RANK: Final = 3.5


def _rank(condition: Predicate) -> tuple[bool, float]:
    return condition.kind != "in", _RANK.get(condition.field, _TAG_RANK)


Test = tuple[int, "Callable[[Any], bool]"]


class LineTable:
    """The rows of the line table that can match in one cell, in their order (hit policy FIRST).

    A row that may hold in several ways is filed once for each of them.
    """

    def __init__(self, rows: Iterable[LineRow], cell: Cell) -> None:
        """Compile the rows whose conditions on type, subType and method hold in ``cell``."""
        self._rows: list[LineRow] = []
        self._tests: list[list[Test]] = []
        self._unless: dict[int, list[list[Test]]] = {}
        self._position: dict[str, int] = {}
        self._exact: dict[int, dict[Any, list[int]]] = {}
        self._prefix: dict[int, dict[int, dict[str, list[int]]]] = {}
        self._searched: dict[int, dict[str, list[int]]] = {}
        self._rest: list[int] = []
        for row in rows:
            ways, unless = row.when.in_cell(cell)
            for way in ways:
                self._file(row, way, unless)
        self._sieves = {at: Sieve(filed) for at, filed in self._searched.items() if len(filed) >= WORTH}
        for at, filed in self._searched.items():
            if at not in self._sieves:
                self._rest += [index for listed in filed.values() for index in listed]
        self._getters = [_getter(name) for name in self._position]
        self.has_rows = bool(self._rows)
        #: What the rows ask, tags aside, which belong to a line as its account does.
        self.fields = frozenset(name for name in self._position if tag_group(name) is None)

    def _file(self, row: LineRow, way: Way, unless: list[Way]) -> None:
        """File a way in the indexes, and what is left to test of it."""
        index = len(self._rows)
        self._rows.append(row)
        self._tests.append(self._indexed(index, sorted(way, key=_rank)))
        if unless:
            self._unless[index] = [[self._test(p) for p in exception] for exception in unless]

    def _test(self, predicate: Predicate) -> Test:
        return self._position.setdefault(predicate.field, len(self._position)), predicate.test()

    def _indexed(self, index: int, conditions: list[Predicate]) -> list[Test]:
        best = conditions[0] if conditions else None
        if best is None or best.kind not in {"in", "startsWith"}:
            self._search(index, conditions)
            return [self._test(p) for p in conditions]
        position, _ = self._test(best)
        for value in best.values:
            if best.kind == "in":
                self._exact.setdefault(position, {}).setdefault(value, []).append(index)
            else:
                text = str(value)
                lengths = self._prefix.setdefault(position, {})
                lengths.setdefault(len(text), {}).setdefault(text, []).append(index)
        return [self._test(p) for p in conditions[1:]]

    def _search(self, index: int, conditions: list[Predicate]) -> None:
        """File a row that no value and no beginning leads to; what is searched for is tested all the same."""
        for condition in conditions:
            if wanted := patterns(condition):
                position, _ = self._test(condition)
                filed = self._searched.setdefault(position, {})
                for pattern in wanted:
                    filed.setdefault(pattern, []).append(index)
                return
        self._rest.append(index)

    def find(self, facts: Facts) -> LineRow | None:
        """The first row that matches a line."""
        values = [get(facts) for get in self._getters]
        for index in self._candidates(values):
            for position, test in self._tests[index]:
                if not test(values[position]):
                    break
            else:
                if index not in self._unless or not self._is_excepted(index, values):
                    return self._rows[index]
        return None

    def _is_excepted(self, index: int, values: list[Any]) -> bool:
        return any(all(test(values[at]) for at, test in exception) for exception in self._unless[index])

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
        for position, sieve in self._sieves.items():
            value = values[position]
            if value is not None:
                found = found + sieve.pick(value)
        return sorted(found) if len(found) > 1 else found
