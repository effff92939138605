"""Vendors and tax codes from the command line: plan, apply, undo, drift, import, reports, and those born in Pleo."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

from pleoctl.documents.schemas import validator
from pleoctl.sandbox import Sandbox, Seed, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Json
    from tests.conftest import Cli, MakeDesired, MakeWorkspace


FREE = {"maxArchive": {"count": 100, "share": 1}}
TAX_CODES: list[Json] = [
    {"code": "V25", "name": "Standard", "rate": "0.25", "type": "inclusive", "ingoingTaxAccount": "2640"},
    {"code": "R25", "name": "Reverse", "rate": "0.25", "type": "reverse"},
    {"code": "V12", "name": "Food", "rate": "0.12", "type": "inclusive", "active": False},
]
ACCOUNTS: list[Json] = [
    {"externalId": "a-1", "code": "5410", "name": "Supplies", "taxCodeExternalId": "V25"},
    {"externalId": "a-2", "code": "2640", "name": "Ingoing tax", "taxCodeExternalId": None},
]
VENDORS: list[Json] = [
    {"externalId": "v-1", "code": "ACME", "name": "Acme", "defaultCurrency": "SEK", "country": "SE"},
    {"externalId": "v-2", "code": "BETA", "name": "Beta", "defaultCurrency": "EUR", "taxRegistrationNumber": "DE2"},
    {"externalId": "v-3", "code": "OLD", "name": "Old", "defaultCurrency": "EUR", "active": False},
]
SEED = Seed(
    tax_codes=[
        {"code": "V25", "name": "Standard", "rate": 0.2, "ingoingTaxAccount": "2640"},
        {"code": "R25", "name": "Reverse", "rate": 0.25, "type": "reverse", "archived": True},
        {"code": "V12", "name": "Food", "rate": 0.12},
        {"code": "GONE", "name": "Gone", "rate": 0.1},
        {"name": "By hand", "rate": 0.06},
    ],
    accounts=[{"externalId": "a-2", "code": "2640", "name": "Ingoing tax"}],
    vendors=[
        {"externalId": "v-1", "code": "ACME", "name": "Acme Ltd", "defaultCurrency": "SEK", "registrationNumber": "55"},
        {"code": "OTHER", "name": "Beta", "taxRegistrationNumber": "DE2", "draft": True},
        {"externalId": "v-3", "code": "OLD", "name": "Old"},
        {"code": "NEW", "name": "=Born here", "draft": True},
        {"code": "HAND", "name": "By hand"},
    ],
)


@pytest.fixture
def books(pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired) -> Path:
    """A workspace whose desired state has both kinds, and a Pleo that lies behind it."""
    pleo.reset(SEED, Settings(seed_ids=1))
    folder: Path = workspace(pleo, guard=FREE)
    desired(folder, taxCodes=TAX_CODES, accounts=ACCOUNTS, vendors=VENDORS)
    return folder


def actions(plan: Json) -> Json:
    """Action by address."""
    return {change["address"]: change["action"] for change in plan["changes"]}


def test_a_new_record_is_shown_with_whatever_is_sent_of_it(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli
) -> None:
    """And two numbers are told apart by what they are: who reviews it sees accounts that were exchanged."""
    pleo.reset(Seed())
    taxes: Json = {"code": "R25", "name": "Reverse", "rate": "0.25", "type": "reverse", "ingoingTaxAccount": "2645"}
    vendor: Json = {**VENDORS[0], "registrationNumber": "55", "taxRegistrationNumber": "SE55"}
    desired(workspace(pleo), taxCodes=[{**taxes, "outgoingTaxAccount": "2614"}], vendors=[vendor])
    tax = ('"0.25"', '"reverse"', 'ingoing tax account "2645"', 'outgoing tax account "2614"')
    one = ('currency "SEK"', 'country "SE"', 'registration number "55"', 'tax number "SE55"')
    text = " ".join(cli("plan").stdout.split())
    assert f'"R25" "Reverse" {" ".join(tax)} ' in text
    assert f'"ACME" "Acme" {" ".join(one)} ' in text
    markdown = cli("plan", "--format", "markdown").stdout.replace("`", "")
    assert all(words in markdown for words in (" ".join(tax), " ".join(one)))


def test_a_plan_brings_both_kinds_in_line(pleo: Sandbox, books: Path, cli: Cli) -> None:
    """Every row of the table, in the order of the kinds; the next plan is empty."""
    made = cli("plan", "-o", "plan.json", "--format", "json")
    plan = made.json
    assert made.code == 0, made.stderr
    assert list(validator("plan").iter_errors(plan)) == []
    assert list(actions(plan).items()) == [
        ("taxCode:GONE", "archive"),
        ("taxCode:R25", "unarchive"),
        ("taxCode:V12", "archive"),
        ("taxCode:V25", "update"),
        ("account:a-1", "create"),
        ("vendor:v-1", "update"),
        ("vendor:v-2", "confirm"),
        ("vendor:v-3", "archive"),
    ]
    confirm = next(change for change in plan["changes"] if change["action"] == "confirm")
    assert (confirm["before"]["state"], confirm["after"]["externalId"]) == ("DRAFT", "v-2")
    assert confirm["fields"] == ["code", "externalId", "state"]
    assert (plan["summary"]["confirm"], plan["requests"]["confirm"]) == (1, 1)
    codes = {warning["code"] for warning in plan["warnings"]}
    assert {"draft-vendor", "no-key"} <= codes
    applied = cli("apply", "plan.json", "--receipt", "receipt.json", "--format", "json")
    assert applied.code == 0, applied.stdout
    assert pleo.stats()["writes"] == plan["requests"]["write"]
    assert pleo.stats()["violations"] == []
    state = pleo.state()
    rates = {t["code"]: (t["rate"], t["archived"]) for t in state["taxCodes"]}
    assert rates == {
        "V25": (0.25, False),
        "R25": (0.25, False),
        "V12": (0.12, True),
        "GONE": (0.1, True),
        None: (0.06, False),
    }
    acme, beta, old, born, hand = state["vendors"]
    assert (acme["name"], acme["country"], acme["registrationNumber"]) == ("Acme", "SE", "55")
    assert (beta["externalId"], beta["code"], beta["draft"]) == ("v-2", "BETA", False)
    assert (old["archived"], born["draft"], hand["externalId"]) == (True, True, None)
    again = cli("plan", "--format", "json").json
    assert again["changes"] == []
    assert cli("drift").code == 0


def test_a_run_is_taken_back_but_for_confirmations(pleo: Sandbox, books: Path, cli: Cli) -> None:
    """Everything else is as before afterwards; a confirmation is listed as skipped."""
    before = {v["id"]: v["name"] for v in pleo.state()["vendors"]}
    cli("plan", "-o", "plan.json")
    assert cli("apply", "plan.json", "--receipt", "receipt.json").code == 0
    undo = cli("undo", "receipt.json", "-o", "undo.json", "--format", "json").json
    assert [skipped["address"] for skipped in undo["source"]["skipped"]] == ["vendor:v-2"]
    assert cli("apply", "undo.json").code == 0
    state = pleo.state()
    assert {v["id"]: v["name"] for v in state["vendors"]} == before
    assert {t["code"]: t["archived"] for t in state["taxCodes"]}["R25"] is True
    assert [v["archived"] for v in state["vendors"]] == [False] * 5


def test_one_section_alone_can_be_planned(books: Path, cli: Cli) -> None:
    """`--only` is repeatable; scope has a key for each section."""
    plan = cli("plan", "--only", "vendors", "--only", "taxCodes", "--format", "json").json
    assert plan["scope"] == {"taxCodes": True, "accounts": False, "vendors": True, "dimensions": []}
    assert {change["kind"] for change in plan["changes"]} == {"taxCode", "vendor"}


def test_records_that_are_left_alone_or_protected_stay(
    pleo: Sandbox, workspace: MakeWorkspace, books: Path, cli: Cli
) -> None:
    """`leave` of every kind, shown in the plan and refused by `apply` of one made before; `protect` by address."""
    assert cli("plan", "-o", "before.json").code == 0
    left = {"vendors": {"leave": ["v-1", "v-9"]}, "taxCodes": {"leave": ["GONE"]}}
    workspace(pleo, guard={**FREE, "protect": ["vendor:v-3"]}, **left)
    said = cli("plan", "--format", "json")
    assert said.code == 3
    assert {f["code"]: f["address"] for f in said.json["guard"]["findings"]}["protected"] == "vendor:v-3"
    assert not {"vendor:v-1", "taxCode:GONE"} & actions(said.json).keys()
    assert said.json["context"]["left"] == ["taxCode:GONE", "vendor:v-1"]
    (unknown,) = [w["message"] for w in said.json["warnings"] if w["code"] == "matches-nothing"]
    assert unknown == "vendors.leave names 'v-9', which neither Pleo nor the desired state has"
    refused = cli("apply", "before.json")
    assert (refused.code, pleo.stats()["writes"]) == (3, 0)
    assert "vendor:v-1" in refused.stdout + refused.stderr


def test_what_is_not_listed_is_not_managed(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli
) -> None:
    """Without the sections nothing of them is read; with empty ones all is archived, but drafts and what has no key."""
    pleo.reset(SEED, Settings())
    folder = workspace(pleo, guard=FREE)
    desired(folder, accounts=ACCOUNTS)
    cli("plan")
    assert not [name for name in pleo.stats()["byOperation"] if "vendor" in name or "tax-code" in name]
    desired(folder, accounts=ACCOUNTS, taxCodes=[], vendors=[])
    plan = cli("plan", "--format", "json", "--allow-archive", "5").json
    assert {a for a, action in actions(plan).items() if action == "archive"} == {
        "taxCode:GONE",
        "taxCode:V12",
        "taxCode:V25",
        "vendor:v-1",
        "vendor:v-3",
    }
    assert [f["code"] for f in cli("plan", "--format", "json").json["guard"]["findings"]] == ["archive-all"] * 2


def test_optional_fields_are_left_or_cleared(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli
) -> None:
    """Absent: the live value is sent back; null: it is cleared, by leaving it out."""
    pleo.reset(
        Seed(vendors=[{"externalId": "v", "name": "Old", "country": "SE", "registrationNumber": "55"}]), Settings()
    )
    folder = workspace(pleo)
    desired(folder, vendors=[{"externalId": "v", "name": "New", "defaultCurrency": "EUR", "country": None}])
    cli("plan", "-o", "plan.json")
    assert cli("apply", "plan.json").code == 0
    (vendor,) = pleo.state()["vendors"]
    assert (vendor["name"], vendor["country"], vendor["registrationNumber"]) == ("New", None, "55")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"type": "exclusive"}, "Pleo does not support exclusive"),
        ({"rate": "25"}, "is not a rate"),
        ({"rate": "0.1234567890123456"}, "is not a rate"),
        ({"rate": None}, "lacks rate"),
    ],
)
def test_a_tax_code_that_pleo_cannot_have_is_refused(
    pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli, row: Json, words: str
) -> None:
    """Exit 78 with the row's place, unless the row is held."""
    folder = workspace(pleo)
    whole = {**TAX_CODES[0], **row}
    desired(folder, taxCodes=[{name: value for name, value in whole.items() if value is not None}])
    said = cli("validate")
    assert said.code == 78
    assert words in said.stderr
    assert "desired-state.yaml:4" in said.stderr
    desired(folder, taxCodes=[{**{n: v for n, v in whole.items() if v is not None}, "hold": "why"}])
    assert cli("validate").code == 0


