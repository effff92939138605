"""`sink check`: what the books say of the accounts that rules and desired state name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from export_pleo import World
    from job_outcomes import MakeBooks
    from tests.conftest import Cli


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
