"""`mapping test`, `explain`, `coverage` and `impact` as a user runs them."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from .conftest import HEAD, Cli, item, line, money
from .explained_items import ROWS, explained

if TYPE_CHECKING:
    from pathlib import Path

    from shapes import Json


TESTS = """
tests:
# a comment that stays
- name: right
  given: {type: refund, lines: [{account: "6540", amount: 10000}]}
  expect: [{debit: wallet, amount: 10000}, {credit: "6540", amount: 10000}]
- name: wrong account
  given: {type: refund, lines: [{account: "6540", amount: 10000}]}
  expect:
  - {debit: wallet, amount: 10000}
  # inside
  - {credit: "6541", amount: 10000}
- name: fails instead   # behind
  given: {type: overdraft, lines: [{account: "6540", amount: 10000}]}
  expect: [{debit: wallet, amount: 10000}]
- name: entries
  given: {type: fee, method: accounts_payable, vendor: ACME, lines: [{account: "6540", amount: 5}]}
  expect: {entries: [{kind: invoice, postings: [{debit: "6540", amount: 5}]}]}
"""


def test_tests_pass_and_fail(workspace: Path, cli: Cli) -> None:
    """Exit 1 with the difference of each failed test; JUnit says the same."""
    (workspace / "mapping.yaml").write_text(HEAD + TESTS)
    assert cli("mapping", "test", "--format", "json", "--junit", "t.xml") == 1
    result = cli.json["result"]
    assert (result["passed"], result["failed"]) == (1, 3)
    assert [(t["name"], t["line"], t["passed"]) for t in result["tests"]][:2] == [
        ("right", 15, True),
        ("wrong account", 18, False),
    ]
    assert "6541" in "".join(result["tests"][1]["differences"])
    assert "overdraft" in result["tests"][2]["failureReason"]
    suite = ET.fromstring((workspace / "t.xml").read_text())[0]
    assert (suite.get("tests"), suite.get("failures")) == ("4", "3")
    assert [len(case) for case in suite] == [0, 1, 1, 1]
    assert cli("mapping", "test") == 1
    assert b"FAIL  wrong account (mapping.yaml:18)" in cli.out


def test_update_rewrites_expectations_alone(workspace: Path, cli: Cli) -> None:
    """--update takes over the results, keeps everything else, and then all tests pass."""
    path = workspace / "mapping.yaml"
    path.write_text(HEAD + TESTS)
    assert cli("mapping", "test", "--update") == 0
    text = path.read_text()
    assert "# a comment that stays" in text
    assert "# behind" in text
    assert "expect: {fails: validation_failure}" in text
    assert text.startswith(HEAD)
    assert cli("mapping", "test", "--format", "json") == 0
    assert cli.json["result"]["passed"] == 4
    before = path.stat().st_mtime_ns
    assert cli("mapping", "test", "--update") == 0
    assert path.stat().st_mtime_ns == before


def test_update_keeps_what_comments_say_inside_of_expectations(workspace: Path, cli: Cli) -> None:
    """They stand above it, since it is written on one line."""
    given = "given: {type: refund, lines: [{account: '6540', amount: 10000}]}"
    new = "expect: [{credit: '6540', amount: 10000}, {debit: wallet, amount: 10000}]".replace("'", '"')
    (workspace / "mapping.yaml").write_text(
        f"{HEAD}tests:\n- name: a\n  {given}\n  expect: # why\n  # agreed\n"
        "  - {debit: wallet, amount: 5} # one\n  - {credit: '6540', amount: 5} # two\n  # end\n"
        "- expect: [{debit: wallet, amount: 5}, # c\n    {credit: '6540', amount: 5}] # d\n"
        f"  name: 'b # b'\n  {given}\n"
    )
    assert cli("mapping", "test", "--update") == 0
    assert (workspace / "mapping.yaml").read_text() == (
        f"{HEAD}tests:\n- name: a\n  {given}\n  # why\n  # agreed\n  # one\n  {new} # two\n  # end\n"
        f"# c\n- {new} # d\n  name: 'b # b'\n  {given}\n"
    )


def test_update_never_weakens_an_expectation(workspace: Path, cli: Cli) -> None:
    """A code stays a code; a role stands only where the expectation named it."""
    given = "{type: invoice, method: accounts_payable, vendor: ACME, lines: [{account: '6540', amount: 5}]}"
    payment = "{type: wallet_topup, lines: [{amount: 5}]}"
    (workspace / "mapping.yaml").write_text(
        f"{HEAD}tests:\n- name: a\n  given: {given}\n"
        "  expect: [{debit: '6540', amount: 5}, {credit: '2902', amount: 5}]\n"
        f"- name: b\n  given: {payment}\n  expect: [{{debit: wallet, amount: 6}}, {{credit: contra, amount: 6}}]\n"
    )
    assert cli("mapping", "test", "--update") == 0
    assert cli.out.endswith(b"2 tests: 0 passed, 2 updated\n")
    text = (workspace / "mapping.yaml").read_text()
    assert 'expect: [{debit: "6540", amount: 5}, {credit: "2901", amount: 5}]' in text
    assert "expect: [{debit: wallet, amount: 5}, {credit: contra, amount: 5}]" in text


def test_junit_is_written_where_rules_cannot_be_read(workspace: Path, cli: Cli) -> None:
    """At every exit code, with the finding inside."""
    (workspace / "mapping.yaml").write_text(HEAD + "lines: 5\n")
    assert cli("mapping", "test", "--junit", "t.xml") == 78
    assert "lines must be a mapping" in (workspace / "t.xml").read_text()


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        (
            "{type: card_purchase, contraAccount: '1980', lines: [{account: '1', amount: 5}]}",
            "[{debit: '1', amount: 5}, {credit: '1980', amount: 5}]",
        ),
        (
            "{type: card_purchase, lines: [{account: '1', amount: 5}]}",
            "[{credit: wallet, amount: 5}, {debit: line, amount: 5}]",
        ),
        (
            "{type: refund, lines: [{account: '1', amount: -5}]}",
            "[{debit: wallet, amount: 5}, {credit: '1', amount: 5}]",
        ),
        (
            "{type: mileage, method: accounts_payable, user: E-1, lines: [{account: '1', amount: 5}]}",
            "[{debit: '1', amount: 5}, {credit: '2822', amount: 5}]",
        ),
        (
            "{type: fee, method: accounts_payable, vendor: {externalId: ven-1}, lines: [{account: '1', amount: 5}]}",
            (
                "{entries: [{kind: invoice, postings: [{debit: '1', amount: 5}, {credit: '2901', amount: 5}]}, "
                "{kind: payment, postings: [{debit: '2901', amount: 5}, {credit: wallet, amount: 5}]}]}"
            ),
        ),
        ("{type: invoice, method: accounts_payable, lines: [{account: '1', amount: 5}]}", "{fails: vendor_unknown}"),
        (
            "{type: card_purchase, date: '2026-01-02', currency: SEK, lines: [{amount: 5}]}",
            "{fails: missing_configuration}",
        ),
        (
            "{type: personal_spend, subType: reimbursement_to_company, method: journal, lines: [{amount: 5}]}",
            "[{debit: outOfPocket, amount: 5}, {credit: wallet, amount: 5}]",
        ),
        (
            "{type: fee, lines: [{account: '1', amount: 50, tax: {type: inclusive, amount: 10, ingoing: '2641'}}]}",
            "[{debit: '1', amount: 40}, {debit: '2641', amount: 10}, {credit: wallet, amount: 50}]",
        ),
        (
            (
                "{type: fee, lines: [{account: '1', amount: 50, tags: {D: '20'}, "
                "tax: {type: reverse, amount: 10, ingoing: 'i', outgoing: 'o'}}]}"
            ),
            (
                "[{debit: '1', amount: 50}, {debit: tax, amount: 10}, "
                "{credit: 'o', amount: 10}, {credit: wallet, amount: 50}]"
            ),
        ),
        (
            "{type: card_purchase, supplier: FIGMA, note: x, team: T, lines: [{account: '1', amount: 5}]}",
            "[{debit: '7', amount: 5}, {credit: wallet, amount: 5}]",
        ),
    ],
)
def test_what_tests_can_say(workspace: Path, cli: Cli, given: str, expect: str) -> None:
    """Every key of `given`, roles and codes in `expect`, in any order."""
    rules = 'lines: {rows: [{id: f, when: {supplier: Figma, team: T}, account: "7"}]}\ntax: {shape: split}\n'
    (workspace / "mapping.yaml").write_text(f"{HEAD}{rules}tests:\n- {{name: t, given: {given}, expect: {expect}}}\n")
    assert cli("mapping", "test") == 0, cli.out.decode()


def test_test_files(workspace: Path, cli: Cli) -> None:
    """A file of tests is run against the workspace's rules, one with rules of its own against those."""
    head = "apiVersion: pleoctl/v1\nkind: MappingTests\ntests:\n"
    test = "- {name: t, given: {item: %s}, expect: [{debit: '6540', amount: 10000}, {credit: '1940', amount: 10000}]}\n"
    (workspace / "cards.yaml").write_text(head + test % json.dumps(item()))
    (workspace / "own.yaml").write_text(HEAD.replace("1940", "1941") + "tests:\n" + test % json.dumps(item()))
    assert cli("mapping", "test", "cards.yaml") == 0
    assert cli("mapping", "test", "cards.yaml", "own.yaml", "--format", "json") == 1
    assert [(t["file"], t["passed"]) for t in cli.json["result"]["tests"]] == [
        ("cards.yaml", True),
        ("own.yaml", False),
    ]


