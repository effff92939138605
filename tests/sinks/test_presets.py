"""Each vendor's preset against a fake of the answers that it documents; no vendor was asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from api_books import TOKEN, ApiBooks, serving
from pleoctl.jobs.standing import difference
from pleoctl.mapping.engine.entries import Posting
from pleoctl.remote.errors import LostAnswer
from pleoctl.sinks.base import Booking, File, Key, PeriodClosed, Refusal
from pleoctl.sinks.http.presets import PRESETS, load_preset
from pleoctl.sinks.keys import stored_key
from pleoctl.sinks.opening import open_sink
from pleoctl.testing.books import entry_of
from pleoctl.workspace import Workspace
from vendor_books import DAY, VENDORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pleoctl.sinks.base import Sink
    from shapes import Json, Value
    from tests.conftest import MakeWorkspace
    from vendor_base import Vendor

    Opened = Callable[..., tuple[Sink, Vendor]]

ITEM = "00000000-0000-4000-8000-000000000001"
BOOKED = [("credit", "1940", 8830, "SEK"), ("debit", "6540", 8830, "SEK")]
POSTS_LATER = ["business-central", "odoo"]
LINKS: dict[str, Json] = {
    "exact-online": {"Document": "doc-1", "FileName": "1.pdf", "Attachment": "JVBERi0xLjQ="},
    "fortnox": {"VoucherFileConnection": {"FileId": "file-1", "VoucherNumber": "1", "VoucherSeries": "P"}},
    "quickbooks": {
        "Id": "5001",
        "SyncToken": "0",
        "FileName": "1.pdf",
        "AttachableRef": [{"EntityRef": {"type": "JournalEntry", "value": "1"}}],
    },
    "visma-eaccounting": {"DocumentId": "v-1", "DocumentType": 3, "AttachmentIds": ["a-1"]},
}
"""What a second request says of a file."""
TRANSPORTS_FILES = ["e-conomic", "odoo", "sage", "xero", *LINKS]


@pytest.fixture
def opened(workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """Factory of a preset's sink with the vendor behind it."""
    monkeypatch.setenv("AS_TOKEN", TOKEN)
    with serving(ApiBooks()) as api:

        def make(name: str, **changes: Value) -> tuple[Sink, Vendor]:
            made, variables = VENDORS[name]
            vendor = made()
            api.other = vendor
            section = {"type": "http", "preset": name, "baseUrl": api.url, "auth": {"bearer": "env:AS_TOKEN"}}
            folder = workspace(sink={**section, "variables": variables, "currency": "SEK", **changes})
            return open_sink(Workspace(folder / "pleoctl.yaml")), vendor

        yield make


def booking(
    sink: Sink,
    tags: dict[str, str] | None = None,
    *,
    draft: bool = True,
    account: str = "6540",
    day: str = DAY,
    item: str = ITEM,
) -> Booking:
    """88.30 on an account, with tags, against 1940."""
    postings = [
        Posting("debit", account, "line", 8830, "SEK", tags=tags or {}),
        Posting("credit", "1940", "wallet", 8830, "SEK"),
    ]
    entry = msgspec.structs.replace(entry_of(item, "SEK", postings), description="Taxi " * 30, posting_date=day)
    key = Key(stored_key(item, sink.capabilities.key), item, "job", 1, day)
    return Booking(key, entry, day, draft=draft, once=item.replace("-", ""))


def test_every_preset_has_a_vendor() -> None:
    """No preset is left untried, and each says how far it was tried."""
    assert sorted(VENDORS) == PRESETS.names()
    for name in PRESETS.names():
        preset = load_preset(name)
        assert "shape-tested" in preset.verified
        assert preset.notes
        assert preset.api


@pytest.mark.parametrize("draft", [True, False])
@pytest.mark.parametrize("name", PRESETS.names())
def test_a_preset_books_and_finds_what_it_booked(name: str, draft: bool, opened: Opened) -> None:
    """One record, read back with its date, accounts, sides and amounts; nothing is left to be done."""
    sink, vendor = opened(name)
    one = booking(sink, draft=draft)
    sink.check()
    assert sink.find([one.key])[one.key.stored] == []
    assert sink.refuse(one) in ([], ["text-shortened"])
    sink.book([one])
    (held,) = sink.find([one.key])[one.key.stored]
    assert held.date == DAY
    assert sorted(held.postings or ()) == BOOKED
    assert held.left == ({"posting"} if draft and name in POSTS_LATER else set())
    assert vendor.posts == 1


@pytest.mark.parametrize("name", PRESETS.names())
def test_tags_that_a_preset_books_are_read_back(name: str, opened: Opened) -> None:
    """One that the record has no longer makes it another record; presets without tags refuse them."""
    sink, _ = opened(name)
    can = sink.capabilities
    assert not can.tax_codes
    assert can.tells_tags == bool(can.dimensions)
    groups = sorted(can.dimensions or ())
    one = booking(sink, dict.fromkeys(groups, "20"))
    sink.book([one])
    (held,) = sink.find([one.key])[one.key.stored]
    assert difference(held, one.legs, DAY, may_move=False) is None
    for group in groups:
        other = booking(sink, {group: "30"})
        assert difference(held, other.legs, DAY, may_move=False) == f"it has no {group} 30 on 6540"


