"""Tags, descriptions and data of one item; what is no item at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from .conftest import HEAD, Cli, catalog, dimension, engine, item, line, mapped

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Value

VENDOR = {"id": "v", "name": "Acme AB", "defaultCurrency": "EUR", "code": "ACME"}
PAYABLE = {"method": "accounts_payable"}


def test_tags_stay_on_the_expense_side(tmp_path: Path) -> None:
    """P18: the counter posting carries no dimension."""
    tags = [{"id": "g", "groupCode": "DEPT", "code": "20"}, None]
    entry = mapped(engine(tmp_path), item("card_purchase", line(tags=tags)))
    assert [p.tags for p in entry.entries[0].postings] == [{"DEPT": "20"}, {}]


@pytest.mark.parametrize(
    ("group", "code", "known"),
    [
        ("dept", "eng", True),
        ("DEPT", "X", False),
        ("DEPT", "OLD", False),
        ("GONE", "1", False),
        ("LEGACY", "1", True),
        ("FREE", "1", True),
    ],
)
def test_tags_against_the_catalogue(tmp_path: Path, group: str, code: str, known: bool) -> None:
    """D6: unknown and archived values fail; groups left alone and dimensions without values are not checked."""
    held = catalog(
        "6540",
        "1940",
        unchecked=frozenset({"legacy"}),
        dimensions=[dimension("DEPT", "ENG", "-OLD"), type(dimension("F"))("FREE")],
    )
    entry = mapped(
        engine(tmp_path, catalog=held), item("card_purchase", line(tags=[{"groupCode": group, "code": code}]))
    )
    assert entry.failure_reason_type == (None if known else "invalid_configuration")


@pytest.mark.parametrize(
    "rows", ["", 'lines: {rows: [{id: r, when: {}, account: keep, set: {tags: {DEPT: "eng"}}}]}\n']
)
def test_a_tag_is_none_after_its_last_day(workspace: Path, cli: Cli, rows: str) -> None:
    """What the plan archives cannot be posted; on the day itself, and for items of days before, it can."""
    (workspace / "mapping.yaml").write_text(HEAD + rows)
    (workspace / "desired-state.yaml").write_text(
        'apiVersion: pleoctl/v1\nkind: DesiredState\ndimensions:\n- code: "DEPT"\n  name: "Dept"\n  values:\n'
        '  - {code: "ENG", name: "Eng", expires: "2026-01-31"}\n  - {code: "X", name: "X"}\n'
    )
    days = ["2026-01-30", "2026-02-01", "2026-01-31", "2026-02-02", "2026-01-01"] * 2
    tags = [{"groupCode": "DEPT", "code": "ENG"}]
    given = [item("card_purchase", line(tags=tags), date=f"{day}T10:00:00Z") for day in days]
    (workspace / "items.json").write_text(json.dumps(given))
    assert cli("map", "items.json") == 5
    assert [one["status"] for one in cli.lines] == ["mapped", "failed", "mapped", "failed", "mapped"] * 2
    code = "eng" if rows else "ENG"
    told = f"tag DEPT/{code} ends on 2026-01-31 in the accounting system, before the item's 2026-02-01"
    assert told in str(cli.lines[1]["failureReason"])
    assert cli.lines[1]["failureReasonType"] == "invalid_configuration"


def test_two_tags_of_one_group(tmp_path: Path) -> None:
    """A dimension has one value on a line."""
    tags = [{"groupCode": "DEPT", "code": "1"}, {"groupCode": "DEPT", "code": "2"}]
    entry = mapped(engine(tmp_path), item("card_purchase", line(tags=tags)))
    assert entry.failure_reason_type == "validation_failure"


def test_two_spellings_of_one_group(tmp_path: Path) -> None:
    """Codes compare by casefold (D5): the same tag twice is one, two values of one group fail the item."""
    same = [{"groupCode": "DEPT", "code": "a"}, {"groupCode": "Dept", "code": "A"}]
    entry = mapped(engine(tmp_path), item("card_purchase", line(tags=same)))
    assert [p.tags for p in entry.entries[0].postings] == [{"DEPT": "a"}, {}]
    entry = mapped(engine(tmp_path), item("card_purchase", line(tags=[same[0], {"groupCode": "dept", "code": "b"}])))
    assert entry.failure_reason_type == "validation_failure"


def test_data_of_the_item_reaches_the_entry(tmp_path: Path) -> None:
    """D2, D3, D10: reconciliation, attendees, vendor, invoice, description."""
    info = {
        "reconciliationId": "1",
        "reconciledEntries": ["2", "3"],
        "attendees": ["A", None],
        "invoiceInformation": {
            "invoiceNumber": "F-1",
            "invoiceDate": "2026-03-01T00:00:00Z",
            "status": "paid",
            "dueDate": None,
        },
    }
    entry = mapped(
        engine(tmp_path),
        item(
            additionalInformation=info,
            vendor=VENDOR,
            supplier={"name": "Acme "},
            user={"name": "Marie  Jensen"},
            note="two\nlines",
        ),
    )
    assert (entry.reconciliation_id, entry.reconciled_entries, entry.attendees) == ("1", ["2", "3"], ["A", None])
    assert entry.vendor is not None
    assert (entry.vendor.code, entry.vendor.name) == ("ACME", "Acme AB")
    assert entry.invoice is not None
    assert (entry.invoice.number, entry.invoice.date, entry.invoice.due_date) == ("F-1", "2026-03-01", None)
    assert entry.description == "Acme Marie Jensen two lines"


def test_a_failed_item_keeps_what_is_known(tmp_path: Path) -> None:
    """U3: whoever reads a failed entry sees which item it was."""
    entry = mapped(engine(tmp_path), item("card_purchase", line(account=None), note="lunch"))
    assert (entry.status, entry.rule, entry.description) == ("failed", "standard/card_purchase", "lunch")
    assert entry.reconciliation_id == "5200617"


@pytest.mark.parametrize(
    "given", [None, 42, "x", [], {}, {"accountingEntryId": 5}, {"accountingEntryId": "a", "type": None}]
)
def test_what_is_no_item_fails(tmp_path: Path, given: Value) -> None:
    """Anything that JSON can hold ends as a failed entry."""
    entry = mapped(engine(tmp_path), given)
    assert (entry.status, entry.failure_reason_type) == ("failed", "validation_failure")


@pytest.mark.parametrize(
    "name", ["accountingEntryId", "type", "date", "amount", "accountingEntryLines", "additionalInformation"]
)
def test_required_fields(tmp_path: Path, name: str) -> None:
    """A field that the entry needs is named when it is absent."""
    given = item()
    del given[name]
    entry = mapped(engine(tmp_path), given)
    assert entry.failure_reason_type == "validation_failure"
    assert name in (entry.failure_reason or "")


@pytest.mark.parametrize("expected", ['{debit: "6540", amount: 100}', "{debit: line, amount: 100}"])
def test_a_test_of_very_many_lines_is_decided(cli: Cli, workspace: Path, expected: str) -> None:
    """All expectations are met, by code or by role; one more is missing."""
    lines = ", ".join(['{account: "6540", amount: 100}'] * 1500)
    for more, code in (("", 0), (f", {expected}", 1)):
        expect = ", ".join([expected] * 1500) + ", {credit: wallet, amount: 150000}" + more
        (workspace / "mapping.yaml").write_text(
            HEAD + f"tests:\n- {{name: t, given: {{type: card_purchase, lines: [{lines}]}}, expect: [{expect}]}}\n"
        )
        assert cli("mapping", "test") == code