def test_a_rate_has_one_spelling(pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli) -> None:
    """0.250 is Pleo's 0.25, and `fmt` writes it so; an unquoted one is refused with the cure."""
    pleo.reset(Seed(tax_codes=[{"code": "V25", "name": "Standard", "rate": 0.25}]), Settings())
    folder = workspace(pleo)
    file = desired(folder, taxCodes=[{"code": "V25", "name": "Standard", "rate": "0.250", "type": "inclusive"}])
    assert cli("plan", "--format", "json").json["changes"] == []
    assert cli("fmt").code == 0
    assert 'rate: "0.25"' in file.read_text()
    file.write_text(file.read_text().replace('"0.25"', "0.25"))
    assert 'write "0.25"' in cli("validate").stderr


def test_tax_accounts_are_checked_against_the_chart(books: Path, desired: MakeDesired, cli: Cli) -> None:
    """One that is no active account is a warning of validate and of the plan."""
    assert "tax-account-unknown" not in cli("validate", "--format", "json").stdout
    desired(books, taxCodes=[{**TAX_CODES[0], "outgoingTaxAccount": "9999"}], accounts=ACCOUNTS)
    (finding,) = cli("validate", "--format", "json").json["findings"]
    assert (finding["code"], finding["level"], finding["line"]) == ("tax-account-unknown", "warning", 4)
    warnings = cli("plan", "--format", "json").json["warnings"]
    assert ("tax-account-unknown", "taxCode:V25") in {(w["code"], w["address"]) for w in warnings}


