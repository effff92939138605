"""`sink check`: what the books say of the accounts that rules and desired state name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from export_pleo import World
    from job_outcomes import MakeBooks
    from shapes import Json
    from tests.conftest import Cli, MakeWorkspace

RULES: Final = """apiVersion: pleoctl/v1
kind: ExportMapping
accounts: {wallet: "1940", outOfPocket: "2890", contra: "1930", accountsPayable: "2440"}
vendors: {unmatched: fail, match: [code], rows: []}
tax: {shape: split}
include: [standard]
"""
TAGGED: Final[Json] = {
    "accountingEntryId": "d6d67026-4745-52e1-bad3-96101ebe952e",
    "type": "card_purchase",
    "date": "2026-03-04",
    "amount": {"inWalletCurrency": {"currency": "EUR", "value": 500}},
    "accountingEntryLines": [
        {
            "lineAmount": {"inWalletCurrency": {"currency": "EUR", "value": 500}},
            "account": {"code": "6540"},
            "tags": [{"groupCode": "DEPT", "code": "20"}],
        }
    ],
    "additionalInformation": {"reconciliationId": "1"},
}


@pytest.mark.parametrize(
    ("sink", "where"),
    [
        ({"type": "datev", "path": "books", "consultant": 1001, "client": 1, "currency": "EUR"}, "costCentres"),
        ({"type": "sie", "path": "books", "currency": "EUR", "company": "A", "series": "P"}, "dimensions"),
    ],
)
def test_a_tag_that_the_books_have_no_room_for_is_refused_with_the_keys_to_set(
    workspace: MakeWorkspace, cli: Cli, sink: Json, where: str
) -> None:
    """Those that the section of that type has, and both of them do what is said."""
    folder = workspace(None, sink=sink, mapping="mapping.yaml")
    (folder / "mapping.yaml").write_text(RULES)
    (folder / "items.json").write_text(json.dumps(TAGGED))
    said = cli("map", "items.json", "--format", sink["type"], "-o", "out")
    words = f"the books have no room for the tag group DEPT; name it in sink.{where} or sink.ignoreTags"
    assert (said.code, words in said.stderr) == (5, True)
    for key, value in ((where, ["DEPT"] if where == "costCentres" else {"DEPT": 1}), ("ignoreTags", ["DEPT"])):
        workspace(None, sink={**sink, key: value}, mapping="mapping.yaml")
        assert cli("map", "items.json", "--format", sink["type"], "-o", "out").code == 0


def test_what_the_books_hold_is_told_in_words(workspace: MakeWorkspace, cli: Cli) -> None:
    """Programs read the same as values."""
    folder = workspace(None, sink={"type": "datev", "path": "b", "consultant": 1001, "client": 1, "currency": "EUR"})
    (folder / "mapping.yaml").write_text(RULES)
    said = cli("sink", "check").stdout
    assert {"taxCodes: yes", "tags: none", "drafts: no"} <= set(said.splitlines())
    told = cli("sink", "check", "--format", "json").json["result"]
    assert (told["taxCodes"], told["tags"], told["drafts"]) == (True, [], False)


def test_a_fiscal_year_begins_on_a_day_that_there_is(workspace: MakeWorkspace, cli: Cli) -> None:
    """DATEV refuses the whole file else."""
    sink = {"type": "datev", "path": "b", "consultant": 1001, "client": 1, "currency": "EUR"}
    for day, code in (("13-01", 78), ("02-29", 78), ("00-10", 78), ("04-31", 78), ("04-30", 0), ("12-31", 0)):
        folder = workspace(None, sink={**sink, "fiscalYearStart": day}, mapping="mapping.yaml")
        (folder / "mapping.yaml").write_text(RULES)
        assert cli("sink", "check").code == code, day


def test_check_names_the_accounts_that_the_books_do_not_take(world: World, books: MakeBooks, cli: Cli) -> None:
    """Those of the rules are errors with file and line, those of the desired state alone are warnings."""
    assert world.url
    datev = {"type": "datev", "path": "books", "consultant": 1001, "client": 1, "currency": "SEK"}
    folder = books(datev)
    assert cli("sink", "check").code == 0
    rules = (folder / "mapping.yaml").read_text()
    (folder / "mapping.yaml").write_text(rules.replace('"1940"', '"19-40"'))
    (folder / "desired-state.yaml").write_text(
        'apiVersion: pleoctl/v1\nkind: DesiredState\naccounts:\n- {externalId: "x", code: "BANK", name: "Bank"}\n'
    )
    said = cli("sink", "check", "--format", "json")
    assert said.code == 1
    found = {(one["code"], one["level"]): one for one in said.json["findings"]}
    error, warning = found["account-not-in-books", "error"], found["account-not-in-books", "warning"]
    assert "accounts.wallet: account 19-40 is not a number" in error["message"]
    assert (error["file"], error["line"]) == ("mapping.yaml", 3)
    assert (warning["address"], "BANK" in warning["message"]) == ("account:x", True)
