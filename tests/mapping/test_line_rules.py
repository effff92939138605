"""Line rules: every field and predicate, hit policy FIRST."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from .conftest import HEAD, engine, item, line, mapped, money, postings

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Json

VENDOR = {"id": "v", "name": "Acme AB", "defaultCurrency": "EUR", "code": "ACME"}
PAYABLE = {"method": "accounts_payable"}


def rows(*lines: str, otherwise: str = "keep") -> str:
    """The standard rules with line rows."""
    return f"{HEAD}lines:\n  otherwise: {otherwise}\n  rows:\n" + "".join(f"  - {{{row}}}\n" for row in lines)


@pytest.mark.parametrize(
    ("when", "hits"),
    [
        ("type: card_purchase", True),
        ("type: [fee, refund]", False),
        ("method: journal", True),
        ("subType: null", True),
        ('account: "6540"', True),
        ('account: {range: ["6000", "6540"]}', True),
        ('account: {range: ["6541", null]}', False),
        ("account: null", False),
        ("supplier: FIGMA", True),
        ("supplier: {startsWith: fig}", True),
        ('supplier: {contains: "GMA"}', True),
        ("supplier: null", False),
        ('supplier: {regex: "^fi.*a$"}', True),
        ("supplierCode: null", True),
        ('mcc: "5734"', True),
        ('mcc: {range: ["5000", "5999"]}', True),
        ('country: "US"', True),
        ('country: "us"', False),
        ("vendor: ACME", True),
        ('user: ["E-1", null]', True),
        ("team: null", True),
        ("note: {contains: Straße}", True),
        ('note: {contains: "STRASSE"}', True),
        ("taxCode: I25", True),
        ("currency: EUR", True),
        ("amount: 10000", True),
        ("amount: {range: [null, 9999]}", False),
        ('tag.DEPT: "20"', True),
        ('tag.dept: "20"', True),
        ("tag.DEPT: null", False),
        ("tag.PROJ: null", True),
        ('tag.DEPT: {startsWith: "2"}', True),
        ('supplier: Figma, tag.DEPT: "30"', False),
    ],
)
def test_predicates(tmp_path: Path, when: str, hits: bool) -> None:
    """Every field and predicate; supplier, note and tags by casefold, everything else exactly, null only if absent."""
    tax = {"id": "t", "rate": 0.25, "type": "inclusive", "code": "I25", "amount": money(2000)}
    tags = [None, {"id": "g", "groupCode": "Dept", "code": "20"}]
    given = item(
        "card_purchase",
        line(tax=tax, tags=tags),
        note="Kaffee, Hauptstraße 1",
        user={"code": "E-1"},
        vendor=VENDOR,
        supplier={"name": "Figma", "categoryCode": "5734", "country": "US"},
    )
    entry = mapped(engine(tmp_path, rows(f'id: r, when: {{{when}}}, account: "7000"')), given)
    assert postings(entry)[0][1] == ("7000" if hits else "6540")
    assert entry.entries[0].postings[0].rule == ("r" if hits else None)
    assert entry.entries[0].postings[0].branch == ("rule" if hits else "line")


def test_first_row_wins_and_rows_supply_accounts(tmp_path: Path) -> None:
    """Hit policy FIRST; a row may give an account to a line that has none."""
    text = rows(
        'id: a, when: {supplier: {startsWith: "Fi"}}, account: "1"', 'id: b, when: {supplier: Figma}, account: "2"'
    )
    entry = mapped(engine(tmp_path, text), item("card_purchase", line(account=None), supplier={"name": "Figma"}))
    assert postings(entry)[0] == ("debit", "1", 10000)


def test_otherwise_fail(tmp_path: Path) -> None:
    """`otherwise: fail` refuses a line that no row matches."""
    made = engine(tmp_path, rows('id: a, when: {supplier: Figma}, account: "1"', otherwise="fail"))
    assert mapped(made, item()).failure_reason_type == "missing_configuration"
    assert mapped(made, item(supplier={"name": "figma"})).status == "mapped"


@pytest.mark.parametrize(
    ("given", "matches"),
    [
        ({"supplier": {"regex": "Straße"}}, True),
        ({"supplier": {"regex": "(?i)^STRASSE [0-9]+$"}}, True),
        ({"supplier": {"regex": "^Allee"}}, False),
        ({"supplier": {"range": ["r", "T"]}}, True),
    ],
)
def test_regex_and_range_of_folded_fields(tmp_path: Path, given: Json, matches: bool) -> None:
    """They compare by casefold like everything else: ß is ss, and T comes after r."""
    rules = HEAD + f"lines: {{rows: [{{id: a, when: {json.dumps(given, ensure_ascii=False)}, account: '7000'}}]}}\n"
    entry = mapped(engine(tmp_path, rules), item(supplier={"name": "Straße 5"}))
    assert (entry.entries[0].postings[0].account == "7000") == matches