def test_an_archived_tax_code_that_is_named_is_warned_of(books: Path, desired: MakeDesired, cli: Cli) -> None:
    """By desired accounts, also by live ones whose tax code is not managed."""
    desired(books, taxCodes=[], accounts=ACCOUNTS)
    warned = {
        w["address"]: w for w in cli("plan", "--format", "json").json["warnings"] if w["code"] == "tax-code-in-use"
    }
    assert warned["taxCode:V25"]["message"] == "account:a-1 names it"
    assert warned.keys() == {"taxCode:V25"}


def test_the_mapping_is_asked_what_it_names(books: Path, workspace: MakeWorkspace, pleo: Sandbox, cli: Cli) -> None:
    """An archived tax code or vendor that rules name is warned of, with the rule's place."""
    workspace(pleo, guard=FREE, mapping="mapping.yaml")
    (books / "mapping.yaml").write_text(
        'apiVersion: pleoctl/v1\nkind: ExportMapping\naccounts: {wallet: "5410"}\n'
        'vendors:\n  unmatched: fail\n  rows:\n  - {code: "OLD"}\n'
        "include: [standard]\nlines:\n  otherwise: keep\n  rows:\n"
        '  - {id: food, when: {note: "x"}, account: keep, set: {taxCode: "V12"}}\n'
    )
    warned = {w["code"]: w for w in cli("plan", "--format", "json").json["warnings"]}
    assert warned["vendor-in-use"]["address"] == "vendor:v-3"
    assert "mapping.yaml:7" in warned["vendor-in-use"]["message"]
    assert "row 'food'" in warned["tax-code-in-use"]["message"]


