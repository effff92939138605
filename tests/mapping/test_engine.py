"""Routes, vendors and accounts of one item, and the reason of each failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pleoctl.mapping.catalog import CatalogAccount

from .conftest import HEAD, catalog, engine, item, line, mapped, postings

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Json, Value

VENDOR = {"id": "v", "name": "Acme AB", "defaultCurrency": "EUR", "code": "ACME"}
PAYABLE = {"method": "accounts_payable"}


# --- route -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bookkeeping", "method"),
    [
        ({"method": "journal"}, "journal"),
        ({"method": "none"}, "journal"),
        (None, "journal"),
        ({}, "journal"),
        ({"method": None}, "journal"),
        (PAYABLE, "accounts_payable"),
    ],
)
def test_route(tmp_path: Path, bookkeeping: Value, method: str) -> None:
    """B1-B6: none and no bookkeeping mean journal."""
    entry = mapped(engine(tmp_path), item(bookkeeping=bookkeeping, vendor=VENDOR))
    assert (entry.status, entry.method) == ("mapped", method)


def test_unknown_method_fails(tmp_path: Path) -> None:
    """B5: an unknown method is not guessed."""
    entry = mapped(engine(tmp_path), item(bookkeeping={"method": "ledger"}))
    assert (entry.failure_reason_type, entry.method) == ("validation_failure", None)
    assert "ledger" in (entry.failure_reason or "")


@pytest.mark.parametrize(
    ("supplier", "account"),
    [
        ({"code": "S-9"}, "2440"),
        ({"account": "A-9"}, "2440"),
        ({"taxIdentifier": "SE1"}, "2901"),
    ],
)
def test_legacy_supplier_match_means_accounts_payable(tmp_path: Path, supplier: dict[str, str], account: str) -> None:
    """B3: without bookkeeping and vendor, a supplier's code, account or tax number finds the vendor."""
    entry = mapped(engine(tmp_path), item("invoice", bookkeeping=None, supplier=supplier))
    assert entry.method == "accounts_payable"
    assert postings(entry) == [("debit", "6540", 10000), ("credit", account, 10000)]


@pytest.mark.parametrize("supplier", [None, {"name": "Acme"}, {"code": "none"}, {"code": "OLDCO"}, {"code": ""}])
def test_legacy_without_match_means_journal(tmp_path: Path, supplier: Value) -> None:
    """B4: no match, or a blocked vendor, is booked as journal."""
    entry = mapped(engine(tmp_path), item("card_purchase", bookkeeping=None, supplier=supplier))
    assert (entry.method, entry.status) == ("journal", "mapped")


def test_legacy_match_only_for_vendor_types(tmp_path: Path) -> None:
    """B7: an out-of-pocket expense has no vendor, so a known supplier does not change its route."""
    entry = mapped(engine(tmp_path), item("out_of_pocket", bookkeeping=None, supplier={"code": "ACME"}))
    assert entry.method == "journal"


def test_supplier_is_ignored_beside_a_vendor(tmp_path: Path) -> None:
    """C-2: a supplier that matches does not help an unknown vendor."""
    entry = mapped(engine(tmp_path), item(bookkeeping=PAYABLE, vendor={"code": "X"}, supplier={"code": "ACME"}))
    assert entry.failure_reason_type == "vendor_unknown"


# --- vendors ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vendor", "account"),
    [
        ({"code": "ACME"}, "2901"),
        ({"externalId": "ven-1"}, "2901"),
        ({"taxRegistrationNumber": "SE1"}, "2901"),
        ({"code": "PLAIN"}, "2440"),
        ({"code": "none", "externalId": "ven-1"}, "2901"),
    ],
)
def test_vendor_keys(tmp_path: Path, vendor: dict[str, str], account: str) -> None:
    """C-3, M15, M17: the first key that hits finds the vendor; one without an account uses the general one."""
    entry = mapped(engine(tmp_path), item("invoice", bookkeeping=PAYABLE, vendor=vendor))
    assert postings(entry)[1] == ("credit", account, 10000)


@pytest.mark.parametrize("vendor", [None, {"code": "none"}, {"code": "acme"}, {"code": "OLDCO"}, {"code": ""}])
def test_unmatched_vendor_fails_or_falls_back(tmp_path: Path, vendor: Value) -> None:
    """C-1: both settings; blocked and differently spelt vendors are not matched."""
    given = item("invoice", bookkeeping=PAYABLE, vendor=vendor)
    assert mapped(engine(tmp_path), given).failure_reason_type == "vendor_unknown"
    entry = mapped(engine(tmp_path, HEAD.replace("unmatched: fail", "unmatched: fallback")), given)
    assert postings(entry)[1] == ("credit", "2440", 10000)
    assert len(entry.warnings) == 1


