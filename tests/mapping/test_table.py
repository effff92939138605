"""Entries as CSV, whatever texts they hold."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from pleoctl.mapping.engine.entries import Entry, LedgerEntry, Posting, VendorOf
from pleoctl.mapping.io.outputs.csv import CsvWriter
from pleoctl.mapping.rules.dialect import COLUMNS
from pleoctl.mapping.rules.model import Rules
from pleoctl.place import Place

TEXT = st.text(st.sampled_from("a1 ,;\"'=+-@:#\n\r\té💸\u202e\ud800"), max_size=12)


@given(TEXT, TEXT, st.booleans())
def test_a_row_is_what_the_csv_module_writes(one: str, other: str, failed: bool) -> None:
    """Every cell is read as one, in its column, and a reader's copy has the same bytes."""
    postings = [
        Posting("debit", one, "line", 100, "EUR", tags={"A": other}),
        Posting("credit", other, None, 100, "EUR"),
    ]
    entry = Entry(
        accounting_entry_id=one,
        status="failed" if failed else "mapped",
        type="fee",
        sub_type=None,
        method="journal",
        rule=other,
        rules_digest="sha256:0",
        posting_date="2026-01-31",
        currency="EUR",
        description=one,
        reconciliation_id=other,
        reconciled_entries=[one, None],
        attendees=[other],
        vendor=VendorOf(one, other, None),
        invoice=None,
        original=None,
        service_period=None,
        company=None,
        entries=[] if failed else [LedgerEntry("journal", postings)],
        warnings=[other],
    )
    writer = CsvWriter(Rules(Place("mapping.yaml")))
    written = (writer.start() + writer.entries([entry]) + writer.end()).decode()
    rows = list(csv.reader(io.StringIO(written, newline="")))
    assert [len(row) for row in rows] == [len(COLUMNS)] * (2 if failed else 3)
    again = io.StringIO(newline="")
    csv.writer(again, lineterminator="\n").writerows(rows)
    assert again.getvalue() == written
