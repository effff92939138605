"""One item at a time: routes, vendors, accounts, amounts, tax, tags, and the reason of each failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pleoctl.mapping.catalog import CatalogAccount

from .conftest import HEAD, catalog, dimension, engine, item, line, mapped, money, postings

if TYPE_CHECKING:
    from pathlib import Path

VENDOR = {"id": "v", "name": "Acme AB", "defaultCurrency": "EUR", "code": "ACME"}
PAYABLE = {"method": "accounts_payable"}


# --- route -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bookkeeping", "method"),
    [({"method": "journal"}, "journal"), ({"method": "none"}, "journal"), (None, "journal"), ({}, "journal"),
     ({"method": None}, "journal"), (PAYABLE, "accounts_payable")],
)  # fmt: skip
def test_route(tmp_path: Path, bookkeeping: Any, method: str) -> None:
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
        ({"code": "ACME"}, "2901"),
    ],
)
def test_legacy_supplier_match_means_accounts_payable(tmp_path: Path, supplier: dict[str, str], account: str) -> None:
    """B3: without bookkeeping and vendor, a supplier's code, account or tax number finds the vendor."""
    entry = mapped(engine(tmp_path), item("invoice", bookkeeping=None, supplier=supplier))
    assert entry.method == "accounts_payable"
    assert postings(entry) == [("debit", "6540", 10000), ("credit", account, 10000)]


@pytest.mark.parametrize("supplier", [None, {"name": "Acme"}, {"code": "none"}, {"code": "OLDCO"}, {"code": ""}])
def test_legacy_without_match_means_journal(tmp_path: Path, supplier: Any) -> None:
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
    [({"code": "ACME"}, "2901"), ({"externalId": "ven-1"}, "2901"), ({"taxRegistrationNumber": "SE1"}, "2901"),
     ({"code": "PLAIN"}, "2440"), ({"code": "none", "externalId": "ven-1"}, "2901")],
)  # fmt: skip
def test_vendor_keys(tmp_path: Path, vendor: dict[str, str], account: str) -> None:
    """C-3, M15, M17: the first key that hits finds the vendor; one without an account uses the general one."""
    entry = mapped(engine(tmp_path), item("invoice", bookkeeping=PAYABLE, vendor=vendor))
    assert postings(entry)[1] == ("credit", account, 10000)


@pytest.mark.parametrize("vendor", [None, {"code": "none"}, {"code": "acme"}, {"code": "OLDCO"}, {"code": ""}])
def test_unmatched_vendor_fails_or_falls_back(tmp_path: Path, vendor: Any) -> None:
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


# --- accounts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("account", "posted"),
    [({"code": "6540"}, "6540"), ({"code": None, "identifier": "ext-6540"}, "6540"),
     ({"code": "6540", "identifier": "ext-6540"}, "6540"), ({"code": "", "identifier": "ext-6540"}, "6540")],
)  # fmt: skip
def test_line_account(tmp_path: Path, account: dict[str, Any], posted: str) -> None:
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
def test_missing_line_account(tmp_path: Path, account: Any) -> None:
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


def test_archived_account_and_wrong_currency(tmp_path: Path) -> None:
    """M18, M21: both are invalid configuration; a neutral account takes every currency."""
    made = engine(tmp_path, catalog=catalog("-6540", "1940"))
    assert mapped(made, item()).failure_reason_type == "invalid_configuration"
    bank = [CatalogAccount("ext-b", "1940", currency="SEK")]
    made = engine(tmp_path, catalog=catalog("6540", accounts=bank))
    assert mapped(made, item()).failure_reason_type == "invalid_configuration"
    assert mapped(made, item("card_purchase", line(currency="SEK"), currency="SEK")).status == "mapped"


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


# --- line rules ------------------------------------------------------------------------------------------------


def rows(*lines: str, otherwise: str = "keep") -> str:
    """The standard rules with line rows."""
    return f"{HEAD}lines:\n  otherwise: {otherwise}\n  rows:\n" + "".join(f"  - {{{row}}}\n" for row in lines)


@pytest.mark.parametrize(
    ("when", "hits"),
    [
        ("type: card_purchase", True), ("type: [fee, refund]", False), ("method: journal", True), ("subType: null", True),
        ('account: "6540"', True), ('account: {range: ["6000", "6540"]}', True), ('account: {range: ["6541", null]}', False),
        ("account: null", False), ("supplier: FIGMA", True), ("supplier: {startsWith: fig}", True),
        ('supplier: {contains: "GMA"}', True), ("supplier: null", False), ('supplier: {regex: "^fi.*a$"}', True),
        ("supplierCode: null", True), ('mcc: "5734"', True), ('mcc: {range: ["5000", "5999"]}', True), ('country: "US"', True),
        ('country: "us"', False), ("vendor: ACME", True), ('user: ["E-1", null]', True), ("team: null", True),
        ("note: {contains: Straße}", True), ('note: {contains: "STRASSE"}', True), ("taxCode: I25", True),
        ("currency: EUR", True), ("amount: 10000", True), ("amount: {range: [null, 9999]}", False),
        ('tag.DEPT: "20"', True), ('tag.dept: "20"', True), ("tag.DEPT: null", False), ("tag.PROJ: null", True),
        ('tag.DEPT: {startsWith: "2"}', True), ('supplier: Figma, tag.DEPT: "30"', False),
    ],
)  # fmt: skip
def test_predicates(tmp_path: Path, when: str, hits: bool) -> None:
    """Every field and predicate; supplier, note and tags by casefold, everything else exactly, null only if absent."""
    tax = {"id": "t", "rate": 0.25, "type": "inclusive", "code": "I25", "amount": money(2000)}
    tags = [None, {"id": "g", "groupCode": "Dept", "code": "20"}]
    given = item(
        "card_purchase", line(tax=tax, tags=tags), note="Kaffee, Hauptstraße 1", user={"code": "E-1"}, vendor=VENDOR,
        supplier={"name": "Figma", "categoryCode": "5734", "country": "US"},
    )  # fmt: skip
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