def test_tests_do_not_need_the_accounting_system(workspace: Path, cli: Cli) -> None:
    """The desired state does not change what tests say."""
    (workspace / "mapping.yaml").write_text(HEAD + TESTS.split("- name: wrong", maxsplit=1)[0])
    (workspace / "desired-state.yaml").write_text("apiVersion: pleoctl/v1\nkind: DesiredState\naccounts: []\n")
    assert cli("mapping", "test") == 0


def test_explain_tells_why(workspace: Path, cli: Cli) -> None:
    """Winner with place, each condition with the item's value, the branch of a role, losers with what failed."""
    result = explained(workspace, cli, item(supplier={"name": "Figma Inc"}))
    steps = {step["step"]: step for step in result["trace"]}
    assert steps["expense type"]["winner"] == {"rule": "standard/card_purchase", "file": "standard.yaml", "line": 8}
    assert {c["result"] for c in steps["expense type"]["conditions"]} == {True}
    line_step = steps["line 1"]
    assert line_step["winner"] == {"rule": "figma", "file": "mapping.yaml", "line": 15}
    assert line_step["conditions"] == [
        {"field": "supplier", "predicate": {"startsWith": "Fig"}, "value": "Figma Inc", "result": True},
        {"field": "amount", "predicate": {"range": [100, None]}, "value": 10000, "result": True},
    ]
    assert [(x["rule"], x["firstFailed"]["value"]) for x in line_step["losers"]] == [
        ("other", "Figma Inc"),
        ("late", "Figma Inc"),
    ]
    assert steps["journal credit wallet"]["winner"] == {"rule": "accounts.wallet", "file": "mapping.yaml", "line": 3}
    assert "accounts.wallet" in steps["journal credit wallet"]["branch"]
    assert result["status"] == "mapped"


