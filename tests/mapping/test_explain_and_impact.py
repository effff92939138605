"""`mapping explain`, `impact` and `test` as people run them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pleoctl.mapping.engine.explain import explain
from pleoctl.mapping.items import convert

from .conftest import HEAD, Cli, engine, item, line
from .explained_items import explained

if TYPE_CHECKING:
    from pathlib import Path


def test_no_tests_are_no_success_in_silence(workspace: Path, cli: Cli) -> None:
    """Nothing was tested, and that is said."""
    (workspace / "mapping.yaml").write_text(HEAD)
    assert cli("mapping", "test") == 0
    assert cli.out.startswith(b"no tests; ")


def test_what_was_mapped_before_the_input_broke_is_written(workspace: Path, cli: Cli) -> None:
    """Complete lines on standard output, the place on standard error; into a file nothing is written."""
    whole = json.dumps(item("card_purchase"))
    (workspace / "mapping.yaml").write_text(HEAD)
    (workspace / "items.jsonl").write_text(f"{whole}\n{whole}\n{{broken\n{whole}\n")
    assert cli("map", "items.jsonl") == 78
    assert [one["status"] for one in cli.lines] == ["mapped", "mapped"]
    assert b"items.jsonl:3:" in cli.err
    assert cli("map", "items.jsonl", "-o", "out.jsonl") == 78
    assert not (workspace / "out.jsonl").exists()
    assert cli("map", "none.jsonl") == 78
    assert b"none.jsonl" in cli.err  # whoever led standard output into a file sees nothing else


def test_a_code_spelt_like_a_role_is_a_code_everywhere(workspace: Path, cli: Cli) -> None:
    """``account:`` in settings, line rows, vendors and sides."""
    text = HEAD.replace('wallet: "1940"', 'wallet: "account:contra"').replace(
        'account: "2901"', 'account: "account:line"'
    )
    text += 'lines: {rows: [{id: a, when: {supplier: A}, account: "account:wallet"}]}\n'
    (workspace / "mapping.yaml").write_text(text)
    journal = item("card_purchase", supplier={"name": "a"})
    payable = item("invoice", bookkeeping={"method": "accounts_payable"}, vendor={"code": "ACME"})
    (workspace / "items.json").write_text(json.dumps([journal, payable]))
    assert cli("map", "items.json") == 0
    accounts = [[p["account"] for p in one["entries"][0]["postings"]] for one in cli.lines]
    assert accounts == [["wallet", "contra"], ["6540", "line"]]


def test_an_older_copy_of_the_workspace_has_its_own_includes(workspace: Path, cli: Cli) -> None:
    """Beside the mapping that --base names; what the copy lacks is read from the workspace."""
    rows = "apiVersion: pleoctl/v1\nkind: ExportMapping\nlines: {rows: [{id: a, when: {}, account: '%s'}]}\n"
    (workspace / "old/rules").mkdir(parents=True)
    (workspace / "rules").mkdir()
    (workspace / "old/rules/lines.yaml").write_text(rows % "7000")
    (workspace / "rules/lines.yaml").write_text(rows % "7001")
    for folder in (workspace, workspace / "old"):
        (folder / "mapping.yaml").write_text(HEAD.replace("[standard]", "[standard, rules/lines.yaml]"))
    (workspace / "items.json").write_text(json.dumps([item()]))
    for base in ("old", "old/mapping.yaml"):
        assert cli("mapping", "impact", "--base", base, "--items", "items.json") == 0
        assert b"1 of 1 item changes" in cli.out
    (workspace / "old/rules/lines.yaml").unlink()
    assert cli("mapping", "impact", "--base", "old/mapping.yaml", "--items", "items.json") == 0
    assert b"None of 1 item changes" in cli.out


def test_impact_refuses_what_are_no_rules(workspace: Path, cli: Cli) -> None:
    """An empty base (an unset variable of a pipeline) is usage, a file of tests is no base."""
    (workspace / "items.json").write_text(json.dumps([item()]))
    (workspace / "tests.yaml").write_text("apiVersion: pleoctl/v1\nkind: MappingTests\ntests: []\n")
    assert cli("mapping", "impact", "--base", "", "--items", "items.json") == 64
    assert cli("mapping", "impact", "--base", "tests.yaml", "--items", "items.json") == 78
    assert b"where rules are due" in cli.err


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_impact_tells_why_items_fail_now(workspace: Path, cli: Cli, form: str) -> None:
    """With the reason, how many, and one of them."""
    (workspace / "old.yaml").write_text(HEAD)
    (workspace / "mapping.yaml").write_text(HEAD + "lines: {otherwise: fail}\n")
    (workspace / "items.json").write_text(json.dumps([item(), item()]))
    assert cli("mapping", "impact", "--base", "old.yaml", "--items", "items.json", "--format", form) == 0
    assert all(word in cli.out for word in (b"no line rule matches", b"missing", b"11111111-2222-4333"))
    if form == "json":
        assert cli.json["result"]["failures"][0]["items"] == 2


def test_an_explanation_goes_as_far_as_the_item_went(workspace: Path, cli: Cli) -> None:
    """Each step up to the one that failed, in the order in which they fall; nothing is made up behind it."""
    given = [
        item("wallet_topup"),
        item("card_purchase", line(100, account=None), line(100)),
        item(bookkeeping={"method": "odd"}),
        item(date="never"),
        item("card_purchase", line(0), line(100)),
    ]
    traces = [[step["step"] for step in one["trace"]] for one in explained(workspace, cli, *given)["items"]]
    assert traces == [
        ["route", "expense type", "journal debit wallet", "journal credit contra"],
        ["route", "expense type", "line 1"],
        ["route"],
        ["route"],
        ["route", "expense type", "line 1", "line 2", "journal credit wallet"],
    ]


def test_an_explanation_warns_as_map_does(workspace: Path, cli: Cli) -> None:
    """Also of what is odd beside the items before it: an id that came before, two currencies on one wallet."""
    given = [item("card_purchase"), item("card_purchase", currency="SEK"), item("card_purchase")]
    told = [one["warnings"] for one in explained(workspace, cli, *given)["items"]]
    assert cli("map", "items.json") == 0
    assert told == [json.loads(one)["warnings"] for one in cli.out.splitlines()]
    assert ["came before" in str(one) for one in told] == [False, True, True]
    again = explained(workspace, cli, *given, options=("--id", given[0]["accountingEntryId"]))["items"]
    assert [one["warnings"] for one in again] == told


@pytest.mark.parametrize("row", ['account: "6541"', 'refuse: "no gifts"'])
def test_what_no_row_asked_does_not_fail_an_explained_item(workspace: Path, cli: Cli, row: str) -> None:
    """Its entry is that of `map`, also where a condition of another row cannot be told."""
    other = "{id: b, when: {netAmount: 5, type: refund}, account: keep}"
    (workspace / "mapping.yaml").write_text(
        f"{HEAD}lines: {{rows: [{{id: a, when: {{supplier: A}}, {row}}}, {other}]}}\n"
    )
    tax = {"type": "inclusive", "amount": {"inWalletCurrency": {"currency": "EUR", "value": 12.5}}}
    (workspace / "items.json").write_text(json.dumps(item("fee", line(tax=tax), supplier={"name": "A"})))
    assert cli("map", "items.json") == 5
    (mapped,) = cli.lines
    assert "no gifts" in mapped["failureReason"] or mapped["failureReason"].startswith("line 1: tax: 12.5 is not")
    assert cli("mapping", "explain", "items.json", "--format", "json") == 0
    assert {**cli.json["result"], "trace": None} == {**mapped, "trace": None}


def test_a_test_may_expect_entries_in_any_order(workspace: Path, cli: Cli) -> None:
    """Payment before invoice, roles for codes: what meets it passes."""
    (workspace / "mapping.yaml").write_text(
        HEAD.replace("unmatched: fail", "unmatched: fallback")
        + """\
