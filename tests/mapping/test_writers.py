"""Writers of tables and journals keep what entries have in common; nothing of that shows in what they write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from pleoctl.mapping.engine.entries import InvoiceOf, OriginalOf, PeriodOf, VendorOf
from pleoctl.mapping.io.outputs import writer
from pleoctl.mapping.io.outputs.known import MOST, Known
from pleoctl.mapping.io.outputs.text import are_plain, clean, is_plain
from pleoctl.text import csv_cell

from .conftest import engine, item, line, mapped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pleoctl.mapping.engine.entries import Entry, LedgerEntry, Posting

_OTHERS: Final[dict[str, Any]] = {
    "status": "failed",
    "currency": "SEK",
    "reconciled_entries": ["r-1"],
    "attendees": ["A", None],
    "vendor": VendorOf("V", "Vendor", None),
    "invoice": InvoiceOf("n", "2026-01-01", None),
    "original": OriginalOf("USD", -5),
    "service_period": PeriodOf("2026-01-01", None),
    "warnings": ["one", "two"],
    "posting_date": "2026-05-06",
    "side": "credit",
    "amount": 7,
    "tags": {"DEPT": "21"},
}


#: What journals leave to tables.
_IN_TABLES: Final = {
    *("type", "sub_type", "method", "company", "rules_digest", "failure_reason_type", "failure_reason"),
    *("line_id", "rule of a posting", "branch"),
}


def _changed(value: Entry | LedgerEntry | Posting, field: str) -> Any:
    return msgspec.structs.replace(value, **{field: _OTHERS.get(field, f"other {field}")})


def _variants(base: Entry) -> Iterator[tuple[str, Entry]]:
    """The entry with each of its fields changed, and each of a posting's, but the role that names an account."""
    for field in set(base.__struct_fields__) - {"entries"}:
        yield field, _changed(base, field)
    [ledger] = base.entries
    yield "kind", msgspec.structs.replace(base, entries=[_changed(ledger, "kind")])
    yield "two", msgspec.structs.replace(base, entries=[ledger, ledger])
    first, *rest = ledger.postings
    for field in set(first.__struct_fields__) - {"role", "currency"}:
        changed = msgspec.structs.replace(ledger, postings=[_changed(first, field), *rest])
        yield f"{field} of a posting" if field == "rule" else field, msgspec.structs.replace(base, entries=[changed])


@pytest.mark.parametrize("name", ["csv", "beancount", "hledger"])
def test_an_entry_is_written_as_if_it_were_the_first(tmp_path: Path, name: str) -> None:
    """Whatever came before it, however little it differs from that, and no difference is lost."""
    made = engine(tmp_path)
    given = line(12345, tags=[{"groupCode": "DEPT", "code": "20"}])
    base = mapped(made, item("card_purchase", given, note="Kaffe till mötet"))
    used = writer(name, made.rules)
    shown = used.entries([base])
    for field, entry in _variants(base):
        fresh = writer(name, made.rules).entries([entry])
        assert used.entries([entry]) == fresh, field
        assert (fresh == shown) == (name != "csv" and field in _IN_TABLES), field


def test_plain_text_means_nothing_to_anybody() -> None:
    """What is taken as it is has nothing that a table, a journal, a terminal or a CI system would take for more."""
    characters = [chr(point) for point in range(0x11000)]
    inside = "".join(one for one in characters if is_plain(f"a{one}"))
    assert csv_cell(clean(inside)) == inside == clean(inside)
    assert not set(inside) & set('",;:#()[]\\\t\r\n')
    assert "å" in inside
    assert [one for one in characters if is_plain(one) and csv_cell(one) != one] == []
    assert not is_plain("=1+1")
    assert not is_plain("")


@pytest.mark.parametrize(
    "text", ["a\nb\nc\nd", "a\nb", "\na\nb", "a\n\nb", "a\nb\n", "a\nb\n=c", "a\nb,\nc", "a\r\nb\nc"]
)
def test_three_texts_are_plain_where_each_is(text: str) -> None:
    """A line break within one of them is told from those between them."""
    assert are_plain("a\nb\nc")
    assert not are_plain(text)


def test_what_is_known_does_not_grow() -> None:
    """Beyond a number of values all are forgotten."""
    known = Known(str)
    assert [known[number] for number in (1, 1)] == ["1", "1"]
    for number in range(MOST + 1):
        assert known[number] == str(number)
    assert len(known) <= MOST
