"""Export jobs of many companies: each booked into its own books, whatever becomes of the others'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from job_outcomes import booked
from job_rules import BAS
from pleoctl.sandbox import Seed, Settings

if TYPE_CHECKING:
    from shapes import Value
    from tests.conftest import Cli
    from tests.fleet.conftest import Company, FleetFolder

JOB = "6b1f2c1e-0000-4000-8000-00000000000{}"


def book(company: Company, number: int, accounts: list[str | None], **settings: Value) -> None:
    """Let a company's Pleo have a job of so many items, and its workspace book them into a file."""
    ids = [f"00000000-0000-4000-8000-{number:04}{n:08}" for n in range(len(accounts))]
    items = [
        {"accountingEntryId": entry, "amount": 100, "account": account}
        for entry, account in zip(ids, accounts, strict=True)
    ]
    jobs = [{"id": JOB.format(number), "items": items}] if items else []
    company.pleo.reset(Seed(company=company.pleo.company, export_jobs=jobs), Settings(**settings))
    company.write(mapping="mapping.yaml", sink={"type": "beancount", "path": "books"}, source=None)
    (company.folder / "mapping.yaml").write_text(BAS)
    (company.folder / "desired-state.yaml").unlink()


def ended(company: Company) -> list[str]:
    """How each item of the company's job ended."""
    return [item["status"] for item in company.pleo.state()["exportItems"]]


def test_jobs_of_every_company_are_booked(fleet: FleetFolder, cli: Cli) -> None:
    """Into its own books, once; an item that cannot be is that company's 5, rules that cannot be read its own end."""
    book(fleet["north"], 1, ["6820"] * 3)
    book(fleet["south"], 2, ["6820", None])
    book(fleet["west"], 3, ["6820"])
    (fleet["west"].folder / "mapping.yaml").write_text("apiVersion: pleoctl/v1\nkind: ExportMapping\naccounts: [")
    said = cli("fleet", "jobs", "--format", "json")
    north, south, west = said.json["result"]["companies"]
    assert (said.code, [one["exitCode"] for one in (north, south, west)]) == (5, [0, 5, 78]), said.stdout
    assert north["summary"]["jobs"][0]["outcome"] == "completed"
    assert south["summary"]["jobs"][0]["outcome"] == "completed_with_errors"
    assert "account" in south["error"]["message"]
    assert (ended(fleet["north"]), ended(fleet["south"])) == (["successful"] * 3, ["successful", "failed"])
    assert [len(booked(one.folder)) for one in fleet.companies.values()] == [3, 1, 0]
    assert (fleet.root / north["receipt"]).is_file()
    again = cli("fleet", "jobs", "--select", "north", "--select", "south", "--format", "json")
    assert (again.code, set(booked(fleet["north"].folder).values())) == (0, {1})
