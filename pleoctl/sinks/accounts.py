"""Accounts that the rules or the desired state name and the books do not take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pleoctl.errors import Finding
from pleoctl.mapping.rules.targets import targets
from pleoctl.model.addresses import Address
from pleoctl.model.kinds import ACCOUNT
from pleoctl.sinks.base import KnowsAccounts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.mapping.catalog import Catalog
    from pleoctl.mapping.rules.model import Rules
    from pleoctl.sinks.base import Sink

CODE: Final = "account-not-in-books"


def account_findings(sink: Sink, rules: Rules, catalog: Catalog | None) -> Iterator[Finding]:
    """An error for each account that a rule books on, a warning for each that only the desired state has.

    Nothing of books that cannot say. Raises `BooksUnusable`.
    """
    if not isinstance(sink, KnowsAccounts):
        return
    named: set[str] = set()
    for use in targets(rules):
        problem = sink.account_problem(use.code)
        named.add(use.code)
        if problem is not None:
            hint = "name another account, or make it in the accounting system"
            yield Finding(CODE, f"{use.what}: account {use.code} {problem}", place=use.place, hint=hint)
    for account in (catalog.accounts or ()) if catalog else ():
        problem = sink.account_problem(account.code) if account.active and account.code not in named else None
        if problem is not None:
            address = str(Address(ACCOUNT.name, account.external_id))
            yield Finding(CODE, f"account {account.code} {problem}", "warning", address=address)
