"""What an item says beside its amounts: nothing of it is lost, and doubtful look-ups are told."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

from .checked_rules import report
from .conftest import HEAD, Cli, catalog, engine, item, line, mapped, money

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Json, Value


def abroad(**more: Value) -> Json:
    """An item with everything that Pleo may say of it."""
    given = item(
        "out_of_pocket",
        line(9213),
        vendor={"name": "Acme Example", "code": "ACME"},
        servicePeriod={"from": "2026-01-01T00:00:00Z", "to": "2026-06-30T00:00:00Z"},
        additionalInformation={
            "reconciliationId": "R1",
            "reconciledEntries": ["R7", None, "R8"],
            "attendees": ["Guest Alpha", None, "Guest Beta"],
            "invoiceInformation": {"invoiceNumber": "I-1", "invoiceDate": "2026-01-01", "dueDate": "2026-02-13"},
        },
    )
    amount = {**money(9213), "inSupplierCurrency": {"currency": "USD", "value": 10000}}
    return {**given, "amount": amount, **more}


@pytest.mark.parametrize("name", ["csv", "beancount", "hledger", "json"])
def test_every_output_carries_what_the_item_says(workspace: Path, cli: Cli, name: str) -> None:
    """Attendees, reconciled entries, due date, vendor, service period, what was paid in which currency."""
    (workspace / "items.json").write_text(json.dumps([abroad()]))
    assert cli("map", "items.json", "--format", name) == 0
    text = cli.out.decode()
    said = ("Guest Alpha", "Guest Beta", "R7", "R8", "2026-02-13", "ACME", "Acme Example", "2026-06-30", "USD")
    assert [word for word in said if word not in text] == []
    if name == "json":
        entry = cli.lines[0]
        assert entry["original"] == {"currency": "USD", "amount": 10000}
        assert entry["servicePeriod"] == {"start": "2026-01-01", "end": "2026-06-30"}
        assert entry["company"] == "12abc3d4-e567-4890-8234-abc56e78fabc"
    else:
        assert "100.00" in text
    if name == "csv":
        row = next(csv.DictReader(io.StringIO(text)))
        assert (row["originalCurrency"], row["originalAmount"], row["company"][:4]) == ("USD", "100.00", "12ab")


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        ("2026-03-31T00:00:00Z", "2026-01-01", "ends before it begins: 2026-03-31 to 2026-01-01"),
        ("soon", "2026-02-30", "is none of days: soon to 2026-02-30"),
        ("2026-01-01", "2026-01-01T23:00:00Z", None),
        ("2026-01-01", None, None),
    ],
)
def test_a_period_that_cannot_be_is_told(
    workspace: Path, cli: Cli, start: str, end: str | None, told: str | None
) -> None:
    """It stands in the entry as it is, with a warning, also where many items are alike."""
    given = [item("fee", line(), servicePeriod={"from": start, "to": end}, accountingEntryId=f"id-{n}") for n in (1, 2)]
    (workspace / "items.json").write_text(json.dumps([item("fee", line()), *given]))
    assert cli("map", "items.json") == 0
    first, *others = ([w for w in entry["warnings"] if "service period" in w] for entry in cli.lines)
    assert first == []
    assert [bool(one) and str(told) in one[0] for one in others] == [told is not None] * 2


@pytest.mark.parametrize("name", ["beancount", "hledger"])
def test_the_same_currency_is_told_once(workspace: Path, cli: Cli, name: str) -> None:
    """A journal has the amount in its postings already."""
    (workspace / "items.json").write_text(json.dumps([item()]))
    assert cli("map", "items.json", "--format", name) == 0
    assert b"original" not in cli.out


PAYABLE = {"method": "accounts_payable"}


@pytest.mark.parametrize(
    ("given", "vendor"),
    [
        (
            item("invoice", bookkeeping=PAYABLE, vendor={"code": "X", "externalId": "ven-1", "name": "Acme AB"}),
            ("ACME", "Acme AB", "X"),
        ),
        (
            item("card_purchase", bookkeeping=None, supplier={"code": "S-9", "name": "Plain Ltd"}),
            ("PLAIN", "Plain Ltd", "S-9"),
        ),
        (item("out_of_pocket", bookkeeping=PAYABLE, user={"code": "E-1", "name": "Eva"}), ("E-1", "Eva", "E-1")),
        (item("out_of_pocket", vendor={"code": "N", "name": "Nobody"}), ("N", "Nobody", "N")),
        (item("card_purchase"), None),
    ],
)
def test_the_vendor_is_the_one_that_is_booked_on(
    tmp_path: Path, given: Json, vendor: tuple[str, str, str] | None
) -> None:
    """By whatever key it was found; the item's own words stand beside it."""
    match = HEAD.replace("  unmatched: fail", "  unmatched: fail\n  match: [externalId, code]")
    entry = mapped(engine(tmp_path, match), given)
    assert entry.failure_reason is None
    assert (entry.vendor and (entry.vendor.code, entry.vendor.name, entry.vendor.item_code)) == vendor