def test_blocked_vendor_stops_the_search(tmp_path: Path) -> None:
    """A3: the first key that hits a blocked vendor decides, a later key finds nobody else."""
    entry = mapped(
        engine(tmp_path), item("invoice", bookkeeping=PAYABLE, vendor={"code": "OLDCO", "externalId": "ven-1"})
    )
    assert entry.failure_reason_type == "vendor_unknown"


def test_shared_key_matches_nobody(tmp_path: Path) -> None:
    """A12: a tax number of two vendors in use points at neither; beside a blocked one it points at the other."""
    text = HEAD.replace('"SE2"', '"SE1"')
    given = item("invoice", bookkeeping=PAYABLE, vendor={"taxRegistrationNumber": "SE1"})
    assert mapped(engine(tmp_path, text), given).failure_reason_type == "vendor_unknown"
    text = text.replace('taxRegistrationNumber: "SE1"}', 'taxRegistrationNumber: "SE1", blocked: true}')
    assert postings(mapped(engine(tmp_path, text), given))[1] == ("credit", "2901", 10000)


def test_journal_invoice_needs_no_vendor(tmp_path: Path) -> None:
    """T14: under journal the vendor is optional; a matched one is used all the same."""
    made = engine(tmp_path)
    assert postings(mapped(made, item("invoice")))[1] == ("credit", "2440", 10000)
    assert mapped(made, item("invoice")).warnings == []
    assert postings(mapped(made, item("invoice", vendor=VENDOR)))[1] == ("credit", "2901", 10000)
    assert mapped(made, item("invoice", vendor={"code": "none"})).warnings != []


def test_employee_payable(tmp_path: Path) -> None:
    """T36: the vendor whose code is the employee's, else the setting; unmatched is no failure there."""
    made = engine(tmp_path)
    known = item("mileage", bookkeeping=PAYABLE, user={"code": "E-1"})
    assert postings(mapped(made, known))[1] == ("credit", "2822", 10000)
    for user in (None, {"code": None}, {"code": "E-9"}):
        assert postings(mapped(made, {**known, "user": user}))[1] == ("credit", "2440", 10000)


@pytest.mark.parametrize(("vendor", "payable"), [(VENDOR, "2901"), (None, "2440")])
@pytest.mark.parametrize("employee_first", [True, False])
def test_roles_do_not_depend_on_each_other(
    tmp_path: Path, vendor: Value, payable: str, *, employee_first: bool
) -> None:
    """A row's accountsPayable is the vendor's account or the setting, also if another leg books on the employee's."""
    legs = [
        "{kind: invoice, debit: line, credit: employeePayable}",
        "{kind: payment, debit: accountsPayable, credit: wallet}",
    ]
    entries = ", ".join(legs if employee_first else legs[::-1])
    row = f"{{id: own, when: {{type: invoice, method: journal}}, replaces: standard/invoice, entries: [{entries}]}}"
    made = engine(tmp_path, HEAD + f"expenseTypes:\n- {row}\n")
    entry = mapped(made, item("invoice", vendor=vendor, user={"code": "E-1"}))
    by_role = {p.role: p.account for leg in entry.entries for p in leg.postings}
    assert (by_role["accountsPayable"], by_role["employeePayable"]) == (payable, "2822")


# --- accounts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("account", "posted"),
    [
        ({"code": "6540"}, "6540"),
        ({"code": None, "identifier": "ext-6540"}, "6540"),
        ({"code": "6540", "identifier": "ext-6540"}, "6540"),
        ({"code": "", "identifier": "ext-6540"}, "6540"),
    ],
)
def test_line_account(tmp_path: Path, account: Json, posted: str) -> None:
    """M8, M9: the code, else the account whose external id the identifier is."""
    made = engine(tmp_path, catalog=catalog("6540", "1940"))
    assert postings(mapped(made, item("card_purchase", line(account=account))))[0] == ("debit", posted, 10000)


@pytest.mark.parametrize(
    "account",
    [
        None,
        {"name": "?"},
        {"code": None, "identifier": None},
        {"id": "00000000-0000-0000-0000-000000000000", "code": "6540"},
    ],
)
def test_missing_line_account(tmp_path: Path, account: Value) -> None:
    """I3, I4: no account, or the all-zero id, is missing configuration."""
    entry = mapped(engine(tmp_path), item("card_purchase", line(account=account)))
    assert entry.failure_reason_type == "missing_configuration"
    assert "line 1" in (entry.failure_reason or "")


def test_line_account_is_not_needed_where_the_row_has_no_line(tmp_path: Path) -> None:
    """I5, C-9: a top-up has no expense side, with or without an account on its line."""
    made = engine(tmp_path)
    for account in (None, "6540"):
        entry = mapped(made, item("wallet_topup", line(account=account)))
        assert postings(entry) == [("debit", "1940", 10000), ("credit", "1930", 10000)]


@pytest.mark.parametrize("identifier", ["ext-6541", "gone"])
def test_code_and_identifier_must_agree(tmp_path: Path, identifier: str) -> None:
    """M9, C-23: a code and an identifier of different accounts fail the item."""
    made = engine(tmp_path, catalog=catalog("6540", "6541", "1940"))
    entry = mapped(made, item("card_purchase", line(account={"code": "6540", "identifier": identifier})))
    assert entry.failure_reason_type == "invalid_configuration"


