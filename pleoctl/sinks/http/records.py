"""What a record in the books says of itself."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NamedTuple

from pleoctl.mapping.vocabulary import INVALID_CONFIGURATION
from pleoctl.sinks.base import HUNDREDTHS, BooksUnusable, Held, HeldPosting
from pleoctl.sinks.http.bodies import refuse_unseen, value_of
from pleoctl.sources.http.expressions import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from pleoctl.sinks.http.find_spec import Find, Lines
    from pleoctl.sinks.http.lookups import Table
    from pleoctl.sources.http.expressions import Expression

    Record = dict[str, Any]
    More = Callable[[Record], Record]

_SIDES = ("debit", "credit")
ROWS = "rows"
"""What a record of several rows holds them under."""


class _Line(NamedTuple):
    """A line of a record, with its tax code and its codes by tag group."""

    posting: HeldPosting
    tax_code: Any
    tags: Record


class Reader:
    """Reads the records that a look-up gave."""

    def __init__(self, find: Find, currency: str | None, accounts: Table | None = None) -> None:
        """``currency`` is that of the books, for lines that do not say theirs; ``accounts`` turns ids into codes."""
        self._find, self._currency, self._accounts = find, currency, accounts

    def held(self, records: list[Record], keys: Collection[str], more: More) -> dict[str, list[Held]]:
        """Those whose reference is one of the keys byte for byte; ``more`` gives the whole of a record.

        Raises `BooksUnusable` for what cannot be read.
        """
        found: dict[str, list[Held]] = {key: [] for key in keys}
        try:
            ours = [(key, record) for record in records if (key := value_of(self._find.key, record)) in found]
            refuse_unseen(self._find.listing, records, self._find.key)
            for key, record in self._grouped(ours):
                found[key].append(self._held(more(record)))
        except ExpressionError as error:
            raise BooksUnusable(str(error), INVALID_CONFIGURATION) from error
        return found

    def _grouped(self, ours: list[tuple[str, Record]]) -> list[tuple[str, Record]]:
        """Rows that belong together as one record."""
        group = self._find.group
        if group is None:
            return ours
        found: dict[tuple[str, str], list[Record]] = defaultdict(list)
        for key, record in ours:
            found[key, str(value_of(group, record))].append(record)
        return [(key, {ROWS: rows}) for (key, _), rows in found.items()]

    def _held(self, record: Record) -> Held:
        find, fields = self._find, self._find.fields
        id_ = _text(find.id, record)
        if id_ is None:
            raise BooksUnusable(f"{find.id.key} gives nothing for a record", INVALID_CONFIGURATION)
        void = bool("void" in fields and value_of(fields["void"], record))
        left = frozenset(stage for stage, is_left in find.left.items() if value_of(is_left, record))
        refuse_unseen(find.listing, [record], fields.get("void"), *find.left.values())
        names = fields.get("attachments") and value_of(fields["attachments"], record)
        lines = [] if find.lines is None else list(self._lines(find.lines, record))
        return Held(
            id_,
            _text(fields.get("url"), record),
            void=void,
            date=_text(fields.get("date"), record),
            postings=None if find.lines is None else tuple(line.posting for line in lines),
            attachments=frozenset(map(str, names or ())) if "attachments" in fields else None,
            left=left,
            tax_codes=_codes(lines, lambda line: line.tax_code) if find.lines and find.lines.tells_tax_codes else None,
            tags={group: _codes(lines, _in(group)) for group in find.lines.tags} if find.lines else None,
        )

    def _lines(self, lines: Lines, record: Record) -> Iterator[_Line]:
        rows = value_of(lines.each, record)
        if not isinstance(rows, list):
            raise ExpressionError(f"{lines.each.key} gives no list")
        for row in rows:
            line = {name: value_of(expression, row) for name, expression in lines.fields.items()}
            amount = _signed(line, lines)
            if amount:
                currency = str(line.get("currency") or self._currency)
                posting = HeldPosting(_SIDES[amount < 0], self._account(line, lines), abs(amount), currency)
                tags = {group: value_of(expression, row) for group, expression in lines.tags.items()}
                yield _Line(posting, line.get("taxCode"), tags)

    def _account(self, line: Record, lines: Lines) -> str:
        name = "account" if "account" in lines.fields else "accountId"
        value = line[name]
        if value is None:
            raise ExpressionError(f"{lines.fields[name].key} gives nothing for a line")
        if name == "account" or self._accounts is None:
            return str(value)
        return self._accounts.code_of(value) or f"#{value}"


def _in(group: str) -> Callable[[_Line], Any]:
    return lambda line: line.tags[group]


def _codes(lines: list[_Line], code_of: Callable[[_Line], Any]) -> frozenset[tuple[str, str]]:
    """The accounts and codes of the lines that have one."""
    return frozenset((line.posting.account, str(code)) for line in lines if (code := code_of(line)) is not None)


def _signed(line: Record, lines: Lines) -> int:
    """Hundredths, credit below zero."""
    if "amount" not in line:
        return hundredths(line.get("debit") or 0) - hundredths(line.get("credit") or 0)
    amount = hundredths(line["amount"])
    if "side" not in line:
        return amount
    side = str(line["side"]).lower()
    if side not in _SIDES:
        raise ExpressionError(f"{lines.fields['side'].key} gives {line['side']!r} instead of debit or credit")
    return amount if side == "debit" else -amount


def hundredths(value: Any) -> int:
    """A number or a text of whole units, such as 88.3. Raises `ExpressionError`."""
    try:
        exact = Decimal(str(value)) * HUNDREDTHS
    except InvalidOperation:
        exact = Decimal("NaN")
    if not exact.is_finite() or exact != exact.to_integral_value():
        raise ExpressionError(f"sink.find.lines: {value!r} is no amount of two decimals")
    return int(exact)


def _text(expression: Expression | None, data: Any) -> str | None:
    value = None if expression is None else value_of(expression, data)
    return None if value is None else str(value)
