"""The table that ships with pleoctl: what each type and route becomes (T1-T39)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pleoctl.documents.schemas import violations
from pleoctl.mapping.rules.files import standard_source
from pleoctl.mapping.vocabulary import CELLS, INVERTED, JOURNAL_ONLY, SUBTYPES

from .conftest import HEAD, engine, item, line, mapped

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Json

W, OOP, C, P, L, E, X = "1940", "2890", "1930", "2901", "6540", "2822", "1931"
TO, BACK, COMPANY = "reimbursement_to_employee", "reimbursement_to_employee_refund", "reimbursement_to_company"

JOURNAL = [
    ("card_purchase", None, L, W),
    ("card_invoice", None, L, W),
    ("fee", None, L, W),
    ("fee", "interest", L, W),
    ("out_of_pocket", None, L, OOP),
    ("mileage", None, L, OOP),
    ("per_diem", None, L, OOP),
    ("direct_reimbursement", TO, OOP, W),
    ("direct_reimbursement", BACK, W, OOP),
    ("direct_reimbursement", COMPANY, W, OOP),
    ("external_reimbursement", TO, OOP, X),
    ("external_reimbursement", BACK, X, OOP),
    ("external_reimbursement", COMPANY, X, OOP),
    ("invoice", None, L, P),
    ("invoice_payment", None, P, W),
    ("invoice_payment", "invoice_payment_sent", P, W),
    ("invoice_payment", "invoice_payment_returned", W, P),
    ("refund", None, W, L),
    ("chargeback", None, W, L),
    ("cashback", None, W, L),
    ("atm_withdrawal", None, OOP, W),
    ("personal_spend", None, OOP, W),
    ("personal_spend", COMPANY, OOP, W),
    ("wallet_topup", None, W, C),
    ("wallet_unload", None, C, W),
]

INVOICE_AND_PAYMENT = [("invoice", L, P), ("payment", P, W)]
CREDIT_NOTE = [("creditNote", P, L), ("payment", W, P)]
PAYABLE: list[tuple[str, str | None, list[tuple[str, str, str]]]] = [
    *((kind, None, INVOICE_AND_PAYMENT) for kind in ("card_purchase", "card_invoice", "fee")),
    ("fee", "interest", INVOICE_AND_PAYMENT),
    *((kind, None, [("invoice", L, E)]) for kind in ("out_of_pocket", "mileage", "per_diem")),
    ("direct_reimbursement", TO, [("payment", E, W)]),
    ("direct_reimbursement", BACK, [("payment", W, E)]),
    ("direct_reimbursement", COMPANY, [("payment", W, E)]),
    ("external_reimbursement", TO, [("payment", E, X)]),
    ("external_reimbursement", BACK, [("payment", X, E)]),
    ("external_reimbursement", COMPANY, [("payment", X, E)]),
    ("invoice", None, [("invoice", L, P)]),
    ("invoice_payment", None, [("payment", P, W)]),
    ("invoice_payment", "invoice_payment_sent", [("payment", P, W)]),
    ("invoice_payment", "invoice_payment_returned", [("payment", W, P)]),
    *((kind, None, CREDIT_NOTE) for kind in ("refund", "chargeback", "cashback")),
]

TEXT = HEAD.replace('accountsPayable: "2440"}', 'accountsPayable: "2440", externalReimbursement: "1931"}')


def sent(kind: str, sub: str | None, method: str) -> Json:
    """An item of a kind, with a known vendor and employee."""
    return item(
        kind,
        subType=sub,
        bookkeeping={"method": method},
        vendor={"code": "ACME", "name": "Acme"},
        user={"id": "u", "name": "Marie Jensen", "code": "E-1"},
    )


@pytest.mark.parametrize(("kind", "sub", "debit", "credit"), JOURNAL)
def test_by_journal(tmp_path: Path, kind: str, sub: str | None, debit: str, credit: str) -> None:
    """T1-T23: one entry of two postings over the whole amount."""
    entry = mapped(engine(tmp_path, TEXT), sent(kind, sub, "journal"))
    found = [(e.kind, [(p.side, p.account, p.amount) for p in e.postings]) for e in entry.entries]
    assert [(k, sorted(p)) for k, p in found] == [
        ("journal", sorted([("debit", debit, 10000), ("credit", credit, 10000)]))
    ]
    assert entry.rule == "standard/" + "/".join(part for part in (kind, sub) if part)
    assert (entry.method, entry.posting_date) == ("journal", "2026-03-04")


@pytest.mark.parametrize(("kind", "sub", "expected"), PAYABLE)
def test_by_accounts_payable(tmp_path: Path, kind: str, sub: str | None, expected: list[tuple[str, str, str]]) -> None:
    """T30-T37: invoices, payments and credit notes, each balanced by itself."""
    entry = mapped(engine(tmp_path, TEXT), sent(kind, sub, "accounts_payable"))
    found = []
    for ledger in entry.entries:
        sides = {p.side: p.account for p in ledger.postings}
        assert [p.amount for p in ledger.postings] == [10000, 10000]
        found.append((ledger.kind, sides["debit"], sides["credit"]))
    assert found == expected
    assert entry.rule == "standard/" + "/".join(part for part in (kind, sub) if part) + "@accounts_payable"


@pytest.mark.parametrize("kind", sorted(JOURNAL_ONLY))
@pytest.mark.parametrize("method", ["accounts_payable", "none", "whatever"])
def test_always_by_journal(tmp_path: Path, kind: str, method: str) -> None:
    """B1, T38, T39: top-ups, unloads, cash and private spend are journal entries whatever the method says."""
    entry = mapped(engine(tmp_path, TEXT), sent(kind, None, method))
    assert (entry.status, entry.method, entry.rule) == ("mapped", "journal", f"standard/{kind}")


def test_both_tables_name_every_cell() -> None:
    """The expectations above and the feasible cells are the same, so no row goes untested."""
    named = {(k, s, "journal") for k, s, _, _ in JOURNAL} | {(k, s, "accounts_payable") for k, s, _ in PAYABLE}
    assert named == set(CELLS)
    assert len(SUBTYPES) == 17


def test_exactly_one_row_for_each_cell(tmp_path: Path) -> None:
    """The standard table has neither gap nor overlap."""
    rules = engine(tmp_path).rules
    assert all(len(rows) == 1 for rows in rules.by_cell.values())
    assert len(rules.types) == len(CELLS)


def test_rows_tell_rule_and_basis() -> None:
    """Users see which rows Pleo documents and which are pleoctl's reading."""
    source = standard_source()
    assert violations(source.document, "mapping") == []
    rows = source.data["expenseTypes"]
    assert all(re.fullmatch(r"(T\d+|A8)(, (T\d+|A8))*", row["rule"]) for row in rows)
    documented = {row["id"] for row in rows if row["basis"] == "documented"}
    assert documented == {"standard/card_purchase", "standard/wallet_topup", "standard/invoice@accounts_payable"}
    named = set(re.findall(r"T\d+", " ".join(row["rule"] for row in rows)))
    assert {f"T{n}" for n in (*range(1, 24), *range(29, 40))} <= named


