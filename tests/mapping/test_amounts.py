"""Amounts, signs, sums and tax of one item."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.mapping.rules.build import load_rules
from pleoctl.mapping.suites.run import run_tests

from .conftest import HEAD, engine, item, line, mapped, money, postings

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Json, Value

VENDOR = {"id": "v", "name": "Acme AB", "defaultCurrency": "EUR", "code": "ACME"}
PAYABLE = {"method": "accounts_payable"}


# --- amounts ---------------------------------------------------------------------------------------------------


def test_split_lines_share_one_counter_posting(tmp_path: Path) -> None:
    """N3, N5: one posting a line and one exact sum, also where the direction is inverted."""
    lines = [line(333, "6540"), line(333, "6541"), line(334, "6542")]
    made = engine(tmp_path)
    assert postings(mapped(made, item("card_purchase", *lines))) == [
        ("debit", "6540", 333),
        ("debit", "6541", 333),
        ("debit", "6542", 334),
        ("credit", "1940", 1000),
    ]
    assert postings(mapped(made, item("refund", *lines)))[-1] == ("debit", "1940", 1000)


@pytest.mark.parametrize("value", [10000, 10000.0])
def test_integral_amounts(tmp_path: Path, value: Value) -> None:
    """D9: integers in any JSON spelling stay integers."""
    (first, second) = postings(mapped(engine(tmp_path), item("card_purchase", line(value))))
    assert (first[2], second[2]) == (10000, 10000)
    assert type(first[2]) is type(second[2]) is int


@pytest.mark.parametrize("value", [100.5, True, "100", None, [], 2**60, 1e300])
def test_amounts_that_are_no_hundredths(tmp_path: Path, value: Value) -> None:
    """A value that is not an integer of hundredths fails the item, wherever it stands."""
    given = item()
    for part in (given["amount"], given["accountingEntryLines"][0]["lineAmount"]):
        before = part["inWalletCurrency"]
        part["inWalletCurrency"] = {"currency": "EUR", "value": value}
        assert mapped(engine(tmp_path), given).failure_reason_type == "validation_failure"
        part["inWalletCurrency"] = before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount": money(9999)}, "add up"),
        ({"amount": money(10000, "SEK")}, "line 1 is in EUR"),
        ({"accountingEntryLines": []}, "no lines"),
        ({"date": "2026-02-30T00:00:00Z"}, "date"),
        ({"date": "today"}, "date"),
        ({"date": "2026-W10-1"}, "date"),
        ({"amount": money(10000, "UNDEFINED")}, "currency"),
    ],
)
def test_items_that_contradict_themselves(tmp_path: Path, change: Json, words: str) -> None:
    """N4 and the basics: sums, currencies, dates."""
    entry = mapped(engine(tmp_path), item(**change))
    assert entry.failure_reason_type == "validation_failure"
    assert words in (entry.failure_reason or "")


def test_zero_lines_and_items(tmp_path: Path) -> None:
    """N6: a zero line is skipped even without an account, a zero item fails."""
    made = engine(tmp_path)
    assert postings(mapped(made, item("card_purchase", line(500), line(0, None)))) == [
        ("debit", "6540", 500),
        ("credit", "1940", 500),
    ]
    assert mapped(made, item("card_purchase", line(0))).failure_reason_type == "validation_failure"


def test_lines_share_one_sign(tmp_path: Path) -> None:
    """Lines of both signs fail, also on an inverted type."""
    for kind in ("card_purchase", "refund"):
        entry = mapped(engine(tmp_path), item(kind, line(500), line(-200)))
        assert entry.failure_reason_type == "validation_failure"


# --- tax -------------------------------------------------------------------------------------------------------


def taxed(kind: str, type_: str, *, amount: int = 2000, value: int = 10000, **more: Value) -> Json:
    """An item whose one line has a tax."""
    accounts = {"ingoingTaxAccount": "2641", "outgoingTaxAccount": "2614"}
    tax = {"id": "t", "rate": 0.25, "type": type_, "code": "I25", "amount": money(amount), **accounts, **more}
    return item(kind, line(value, tax=tax))


@pytest.mark.parametrize("type_", ["inclusive", "exclusive", "reverse", "something new"])
def test_tax_code_shape(tmp_path: Path, type_: str) -> None:
    """X5a: the line carries its tax code at the full amount, reverse charge too."""
    entry = mapped(engine(tmp_path), taxed("card_purchase", type_))
    assert postings(entry) == [("debit", "6540", 10000), ("credit", "1940", 10000)]
    assert [p.tax_code for p in entry.entries[0].postings] == ["I25", None]


SPLIT = HEAD + "tax: {shape: split}\n"


@pytest.mark.parametrize(
    ("kind", "type_", "expected"),
    [
        ("card_purchase", "inclusive", [("debit", "6540", 8000), ("debit", "2641", 2000), ("credit", "1940", 10000)]),
        ("card_purchase", "exclusive", [("debit", "6540", 8000), ("debit", "2641", 2000), ("credit", "1940", 10000)]),
        (
            "card_purchase",
            "reverse",
            [("debit", "6540", 10000), ("debit", "2641", 2000), ("credit", "2614", 2000), ("credit", "1940", 10000)],
        ),
        ("refund", "inclusive", [("credit", "6540", 8000), ("credit", "2641", 2000), ("debit", "1940", 10000)]),
        (
            "refund",
            "reverse",
            [("credit", "6540", 10000), ("credit", "2641", 2000), ("debit", "2614", 2000), ("debit", "1940", 10000)],
        ),
    ],
)
def test_tax_split_shape(tmp_path: Path, kind: str, type_: str, expected: list[tuple[str, str, int]]) -> None:
    """X4-X6: base and tax apart; reverse charge adds two postings; inverted rows swap all sides."""
    entry = mapped(engine(tmp_path, SPLIT), taxed(kind, type_))
    assert postings(entry) == expected
    assert {p.role for p in entry.entries[0].postings} == {"line", "tax", "wallet"}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (taxed("card_purchase", "inclusive", ingoingTaxAccount=None), "missing_configuration"),
        (taxed("card_purchase", "reverse", outgoingTaxAccount=None), "missing_configuration"),
        (taxed("card_purchase", "something new"), "validation_failure"),
        (taxed("card_purchase", "inclusive", amount=10001), "validation_failure"),
        (taxed("card_purchase", "inclusive", amount=-1), "validation_failure"),
    ],
)
def test_tax_split_failures(tmp_path: Path, given: Json, reason: str) -> None:
    """A tax that cannot be posted on its own fails the item."""
    assert mapped(engine(tmp_path, SPLIT), given).failure_reason_type == reason


def test_tax_without_amount_needs_no_account(tmp_path: Path) -> None:
    """A tax of zero has no posting."""
    entry = mapped(engine(tmp_path, SPLIT), taxed("card_purchase", "inclusive", amount=0, ingoingTaxAccount=None))
    assert postings(entry) == [("debit", "6540", 10000), ("credit", "1940", 10000)]


@pytest.mark.parametrize(("types", "reason"), [("design", "invalid_configuration"), ("v3", "tax_code_unknown")])
def test_listed_tax_codes(tmp_path: Path, types: str, reason: str) -> None:
    """X7: a tax code that is not listed fails; without a list nothing is checked."""
    text = f"{HEAD}failureTypes: {types}\n"
    given = taxed("card_purchase", "inclusive")
    assert mapped(engine(tmp_path, text + "tax: {taxCodes: [I12]}\n"), given).failure_reason_type == reason
    assert mapped(engine(tmp_path, text + "tax: {taxCodes: [I25]}\n"), given).status == "mapped"
    assert mapped(engine(tmp_path, text), given).status == "mapped"


def test_a_tax_of_zero_keeps_its_code(tmp_path: Path) -> None:
    """Nothing is split off, so the line carries the code (D2)."""
    rules = HEAD + "tax: {shape: split}\n"
    zero = line(100, tax={"code": "Z0", "type": "inclusive", "amount": money(0)})
    entry = mapped(engine(tmp_path, rules), item("card_purchase", zero))
    assert [(p.account, p.amount, p.tax_code) for p in entry.entries[0].postings] == [
        ("6540", 100, "Z0"),
        ("1940", 100, None),
    ]


def test_expectations_meet_as_many_postings_as_can_be(tmp_path: Path) -> None:
    """A code that two postings have leaves to the role the one that only the role can mean."""
    (tmp_path / "mapping.yaml").write_text(
        HEAD + "tax: {shape: split}\ntests:\n- name: a\n  given: {type: card_purchase, lines: [{account: '6540', "
        "amount: 200, tax: {code: A, type: inclusive, amount: 100, ingoing: '6540'}}]}\n"
        "  expect: [{debit: line, amount: 100}, {debit: '6540', amount: 100}, {credit: wallet, amount: 200}]\n"
    )
    rules = load_rules(tmp_path / "mapping.yaml", tmp_path)
    assert [result.differences for result in run_tests(rules, rules.tests)] == [[]]
