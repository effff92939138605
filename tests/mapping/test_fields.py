"""The fields that line rows may ask for, beside those of suppliers, people and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.errors import InvalidFile
from pleoctl.mapping.engine.explain import explain
from pleoctl.mapping.items import convert
from pleoctl.mapping.suites.run import run_tests

from .conftest import HEAD, engine, item, line, mapped, money
from .test_conditions import hit, rules

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Json


def taxed(amount: int, type_: str = "inclusive", line_amount: int = 12500) -> Json:
    """An item of one line with a tax."""
    tax = {"code": "I25", "type": type_, "amount": money(amount)}
    return item("card_purchase", line(line_amount, tax=tax))


def attended(count: int | None, amount: int = 10000) -> Json:
    """An item with so many attendees; None: no list."""
    names = None if count is None else [f"Guest {n}" for n in range(count)]
    return item("card_purchase", line(amount), additionalInformation={"reconciliationId": "1", "attendees": names})


def paid(value: int | None, currency: str = "USD") -> Json:
    """An item paid in another currency; None: nothing is said."""
    both = {"inWalletCurrency": {"currency": "EUR", "value": 10000}}
    if value is not None:
        both["inSupplierCurrency"] = {"currency": currency, "value": value}
    return item(amount=both)


TWO = item("card_purchase", line(4000), line(6000))


@pytest.mark.parametrize(
    ("when", "given", "holds"),
    [
        ({"itemAmount": 10000, "amount": {"range": [None, 6000]}}, TWO, True),
        ({"itemAmount": {"not": 10000}}, TWO, False),
        ({"itemAmount": 10000}, item("refund", line(-10000)), True),
        ({"netAmount": 10000}, taxed(2500), True),
        ({"netAmount": 10000}, taxed(2500, "exclusive"), True),
        ({"netAmount": 12500}, taxed(2500, "reverse"), True),
        ({"netAmount": 10000}, item(), True),
        ({"netAmount": 0}, taxed(12500), True),
        ({"taxType": "reverse"}, taxed(2500, "reverse"), True),
        ({"taxType": None}, item(), True),
        ({"originalCurrency": "USD", "originalAmount": {"range": [13600, None]}}, paid(13600), True),
        ({"originalAmount": 13600}, paid(-13600), True),
        ({"originalAmount": None}, paid(None), True),
        ({"originalAmount": {"not": {"range": [1, 2]}}}, paid(None), True),
        ({"originalCurrency": None}, paid(None), True),
        ({"attendees": 0}, attended(None), True),
        ({"attendees": {"range": [1, 3]}}, attended(3), True),
        ({"attendees": 0}, item(), True),
        ({"perAttendee": {"range": [None, 3333]}}, attended(3), False),
        ({"perAttendee": {"range": [None, 3334]}}, attended(3), True),
        ({"perAttendee": 3333}, attended(3), False),
        ({"perAttendee": [2500, 5000]}, attended(2), True),
        ({"perAttendee": None}, attended(0), True),
        ({"perAttendee": {"range": [0, None]}}, attended(None), False),
        ({"files": 0}, item(), True),
        ({"files": 0}, item(files=None), True),
        ({"files": {"range": [2, None]}}, item(files=[{"id": "a"}, {"id": "b"}]), True),
        ({"weekday": "wed"}, item(date="2026-03-04T23:59:59Z"), True),
        ({"weekday": ["sat", "sun"]}, item(date="2026-03-08"), True),
        ({"weekday": {"not": ["sat", "sun"]}}, item(date="2026-03-07"), False),
        ({"vendorTaxNumber": "SE 1"}, item(vendor={"code": "ACME", "taxRegistrationNumber": "SE  1 "}), True),
        ({"vendorTaxNumber": "SE1"}, item(supplier={"name": "x", "taxIdentifier": "SE1"}), False),
        ({"vendorTaxNumber": None}, item(vendor={"code": "ACME", "taxRegistrationNumber": ""}), True),
    ],
)
def test_a_row_asks_for_it(tmp_path: Path, when: Json, given: Json, holds: bool) -> None:
    """By the values of the item or line, amounts without their sign."""
    assert hit(tmp_path, {"when": when}, given) is holds


def test_a_tax_that_is_no_amount_fails_the_item(tmp_path: Path) -> None:
    """Before anything is asked of what is left of the line."""
    entry = mapped(engine(tmp_path, rules({"when": {"netAmount": 1}})), taxed(20.5))  # type: ignore[arg-type]
    assert entry.failure_reason_type == "validation_failure"


def test_explain_shows_fractions_exactly(tmp_path: Path) -> None:
    """As text, since JSON has no fractions."""
    made = engine(tmp_path, rules({"when": {"perAttendee": {"range": [5000, None]}}}, {"when": {"attendees": 3}}))
    (step,) = (s for s in explain(made, convert(attended(3)))["trace"] if s["step"] == "line 1")
    assert step["losers"][0]["firstFailed"]["value"] == "10000/3"
    assert step["conditions"] == [{"field": "attendees", "predicate": 3, "value": 3, "result": True}]


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("{attendees: '3'}", "attendees"),
        ("{amount: null}", "amount"),
        ("{weekday: monday}", "mon"),
        ("{weekday: {range: [mon, fri]}}", "range"),
        ("{perAttendee: 33.5}", "perAttendee"),
        ("{netAmuont: 5}", "did you mean 'netAmount'"),
    ],
)
def test_what_no_field_has_is_refused(tmp_path: Path, when: str, said: str) -> None:
    """Told at the line."""
    with pytest.raises(InvalidFile) as caught:
        engine(tmp_path, HEAD + f"lines:\n  rows:\n  - {{id: a, when: {when}, account: '1'}}\n")
    told = " ".join(f"{f} {f.hint}" for f in caught.value.findings)
    assert said in told
    assert "mapping.yaml:14" in told


def test_tests_of_rules_give_these_fields(tmp_path: Path) -> None:
    """Attendees, files and the original amount, without a whole item."""
    text = rules({"when": {"perAttendee": 5000, "files": 1, "originalAmount": 9000, "originalCurrency": "USD"}})
    text += """tests:
- name: they count
  given:
    {type: card_purchase, attendees: 2, files: 1, original: {currency: USD, amount: 9000}, lines: [{amount: 10000}]}
  expect: [{debit: '0', amount: 10000}, {credit: wallet, amount: 10000}]
"""
    made = engine(tmp_path, text)
    assert [result.differences for result in run_tests(made.rules, made.rules.tests)] == [[]]