tests:
- name: paid by card
  given: {type: card_purchase, method: accounts_payable, lines: [{account: "6540", amount: 100}]}
  expect:
    entries:
    - {kind: payment, postings: [{debit: accountsPayable, amount: 100}, {credit: wallet, amount: 100}]}
    - {kind: invoice, postings: [{debit: line, amount: 100}, {credit: "2440", amount: 100}]}
- name: no contra account is expected out of pocket
  given: {type: out_of_pocket, contraAccount: "1999", lines: [{account: "6540", amount: 100}]}
  expect: {fails: validation_failure}
"""
    )
    assert cli("mapping", "test") == 0, cli.out


@pytest.mark.parametrize(
    ("supplier", "said"),
    [
        ("T\u0435lia", "U+0435 CYRILLIC SMALL LETTER IE in place of U+0065 LATIN SMALL LETTER E"),
        ("Tel\u200bia", "U+200B ZERO WIDTH SPACE in place of nothing"),
        ("\u0422elia Sweden", None),
        ("Telio", None),
        (
            "\uff34elia",
            "U+FF54 FULLWIDTH LATIN SMALL LETTER T in place of U+0074 LATIN SMALL LETTER T",
        ),
        (
            "\uff34\uff45\uff4cia",
            " and ".join(f"U+FF{n} FULLWIDTH LATIN SMALL LETTER {c}" for n, c in ((54, "T"), (45, "E")))
            + " in place of U+0074 LATIN SMALL LETTER T and U+0065 LATIN SMALL LETTER E",
        ),
        ("Acme \u00c5B", "U+00E5 LATIN SMALL LETTER A WITH RING ABOVE in place of U+0061 LATIN SMALL LETTER A"),
    ],
)
def test_texts_that_look_alike_are_told_apart(workspace: Path, cli: Cli, supplier: str, said: str | None) -> None:
    """The signs by which a text misses a condition that it seems to fulfil are named; what anybody sees is not."""
    asked = '{any: ["Telia", {endsWith: "AB"}]}'
    text = f"{HEAD}lines:\n  rows:\n  - {{id: a, when: {{supplier: {asked}}}, account: '1'}}\n"
    (workspace / "mapping.yaml").write_text(text)
    (workspace / "items.json").write_text(json.dumps(item("card_purchase", supplier={"name": supplier})))
    assert cli("mapping", "explain", "items.json") == 0
    (shown,) = (row for row in cli.out.decode().splitlines() if "not a (" in row)
    assert shown.endswith(f"fails (it has {said})" if said else ": fails")


def test_why_a_row_is_not_for_many_lines_is_kept_once(tmp_path: Path) -> None:
    """As long as it is one reason: an item may have thousands of lines, and rules thousands of rows."""
    rows = "lines: {rows: [{id: a, when: {account: '1'}, account: '7'}, {id: b, when: {supplier: B}, account: '8'}]}\n"
    made = convert(item("card_purchase", line(100), line(200, account="6541"), line(300)))
    trace = explain(engine(tmp_path, HEAD + rows), made)["trace"]
    first, second, third = (one["losers"] for one in trace if one["table"] == "lines")
    assert [loser["firstFailed"]["value"] for loser in (*first, *second)] == ["6540", None, "6541", None]
    assert all(one is other for one, other in zip(first, third, strict=True))
