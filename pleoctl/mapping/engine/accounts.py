"""From a role to an account: lines, contra accounts, vendors, settings (M8-M17, T36)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.mapping.engine.record import CONTRA_BRANCH, Resolved
from pleoctl.mapping.failures import missing, setting_missing, wrong
from pleoctl.mapping.items import said
from pleoctl.mapping.vocabulary import CONTRA_TYPES, NO_ACCOUNT_ID, SETTING_CHAIN

if TYPE_CHECKING:
    from pleoctl.mapping.engine.check import Checks
    from pleoctl.mapping.engine.work import Work
    from pleoctl.mapping.items import Account
    from pleoctl.mapping.rules.model import Rules, Target
    from pleoctl.mapping.rules.vendors import Vendors

VENDOR_BRANCH = "vendor"


class Accounts:
    """Resolves the sides of rules for one item at a time."""

    def __init__(self, rules: Rules, vendors: Vendors, checks: Checks) -> None:
        """``checks`` know what the accounting system has."""
        self._vendors = vendors
        self._checks = checks
        self._catalog = checks.catalog
        self._settings = {
            role: Resolved(found[1], role, f"accounts.{found[0]}", found[0])
            for role in SETTING_CHAIN
            if (found := rules.setting(role)) is not None
        }

    def resolve(self, target: Target, work: Work) -> Resolved:
        """The account of a side that is not ``line``. Raises `ItemFailure`."""
        found = self._unchecked(target, work)
        if self._catalog is not None:
            self._checks.account(found.account, work, found)
        return found

    def _unchecked(self, target: Target, work: Work) -> Resolved:
        role = target.role
        if role is None:
            return Resolved(target.code or "", None, None)
        if role == "wallet":
            return self._wallet(work)
        if role == "accountsPayable" and work.vendor is not None and work.vendor.account is not None:
            return Resolved(work.vendor.account, role, VENDOR_BRANCH)
        if role == "employeePayable":
            user = work.item.user
            row = self._vendors.of_employee(user.code) if user is not None else None
            if row is not None and row.account is not None:
                work.employee = row
                return Resolved(row.account, role, VENDOR_BRANCH)
        return self._setting(role)

    def _setting(self, role: str) -> Resolved:
        found = self._settings.get(role)
        if found is None:
            raise setting_missing(SETTING_CHAIN[role][-1])
        return found

    def _wallet(self, work: Work) -> Resolved:
        """`contraAccount` before the setting, since it is per wallet currency (M13, M24)."""
        contra = work.item.contra_account
        if contra is None or work.item.type not in CONTRA_TYPES:
            return self._setting("wallet")
        account = self.of_reference(contra, "contraAccount")
        if account is None:
            raise missing("contraAccount has neither code nor identifier; map the contra accounts in Pleo")
        return Resolved(account, "wallet", CONTRA_BRANCH)

    def of_reference(self, given: Account | None, label: str, *args: object) -> str | None:
        """The code that an item's account means: its code, else the account of its identifier (M8, M9, I4).

        ``label`` and ``args`` say whose account it is. Raises `ItemFailure` where code and identifier disagree.
        """
        if given is None or given.id == NO_ACCOUNT_ID:
            return None
        code, identifier = said(given.code), said(given.identifier)
        if identifier is None or self._catalog is None or self._catalog.accounts is None:
            return code or identifier
        known = self._catalog.by_id.get(identifier)
        if code is None:
            return identifier if known is None else known.code
        if known is None and code in self._catalog.by_code:
            raise wrong(
                f"{label % args}: code {code} is an account, but its identifier {identifier} is no "
                "account's externalId; export the desired state again, plan and apply, and export the item again"
            )
        if known is not None and known.code != code:
            raise wrong(
                f"{label % args}: code {code} and identifier {identifier} (account {known.code}) mean different "
                "accounts; if the account was renumbered, plan and apply, and export the item again"
            )
        return code
