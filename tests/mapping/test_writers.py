"""Writers of tables and journals keep what entries have in common; nothing of that shows in what they write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pleoctl.mapping.engine.entries import InvoiceOf, OriginalOf, PeriodOf, VendorOf
from pleoctl.mapping.io.outputs import beancount, csv, hledger, journal, tags, text, writer
from pleoctl.mapping.io.outputs.known import MOST, Known
from pleoctl.mapping.io.outputs.text import clean, is_plain
from pleoctl.text import csv_cell

from .conftest import engine, item, line, mapped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pleoctl.mapping.engine.entries import Entry, LedgerEntry, Posting
    from pleoctl.mapping.rules.model import Rules

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
    assert set("å§–…€") <= set(inside)
    assert [one for one in characters if is_plain(one) and csv_cell(one) != one] == []
    assert not is_plain("=1+1")
    assert not is_plain("")


#: Looks that spare texts a longer way, by where they are.
_LOOKS: Final = {
    csv: ("_are_cells", "_is_cell", "_is_id"),
    beancount: ("_are_strings",),
    hledger: ("_are_harmless",),
    text: ("_is_quiet",),
}
_LIVE: Final = st.text(
    "aZ9\xe0\xc5\xf8\u0416\u2026\u2013\u20ac\xa0\x85\xad\u202e\ud800\U0001f600 -=+@,;:#\"\\'()[]\t\r\n", max_size=5
)
_TEXT: Final = _LIVE | st.sampled_from(
    ["::a", "a::b", "##[x]", "a##[x]", "a;=1", "a, -1", "Voil\xe0", "\xc5", "Caf\xe9, \u2026"]
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> tuple[Rules, Entry]:
    """Rules, and an entry of theirs."""
    made = engine(tmp_path_factory.mktemp("base"))
    return made.rules, mapped(made, item("card_purchase", line(12345, tags=[{"groupCode": "DEPT", "code": "20"}])))


@pytest.mark.parametrize("name", ["csv", "beancount", "hledger"])
@settings(max_examples=200)
@given(texts=st.lists(st.tuples(_TEXT, _TEXT, _TEXT, _TEXT), min_size=1, max_size=3))
def test_what_spares_texts_a_longer_way_changes_none(
    base: tuple[Rules, Entry], name: str, texts: list[tuple[str, str, str, str]]
) -> None:
    """Whatever people typed, at whichever end, in whichever letters, one text behind the other."""
    rules, entry = base
    entries = []
    for described, known_as, of_line, tagged in texts:
        first, *rest = entry.entries[0].postings
        first = msgspec.structs.replace(first, line_id=of_line, tags={"DEPT": tagged, "å": "1"}, tax_code=tagged)
        ledgers = [msgspec.structs.replace(entry.entries[0], postings=[first, *rest])]
        vendor, status = VendorOf(tagged, known_as, None), "mapped" if described else "failed"
        entries.append(
            msgspec.structs.replace(
                *(entry,),
                description=described,
                accounting_entry_id=of_line,
                reconciliation_id=known_as,
                entries=ledgers,
                vendor=vendor,
                status=status,
                failure_reason=known_as,
                warnings=[described],
            )
        )
    written = writer(name, rules).entries(entries)
    with pytest.MonkeyPatch.context() as patch:
        for module, looks in _LOOKS.items():
            for look in looks:
                patch.setattr(module, look, lambda _: None)
        for module in (csv, beancount, hledger, journal):
            patch.setattr(module, "in_bytes", str)
            if "from_bytes" in vars(module):
                patch.setattr(module, "from_bytes", lambda texts: "".join(texts).encode())
        vars(csv)["_cells"].clear()
        patch.setattr(tags, "_plain", Known(lambda _: ""))
        plain = b"".join(writer(name, rules).entries([one]) for one in entries)
        vars(csv)["_cells"].clear()
    assert plain == written


def test_what_is_known_does_not_grow() -> None:
    """Beyond a number of values all are forgotten."""
    known = Known(str)
    assert [known[number] for number in (1, 1)] == ["1", "1"]
    for number in range(MOST + 1):
        assert known[number] == str(number)
    assert len(known) <= MOST
