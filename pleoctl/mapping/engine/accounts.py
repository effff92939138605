"""From a role to an account: lines, contra accounts, vendors, settings (M8-M17, T36), checked (M18, M21)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pleoctl.mapping.failures import ItemFailure, invalid, missing, setting_missing, wrong
from pleoctl.mapping.vocabulary import (
    ABSENT_REASONS,
    CONTRA_TYPES,
    INVALID_CONFIGURATION,
    NO_ACCOUNT_ID,
    SETTING_CHAIN,
)

if TYPE_CHECKING:
    from pleoctl.mapping.catalog import Catalog
    from pleoctl.mapping.engine.work import Work
    from pleoctl.mapping.items import Account
    from pleoctl.mapping.rules.model import Rules, Target
    from pleoctl.mapping.vendors import Vendors

CONTRA_BRANCH = "contraAccount"
VENDOR_BRANCH = "vendor"


class Resolved(msgspec.Struct, gc=False):
    """The account of one side: its code, the role that led there and the branch of the role."""

    account: str
    role: str | None
    branch: str | None


class Accounts:
    """Resolves the sides of rules for one item at a time."""

    def __init__(self, rules: Rules, vendors: Vendors, catalog: Catalog | None) -> None:
        """Without a ``catalog`` nothing is checked against the accounting system."""
        self._rules = rules
        self._vendors = vendors
        self._catalog = catalog
        self._absent = ABSENT_REASONS[rules.failure_types]
        self._settings = {
            role: Resolved(found[1], role, f"accounts.{found[0]}")
            for role in SETTING_CHAIN if (found := rules.setting(role)) is not None
        }  # fmt: skip

    def resolve(self, target: Target, work: Work) -> Resolved:
        """The account of a side that is not ``line``. Raises `ItemFailure`."""
        found = self._unchecked(target, work)
        if self._catalog is not None:
            self.check(found.account, work)
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
                return Resolved(row.account, role, VENDOR_BRANCH)
        return self._setting(role)

    def _setting(self, role: str) -> Resolved:
        found = self._settings.get(role)
        if found is None:
            raise setting_missing(SETTING_CHAIN[role][-1])
        return found

    def check_contra(self, work: Work) -> None:
        """Fail an item whose type is not documented to carry a ``contraAccount``, or leave it aside (M11, M24)."""
        if work.item.contra_account is None or work.item.type in CONTRA_TYPES:
            return
        if self._rules.unexpected_contra == "fail":
            raise invalid(f"{work.item.type} is not expected to carry a contraAccount; look at the item in Pleo")
        work.warnings.append(f"the contraAccount of this {work.item.type} was left aside")

    def _wallet(self, work: Work) -> Resolved:
        """`contraAccount` before the setting, since it is per wallet currency (M13, M24)."""
        contra = work.item.contra_account
        if contra is None or work.item.type not in CONTRA_TYPES:
            return self._setting("wallet")
        account = self.of_reference(contra, "contraAccount")
        if account is None:
            raise missing("contraAccount has neither code nor identifier; map the contra accounts in Pleo")
        return Resolved(account, "wallet", CONTRA_BRANCH)

    def of_reference(self, given: Account | None, what: str) -> str | None:
        """The code that an item's account means: its code, else the account of its identifier (M8, M9, I4)."""
        if given is None or given.id == NO_ACCOUNT_ID:
            return None
        code, identifier = given.code or None, given.identifier or None
        if identifier is None or self._catalog is None or self._catalog.accounts is None:
            return code or identifier
        known = self._catalog.by_id.get(identifier)
        if code is None:
            return identifier if known is None else known.code
        if (known is None and code in self._catalog.by_code) or (known is not None and known.code != code):
            other = "no account" if known is None else f"account {known.code}"
            raise wrong(f"{what}: code {code} and identifier {identifier} ({other}) mean different accounts")
        return code

    def check(self, account: str, work: Work, label: str | None = None) -> None:
        """Raise `ItemFailure` where the accounting system cannot post to an account (M18, M20, M21)."""
        if self._catalog is None or work.currency is None:
            return
        problem = self._catalog.account_problem(account, work.currency)
        if problem is not None:
            reason = self._absent["account"] if problem[0] == "absent" else INVALID_CONFIGURATION
            category = f" (category {label}); look at the category in Pleo" if label else ""
            raise ItemFailure(reason, problem[1] + category)

    def check_tag(self, group: str, code: str) -> None:
        """Raise `ItemFailure` for a tag that the accounting system does not have (D6)."""
        problem = None if self._catalog is None else self._catalog.tag_problem(group, code)
        if problem is not None:
            raise ItemFailure(self._absent["tag"], problem)

    def check_tax_code(self, code: str | None) -> None:
        """Raise `ItemFailure` for a tax code that is not among the listed ones (X7)."""
        codes = self._rules.tax_codes
        if code is not None and codes is not None and code not in codes:
            raise ItemFailure(self._absent["taxCode"], f"tax code {code} does not exist in the accounting system")