def test_explain_a_later_row_that_would_match_too(workspace: Path, cli: Cli) -> None:
    """A row that only comes too late has no failed condition."""
    result = explained(workspace, cli, item(supplier={"name": "figma"}))
    losers = next(s for s in result["trace"] if s["step"] == "line 1")["losers"]
    assert {x["rule"]: x["firstFailed"] for x in losers}["late"] is None


def test_explain_selects_by_id_and_takes_defects(workspace: Path, cli: Cli) -> None:
    """--id picks one of many; failed and unreadable items are explained as far as they go."""
    given = [
        {**item(), "accountingEntryId": "a"},
        {**item("overdraft"), "accountingEntryId": "b"},
        42,
        {**item("invoice", bookkeeping={"method": "accounts_payable"}), "accountingEntryId": "c"},
    ]
    assert explained(workspace, cli, *given, options=("--id", "b"))["failureReasonType"] == "validation_failure"
    listed = explained(workspace, cli, *given)["items"]
    assert [len(one["trace"]) > 0 for one in listed] == [True, True, False, True]
    assert cli("mapping", "explain", "items.json", "--id", "zzz") == 64
    assert cli("mapping", "explain", "items.json") == 0
    assert "vendor_unknown" in cli.out.decode()


def test_explain_as_graph_escapes(workspace: Path, cli: Cli) -> None:
    """Mermaid text in which nothing of the item can be syntax."""
    explained(workspace, cli, item("card_purchase", line(account='"]; click x'), accountingEntryId='e"-->x'))
    assert cli("mapping", "explain", "items.json", "--graph") == 0
    text = cli.out.decode()
    assert text.startswith("flowchart TD\n")
    assert 'e"-->x' not in text
    assert '"]; click' not in text
    assert text.count('["') == text.count('"]')


