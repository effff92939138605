"""What a record in the books says of itself. A name that no record has would hide a booking: it is an error."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from pleoctl.sinks.base import BooksUnusable, Held, HeldPosting
from pleoctl.sinks.http.bodies import value_of
from pleoctl.sources.http.expressions import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.sinks.http.spec import Find, Lines
    from pleoctl.sources.http.expressions import Expression

_SIDES = ("debit", "credit")


class Reader:
    """Reads the records that a look-up gave."""

    def __init__(self, find: Find, currency: str | None) -> None:
        """``currency`` is that of the books, for lines that do not say theirs."""
        self._find, self._currency = find, currency

    def held(self, records: list[dict[str, Any]], key: str) -> list[Held]:
        """Those whose reference is the key byte for byte. Raises `BooksUnusable` for what cannot be read."""
        try:
            ours = [record for record in records if value_of(self._find.key, record) == key]
            self._refuse_unseen(records, self._find.key)
            return [self._held(record) for record in ours]
        except ExpressionError as error:
            raise BooksUnusable(str(error), "invalid_configuration") from error

    def _refuse_unseen(self, records: list[dict[str, Any]], expression: Expression | None) -> None:
        """Raise `BooksUnusable` where records came and none of them has a name that the expression reads."""
        unseen = [name for name in (expression.unseen if expression else ()) if name not in self._find.optional]
        if records and expression and unseen:
            raise BooksUnusable(
                f"{expression.key} reads {unseen[0]!r}, which no record has",
                "invalid_configuration",
                hint=f"correct the name; if a record may lack it, say optional: [{unseen[0]}]",
            )

    def _held(self, record: dict[str, Any]) -> Held:
        find = self._find
        id_ = _text(find.id, record)
        if id_ is None:
            raise BooksUnusable(f"{find.id.key} gives nothing for a record", "invalid_configuration")
        void = bool(find.void and value_of(find.void, record))
        self._refuse_unseen([record], find.void)
        names = find.attachments and value_of(find.attachments, record)
        return Held(
            id_,
            _text(find.url, record),
            void=void,
            date=_text(find.date, record),
            postings=tuple(self._postings(find.lines, record)) if find.lines else None,
            attachments=frozenset(map(str, names or ())) if find.attachments else None,
        )

    def _postings(self, lines: Lines, record: dict[str, Any]) -> Iterator[HeldPosting]:
        rows = value_of(lines.each, record)
        if not isinstance(rows, list):
            raise ExpressionError(f"{lines.each.key} gives no list")
        for row in rows:
            line = {name: value_of(expression, row) for name, expression in lines.fields.items()}
            if line["account"] is None:
                raise ExpressionError(f"{lines.fields['account'].key} gives nothing for a line")
            amount = self._signed(line)
            if amount:
                currency = str(line.get("currency") or self._currency)
                yield HeldPosting(_SIDES[amount < 0], str(line["account"]), abs(amount), currency)

    @staticmethod
    def _signed(line: dict[str, Any]) -> int:
        """Hundredths, credit below zero."""
        if "amount" not in line:
            return hundredths(line.get("debit") or 0) - hundredths(line.get("credit") or 0)
        amount = hundredths(line["amount"])
        if "side" not in line:
            return amount
        side = str(line["side"]).lower()
        if side not in _SIDES:
            raise ExpressionError(f"sink.find.lines.as.side gives {line['side']!r} instead of debit or credit")
        return amount if side == "debit" else -amount


def hundredths(value: Any) -> int:
    """A number or a text of whole units, such as 88.3. Raises `ExpressionError`."""
    try:
        exact = Decimal(str(value)) * 100
    except InvalidOperation:
        exact = Decimal("NaN")
    if not exact.is_finite() or exact != exact.to_integral_value():
        raise ExpressionError(f"sink.find.lines: {value!r} is no amount of two decimals")
    return int(exact)


def _text(expression: Expression | None, data: Any) -> str | None:
    value = None if expression is None else value_of(expression, data)
    return None if value is None else str(value)
