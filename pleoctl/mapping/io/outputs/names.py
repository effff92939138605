"""Account names for plain-text journals: valid in beancount and hledger, the same each time, never shared.

An account's top level follows from the rules that name it, so that it is the same in every file; for any other account
from the role in which it is first posted to. A code that is not a valid name by itself is cleaned and carries a digest
of the code, so that two codes never meet in one name.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.mapping.engine.entries import Posting
    from pleoctl.mapping.rules.model import Rules

_TOP: Final = {
    "line": "Expenses",
    "tax": "Liabilities",
    "wallet": "Assets",
    "outOfPocket": "Liabilities",
    "contra": "Equity",
    "externalReimbursement": "Equity",
    "accountsPayable": "Liabilities",
    "employeePayable": "Liabilities",
    None: "Equity",
}
_VALID: Final = re.compile("[A-Z0-9][A-Za-z0-9-]*")
_MARKED: Final = re.compile(".*-x[0-9a-f]{12}")

#: Names and values that a journal shows beside what it always shows of an entry.
Notes = tuple[tuple[str, str], ...]


class Names:
    """The names that one journal uses."""

    def __init__(self, rules: Rules, known: dict[str, str]) -> None:
        """``rules`` name the accounts whose top level is settled; ``known`` are the names by code so far."""
        self._known = known
        self._settled = {vendor.account: _TOP["accountsPayable"] for vendor in rules.vendors if vendor.account}
        self._settled |= {given.value: _TOP[role] for role, given in rules.accounts.items()}

    def name(self, posting: Posting) -> str:
        """The name of a posting's account."""
        known = self._known.get(posting.account)
        if known is None:
            # A code of a row may stand in the lines' place, which the line that it books tells.
            role = "line" if posting.role is None and posting.line_id is not None else posting.role
            top = self._settled.get(posting.account) or _TOP[role]
            known = self._known[posting.account] = f"{top}:{component(posting.account)}"
        return known

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(sorted((name, code) for code, name in self._known.items()))


def component(code: str) -> str:
    """The last part of an account's name."""
    if _VALID.fullmatch(code) and not _MARKED.fullmatch(code):
        return code
    cleaned = re.sub("[^A-Za-z0-9]+", "-", code).strip("-")[:40]
    digest = hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"X{cleaned}-x{digest}" if not cleaned[:1].isdigit() else f"{cleaned}-x{digest}"