def test_coverage(workspace: Path, cli: Cli) -> None:
    """Hits per row, rows never hit, unmapped items."""
    (workspace / "mapping.yaml").write_text(HEAD + ROWS)
    given = [item("card_purchase", line(500), line(600), supplier={"name": "Figma"}), item("fee"), item("overdraft")]
    (workspace / "items.json").write_text(json.dumps(given))
    assert cli("mapping", "coverage", "--items", "items.json", "--format", "json") == 0
    result = cli.json["result"]
    hits = {row["rule"]: row["hits"] for row in result["rules"]}
    assert (hits["standard/card_purchase"], hits["standard/fee"], hits["figma"], hits["other"]) == (1, 1, 2, 0)
    assert result["neverHit"] == ["other", "late"]
    assert [u["type"] for u in result["unmapped"]] == ["overdraft"]
    assert (result["items"], result["mapped"], result["failed"]) == (3, 2, 1)
    assert cli("mapping", "coverage", "--items", "items.json") == 0
    assert b"never hit" in cli.out


def test_explain_of_nothing_says_so(workspace: Path, cli: Cli) -> None:
    """An empty list is no explanation."""
    (workspace / "items.json").write_text('{"data": []}')
    assert cli("mapping", "explain", "items.json") == 0
    assert cli.out == b"items.json has no items\n"


def test_impact_of_a_path(workspace: Path, cli: Cli) -> None:
    """How many items and which sums move from which account to which, per currency."""
    (workspace / "old").mkdir()
    (workspace / "old/mapping.yaml").write_text(HEAD)
    (workspace / "mapping.yaml").write_text(HEAD + ROWS)
    figma: Json = {"supplier": {"name": "Figma"}}
    given = [
        item(**figma),
        item("card_purchase", line(250), line(50), **figma),
        item(),
        item("card_purchase", line(700, currency="SEK"), currency="SEK", **figma),
        item("card_purchase", line(500, account=None), **figma),
    ]
    (workspace / "items.json").write_text(json.dumps(given))
    assert cli("mapping", "impact", "--base", "old/mapping.yaml", "--items", "items.json", "--format", "json") == 0
    result = cli.json["result"]
    assert (result["items"], result["changed"], result["nowMapped"], result["nowFailed"]) == (5, 4, 1, 0)
    moves = {(m["side"], m["from"], m["to"], m["currency"]): (m["items"], m["amount"]) for m in result["moves"]}
    assert moves[("debit", "6540", "6541", "EUR")] == (2, 10250)
    assert moves[("debit", "6540", "2", "EUR")] == (1, 50)
    assert moves[("debit", "6540", "6541", "SEK")] == (1, 700)
    assert moves[("debit", None, "6541", "EUR")] == (1, 500)
    assert moves[("credit", None, "1940", "EUR")] == (1, 500)
    assert cli("mapping", "impact", "--base", "old/mapping.yaml", "--items", "items.json") == 0
    assert b"4 of 5 items change" in cli.out


