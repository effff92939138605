"""`map`: formats, exit codes, files; real bookkeeping programs accept the journals."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pleoctl.documents.schemas import validator
from pleoctl.mapping.io.outputs.amounts import decimal
from pleoctl.mapping.io.outputs.names import component

from .conftest import HEAD, Cli, item, line

if TYPE_CHECKING:
    from shapes import Json

HOSTILE = [
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@x",
    "\tx",
    'a "quoted" \\ text',
    "a;b",
    "date:2026-99-99",
    "[2026/13/45]",
    "a\nb\r\n2026-01-01 x",
    "\x1b[31m\x00",
    "\u202egnp",
    "(code) *!",
    "|",
    "x  y",
    "tag:, date:1",
    "# h",
    "",
]
NAMES = [
    "6540",
    "2901-AP",
    "65 40",
    "65/40",
    "65-40",
    "konto å",
    "a:b",
    "-1",
    "=1+1",
    "  =1+1",
    "\uff1d1+1",
    "x  y",
    "A\u202eB",
    "Expenses:6540",
    "6" * 90,
]


def varied() -> list[Json]:
    """Items whose every text is hostile, in three currencies."""
    made = []
    for number, text in enumerate(HOSTILE):
        tags = [{"groupCode": f"G{text}", "code": f"C{text}"}]
        tax = {"code": text, "type": "inclusive", "amount": {"inWalletCurrency": {"currency": "EUR", "value": 1}}}
        made.append(
            item(
                "card_purchase",
                line(12345, account={"code": NAMES[number % len(NAMES)], "name": text}, tags=tags, tax=tax),
                note=text,
                supplier={"name": text},
                vendor={"code": text, "name": text},
                accountingEntryId=f"id{text}",
                additionalInformation={
                    "reconciliationId": text,
                    "attendees": [text],
                    "invoiceInformation": {"invoiceNumber": text},
                },
            )
        )
    made += [item("refund", line(12345, currency=c), line(5, currency=c), currency=c) for c in ("JPY", "KWD", "SEK")]
    made += [item("card_purchase", line(1, account={"code": name})) for name in NAMES]
    made.append(item("invoice", bookkeeping={"method": "accounts_payable"}, vendor={"code": "ACME"}))
    made.append(item("fee", bookkeeping={"method": "accounts_payable"}, vendor={"code": "ACME"}))
    made.append(item("card_purchase", line(account=None), accountingEntryId="failed \n id"))
    return made


@pytest.fixture
def items_file(workspace: Path) -> Path:
    """A file of varied items, beside rules with divisors."""
    (workspace / "mapping.yaml").write_text(HEAD + "amounts: {divisor: {JPY: 1, KWD: 1000}}\n")
    path = workspace / "items.json"
    path.write_text(json.dumps(varied()))
    return path


@pytest.mark.usefixtures("items_file")
def test_json_lines_follow_the_schema(cli: Cli) -> None:
    """One line for each item in its order, each as schemas/entry.schema.json says; exit 5 with reasons on stderr."""
    assert cli("map", "items.json") == 5
    assert [e["accountingEntryId"] for e in cli.lines] == [i["accountingEntryId"] for i in varied()]
    check = validator("entry")
    assert [error.message for entry in cli.lines for error in check.iter_errors(entry)] == []
    assert b"missing_configuration" in cli.err
    assert b"1 failed" in cli.err


@pytest.mark.parametrize("name", ["json", "csv", "beancount", "hledger"])
def test_output_file_and_stdout_are_the_same(items_file: Path, cli: Cli, name: str) -> None:
    """-o writes what would stand on standard output; standard input works too."""
    assert cli("map", "items.json", "--format", name) == 5
    shown = cli.out
    assert cli("map", "items.json", "--format", name, "-o", "out.txt") == 5
    assert (cli.out, (items_file.parent / "out.txt").read_bytes()) == (b"", shown)
    code = "from pleoctl.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "map", "-", "--format", name],
        input=items_file.read_bytes(),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (5, shown)


@pytest.mark.usefixtures("items_file")
def test_csv_is_no_formula_and_complete(cli: Cli) -> None:
    """No cell starts like a formula or carries control characters; amounts follow the divisors; sides balance."""
    assert cli("map", "items.json", "--format", "csv") == 5
    rows = list(csv.DictReader(io.StringIO(cli.out.decode())))
    cells = [cell for row in rows for cell in row.values()]
    assert not [c for c in cells if c.lstrip().startswith(("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"))]
    assert not [c for c in cells if not c.isprintable()]
    assert {r["amount"] for r in rows if r["currency"] == "JPY"} == {"12345", "5", "12350"}
    assert {r["amount"] for r in rows if r["currency"] == "KWD"} == {"12.345", "0.005", "12.350"}
    assert sum(r["status"] == "failed" for r in rows) == 1


@pytest.mark.parametrize("note", ["Taxi;=1+1;x", "=1+1", 'a; "@x', ";;-1", "a;＝1", "a\t+1", " =1"])
@pytest.mark.parametrize("split", [",", ";", "\t"])
def test_no_piece_of_a_cell_is_a_formula_wherever_a_spreadsheet_splits(
    cli: Cli, workspace: Path, note: str, split: str
) -> None:
    """Comma, semicolon or tab: no piece begins like a formula, and the text stays readable."""
    (workspace / "items.json").write_text(json.dumps([item(note=note, supplier={"name": note}, user={"name": note})]))
    assert cli("map", "items.json", "--format", "csv") == 0
    text = cli.out.decode()
    pieces = [p for row in csv.reader(io.StringIO(text), delimiter=split) for p in row] + text.split(split)
    assert not [p for p in pieces if p.lstrip(' "').startswith(("=", "+", "-", "@", "＝"))]


@pytest.mark.skipif(shutil.which("hledger") is None, reason="hledger is not installed (apt-get install hledger)")
@pytest.mark.usefixtures("items_file")
def test_hledger_accepts_the_journal(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """`hledger check -s`: parsed, balanced, every account and commodity declared; balances equal the entries'."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")  # the only one in which it reads UTF-8
    assert cli("map", "items.json", "--format", "hledger", "-o", "out.journal") == 5
    done = subprocess.run(["hledger", "check", "-s", "-f", "out.journal"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    printed = subprocess.run(
        ["hledger", "stats", "-f", "out.journal"], capture_output=True, text=True, check=True
    ).stdout
    assert cli("map", "items.json") == 5
    transactions = sum(len(entry["entries"]) for entry in cli.lines)
    assert f"Transactions             : {transactions} " in printed


@pytest.mark.usefixtures("items_file")
def test_beancount_accepts_the_journal(cli: Cli) -> None:
    """`bean-check` finds nothing, and every transaction arrives."""
    loader = pytest.importorskip("beancount.loader", reason="beancount is not installed (pip install beancount)")
    assert cli("map", "items.json", "--format", "beancount", "-o", "out.beancount") == 5
    entries, errors, _ = loader.load_file("out.beancount")
    assert errors == []
    assert cli("map", "items.json") == 5
    mapped = [entry for entry in cli.lines if entry["status"] == "mapped"]
    transactions = [e for e in entries if type(e).__name__ == "Transaction"]
    assert len(transactions) == sum(len(entry["entries"]) for entry in mapped)
    codes = {e.meta["code"] for e in entries if type(e).__name__ == "Open"}
    assert len(codes) == len({p["account"] for m in mapped for e in m["entries"] for p in e["postings"]})


def test_account_names_are_valid_and_never_meet() -> None:
    """Valid codes stay as they are, others keep a digest; a code that looks like such a name gets one of its own."""
    made = [component(name) for name in [*NAMES, component("65 40")]]
    assert len(set(made)) == len(made)
    assert all(name.isascii() and name.replace("-", "").isalnum() for name in made)
    assert [component(name) for name in ("6540", "2901-AP")] == ["6540", "2901-AP"]


@pytest.mark.parametrize(
    ("value", "divisor", "text"),
    [
        (0, 100, "0.00"),
        (5, 100, "0.05"),
        (-5, 100, "-0.05"),
        (-12345, 100, "-123.45"),
        (12345, 1, "12345"),
        (12345, 1000, "12.345"),
        (7, 10, "0.7"),
        (2**53, 100, "90071992547409.92"),
    ],
)
def test_decimals(value: int, divisor: int, text: str) -> None:
    """Integers divided without floating point."""
    assert decimal(value, divisor) == text


# --- exit codes and files --------------------------------------------------------------------------------------


def test_all_mapped_is_zero(workspace: Path, cli: Cli) -> None:
    """No failed item, exit 0; the count stands on stderr."""
    (workspace / "items.json").write_text(json.dumps([item()]))
    assert cli("map", "items.json") == 0
    assert cli.err.startswith(b"1 item: 1 mapped, 0 failed\nthere is no desired state, so accounts")
    (workspace / "items.json").write_text("[]")
    assert cli("map", "items.json") == 0
    assert cli.err.startswith(b"warning: 0 items")


def test_a_broken_file_is_invalid_and_leaves_the_output_alone(workspace: Path, cli: Cli) -> None:
    """78 with line and column; with -o the old file stays, on stdout entries are followed by nothing."""
    (workspace / "items.jsonl").write_text(json.dumps(item()) + "\n{oops\n")
    (workspace / "out.json").write_text("old")
    assert cli("map", "items.jsonl", "-o", "out.json") == 78
    assert cli.json["findings"][0]["line"] == 2
    assert sorted(p.name for p in workspace.iterdir()) == ["items.jsonl", "mapping.yaml", "out.json", "pleoctl.yaml"]
    assert (workspace / "out.json").read_text() == "old"
    assert cli("map", "items.jsonl", "--format", "csv") == 78
    assert b"items.jsonl:2" in cli.err


@pytest.mark.parametrize("arguments", [["none.json"], ["."], ["items.json", "--format", "xml"], []])
def test_wrong_arguments(workspace: Path, cli: Cli, arguments: list[str]) -> None:
    """A file that cannot be read is 78, a wrong command line 64."""
    (workspace / "items.json").write_text("[]")
    assert cli("map", *arguments) == (78 if arguments in (["none.json"], ["."]) else 64)


def test_unknown_names_in_the_rules_stop_map(workspace: Path, cli: Cli) -> None:
    """Rules that are not understood map nothing."""
    (workspace / "mapping.yaml").write_text(HEAD + "taxx: {}\n")
    (workspace / "items.json").write_text("[]")
    assert cli("map", "items.json") == 78
    assert cli.json["findings"][0]["code"] == "MAP001"


def test_no_rules(workspace: Path, cli: Cli) -> None:
    """A workspace without rules says what to do."""
    (workspace / "mapping.yaml").unlink()
    (workspace / "pleoctl.yaml").write_text(
        (workspace / "pleoctl.yaml").read_text().replace("mapping: mapping.yaml\n", "")
    )
    (workspace / "items.json").write_text("[]")
    assert cli("map", "items.json") == 78
    assert "mapping.yaml" in cli.json["findings"][0]["hint"]


def test_the_catalogue_is_the_desired_state(workspace: Path, cli: Cli) -> None:
    """Accounts are checked against the desired state at hand; --no-catalog skips that."""
    (workspace / "desired-state.yaml").write_text("apiVersion: pleoctl/v1\nkind: DesiredState\naccounts: []\n")
    (workspace / "items.json").write_text(json.dumps([item()]))
    assert cli("map", "items.json") == 5
    assert cli.lines[0]["failureReasonType"] == "invalid_configuration"
    assert cli("map", "items.json", "--no-catalog") == 0


def test_a_device_is_written_to_and_stays(workspace: Path, cli: Cli) -> None:
    """-o /dev/null must not replace the device by a file."""
    (workspace / "items.json").write_text(json.dumps([item()]))
    assert cli("map", "items.json", "-o", "/dev/null") == 0
    assert not Path("/dev/null").is_file()


@pytest.mark.parametrize("form", ["json", "csv", "beancount", "hledger"])
def test_warnings_stand_beside_their_entry(workspace: Path, cli: Cli, form: str) -> None:
    """In every format, and in a table on standard error with an example."""
    (workspace / "mapping.yaml").write_text(HEAD.replace("unmatched: fail", "unmatched: fallback"))
    payable = item("invoice", bookkeeping={"method": "accounts_payable"}, vendor={"code": "NOBODY"})
    (workspace / "items.json").write_text(json.dumps([payable]))
    assert cli("map", "items.json", "--format", form) == 0
    assert b"booked to accounts.accountsPayable" in cli.out
    assert b"1 with warnings" in cli.err
    assert b"vendor NOBODY is not among" in cli.err


def test_an_item_that_comes_twice_is_told(workspace: Path, cli: Cli) -> None:
    """Overlapping pages must not be booked twice in silence; only the second one is warned of."""
    (workspace / "mapping.yaml").write_text(HEAD)
    (workspace / "items.json").write_text(json.dumps([item(), item(accountingEntryId="other"), item()]))
    assert cli("map", "items.json") == 0
    assert [bool(one["warnings"]) for one in cli.lines] == [False, False, True]
    assert b"came before" in cli.err


@pytest.mark.parametrize(("last", "told"), [(True, True), (False, False)])
def test_pages_that_are_missing_are_told(workspace: Path, cli: Cli, *, last: bool, told: bool) -> None:
    """Where the last of the saved pages says that there is one more."""
    (workspace / "mapping.yaml").write_text(HEAD)
    pages = [
        {"data": [item(accountingEntryId="a")], "pagination": {"hasNextPage": True}},
        {"data": [item(accountingEntryId="b")], "pagination": {"hasNextPage": last}},
    ]
    (workspace / "items.json").write_text("\n".join(json.dumps(page, indent=1) for page in pages))
    assert cli("map", "items.json") == 0
    assert (b"items.json: the last page says hasNextPage" in cli.err) == told


def test_an_account_has_one_name_in_all_journals(workspace: Path, cli: Cli) -> None:
    """What the rules call a vendor's account is a liability, also where an expense line comes first."""
    (workspace / "mapping.yaml").write_text(HEAD)
    lines = item("card_purchase", line(account={"code": "2901"}))
    payable = item("invoice", bookkeeping={"method": "accounts_payable"}, vendor={"code": "ACME"})
    for one in (lines, payable):
        (workspace / "items.json").write_text(json.dumps([one]))
        assert cli("map", "items.json", "--format", "hledger") == 0
        assert b"Liabilities:2901" in cli.out


@pytest.mark.parametrize("name", ["more.yaml", "vendors.csv", "a.csv"])
def test_no_output_replaces_what_is_read(workspace: Path, cli: Cli, name: str) -> None:
    """Included rules, lists of vendors, the accounting system's files: exit 64, nothing is written."""
    source = "source: {type: csv, accounts: {path: a.csv}}\n"
    (workspace / "pleoctl.yaml").write_text((workspace / "pleoctl.yaml").read_text() + source)
    (workspace / "more.yaml").write_text("apiVersion: pleoctl/v1\nkind: ExportMapping\n")
    (workspace / "vendors.csv").write_text("code\nV\n")
    (workspace / "a.csv").write_text("externalId,name\n")
    text = HEAD.replace("[standard]", "[standard, more.yaml]").replace("  rows:", "  file: vendors.csv\n  rows:")
    (workspace / "mapping.yaml").write_text(text)
    (workspace / "items.json").write_text(json.dumps([item()]))
    before = (workspace / name).read_bytes()
    assert cli("map", "items.json", "-o", name) == 64
    assert cli("mapping", "check", "--sarif", name) == 64
    assert cli("mapping", "check", "--junit", name) == 64
    assert cli("mapping", "test", "--junit", name) == 64
    assert (workspace / name).read_bytes() == before


@pytest.mark.usefixtures("items_file")
def test_rules_without_books_wait_for_none(workspace: Path) -> None:
    """No command that looks at rules, items or the workspace alone loads what reads or writes books."""
    (workspace / "desired-state.yaml").write_text("apiVersion: pleoctl/v1\nkind: DesiredState\naccounts: []\n")
    runs = [["validate"], ["map", "items.json", "-o", "out"], ["mapping", "check"]]
    books = ("pleoctl.sinks", "pleoctl.sources.opening", "requests")
    code = (
        f"import sys; from pleoctl.cli.main import run; [run(one) for one in {runs!r}]; "
        f"print([m for m in sys.modules if m.startswith({books!r})], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "desired-state.yaml, mapping.yaml: valid." in done.stdout
    assert done.stderr.splitlines()[-1] == "[]"
