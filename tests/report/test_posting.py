"""A posting plan as people read it, in text, markdown and on a page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pleoctl.jobs.document import (
    AttachmentRef,
    ItemChange,
    ItemsHead,
    JobHead,
    PostingHead,
    PostingPlan,
    Requests,
    RulesHead,
    SinkHead,
    Summary,
    Total,
    Warned,
)
from pleoctl.jobs.used import Used
from pleoctl.mapping.engine.entries import Entry, LedgerEntry, Posting
from pleoctl.report.html import posting_html
from pleoctl.report.posting import Review, amount
from pleoctl.report.posting_markdown import posting_markdown
from pleoctl.report.posting_text import posting_text

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver import Chrome

    from shapes import Json, Value

HOSTILE = "<script>alert(1)</script> \u202egnp.exe | `x` [l](javascript:1) @octocat #1"
KNOWN = Used(frozenset({"1940"}), frozenset({"standard/fee"}))


def entry(number: int, **changes: Value) -> Entry:
    """What the rules make of an item: 1 234.56 from 1940 to 5810."""
    postings = [
        Posting("credit", "1940", "wallet", 123_456, "SEK"),
        Posting("debit", "5810", None, 123_456, "SEK", tax_code="V25", tags={"DEPT": "ENG"}),
    ]
    fields: Json = {
        "accounting_entry_id": f"id-{number}",
        "status": "mapped",
        "type": "card_purchase",
        "sub_type": None,
        "method": "journal",
        "rule": "standard/card_purchase",
        "rules_digest": "",
        "posting_date": "2026-03-15",
        "currency": "SEK",
        "description": f"Taxi {number}",
        "reconciliation_id": None,
        "reconciled_entries": [],
        "attendees": [],
        "vendor": None,
        "invoice": None,
        "original": None,
        "service_period": None,
        "company": None,
        "entries": [LedgerEntry("journal", postings)],
        "warnings": [],
    }
    return Entry(**{**fields, **changes})


def item(number: int, action: Value = "book", made: Entry | None = None, **changes: Value) -> ItemChange:
    """One change; refused ones have a reason."""
    refused = action == "refuse"
    fields: Json = {
        "address": f"item:id-{number}",
        "kind": "item",
        "action": action,
        "item_digest": "",
        "item_marks": "",
        "entry": made or entry(number),
        "attachments": [AttachmentRef(f"id-{number}/1", "1.pdf")],
        "reason_type": "tag_unknown" if refused else None,
        "reason": "no tag ENG" if refused else None,
        "external_id": "V-1" if action == "report" else None,
        "external_url": None,
        "place": number,
        "origin": "",
        "warnings": [],
    }
    return ItemChange(**{**fields, **changes})


def plan(*changes: ItemChange, warnings: list[Warned] | None = None) -> PostingPlan:
    """A plan of these changes."""
    book, refuse, report = (sum(change.action == one for change in changes) for one in ("book", "refuse", "report"))
    made = PostingPlan(
        "company",
        "https://pleo.example",
        JobHead("job", "pending", len(changes), ""),
        SinkHead("beancount", ""),
        PostingHead(),
        RulesHead("", ["mapping.yaml"]),
        ItemsHead(""),
        Summary(book, refuse, report, 0, [Total("5810", "SEK", 123_456, 0), Total("1940", "SEK", 0, 123_456)]),
        Requests(3, 3),
        warnings or [],
        list(changes),
        "1",
    )
    made.seal()
    return made


def renderings(review: Review) -> list[str]:
    """All three, as plain text."""
    page = re.sub(r"<style>.*?</style>|<[^>]*>", " ", str(posting_html(review)), flags=re.DOTALL)
    return [posting_text(review).plain, str(posting_markdown(review)), page]


def test_sums_come_first_then_what_is_refused_then_what_needs_a_look() -> None:
    """In every rendering; then what is in the books already, and the entries last."""
    bare = item(3, attachments=[])
    review = Review.of(plan(item(1), item(2, "refuse"), bare, item(4, "report")), KNOWN)
    for shown in renderings(review):
        marks = [
            "1 234.56",
            "no tag ENG",
            "new account 5810",
            "first use of rule standard/card_purchase",
            "no receipt",
            "V-1",
        ]
        places = [shown.index(mark) for mark in marks]
        assert places == sorted(places), shown
        assert shown.rindex("V25 DEPT=ENG") > places[-1]


def test_t_lines_have_debit_before_credit_in_columns_of_their_own() -> None:
    """As a bookkeeper draws them; tax code and tags stand behind."""
    lines = posting_text(Review.of(plan(item(1)), KNOWN)).plain.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("  2026-03-15 Taxi 1  item:id-1"))
    assert lines[start + 1 : start + 3] == [
        "      5810  1 234.56           SEK  V25 DEPT=ENG",
        "      1940            1 234.56 SEK",
    ]


def test_legs_are_told_apart() -> None:
    """An invoice and its payment have headings."""
    legs = [LedgerEntry(kind, entry(1).entries[0].postings) for kind in ("invoice", "payment")]
    for shown in renderings(Review.of(plan(item(1, made=entry(1, entries=legs))), KNOWN)):
        assert shown.rindex("invoice") < shown.rindex("payment")


def test_nothing_is_new_where_nothing_is_known() -> None:
    """Before the first job of a workspace, or without one, marks would be noise."""
    for shown in renderings(Review.of(plan(item(1)))):
        assert "new account" not in shown
        assert "first use" not in shown
    known = Used.by([entry(1)])
    for shown in renderings(Review.of(plan(item(1)), known)):
        assert "new account" not in shown
        assert "first use" not in shown


def test_many_items_of_one_reason_are_counted() -> None:
    """Text and comment name ten of them, the page all."""
    text, comment, page = renderings(Review.of(plan(*(item(n, attachments=[]) for n in range(30))), KNOWN))
    for shown in (text, comment):
        assert "no receipt** (30)" in shown or "no receipt (30)" in shown
        assert "… and 20 more" in shown
    assert len(re.findall("item:id-", page)) == 4 * 30


def test_live_text_is_shown_and_does_nothing() -> None:
    """Names, reasons, accounts and tags are hostile in each rendering."""
    made = entry(1, description=HOSTILE)
    made.entries[0].postings[1].account = HOSTILE
    made.entries[0].postings[1].tags = {HOSTILE: HOSTILE}
    changes = [
        item(1, made=made, warnings=[HOSTILE]),
        item(2, "refuse", reason=HOSTILE),
        item(3, "report", external_id=HOSTILE),
    ]
    review = Review.of(plan(*changes, warnings=[Warned(HOSTILE, HOSTILE, HOSTILE)]), KNOWN)
    page = str(posting_html(review))
    assert "<script" not in page
    assert "\u202e" not in page + str(posting_markdown(review)) + posting_text(review).plain
    for line in str(posting_markdown(review)).splitlines():
        outside = re.sub(r"(`+).*?\1", "", line)
        assert not re.search(r"<script|@octocat|javascript:", outside), line


@pytest.mark.parametrize("room", [2_000, 10_000, 60_000])
def test_a_comment_keeps_to_its_size(room: int) -> None:
    """Entries are cut first; what is left out is counted."""
    review = Review.of(plan(*(item(n, "refuse" if n < 3 else "book") for n in range(500))), KNOWN)
    shown = posting_markdown(review, max_bytes=room)
    assert len(bytes(shown)) <= room
    assert str(shown).count("no tag ENG") == 3
    assert "more; the plan file has them all" in str(shown)


def test_amounts() -> None:
    """Thousands apart, two places, nothing for nothing."""
    assert [amount(n) for n in (0, 5, 100, 123_456_789)] == ["", "0.05", "1.00", "1 234 567.89"]


def test_what_was_used_is_remembered(tmp_path: Path) -> None:
    """Line by line, torn ones passed over; where nothing can be written the marks alone are lost."""
    folder = tmp_path / "jobs"
    assert Used.of(folder) is None
    Used.by([entry(1)]).remember(folder)
    with (folder / "used.jsonl").open("a") as stream:
        stream.write('{"accounts": ["99')
    KNOWN.remember(folder)
    KNOWN.remember(folder)
    assert Used.of(folder) == Used(frozenset({"1940", "5810"}), frozenset({"standard/card_purchase", "standard/fee"}))
    assert (folder / "used.jsonl").read_text().count("standard/fee") == 1
    (tmp_path / "file").write_text("")
    KNOWN.remember(tmp_path / "file" / "jobs")


@pytest.mark.parametrize("width", [500, 1280])
def test_the_page_fits_its_window(width: int, chromium: Chrome, tmp_path: Path) -> None:
    """Nothing stands out of it at the side, no script runs, and the console stays empty."""
    made = entry(2, description=HOSTILE * 3)
    made.entries[0].postings[1].account = "2641-" + "LONG" * 30
    review = Review.of(
        plan(item(1), item(2, made=made), item(3, "refuse", reason="word" * 60), item(4, "report")), KNOWN
    )
    path = tmp_path / "posting.html"
    path.write_bytes(bytes(posting_html(review)))
    chromium.get_log("browser")  # type: ignore[no-untyped-call]
    chromium.set_window_size(width, 1000)
    try:
        chromium.get(path.as_uri())
        over = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert chromium.execute_script(over) <= 0
        assert chromium.get_log("browser") == []  # type: ignore[no-untyped-call]
    finally:
        chromium.set_window_size(1280, 1000)
