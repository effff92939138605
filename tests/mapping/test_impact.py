"""What `mapping impact` says: moves of money, codes, items, and the page that draws them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from .conftest import HEAD, Cli, item, line, money

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from shapes import Json, Value


def rows(*listed: Json) -> str:
    """Rules with line rows."""
    made = [{"id": f"r{n}", "when": {}, **row} for n, row in enumerate(listed)]
    return HEAD + "lines:\n  rows:\n" + "".join(f"  - {json.dumps(row)}\n" for row in made)


def impact(folder: Path, cli: Cli, old: str, new: str, *given: Json) -> Value:
    """The result as JSON."""
    (folder / "old.yaml").write_text(old)
    (folder / "mapping.yaml").write_text(new)
    (folder / "items.json").write_text(json.dumps(list(given) or [item()]))
    assert cli("mapping", "impact", "--base", "old.yaml", "--items", "items.json", "--format", "json") == 0
    return cli.json["result"]


SPLIT = {"split": [{"share": "70", "account": "4650"}, {"share": "30", "account": "4654"}]}


def moved(result: Value) -> list[tuple[Value, ...]]:
    """Side, accounts and amount of each move."""
    return [(m["side"], m["from"], m["to"], m["amount"]) for m in result["moves"]]


def test_a_split_moves_each_part(workspace: Path, cli: Cli) -> None:
    """From the account of the line, not from nothing; and back again."""
    there = impact(workspace, cli, HEAD, rows(SPLIT))
    assert moved(there) == [("debit", "6540", "4650", 7000), ("debit", "6540", "4654", 3000)]
    back = impact(workspace, cli, rows(SPLIT), HEAD)
    assert moved(back) == [("debit", "4650", "6540", 7000), ("debit", "4654", "6540", 3000)]


def test_what_stays_on_an_account_does_not_move(workspace: Path, cli: Cli) -> None:
    """A part that keeps the line's account."""
    keep = {"split": [{"share": "70", "account": "keep"}, {"share": "30", "account": "4654"}]}
    assert moved(impact(workspace, cli, HEAD, rows(keep))) == [("debit", "6540", "4654", 3000)]


def test_a_tax_that_is_split_off_moves_from_the_line(workspace: Path, cli: Cli) -> None:
    """Not from nothing."""
    tax = {"code": "I25", "type": "inclusive", "amount": money(2500), "ingoingTaxAccount": "2641"}
    given = item("card_purchase", line(12500, tax=tax))
    result = impact(workspace, cli, HEAD, HEAD + "tax: {shape: split}\n", given)
    assert moved(result) == [("debit", "6540", "2641", 2500)]


def test_codes_that_change_are_told(workspace: Path, cli: Cli) -> None:
    """Tax codes and tags, although no money moves."""
    new = rows({"account": "keep", "set": {"tags": {"DEPT": "20"}, "taxCode": "X"}})
    result = impact(workspace, cli, HEAD, new, item("fee", line(tags=[{"groupCode": "DEPT", "code": "10"}])))
    assert (result["changed"], result["recoded"], result["moves"]) == (1, 1, [])
    (one,) = result["changedItems"]
    assert [(c["what"], c["from"], c["to"]) for c in one["codes"]] == [("tag DEPT", "10", "20"), ("taxCode", "", "X")]
    assert cli("mapping", "impact", "--base", "old.yaml", "--items", "items.json") == 0
    assert "1 of 1 item changes, 1 has other tax codes or tags" in cli.out.decode()
    assert cli("mapping", "impact", "--base", "old.yaml", "--items", "items.json", "--format", "markdown") == 0
    assert "| 1 | tag DEPT | 10 | 20 |" in cli.out.decode()


KINDS = (
    "expenseTypes:\n- {id: k, when: {type: fee, subType: null, method: journal}, replaces: standard/fee, "
    "entries: [{kind: KIND, debit: line, credit: wallet}]}\n"
)


def test_codes_that_parts_exchange_are_told(workspace: Path, cli: Cli) -> None:
    """All of a line have the same ones before and after, in another place; parts in another order are no change."""

    def parts(*tags: Json, **more: Value) -> str:
        accounts = [("70", "4650"), ("30", "4654")]
        made = [{"share": s, "account": a, **tag} for (s, a), tag in zip(accounts, tags, strict=True)]
        return rows({"split": made[::-1] if more else made})

    ten: Json = {"tags": {"DEPT": "10"}}
    twenty: Json = {"tags": {"DEPT": "20"}}
    result = impact(workspace, cli, parts(ten, twenty), parts(twenty, ten))
    (change,) = result["changedItems"]
    assert (result["changed"], result["moves"], result["recoded"]) == (1, [], 1)
    assert [(c["what"], c["from"], c["to"]) for c in change["codes"]] == [("tag DEPT", "10, 20", "20, 10")]
    assert impact(workspace, cli, parts(ten, twenty), parts(ten, twenty, turned=True))["changed"] == 0
    tax = {"code": "I25", "type": "inclusive", "amount": money(2500), "ingoingTaxAccount": "2641"}
    given = item("card_purchase", line(12500, tax=tax))
    (change,) = impact(workspace, cli, parts({}, {}), parts({}, {"taxCode": None}), given)["changedItems"]
    assert [(c["what"], c["from"], c["to"]) for c in change["codes"]] == [("taxCode", "I25, I25", "I25, (none)")]