def test_a_merchant_number_is_no_vendor_code(tmp_path: Path) -> None:
    """A card network's number meets a vendor only where supplierCode says so."""
    by_chance = item("card_purchase", bookkeeping=None, supplier={"code": "ACME", "name": "x"})
    assert mapped(engine(tmp_path), by_chance).method == "journal"
    meant = item("card_purchase", bookkeeping=None, supplier={"code": "S-9", "name": "x"})
    assert mapped(engine(tmp_path), meant).method == "accounts_payable"


@pytest.mark.parametrize(
    ("vendor", "said"),
    [
        (
            {"code": "NO", "taxRegistrationNumber": "SE 9"},
            "tried code 'NO', externalId (absent), taxRegistrationNumber 'SE 9'",
        ),
        ({"code": "OLDCO"}, "code 'OLDCO' is that of a blocked vendor"),
    ],
)
def test_a_failed_look_up_names_the_keys(tmp_path: Path, vendor: dict[str, str], said: str) -> None:
    """Those that were tried with their values, or the one that ended the search."""
    entry = mapped(engine(tmp_path), item("invoice", bookkeeping=PAYABLE, vendor=vendor))
    assert entry.failure_reason_type == "vendor_unknown"
    assert said in (entry.failure_reason or "")


def test_every_reason_of_an_item_says_what_to_do(tmp_path: Path) -> None:
    """An item that is wrong in itself can be looked at in Pleo alone."""
    wrong = (
        item("fee", line(0)),
        item("fee", line(), bookkeeping={"method": "cash"}),
        item("fee", line(), date="yesterday"),
        item("fee", accountingEntryLines=[]),
        item("fee", line(0.5)),
        item("fee", line(2**60)),
    )
    for given in wrong:
        entry = mapped(engine(tmp_path), given)
        assert (entry.failure_reason or "").endswith("; look at the item in Pleo"), entry.failure_reason


ABSENT = """\
tax:
  shape: split
  taxCodes:
  - {code: OLD, rate: "0.25", type: inclusive, ingoingTaxAccount: "2641"}
  - {code: NEW, rate: "0.25", type: inclusive, ingoingTaxAccount: "2642"}
lines:
  rows:
  - {id: r, when: {note: new}, account: keep, set: {taxCode: NEW}}
"""


@pytest.mark.parametrize(
    ("known", "given", "said"),
    [
        (("1940", "2641"), item("fee", line(account="6540")), "(category Software); look at the category in Pleo"),
        (("6540", "2641"), item("fee", line(account="6540")), "(accounts.wallet); name another account there"),
        (
            ("6540", "2641"),
            item("fee", line(account="6540"), contraAccount={"code": "1980"}),
            "(contraAccount of the item); look at the contra accounts in Pleo",
        ),
        (
            ("6540", "1940"),
            item("fee", line(tax={"code": "OLD", "type": "inclusive", "amount": money(9), "ingoingTaxAccount": "26"})),
            "(tax code OLD); correct the accounts of the tax code",
        ),
    ],
)
def test_an_account_that_is_not_there_is_told_with_who_named_it(
    tmp_path: Path, known: tuple[str, ...], given: Json, said: str
) -> None:
    """And with what to do about it."""
    entry = mapped(engine(tmp_path, HEAD + ABSENT, catalog(*known)), given)
    assert said in (entry.failure_reason or "")


@pytest.mark.parametrize(("shape", "told"), [("split", ["2642"]), ("code", [])])
def test_the_tax_accounts_that_a_row_brings_are_checked(tmp_path: Path, shape: str, told: list[str]) -> None:
    """Where the tax is split off: not those of codes that no row sets."""
    held = catalog("1940", "2890", "1930", "2440", "2901", "2822")
    findings = report(tmp_path, HEAD + ABSENT.replace("split", shape), held).findings
    words = "row 'r', ingoingTaxAccount of tax code NEW: account {} does not exist"
    assert [f.message for f in findings] == [words.format(account) for account in told]


def test_a_supplier_that_is_no_vendor_is_explained(workspace: Path, cli: Cli) -> None:
    """With the keys that were tried."""
    given = item("card_purchase", bookkeeping=None, supplier={"code": "ACME", "taxIdentifier": "SE 7"})
    (workspace / "items.json").write_text(json.dumps([given]))
    assert cli("mapping", "explain", "items.json") == 0
    assert b"tried code 'ACME', account (absent), taxIdentifier 'SE 7'" in cli.out


def test_wallets_of_two_currencies_on_one_account_are_told(workspace: Path, cli: Cli) -> None:
    """Each item of the second currency warns, unless a contra account says where its wallet is kept."""
    contra = {"id": "c", "code": "1985", "name": "SEK"}
    given = [
        item(currency="EUR", accountingEntryId="a"),
        item(currency="SEK", accountingEntryId="b"),
        item(currency="SEK", accountingEntryId="c", contraAccount=contra),
        item("out_of_pocket", currency="SEK", accountingEntryId="d"),
        item(currency="EUR", accountingEntryId="e"),
    ]
    (workspace / "items.json").write_text(json.dumps(given))
    assert cli("map", "items.json") == 0
    assert [e["accountingEntryId"] for e in cli.lines if any("wallet in SEK" in w for w in e["warnings"])] == ["b"]
    assert [e["accountingEntryId"] for e in cli.lines if e["warnings"]] == ["b"]