@pytest.mark.parametrize(("failure_types", "reason"), [("design", "invalid_configuration"), ("v3", "account_unknown")])
def test_account_that_does_not_exist(tmp_path: Path, failure_types: str, reason: str) -> None:
    """M18, M20, C-7: the reason names the account and points to the category."""
    made = engine(tmp_path, f"{HEAD}failureTypes: {failure_types}\n", catalog("1940"))
    entry = mapped(made, item())
    assert entry.failure_reason_type == reason
    assert "6540" in (entry.failure_reason or "")
    assert "category Software" in (entry.failure_reason or "")


def test_a_side_that_does_not_exist_says_who_named_it(tmp_path: Path) -> None:
    """M18: the item's contra account is mended in Pleo, an account of the rules in their file."""
    made = engine(tmp_path, catalog=catalog("6540"))
    for contra, words in (
        ({"code": "1210"}, "account 1210 does not exist in the accounting system (contraAccount of the item); look at"),
        (None, "account 1940 does not exist in the accounting system (accounts.wallet); name another account there"),
    ):
        assert words in (mapped(made, item(contraAccount=contra)).failure_reason or "")


def test_archived_account_and_wrong_currency(tmp_path: Path) -> None:
    """M18, M21: both are invalid configuration; a neutral account takes every currency."""
    made = engine(tmp_path, catalog=catalog("-6540", "1940"))
    assert mapped(made, item()).failure_reason_type == "invalid_configuration"
    bank = [CatalogAccount("ext-b", "1940", currency="SEK")]
    made = engine(tmp_path, catalog=catalog("6540", accounts=bank))
    assert mapped(made, item()).failure_reason_type == "invalid_configuration"
    assert mapped(made, item("card_purchase", line(currency="SEK"), currency="SEK")).status == "mapped"
    made = engine(tmp_path, catalog=catalog("6540", accounts=[*bank, CatalogAccount("ext-e", "1940", currency="EUR")]))
    assert mapped(made, item()).status == "mapped", "one of the accounts of this code is in this currency"


def test_wallet_prefers_the_contra_account(tmp_path: Path) -> None:
    """M13, M14: contraAccount by code, then identifier; without one the setting."""
    made = engine(tmp_path, catalog=catalog("6540", "1940", "1980"))
    for contra, account in ((None, "1940"), ({"code": "1980"}, "1980"), ({"identifier": "ext-1980"}, "1980")):
        assert postings(mapped(made, item(contraAccount=contra)))[1] == ("credit", account, 10000)
    assert mapped(made, item(contraAccount={"name": "x"})).failure_reason_type == "missing_configuration"


def test_contra_account_where_none_is_expected(tmp_path: Path) -> None:
    """M24: it fails the item unless the rules say to leave it aside."""
    text = (
        HEAD
        + """expenseTypes:
- {id: own, when: {type: mileage, method: journal}, debit: line, credit: wallet, replaces: standard/mileage}
"""
    )
    given = item("mileage", contraAccount={"code": "1980"})
    assert mapped(engine(tmp_path, text), given).failure_reason_type == "validation_failure"
    entry = mapped(engine(tmp_path, text + "unexpectedContraAccount: ignore\n"), given)
    assert postings(entry)[1] == ("credit", "1940", 10000)
    assert entry.warnings != []


@pytest.mark.parametrize("setting", ["wallet", "outOfPocket", "contra", "accountsPayable"])
def test_missing_setting(tmp_path: Path, setting: str) -> None:
    """I3: the reason names the setting."""
    text = "\n".join(HEAD.splitlines()[:2]) + "\nvendors: {unmatched: fallback}\ninclude: [standard]\n"
    kind = {"wallet": "card_purchase", "outOfPocket": "mileage", "contra": "external_reimbursement"}.get(
        setting, "invoice"
    )
    sub = "reimbursement_to_employee" if setting == "contra" else None
    given = {"outOfPocket": "2890", "wallet": "1940"}
    given.pop(setting, None)
    made = engine(tmp_path, text + f"accounts: {given!r}\n".replace("'", '"'))
    entry = mapped(made, item(kind, subType=sub))
    assert entry.failure_reason_type == "missing_configuration"
    assert f"accounts.{setting}" in (entry.failure_reason or "")


def test_account_spelt_like_a_role(tmp_path: Path) -> None:
    """`account:wallet` is the account whose code is wallet."""
    text = (
        HEAD
        + """expenseTypes:
- {id: own, when: {type: mileage, method: journal}, debit: line, credit: "account:wallet", replaces: standard/mileage}
"""
    )
    entry = mapped(engine(tmp_path, text), item("mileage"))
    assert [(p.account, p.role) for p in entry.entries[0].postings] == [("6540", "line"), ("wallet", None)]
