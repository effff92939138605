"""A workspace whose plan renames many accounts, and processes of their own below bash."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pleoctl.sandbox import Sandbox
    from shapes import Json, Value


NUMBER = 12


MAPPING = """apiVersion: pleoctl/v1
kind: ExportMapping
accounts: {wallet: "1", outOfPocket: "2", contra: "3", accountsPayable: "4"}
vendors: {unmatched: fail}
include: [standard]
"""


AMOUNT = {
    "inWalletCurrency": {"currency": "EUR", "value": 100},
    "inSupplierCurrency": {"currency": "EUR", "value": 100},
}


def item(number: int, account: str | None = "5") -> Json:
    """An export item; without an account it fails."""
    return {
        "companyId": "12abc3d4-e567-4890-8234-abc56e78fabc",
        "accountingEntryId": str(number),
        "type": "card_purchase",
        "date": "2026-03-15T10:00:00Z",
        "amount": AMOUNT,
        "additionalInformation": {"reconciliationId": f"R{number}"},
        "accountingEntryLines": [
            {"accountingEntryLineId": "l", "lineAmount": AMOUNT, "account": account and {"id": "a", "code": account}},
        ],
    }


def shell(script: str, **options: Value) -> subprocess.CompletedProcess[str]:
    """A line of bash in which ``pleoctl`` is this package's command and ``$code`` ends up as its exit code."""
    pleoctl = f'pleoctl() {{ "{sys.executable}" -m pleoctl "$@"; }}\n'
    return subprocess.run(
        ["bash", "-c", f"{pleoctl}{script}"], capture_output=True, text=True, check=False, timeout=60, **options
    )


def code_of(script: str) -> int:
    """The exit code of the first command of a pipeline."""
    done = shell(f"{script}\nexit ${{PIPESTATUS[0]}}")
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return done.returncode


def renamed(pleo: Sandbox) -> int:
    """How many accounts Pleo shows with their new names."""
    return sum(account["name"].endswith(" new") for account in pleo.state()["accounts"])