# --- amounts ---------------------------------------------------------------------------------------------------


def test_split_lines_share_one_counter_posting(tmp_path: Path) -> None:
    """N3, N5: one posting a line and one exact sum, also where the direction is inverted."""
    lines = [line(333, "6540"), line(333, "6541"), line(334, "6542")]
    made = engine(tmp_path)
    assert postings(mapped(made, item("card_purchase", *lines))) == [
        ("debit", "6540", 333), ("debit", "6541", 333), ("debit", "6542", 334), ("credit", "1940", 1000),
    ]  # fmt: skip
    assert postings(mapped(made, item("refund", *lines)))[-1] == ("debit", "1940", 1000)


@pytest.mark.parametrize("value", [10000, 10000.0, 1e4])
def test_integral_amounts(tmp_path: Path, value: Any) -> None:
    """D9: integers in any JSON spelling stay integers."""
    (first, second) = postings(mapped(engine(tmp_path), item("card_purchase", line(value))))
    assert (first[2], second[2]) == (10000, 10000)
    assert type(first[2]) is type(second[2]) is int


@pytest.mark.parametrize("value", [100.5, True, "100", None, [], 2**60, 1e300])
def test_amounts_that_are_no_hundredths(tmp_path: Path, value: Any) -> None:
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
        ({"amount": money(9999)}, "add up"), ({"amount": money(10000, "SEK")}, "line 1 is in EUR"),
        ({"accountingEntryLines": []}, "no lines"), ({"date": "2026-02-30T00:00:00Z"}, "date"),
        ({"date": "today"}, "date"), ({"date": "2026-W10-1"}, "date"), ({"amount": money(10000, "UNDEFINED")}, "currency"),
    ],
)  # fmt: skip
def test_items_that_contradict_themselves(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    """N4 and the basics: sums, currencies, dates."""
    entry = mapped(engine(tmp_path), item(**change))
    assert entry.failure_reason_type == "validation_failure"
    assert words in (entry.failure_reason or "")


def test_zero_lines_and_items(tmp_path: Path) -> None:
    """N6: a zero line is skipped even without an account, a zero item fails."""
    made = engine(tmp_path)
    assert postings(mapped(made, item("card_purchase", line(500), line(0, None)))) == [
        ("debit", "6540", 500), ("credit", "1940", 500),
    ]  # fmt: skip
    assert mapped(made, item("card_purchase", line(0))).failure_reason_type == "validation_failure"


def test_lines_share_one_sign(tmp_path: Path) -> None:
    """Lines of both signs fail, also on an inverted type."""
    for kind in ("card_purchase", "refund"):
        entry = mapped(engine(tmp_path), item(kind, line(500), line(-200)))
        assert entry.failure_reason_type == "validation_failure"


# --- tax -------------------------------------------------------------------------------------------------------


def taxed(kind: str, type_: str, *, amount: int = 2000, value: int = 10000, **more: Any) -> dict[str, Any]:
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
        ("card_purchase", "reverse",
         [("debit", "6540", 10000), ("debit", "2641", 2000), ("credit", "2614", 2000), ("credit", "1940", 10000)]),
        ("refund", "inclusive", [("credit", "6540", 8000), ("credit", "2641", 2000), ("debit", "1940", 10000)]),
        ("refund", "reverse",
         [("credit", "6540", 10000), ("credit", "2641", 2000), ("debit", "2614", 2000), ("debit", "1940", 10000)]),
    ],
)  # fmt: skip
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
def test_tax_split_failures(tmp_path: Path, given: dict[str, Any], reason: str) -> None:
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


# --- data mapping ----------------------------------------------------------------------------------------------


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
        "6540", "1940", unchecked=frozenset({"legacy"}),
        dimensions=[dimension("DEPT", "ENG", "-OLD"), type(dimension("F"))("FREE")],
    )  # fmt: skip
    entry = mapped(
        engine(tmp_path, catalog=held), item("card_purchase", line(tags=[{"groupCode": group, "code": code}]))
    )
    assert entry.failure_reason_type == (None if known else "invalid_configuration")


def test_two_tags_of_one_group(tmp_path: Path) -> None:
    """A dimension has one value on a line."""
    tags = [{"groupCode": "DEPT", "code": "1"}, {"groupCode": "DEPT", "code": "2"}]
    entry = mapped(engine(tmp_path), item("card_purchase", line(tags=tags)))
    assert entry.failure_reason_type == "validation_failure"


def test_data_of_the_item_reaches_the_entry(tmp_path: Path) -> None:
    """D2, D3, D10: reconciliation, attendees, vendor, invoice, description."""
    info = {
        "reconciliationId": "1", "reconciledEntries": ["2", "3"], "attendees": ["A", None],
        "invoiceInformation": {"invoiceNumber": "F-1", "invoiceDate": "2026-03-01T00:00:00Z", "status": "paid", "dueDate": None},
    }  # fmt: skip
    entry = mapped(engine(tmp_path), item(
        additionalInformation=info, vendor=VENDOR, supplier={"name": "Acme "}, user={"name": "Marie  Jensen"}, note="two\nlines",
    ))  # fmt: skip
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
def test_what_is_no_item_fails(tmp_path: Path, given: Any) -> None:
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