@pytest.mark.parametrize("name", PRESETS.names())
def test_only_our_own_key_is_found(name: str, opened: Opened) -> None:
    """Several keys are looked up together, and each gets its own record."""
    sink, vendor = opened(name)
    ones = [booking(sink, item=f"{ITEM[:-1]}{n}") for n in range(1, 4)]
    for one in ones[:2]:
        sink.book([one])
    vendor.paths.clear()
    found = sink.find([one.key for one in ones])
    assert [len(found[one.key.stored]) for one in ones] == [1, 1, 0]
    assert len({found[one.key.stored][0].id for one in ones[:2]}) == 2
    lists = [path for path in vendor.paths if not path.rpartition("/")[2].isdigit()]
    assert len(lists) <= 3


@pytest.mark.parametrize("name", POSTS_LATER)
def test_what_was_begun_is_posted_and_not_made_again(name: str, opened: Opened) -> None:
    """A record that lacks its posting is taken up where it was left."""
    sink, vendor = opened(name)
    sink.book([booking(sink, draft=True)])
    one = booking(sink, draft=False)
    (begun,) = sink.find([one.key])[one.key.stored]
    sink.book([replace(one, begun=begun)])
    (held,) = sink.find([one.key])[one.key.stored]
    assert (held.left, sorted(held.postings or ()), vendor.posts) == (frozenset(), BOOKED, 1)


@pytest.mark.parametrize("name", ["exact-online", "netsuite", "odoo", "quickbooks", "sage"])
def test_a_code_that_the_vendor_does_not_know_is_refused_before_it_is_sent(name: str, opened: Opened) -> None:
    """Accounts are looked up once a run; an unknown one refuses its item in the plan, and `sink check` can tell."""
    sink, vendor = opened(name)
    for _ in range(2):
        with pytest.raises(Refusal, match="account 9999 is not in") as refused:
            sink.refuse(booking(sink, account="9999"))
    assert refused.value.reason_type == "invalid_configuration"
    assert (vendor.posts, len(vendor.paths) <= 2) == (0, True)
    assert isinstance(sink.account_problem("9999"), str)  # type: ignore[attr-defined]
    assert sink.account_problem("6540") is None  # type: ignore[attr-defined]


def test_a_refusal_inside_a_success_is_one(opened: Opened) -> None:
    """A batch of Business Central is 200 although nothing of it was made."""
    sink, vendor = opened("business-central")
    with pytest.raises(Refusal, match=r"The account does not exist\."):
        sink.book([booking(sink, account="9999")])
    assert vendor.held == []


@pytest.mark.parametrize("name", ["odoo", "quickbooks", "visma-eaccounting", "xero"])
def test_a_locked_period_is_a_closed_one(name: str, opened: Opened) -> None:
    """As the vendor says it, without an open period."""
    sink, _ = opened(name)
    with pytest.raises(PeriodClosed) as closed:
        sink.book([booking(sink, day="2025-12-31")])
    assert closed.value.next_open is None


@pytest.mark.parametrize("name", TRANSPORTS_FILES)
def test_a_file_is_linked_to_the_record(name: str, opened: Opened, tmp_path: Path) -> None:
    """As a form, as the body, as base64, or uploaded first and then connected."""
    sink, vendor = opened(name)
    one = booking(sink)
    sink.book([one])
    (held,) = sink.find([one.key])[one.key.stored]
    (tmp_path / "receipt").write_bytes(b"%PDF-1.4")
    sink.attach(held, one.key, File(tmp_path / "receipt", "1.pdf", "application/pdf"))
    told = str(vendor.files)
    assert "%PDF-1.4" in told or "JVBERi0xLjQ=" in told
    if name in LINKS:
        assert vendor.files[-1][1] == LINKS[name]
    assert len(vendor.files) == (2 if name in LINKS else 1)


def test_others_say_that_they_take_no_files() -> None:
    """What the plan warns of is what the preset lacks."""
    lacking = [name for name in PRESETS.names() if "attach" not in load_preset(name).sink]
    assert sorted({*lacking, *TRANSPORTS_FILES}) == PRESETS.names()


@pytest.mark.parametrize("name", ["fortnox", "sage", "visma-eaccounting"])
def test_a_look_up_reads_no_books_of_earlier_days(name: str, opened: Opened) -> None:
    """What was booked before is not read again with each look."""
    sink, vendor = opened(name)
    for n in range(2, 10):
        sink.book([booking(sink, day=f"2026-02-0{n}", item=f"{ITEM[:-1]}{n}")])
    seen: list[int] = []
    route = vendor.list  # type: ignore[attr-defined]

    def counted(query: Value, body: Value) -> Value:
        answer = route(query, body)
        seen.append(sum(len(rows) for rows in answer[1].values() if isinstance(rows, list)))
        return answer

    vendor.list = counted  # type: ignore[attr-defined]
    assert not any(sink.find([booking(sink).key]).values())
    assert seen == [0]


def test_words_are_cut_and_told_and_codes_are_not(opened: Opened) -> None:
    """Fortnox has room for a hundred characters of text; the warning stands in the plan."""
    sink, vendor = opened("fortnox")
    one = booking(sink)
    assert sink.refuse(one) == ["text-shortened"]
    sink.book([one])
    rows = vendor.held[0]["VoucherRows"]
    assert {len(row["TransactionInformation"]) for row in rows} == {99}
    assert vendor.held[0]["Description"] == ITEM


def test_an_answer_that_says_too_little_leaves_a_doubt(opened: Opened) -> None:
    """A success without the id that was described is looked up, not believed."""
    sink, _ = opened("sage", book={"id": "nope"})
    with pytest.raises(LostAnswer, match=r"sink\.book\.id"):
        sink.book([booking(sink)])
