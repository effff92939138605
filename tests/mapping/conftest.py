"""Rule files, items and engines in a few words."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING

import pytest

from pleoctl.cli.main import run
from pleoctl.mapping.catalog import Catalog, CatalogAccount, CatalogDimension
from pleoctl.mapping.engine.engine import Engine
from pleoctl.mapping.items import convert
from pleoctl.mapping.rules.build import load_rules

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.mapping.engine.entries import Entry
    from shapes import Json, Value

HEAD = """apiVersion: pleoctl/v1
kind: ExportMapping
accounts: {wallet: "1940", outOfPocket: "2890", contra: "1930", accountsPayable: "2440"}
vendors:
  unmatched: fail
  rows:
  - {code: "ACME", externalId: "ven-1", taxRegistrationNumber: "SE1", account: "2901"}
  - {code: "PLAIN", supplierCode: "S-9", supplierAccount: "A-9", taxRegistrationNumber: "SE2"}
  - {code: "OLDCO", externalId: "ven-3", blocked: true}
  - {code: "E-1", account: "2822"}
include: [standard]
"""

WORKSPACE = """apiVersion: pleoctl/v1
kind: Workspace
company: 12abc3d4-e567-4890-8234-abc56e78fabc
pleo:
  url: http://127.0.0.1:9
  auth: {apiKey: env:PLEO_API_KEY}
mapping: mapping.yaml
"""


def money(value: Value, currency: str = "EUR") -> Json:
    """An amount as Pleo sends it."""
    both = {"currency": currency, "value": value}
    return {"inSupplierCurrency": both, "inWalletCurrency": both}


def line(value: Value = 10000, account: Value = "6540", currency: str = "EUR", **more: Value) -> Json:
    """A line; ``account`` is a code, an account object or None."""
    given = {"id": "a-1", "name": "Software", "code": account} if isinstance(account, str) else account
    return {
        "accountingEntryLineId": f"l-{value}",
        "lineAmount": money(value, currency),
        "netAmount": money(value, currency),
        "account": given,
        **more,
    }


def item(type_: str = "card_purchase", *lines: Json, currency: str = "EUR", **more: Value) -> Json:
    """An export item whose amount is the sum of its lines (one line of 100.00 by default)."""
    listed = list(lines) or [line(currency=currency)]
    total = sum(part["lineAmount"]["inWalletCurrency"]["value"] for part in listed)
    made = {
        "accountingEntryId": "11111111-2222-4333-8444-555555555555",
        "companyId": "12abc3d4-e567-4890-8234-abc56e78fabc",
        "_links": {},
        "type": type_,
        "date": "2026-03-04T09:12:31Z",
        "amount": money(total, currency),
        "bookkeeping": {"method": "journal"},
        "additionalInformation": {"reconciliationId": "5200617"},
        "accountingEntryLines": listed,
    }
    return copy.deepcopy({**made, **more})


def engine(folder: Path, text: str = HEAD, catalog: Catalog | None = None, **files: Value) -> Engine:
    """An engine of rules written into a folder."""
    for name, content in {"mapping.yaml": text, **files}.items():
        (folder / name).write_text(content)
    return Engine(load_rules(folder / "mapping.yaml", folder), catalog)


def mapped(made: Engine, given: Json) -> Entry:
    """The entry of an item."""
    return made.entry(convert(given))


def postings(entry: Entry) -> list[tuple[str, str, int]]:
    """Side, account and amount of all postings."""
    assert entry.failure_reason is None, entry.failure_reason
    return [(p.side, p.account, p.amount) for ledger in entry.entries for p in ledger.postings]


def catalog(*codes: str, **more: Value) -> Catalog:
    """A catalogue of accounts; ``-6540`` is an archived one. External ids are ``ext-<code>``."""
    accounts = [CatalogAccount(f"ext-{c.lstrip('-')}", c.lstrip("-"), not c.startswith("-")) for c in codes]
    return Catalog(accounts + more.pop("accounts", []), **more)


def dimension(code: str, *values: str) -> CatalogDimension:
    """A dimension whose values are in use, except those written ``-value``."""
    return CatalogDimension(code, values={v.lstrip("-").casefold(): not v.startswith("-") for v in values})


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a workspace file and rules, which is the current one."""
    (tmp_path / "pleoctl.yaml").write_text(WORKSPACE)
    (tmp_path / "mapping.yaml").write_text(HEAD)
    for name in ("PLEOCTL_WORKSPACE", "PLEOCTL_FORMAT", "PLEOCTL_URL", "PLEOCTL_COMPANY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Cli:
    """Runs the command line and keeps what it said."""

    def __init__(self, capture: pytest.CaptureFixture[bytes]) -> None:
        self._capture = capture
        self.out = b""
        self.err = b""

    def __call__(self, *arguments: str) -> int:
        """The exit code of a command line."""
        code = run(list(arguments))
        self.out, self.err = self._capture.readouterr()
        return code

    @property
    def json(self) -> Value:
        """Standard output as JSON."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Value]:
        """Standard output as JSON lines."""
        return [json.loads(row) for row in self.out.splitlines()]


@pytest.fixture
def cli(capfdbinary: pytest.CaptureFixture[bytes]) -> Cli:
    """The command line."""
    return Cli(capfdbinary)
