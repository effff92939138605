"""Tax codes with rate and type, and tax codes and vendors that rules take from the desired state."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pleoctl.errors import InvalidFile

from .conftest import HEAD, Cli, engine, item, line, mapped, money, postings

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Json, Value

CODES = """tax:
  shape: split
  taxCodes:
  - {code: I25, rate: "0.25", type: inclusive, ingoingTaxAccount: "2641"}
  - {code: I25X, rate: "0.25", type: inclusive, ingoingTaxAccount: "2642"}
  - {code: I25N, rate: "0.25", type: inclusive}
  - {code: I12, rate: "0.12", type: inclusive, ingoingTaxAccount: "2643"}
  - {code: R25, rate: "0.25", type: reverse, ingoingTaxAccount: "2645", outgoingTaxAccount: "2614"}
  - {code: R25X, rate: "0.250", type: reverse, ingoingTaxAccount: "2647", outgoingTaxAccount: "2617"}
  - PLAIN
"""


def taxed(code: str | None, type_: str = "inclusive", amount: int = 2500) -> Json:
    """An item of 125.00 with a tax."""
    tax = {
        "type": type_,
        "code": code,
        "amount": money(amount),
        "ingoingTaxAccount": "2640",
        "outgoingTaxAccount": "2610",
    }
    return item("card_purchase", line(12500, tax=tax))


def setting(code: str) -> str:
    """Rules whose row sets a tax code."""
    return HEAD + CODES + f"lines: {{rows: [{{id: s, when: {{}}, account: keep, set: {{taxCode: {code}}}}}]}}\n"


@pytest.mark.parametrize(
    ("code", "given", "booked"),
    [
        ("I25X", taxed("I25"), [("debit", "6540", 10000), ("debit", "2642", 2500), ("credit", "1940", 12500)]),
        (
            "I25X",
            taxed("I25", "exclusive"),
            [("debit", "6540", 10000), ("debit", "2642", 2500), ("credit", "1940", 12500)],
        ),
        (
            "R25X",
            taxed("R25", "reverse"),
            [("debit", "6540", 12500), ("debit", "2647", 2500), ("credit", "2617", 2500), ("credit", "1940", 12500)],
        ),
        ("I25", taxed("I25"), [("debit", "6540", 10000), ("debit", "2640", 2500), ("credit", "1940", 12500)]),
        ("I12", taxed("I25", amount=0), [("debit", "6540", 12500), ("credit", "1940", 12500)]),
    ],
)
def test_a_code_of_the_same_rate_and_type_stands_in(
    tmp_path: Path, code: str, given: Json, booked: list[tuple[str, str, int]]
) -> None:
    """The tax is booked on its accounts and carries it; a line's own code keeps the item's accounts."""
    entry = mapped(engine(tmp_path, setting(code)), given)
    assert postings(entry) == booked
    assert {p.tax_code for p in entry.entries[0].postings if p.tax_code} == {code}


@pytest.mark.parametrize(
    ("code", "given", "reason_type", "said"),
    [
        (
            "I12",
            taxed("I25"),
            "invalid_configuration",
            "sets tax code I12, which is 12 % inclusive, but the line's I25 is 25 % inclusive; the tax is ",
        ),
        ("R25", taxed("I25"), "invalid_configuration", "reverse"),
        ("R25X", taxed("R25"), "invalid_configuration", "25 % reverse, but the line's tax is inclusive; "),
        ("PLAIN", taxed("I25"), "invalid_configuration", "the rate of PLAIN is not known: list both in tax.taxCodes"),
        ("I25", taxed("PLAIN"), "invalid_configuration", "in place of PLAIN, but the rate of PLAIN is not known"),
        ("I25", taxed(None), "invalid_configuration", "the line has a tax without a code"),
        ("I25N", taxed("I25"), "missing_configuration", "no ingoingTaxAccount"),
        ("NEW", taxed("I25"), "invalid_configuration", "tax code NEW is not among tax.taxCodes; "),
    ],
)
def test_another_code_refuses_the_item(tmp_path: Path, code: str, given: Json, reason_type: str, said: str) -> None:
    """Since the amounts would be others, or the accounts are not known."""
    entry = mapped(engine(tmp_path, setting(code)), given)
    assert entry.failure_reason_type == reason_type
    assert said in (entry.failure_reason or "")


DESIRED = """apiVersion: pleoctl/v1
kind: DesiredState
taxCodes:
- {code: "I25", name: "25", rate: "0.25", type: "inclusive", ingoingTaxAccount: "2641"}
- {code: "I25X", name: "25 X", rate: "0.25", type: "inclusive", ingoingTaxAccount: "2642"}
- {code: "OLD", name: "Old", rate: "0.25", type: "inclusive", active: false}
vendors:
- {externalId: "v-1", code: "ACME", name: "Acme", defaultCurrency: "EUR", payableAccount: "2901"}
- {externalId: "v-2", name: "Plain", defaultCurrency: "EUR", taxRegistrationNumber: "SE2"}
- {externalId: "v-3", code: "OLDCO", name: "Old", defaultCurrency: "EUR", active: false}
"""
TAKEN = """apiVersion: pleoctl/v1
kind: ExportMapping
accounts: {wallet: "1940", outOfPocket: "2890", contra: "1930", accountsPayable: "2440"}
vendors: {unmatched: fail, rows: desired}
tax: {shape: split, taxCodes: desired}
include: [standard]
lines: {rows: [{id: s, when: {taxCode: I25}, account: keep, set: {taxCode: I25X}}]}
tests:
- name: a vendor of the desired state
  given: {type: invoice, method: accounts_payable, vendor: ACME, lines: [{account: "6540", amount: 100}]}
  expect: [{debit: "6540", amount: 100}, {credit: "2901", amount: 100}]