@pytest.mark.parametrize(
    ("row", "code", "address"),
    [
        ('when: {vendor: "OLD"}', "vendor-in-use", "vendor:v-3"),
        ('when: {note: x}, unless: {vendor: ["NEW", "OLD"]}', "vendor-in-use", "vendor:v-3"),
        ('when: {any: [{vendor: {not: "OLD"}}, {note: x}]}', "vendor-in-use", "vendor:v-3"),
        ('when: {taxCode: "V12"}', "tax-code-in-use", "taxCode:V12"),
        ('when: {vendor: {startsWith: "OL"}}', None, None),
    ],
)
def test_what_line_rows_ask_for_is_named(
    books: Path, workspace: MakeWorkspace, pleo: Sandbox, cli: Cli, row: str, code: str | None, address: str | None
) -> None:
    """Such a row stops to match, or matches what it left out, once the record is gone from Pleo."""
    workspace(pleo, guard=FREE, mapping="mapping.yaml")
    (books / "mapping.yaml").write_text(
        'apiVersion: pleoctl/v1\nkind: ExportMapping\naccounts: {wallet: "5410"}\n'
        f'include: [standard]\nlines:\n  rows:\n  - {{id: asks, {row}, account: "5410"}}\n'
    )
    warned = [w for w in cli("plan", "--format", "json").json["warnings"] if "the mapping" in w["message"]]
    assert [(w["code"], w["address"]) for w in warned] == ([(code, address)] if code else [])
    assert {w["message"] for w in warned} <= {"the mapping asks for it: row 'asks' (mapping.yaml:7)"}


def test_accounts_of_desired_vendors_are_in_use(
    pleo: Sandbox, books: Path, workspace: MakeWorkspace, desired: MakeDesired, cli: Cli
) -> None:
    """An archived account that a vendor of the desired state owes on is warned of, with the vendor's place."""
    workspace(pleo, guard=FREE, mapping="mapping.yaml")
    desired(books, accounts=ACCOUNTS[:1], vendors=[{**VENDORS[0], "payableAccount": "2640"}])
    (books / "mapping.yaml").write_text(
        'apiVersion: pleoctl/v1\nkind: ExportMapping\naccounts: {wallet: "5410"}\n'
        "vendors:\n  unmatched: fail\n  rows: desired\ninclude: [standard]\n"
    )
    said = cli("plan", "--format", "json")
    warned = {w["code"]: w for w in said.json["warnings"]}
    assert warned["mapping-target-archived"]["address"] == "account:a-2"
    assert "vendor ACME" in warned["mapping-target-archived"]["message"]
    desired(books, accounts=ACCOUNTS[:1])
    assert "mapping-target-archived" not in cli("plan", "--format", "json").stdout