@pytest.mark.parametrize(("kind", "sub"), sorted({(c.type, c.sub_type) for c in CELLS}, key=str))
def test_negative_amounts_only_where_money_flows_back(tmp_path: Path, kind: str, sub: str | None) -> None:
    """T41: a negative amount on an inverted type posts like a positive one; on any other it fails."""
    made = engine(tmp_path, TEXT)
    negative = mapped(made, {**sent(kind, sub, "journal"), **_amounts(-10000)})
    if (kind, sub) in INVERTED:
        positive = mapped(made, {**sent(kind, sub, "journal"), **_amounts(10000)})
        assert [(p.side, p.account, p.amount) for e in negative.entries for p in e.postings] == [
            (p.side, p.account, p.amount) for e in positive.entries for p in e.postings
        ]
    else:
        assert negative.failure_reason_type == "validation_failure"


def _amounts(value: int) -> Json:
    made = item("refund", line(value))
    return {"amount": made["amount"], "accountingEntryLines": made["accountingEntryLines"]}


@pytest.mark.parametrize(
    ("kind", "sub"),
    [("overdraft", None), ("card_purchase", "interest"), ("direct_reimbursement", None), ("refund", "x"), ("", None)],
)
def test_undocumented_pairs_fail(tmp_path: Path, kind: str, sub: str | None) -> None:
    """T26: an unknown pair is named in the reason, never guessed."""
    entry = mapped(engine(tmp_path), item(kind, subType=sub))
    assert entry.failure_reason_type == "validation_failure"
    assert kind in (entry.failure_reason or "")
    assert entry.entries == []