"""


@pytest.fixture
def books(workspace: Path) -> Path:
    """A workspace whose rules take vendors and tax codes from its desired state."""
    settings = (workspace / "pleoctl.yaml").read_text()
    (workspace / "pleoctl.yaml").write_text(settings + "desired: desired-state.yaml\n")
    (workspace / "desired-state.yaml").write_text(DESIRED)
    (workspace / "mapping.yaml").write_text(TAKEN)
    return workspace


def booked(folder: Path, cli: Cli, *given: Json) -> list[Value]:
    """What items become: the accounts of their postings, or why they fail."""
    (folder / "items.json").write_text(json.dumps(list(given)))
    assert cli("map", "items.json", "--no-catalog") in {0, 5}
    return [
        entry["failureReasonType"] or [p["account"] for leg in entry["entries"] for p in leg["postings"]]
        for entry in cli.lines
    ]


def test_two_vendors_of_the_desired_state_with_one_code_are_told(books: Path, cli: Cli) -> None:
    """The code finds neither, as with rows of one's own; one that is out of use is no rival."""
    twin = '- {externalId: "v-9", code: "ACME", name: "Other", defaultCurrency: "EUR"}\n'
    for row in (twin, twin.replace('"EUR"', '"EUR", active: false')):
        (books / "desired-state.yaml").write_text(DESIRED + row)
        cli("mapping", "check", "--format", "json")
        told = [one for one in cli.json["findings"] if one["code"] == "duplicate-id"]
        assert [(one["level"], one["file"], one["line"]) for one in told] == (
            [("warning", "desired-state.yaml", 11)] if row == twin else []
        )


def test_vendors_and_tax_codes_of_the_desired_state(books: Path, cli: Cli) -> None:
    """Found by every key, archived ones are blocked; tax codes in use are checked and stand in for each other."""

    def invoice(**vendor: str) -> Json:
        return item("invoice", line(100), bookkeeping={"method": "accounts_payable"}, vendor=vendor)

    assert booked(
        books,
        cli,
        invoice(code="ACME"),
        invoice(externalId="v-2"),
        invoice(taxRegistrationNumber="SE2"),
        invoice(code="OLDCO"),
        taxed("I25"),
        taxed("OLD"),
    ) == [
        ["6540", "2901"],
        ["6540", "2440"],
        ["6540", "2440"],
        "vendor_unknown",
        ["6540", "2642", "1940"],
        "invalid_configuration",
    ]


@pytest.mark.parametrize("held", ['rate: "nineteen", type: "inclusive"', 'rate: "0.25", type: ""', 'rate: "1/0"'])
def test_a_held_tax_code_is_known_and_its_rate_is_not(books: Path, cli: Cli, held: str) -> None:
    """A row that the export could not use stops no rules: its code may be used, and stands in for no other."""
    row = f'- {{code: "I25X", name: "X", {held}, hold: "cannot be used"}}'
    state = "\n".join(row if "I25X" in each else each for each in DESIRED.splitlines())
    (books / "desired-state.yaml").write_text(state)
    assert cli("mapping", "test") == 0, cli.err
    assert booked(books, cli, taxed("I25X"), taxed("I25")) == [["6540", "2640", "1940"], "invalid_configuration"]


