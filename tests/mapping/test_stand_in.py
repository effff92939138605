"""Rows of expense types that name an account where the standard table has the lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pleoctl.mapping.engine.explain import explain
from pleoctl.mapping.items import convert
from pleoctl.mapping.rules.build import load_rules
from pleoctl.mapping.vocabulary import CELLS, LINE_KINDS, LINE_SIDES

from .conftest import HEAD, Cli, catalog, dimension, engine, item, line, mapped, money

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.mapping.engine.entries import Entry
    from shapes import Json, Value


def rules(shape: str, *rows: str) -> str:
    """Rules with rows of expense types that replace standard ones."""
    return f"{HEAD}tax: {{shape: {shape}}}\nexpenseTypes:\n" + "".join(f"- {{{row}}}\n" for row in rows)


def fee(when: str = "subType: null, method: journal", replaces: str = "standard/fee") -> str:
    """A row that books fees on one account."""
    return f'id: own, when: {{type: fee, {when}}}, debit: "6571", credit: wallet, replaces: {replaces}'


def taxed(value: int = 12500, kind: str = "inclusive", account: Value = "6570") -> Json:
    """A line with a fifth of tax and a tag."""
    tax = {"code": "I25", "type": kind, "amount": money(value // 5), "ingoingTaxAccount": "2641"}
    tags = [{"groupCode": "DEPT", "code": "20"}]
    return line(value, account, tax={**tax, "outgoingTaxAccount": "2614"}, tags=tags)


def booked(entry: Entry) -> list[tuple[Value, ...]]:
    """Everything that tells postings apart."""
    assert entry.failure_reason is None, entry.failure_reason
    return [
        (p.side, p.account, p.role, p.amount, p.tax_code, p.tags.get("DEPT"), p.line_id)
        for ledger in entry.entries
        for p in ledger.postings
    ]


def test_the_table_of_sides_is_the_standard_table(tmp_path: Path) -> None:
    """Where the standard table has the lines: by side and kind of leg, for every cell."""
    (tmp_path / "mapping.yaml").write_text(HEAD)
    for cell, rows in load_rules(tmp_path / "mapping.yaml", tmp_path).by_cell.items():
        found = [(leg.kind, leg.line_side) for leg in rows[0].legs if leg.line_side]
        side = LINE_SIDES.get(cell.type)
        assert found == ([] if side is None else [(LINE_KINDS[cell.method, side], side)]), cell
    assert len(CELLS) > len(LINE_SIDES)


def test_an_account_in_the_lines_place_keeps_tax_and_tags(tmp_path: Path) -> None:
    """Posting by posting, under either shape; what the account is in Pleo does not matter."""
    given = item("fee", taxed(), taxed(500, account=None))
    assert booked(mapped(engine(tmp_path, rules("split", fee())), given)) == [
        ("debit", "6571", None, 10000, None, "20", "l-12500"),
        ("debit", "2641", "tax", 2500, "I25", None, "l-12500"),
        ("debit", "6571", None, 400, None, "20", "l-500"),
        ("debit", "2641", "tax", 100, "I25", None, "l-500"),
        ("credit", "1940", "wallet", 13000, None, None, None),
    ]
    assert booked(mapped(engine(tmp_path, rules("code", fee())), given)) == [
        ("debit", "6571", None, 12500, "I25", "20", "l-12500"),
        ("debit", "6571", None, 500, "I25", "20", "l-500"),
        ("credit", "1940", "wallet", 13000, None, None, None),
    ]


def test_reverse_charge_and_returns_keep_their_sides(tmp_path: Path) -> None:
    """The tax of a reverse charge stands on both sides; a refund has the lines on credit."""
    row = 'id: own, when: {type: refund, method: journal}, debit: wallet, credit: "6571", replaces: standard/refund'
    found = booked(mapped(engine(tmp_path, rules("split", row)), item("refund", taxed(kind="reverse"))))
    assert [entry[:4] for entry in found] == [
        ("credit", "6571", None, 12500),
        ("credit", "2641", "tax", 2500),
        ("debit", "2614", "tax", 2500),
        ("debit", "1940", "wallet", 12500),
    ]


def test_of_several_legs_the_one_of_the_lines_is_meant(tmp_path: Path) -> None:
    """By accounts payable that is the invoice, whatever the order; a row that has `line` elsewhere is left alone."""
    legs = '{kind: payment, debit: "2445", credit: wallet}, {kind: invoice, debit: "6571", credit: "2445"}'
    row = f"id: own, when: {{type: fee, subType: null, method: accounts_payable}}, entries: [{legs}]"
    text = rules("split", f"{row}, replaces: standard/fee@accounts_payable")
    given = item("fee", taxed(), bookkeeping={"method": "accounts_payable"}, vendor={"code": "ACME"})
    assert [entry[:4] for entry in booked(mapped(engine(tmp_path, text), given))] == [
        ("debit", "2445", None, 12500),
        ("credit", "1940", "wallet", 12500),
        ("debit", "6571", None, 10000),
        ("debit", "2641", "tax", 2500),
        ("credit", "2445", None, 12500),
    ]
    text = text.replace('debit: "6571"', "debit: line")
    assert booked(mapped(engine(tmp_path, text), given))[0][:4] == ("debit", "2445", None, 12500)


def test_a_bank_in_a_payment_is_not_in_the_lines_place(tmp_path: Path) -> None:
    """Where the leg of the lines names a role, the code of a payment beside it takes the whole amount, untaxed."""
    legs = '{kind: invoice, debit: contra, credit: accountsPayable}, {kind: payment, debit: "1888", credit: wallet}'
    row = f"id: own, when: {{type: fee, subType: null, method: journal}}, entries: [{legs}], replaces: standard/fee"
    found = booked(mapped(engine(tmp_path, rules("split", row)), item("fee", taxed(), taxed(500))))
    assert found[2:] == [
        ("debit", "1888", None, 13000, None, None, None),
        ("credit", "1940", "wallet", 13000, None, None, None),
    ]


def test_what_the_lines_carry_is_checked(tmp_path: Path) -> None:
    """A tag, a tax code or an account that the accounting system lacks fails the item."""
    known = catalog("6571", "1940", "2641", dimensions=[dimension("DEPT", "10")])
    entry = mapped(engine(tmp_path, rules("split", fee()), known), item("fee", taxed()))
    assert (entry.failure_reason_type, "DEPT/20" in (entry.failure_reason or "")) == ("invalid_configuration", True)
    entry = mapped(engine(tmp_path, rules("code", fee()), catalog("1940")), item("fee"))
    assert "6571" in (entry.failure_reason or "")


def test_it_is_explained(tmp_path: Path) -> None:
    """The row is named as what gives the account."""
    found = explain(engine(tmp_path, rules("code", fee())), convert(item("fee", taxed())))
    steps = {s["step"]: s for s in found["trace"]}
    assert steps["journal debit account"]["winner"]["rule"] == "own"
    assert steps["journal debit account"]["branch"] == "named by the row: 6571"


@pytest.mark.parametrize(
    ("when", "told"), [("{note: x}", True), ("{type: fee}", True), ("{type: mileage}", False), (None, False)]
)
def test_check_tells_that_line_rows_do_not_apply(workspace: Path, cli: Cli, when: str | None, told: bool) -> None:
    """As information, where there are line rows that might be meant."""
    lines = f'lines:\n  rows:\n  - {{id: x, when: {when}, account: "7000"}}\n' if when else ""
    both = fee("subType: [null, interest]", "[standard/fee, standard/fee@accounts_payable, standard/fee/interest]")
    row = both.replace("interest]", "interest, standard/fee/interest@accounts_payable]").replace(
        "[null, interest, standard/fee/interest@accounts_payable]", "[null, interest]"
    )
    (workspace / "mapping.yaml").write_text(rules("code", row) + lines)
    cli("mapping", "check", "--format", "json")
    found = [f for f in cli.json["findings"] if f["code"] == "MAP014"]
    assert [(f["level"], f["rule"]) for f in found] == ([("info", "own")] if told else []), json.dumps(cli.json)


@pytest.mark.parametrize("form", ["beancount", "hledger"])
def test_in_a_journal_the_account_is_an_expense(workspace: Path, cli: Cli, form: str) -> None:
    """It has the lines' place there, too; a code in any other place stays in the group of such codes."""
    cash = 'id: cash, when: {type: atm_withdrawal}, debit: "1910", credit: wallet, replaces: standard/atm_withdrawal'
    (workspace / "mapping.yaml").write_text(rules("split", fee(), cash))
    (workspace / "items.json").write_text(json.dumps([item("fee", taxed()), item("atm_withdrawal")]))
    assert cli("map", "items.json", "--format", form) == 0
    named = {word for word in cli.out.decode().split() if ":6571" in word or ":1910" in word}
    assert named == {"Expenses:6571", "Equity:1910"}