def test_impact_of_a_git_revision(workspace: Path, cli: Cli) -> None:
    """The rules of a revision, with their includes, as they were committed; markdown is escaped."""

    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments], check=True, capture_output=True
        )

    (workspace / "more.yaml").write_text(
        "apiVersion: pleoctl/v1\nkind: ExportMapping\nlines: {rows: [{id: a, when: {}, account: 'x|y <b>'}]}\n"
    )
    (workspace / "mapping.yaml").write_text(HEAD.replace("[standard]", "[standard, more.yaml]"))
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "rules")
    (workspace / "more.yaml").unlink()
    (workspace / "mapping.yaml").write_text(HEAD)
    (workspace / "items.json").write_text(json.dumps([item()]))
    assert cli("mapping", "impact", "--base", "HEAD", "--items", "items.json", "--format", "markdown") == 0
    text = cli.out.decode()
    assert "1 of 1 item changes" in text
    assert "x|y" not in text
    assert "<b>" not in re.sub("`[^`]*`", "", text)
    assert "| 1 | debit |" in text
    for base in ("nothing", "--output=x", "HEAD:x"):
        assert cli("mapping", "impact", f"--base={base}", "--items", "items.json") == 64


@pytest.mark.parametrize("worktree", ["", "worktree = ../"])
def test_a_folder_of_a_branch_is_no_repository(workspace: Path, cli: Cli, tmp_path: Path, worktree: str) -> None:
    """Committed files that look like a bare repository are refused, with any git, before they name a program."""
    ran = tmp_path / "ran"
    commit = "1" * 40
    (workspace / "refs" / "heads").mkdir(parents=True)
    (workspace / "objects").mkdir()
    (workspace / "HEAD").write_text("ref: refs/heads/main\n")
    (workspace / "refs" / "heads" / "main").write_text(f"{commit}\n")
    (workspace / "config").write_text(
        f"[core]\nrepositoryformatversion = 1\nbare = {'false' if worktree else 'true'}\n{worktree}\n"
        f'[extensions]\npartialClone = o\n[remote "o"]\nurl = .\nuploadpack = "touch {ran};"\npromisor = true\n'
    )
    (workspace / "mapping.yaml").write_text(HEAD)
    (workspace / "items.json").write_text(json.dumps([item()]))
    assert cli("mapping", "impact", "--base", commit, "--items", "items.json") == 3
    assert not ran.exists()


def test_impact_of_nothing(workspace: Path, cli: Cli) -> None:
    """The same rules move nothing."""
    (workspace / "items.json").write_text(json.dumps([item("fee", line(5, tax={"type": "x", "amount": money(1)}))]))
    assert cli("mapping", "impact", "--base", "mapping.yaml", "--items", "items.json", "--format", "json") == 0
    assert cli.json["result"]["moves"] == []


def test_a_failed_test_shows_postings(workspace: Path, cli: Cli) -> None:
    """What is missing and what is there instead, a line each; the reason of a failure."""
    (workspace / "mapping.yaml").write_text(HEAD + TESTS)
    assert cli("mapping", "test") == 1
    text = cli.out.decode()
    assert "      - credit 6541 10000\n      + credit 6540 10000\nFAIL" in text
    assert "      + fails validation_failure\n      reason: no rule is known for type overdraft" in text
    assert "+ 1 invoice: credit 2901 (accountsPayable) 5\n      + 2 payment: debit 2901 (accountsPayable) 5\n" in text