def test_check_and_test_know_them(books: Path, cli: Cli) -> None:
    """A row that sets a tax code which the desired state lacks is an error; tests find vendors."""
    assert cli("mapping", "test") == 0, cli.out
    assert cli("mapping", "check", "--format", "json") in {0, 3}
    assert [f for f in cli.json["findings"] if f["code"] == "MAP034"] == []
    first = cli.json["result"]["rulesDigest"]
    (books / "mapping.yaml").write_text(TAKEN.replace("taxCode: I25X", "taxCode: I26"))
    assert cli("mapping", "check", "--format", "json") == 3
    assert "tax code I26 is not among" in next(f["message"] for f in cli.json["findings"] if f["code"] == "MAP034")
    (books / "mapping.yaml").write_text(TAKEN)
    (books / "desired-state.yaml").write_text(DESIRED.replace('"2901"', '"2902"'))
    assert cli("mapping", "check", "--format", "json") in {0, 3}
    assert cli.json["result"]["rulesDigest"] != first


@pytest.mark.parametrize("command", [("check",), ("test",), ("coverage", "--items", "items.json")])
def test_without_them_rules_cannot_be_used(books: Path, cli: Cli, command: tuple[str, ...]) -> None:
    """Told where they are asked for."""
    (books / "desired-state.yaml").unlink()
    (books / "items.json").write_text("[]")
    assert cli("mapping", *command) == 78
    assert "mapping.yaml:5:" in cli.err.decode()
    assert "desired state" in cli.err.decode()


def test_another_word_is_refused(tmp_path: Path) -> None:
    """With what was meant."""
    with pytest.raises(InvalidFile) as caught:
        engine(tmp_path, TAKEN.replace("rows: desired", "rows: desird"))
    assert "did you mean 'desired'" in str(caught.value.findings[0].hint)


def test_a_tax_code_that_is_archived_is_not_unknown(books: Path, cli: Cli) -> None:
    """Only what the accounting system does not have is unknown under `failureTypes: v3`."""
    (books / "mapping.yaml").write_text(TAKEN + "failureTypes: v3\n")
    assert booked(books, cli, taxed("OLD"), taxed("NEW")) == ["invalid_configuration", "tax_code_unknown"]


HTTP = (
    "{type: http, baseUrl: 'http://127.0.0.1:9', find: {path: /v, records: r, key: k, id: i}, "
    "book: {method: POST, path: /v, body: {k: key, d: 'entry.postingDate'}, id: i}}"
)


@pytest.mark.parametrize(
    ("sink", "shape", "told"),
    [
        ("{type: sie, path: b, company: B, series: A, currency: SEK}", "code", [("MAP039", "error", 12)]),
        ("{type: sie, path: b, company: B, series: A, currency: SEK}", "split", []),
        (HTTP, "code", [("MAP039", "warning", 12)]),
        (HTTP, "split", []),
        (HTTP.replace("entry.postingDate", "entry.entries[0].postings[0].taxCode"), "code", []),
        (HTTP.replace("127.0.0.1", "nobody.example"), "code", []),
        ("{type: exec, command: [nothing]}", "code", []),
        ("{type: beancount, path: b}", "code", []),
    ],
)
def test_check_knows_books_without_tax_codes(
    workspace: Path, cli: Cli, sink: str, shape: str, told: list[tuple[str, str, int]]
) -> None:
    """Where the sink's section alone says that a line's tax code has no room there; nobody is asked.

    A format that has none is an error; a body that names none may only want a line more.
    """
    with (workspace / "pleoctl.yaml").open("a") as file:
        file.write(f"sink: {sink}\n")
    (workspace / "mapping.yaml").write_text(f"{HEAD}tax: {{shape: {shape}}}\n")
    cli("mapping", "check", "--format", "json")
    findings = [f for f in cli.json["findings"] if f["code"] == "MAP039"]
    assert [(f["code"], f["level"], f["line"]) for f in findings] == told
    assert cli.json["exitCode"] == (3 if told and told[0][1] == "error" else 0)
    assert all("tax: {shape: split}" in f["hint"] for f in findings)
