"""Fleets of companies on sandboxes of their own."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import pytest

from pleoctl.sandbox import Sandbox, Seed, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shapes import Json, Value

ACCOUNT = {"externalId": "a1", "code": "1", "name": "One"}


class Company:
    """A company of a fleet: its sandbox and its workspace."""

    def __init__(self, pleo: Sandbox, folder: Path) -> None:
        self.pleo, self.folder = pleo, folder

    def write(self, *, rows: int = 1, **sections: Value) -> None:
        """A workspace whose books have so many accounts."""
        self.folder.mkdir(parents=True, exist_ok=True)
        form = self.folder.name.upper().replace("-", "_")
        data: Json = {
            "apiVersion": "pleoctl/v1",
            "kind": "Workspace",
            "company": self.pleo.company,
            "pleo": {"url": self.pleo.url, "auth": {"apiKey": f"env:PLEO_FLEET_{form}__KEY"}},
            "source": {"type": "csv", "accounts": {"path": "accounts.csv"}},
        }
        given = {key: value for key, value in {**data, **sections}.items() if value is not None}
        text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in given.items())
        (self.folder / "pleoctl.yaml").write_text(text, encoding="utf-8")
        lines = ["externalId,code,name", *(f"a{n},{n},N{n}" for n in range(rows))]
        (self.folder / "accounts.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        desired = ["apiVersion: pleoctl/v1", "kind: DesiredState", "accounts:"]
        desired += [f"- {json.dumps({'externalId': f'a{n}', 'code': str(n), 'name': f'N{n}'})}" for n in range(rows)]
        (self.folder / "desired-state.yaml").write_text("\n".join(desired) + "\n", encoding="utf-8")

    @property
    def accounts(self) -> list[str]:
        """Names of the accounts that Pleo has."""
        return sorted(str(account["name"]) for account in self.pleo.state()["accounts"])


class FleetFolder:
    """A folder with fleet.yaml and three companies: north, south, west."""

    def __init__(self, root: Path, companies: dict[str, Company]) -> None:
        self.root, self.companies = root, companies

    def __getitem__(self, name: str) -> Company:
        return self.companies[name]

    def write(self, **sections: Value) -> None:
        """fleet.yaml, with other keys than its own."""
        data = {"apiVersion": "pleoctl/v1", "kind": "Fleet", "companies": ["companies/*/pleoctl.yaml"], **sections}
        text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in data.items())
        (self.root / "fleet.yaml").write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def sandboxes() -> Iterator[list[Sandbox]]:
    """Three servers, each with a company of its own."""
    seeds = [Seed(company=str(uuid.UUID(int=number + 1, version=4))) for number in range(3)]
    running = [Sandbox(seed=seed) for seed in seeds]
    for one in running:
        one.__enter__()
    yield running
    for one in running:
        one.__exit__(None, None, None)


@pytest.fixture
def fleet(sandboxes: list[Sandbox], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FleetFolder:
    """Three companies whose Pleo is empty and whose books have one account."""
    companies = {}
    for name, pleo in zip(("north", "south", "west"), sandboxes, strict=True):
        pleo.reset(Seed(company=pleo.company), Settings())
        companies[name] = Company(pleo, tmp_path / "companies" / name)
        companies[name].write()
        monkeypatch.setenv(f"PLEO_FLEET_{name.upper()}__KEY", "sandbox-key")
    made = FleetFolder(tmp_path, companies)
    made.write()
    monkeypatch.chdir(tmp_path)
    return made