def test_what_money_does_not_show_is_an_impact(workspace: Path, cli: Cli) -> None:
    """Another kind of entry, another divisor of amounts, another reason to fail."""
    given = item("fee", line())
    result = impact(workspace, cli, HEAD, HEAD + KINDS.replace("KIND", "invoice"), given)
    assert [(c["what"], c["from"], c["to"]) for c in result["changedItems"][0]["codes"]] == [
        ("kind", "journal", "invoice")
    ]
    result = impact(workspace, cli, HEAD, HEAD + "amounts: {divisor: {EUR: 1}}\n", given)
    assert [(c["what"], c["from"], c["to"]) for c in result["changedItems"][0]["codes"]] == [
        ("divisor EUR", "100", "1")
    ]
    result = impact(workspace, cli, rows({"refuse": "no"}), rows({"refuse": "never"}), given)
    assert (result["changed"], result["nowFailed"], result["nowFailedOtherwise"]) == (1, 0, 1)
    assert [f["failureReason"] for f in result["failures"]] == ["never"]
    assert cli("mapping", "impact", "--base", "old.yaml", "--items", "items.json") == 0
    assert "1 of 1 item changes, 1 fails otherwise." in cli.out.decode()
    assert impact(workspace, cli, rows({"refuse": "no"}), rows({"refuse": "no"}), given)["changed"] == 0


def test_items_of_another_company_are_told(workspace: Path, cli: Cli) -> None:
    """`map` refuses them, so nobody may take for granted what these commands say of them."""
    stray = item("fee", line(), companyId="99999999-e567-4890-8234-abc56e78fabc", accountingEntryId="id-2")
    impact(workspace, cli, HEAD, HEAD, item("fee", line()), stray)
    for command in (
        ("impact", "--base", "old.yaml", "--items", "items.json"),
        ("coverage", "--items", "items.json"),
        ("explain", "items.json"),
    ):
        assert cli("mapping", *command, "--format", "json") == 0
        (told,) = cli.json["findings"]
        assert (told["code"], told["level"]) == ("other-company", "warning")
        assert "1 item is of another company" in told["message"]
        assert "first id-2 of 99999999-" in told["message"]


def test_items_that_change_are_listed(workspace: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what becomes of each; beyond a number they are counted."""
    monkeypatch.setattr("pleoctl.mapping.analysis.impact.MAX_CHANGED", 2)
    new = rows({"when": {"amount": 1}, "refuse": "too small"}, {"account": "1", "set": {"description": "new"}})
    given = [item("fee", line(n), accountingEntryId=f"id-{n}") for n in (1, 2, 3)]
    result = impact(workspace, cli, HEAD, new, *given)
    assert (len(result["changedItems"]), result["changedItemsLeftOut"]) == (2, 1)
    first, second = result["changedItems"]
    assert (first["accountingEntryId"], first["status"], first["failureReason"]) == (
        "id-1",
        {"from": "mapped", "to": "failed"},
        "too small",
    )
    assert second["moves"] == [{"side": "debit", "from": "6540", "to": "1", "currency": "EUR", "amount": 2}]
    assert second["description"] == {"from": "", "to": "new"}


def page(folder: Path, cli: Cli, new: str, *given: Json) -> str:
    """The page of a change."""
    impact(folder, cli, HEAD, new, *given)
    assert cli("mapping", "impact", "--base", "old.yaml", "--items", "items.json", "--format", "html") == 0
    return cli.out.decode()


def test_the_page_draws_what_moves(workspace: Path, cli: Cli) -> None:
    """A band for each move, as wide as its share; no scripts, nothing from elsewhere."""
    made = page(workspace, cli, rows(SPLIT))
    widths = [float(w) for w in re.findall(r'stroke-width="([0-9.]+)"', made)]
    assert widths == [168.0, 72.0]
    assert "<title>6540 → 4650: 70.00 EUR, 1 item</title>" in made
    assert not re.search(r"<script|https?://|url\(|@import", made)
    assert "default-src &#39;none&#39;" in made
    assert "11111111-2222-4333-8444-555555555555" in made


def test_the_page_shows_live_text_as_it_is(workspace: Path, cli: Cli) -> None:
    """Accounts and descriptions of items cannot become markup."""
    hostile = '"><script>alert(1)</script>'
    made = page(workspace, cli, rows(SPLIT), item("fee", line(account=hostile), note=hostile))
    assert "<script" not in made
    assert "&lt;script&gt;" in made


def test_the_page_of_no_change_says_so(workspace: Path, cli: Cli) -> None:
    """Without drawings and tables."""
    made = page(workspace, cli, HEAD)
    assert "None of 1 item changes" in made
    assert "<svg" not in made
    assert "<table" not in made


def test_many_moves_are_drawn_as_far_as_one_sees_them(workspace: Path, cli: Cli) -> None:
    """The largest; the others stand in the table."""
    given = [item("fee", line(1000 + n, account=f"7{n:03d}")) for n in range(60)]
    made = page(workspace, cli, rows({"account": "1"}), *given)
    assert made.count("<path") == 40
    assert "20 smaller moves are in the table alone" in made