def test_drafts_are_written_for_the_books(pleo: Sandbox, books: Path, cli: Cli) -> None:
    """Those that no row is; as csv without formulas, as json with everything, to a file as well."""
    said = cli("vendors", "export-drafts")
    assert said.code == 0
    (row,) = csv.DictReader(io.StringIO(said.stdout))
    assert (row["code"], row["name"], row["defaultCurrency"]) == ("NEW", "'=Born here", "EUR")
    listed = cli("vendors", "export-drafts", "--format", "json").json
    assert [draft["name"] for draft in listed["result"]] == ["=Born here"]
    assert cli("vendors", "export-drafts", "--format", "json", "-o", "drafts.json").code == 0
    assert json.loads((books / "drafts.json").read_text()) == listed["result"]
    assert pleo.stats()["writes"] == 0


def test_pleo_becomes_a_desired_state(pleo: Sandbox, workspace: MakeWorkspace, cli: Cli) -> None:
    """What is the accounting system's: no drafts, nothing without a key; an exclusive code is held; then no plan."""
    seed = Seed(
        tax_codes=[
            {"code": "V25", "name": "Standard", "rate": 0.25, "ingoingTaxAccount": "a"},
            {"code": "NET", "name": "Net", "rate": 0.2, "type": "exclusive"},
            {"name": "By hand", "rate": 0.06},
        ],
        accounts=[{"externalId": "a", "name": "A"}],
        vendors=[
            {"externalId": "v-1", "code": "ACME", "name": "Acme", "country": "SE"},
            {"externalId": "v-2", "name": "Twin"},
            {"externalId": "v-2", "name": "Twin"},
            {"name": "Born here", "draft": True},
            {"externalId": "v-4", "name": "Past", "archived": True},
        ],
    )
    pleo.reset(seed, Settings())
    folder = workspace(pleo)
    assert cli("import").code == 0
    text = (folder / "desired-state.yaml").read_text()
    assert '- {code: "V25", name: "Standard", rate: "0.25", type: "inclusive", ingoingTaxAccount: "a"}' in text
    assert 'type: "exclusive", ingoingTaxAccount: null, hold: "type' in text
    assert '- {externalId: "v-1", code: "ACME", name: "Acme", defaultCurrency: "EUR", country: "SE"}' in text
    assert 'hold: "Pleo holds 2 vendors with this externalId"' in text
    assert "Born here" not in text
    assert "By hand" not in text
    plan = cli("plan", "--format", "json").json
    assert plan["changes"] == []
    assert {w["code"] for w in plan["warnings"]} == {"held-row", "draft-vendor", "no-key"}


def test_kinds_that_a_credential_may_not_read_are_left_out(pleo: Sandbox, workspace: MakeWorkspace, cli: Cli) -> None:
    """Import goes on without them and says so; doctor asks for what the workspace manages alone."""
    from pleoctl.sandbox.auth import ALL_SCOPES, Credential

    scopes = tuple(scope for scope in ALL_SCOPES if not scope.startswith(("vendors", "tax-codes")))
    pleo.reset(SEED, Settings(credentials=(Credential(scheme="apiKey", secret="sandbox-key", scopes=scopes),)))
    folder = workspace(pleo)
    said = cli("import", "--format", "json")
    assert said.code == 0
    assert [f["code"] for f in said.json["findings"]] == ["not-read", "not-read"]
    assert "vendors" not in (folder / "desired-state.yaml").read_text()
    assert cli("doctor").code == 0
    (folder / "desired-state.yaml").write_text("apiVersion: pleoctl/v1\nkind: DesiredState\nvendors: []\n")
    told = cli("doctor", "--format", "json")
    assert told.code == 1
    assert {f["message"] for f in told.json["findings"] if f["code"] == "missing-scope"} == {
        "the credential lacks the scope vendors:read",
        "the credential lacks the scope vendors:write",
    }
    assert told.json["result"]["readable"] == {"accounts": True, "tags": True, "vendors": False}


def test_every_report_knows_them(books: Path, cli: Cli) -> None:
    """Text, markdown and html name the kinds, the confirmation and its fields."""
    cli("plan", "-o", "plan.json")
    text = cli("show", "plan.json").stdout
    assert "Tax codes: 2 to archive, 1 to unarchive, 1 to update" in text
    assert "✓ confirm" in text
    assert "1 to confirm" in text
    page = cli("show", "plan.json", "--format", "html").stdout
    assert "Confirmations" in page
    assert "Vendors" in page
    assert "| confirm |" in cli("show", "plan.json", "--format", "markdown").stdout
