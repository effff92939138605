"""The accounting system's accounts, dimensions and values, as rules and items are checked against them (M18, D6)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from pleoctl.model.records import told_apart

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pleoctl.model.records import DesiredState, Dimension


class CatalogAccount(msgspec.Struct, frozen=True):
    """An account: ``code`` is what entries carry, the external id where the account has no code."""

    external_id: str
    code: str
    active: bool = True
    currency: str | None = None
    held: bool = False


class CatalogDimension(msgspec.Struct, frozen=True):
    """A dimension; ``values`` maps folded codes to whether the value is in use, None where values are unknown.

    ``ends`` maps those of values that end to their last day.
    """

    code: str
    active: bool = True
    values: dict[str, bool] | None = None
    ends: dict[str, str] = {}


class Catalog:
    """What the accounting system holds."""

    def __init__(
        self,
        accounts: list[CatalogAccount] | None = None,
        dimensions: list[CatalogDimension] | None = None,
        unchecked: frozenset[str] = frozenset(),
    ) -> None:
        """``unchecked`` are folded codes of tag groups that are not its business; None is not known."""
        self.accounts, self.dimensions, self.unchecked = accounts, dimensions, unchecked
        self.by_id = {a.external_id: a for a in accounts or ()}
        #: The account of a code, one in use before one that is not.
        self.by_code: dict[str, CatalogAccount] = {}
        for account in accounts or ():
            if account.active > self.by_code.setdefault(account.code, account).active:
                self.by_code[account.code] = account
        #: The accounts in use of a code, where several are (A37).
        self.shared: dict[str, list[CatalogAccount]] = {}
        codes = [account.code for account in accounts or () if account.active]
        if len({*codes}) < len(codes):
            counted = Counter(codes)
            for account in accounts or ():
                if account.active and counted[account.code] > 1:
                    self.shared.setdefault(account.code, []).append(account)
        self.by_group = {d.code.casefold(): d for d in dimensions or ()}

    @classmethod
    def from_desired(cls, desired: DesiredState, leave: Iterable[str] = ()) -> Catalog:
        """The catalogue of a desired state; held rows count as present. ``leave``: groups that are not checked."""
        accounts = desired.accounts
        return cls(
            None
            if accounts is None
            else [
                CatalogAccount(
                    row.key, row.fields.get("code") or row.key, row.active, row.currency, row.hold is not None
                )
                for row in accounts
                if row.key is not None
            ],
            None
            if desired.dimensions is None
            else [_dimension(d) for d in desired.dimensions if d.row.key is not None],
            frozenset(code.casefold() for code in leave),
        )

    def confused(self, code: str) -> list[CatalogAccount]:
        """The accounts in use of a code that nothing tells apart; held rows, which may be no accounts, do not count."""
        found = [one for one in self.shared.get(code, ()) if not one.held]
        return [] if told_apart([one.currency for one in found]) else found if len(found) > 1 else []

    def account_problem(self, code: str, currency: str) -> tuple[str, str] | None:
        """Why an account cannot be posted to, as (kind, text); None where it can (M18, M21)."""
        if self.accounts is None:
            return None
        account = self.by_code.get(code)
        if account is None:
            return "absent", f"account {code} does not exist in the accounting system"
        if not account.active:
            return "unusable", f"account {code} is archived in the accounting system"
        if account.currency is None or account.currency == currency:
            return None
        # Of several under one code nobody knows which is meant; it may be the one in this currency.
        if all(one.currency not in {None, currency} for one in self.shared.get(code, (account,))):
            return "unusable", f"account {code} is kept in {account.currency}, the item in {currency}"
        return None

    def end_of(self, group: str, code: str) -> str | None:
        """The last day of a tag; None where it has none, or nobody asks."""
        dimension = None if group.casefold() in self.unchecked else self.by_group.get(group.casefold())
        return None if dimension is None else dimension.ends.get(code.casefold())

    def tag_problem(self, group: str, code: str, day: str | None = None) -> tuple[str, str] | None:
        """Why a tag cannot be posted, on a day if one is known, as (kind, text); None where it can (D6).

        Codes compare by casefold (T3, D5). After its last day a tag is as one that is archived.
        """
        folded = group.casefold()
        if self.dimensions is None or folded in self.unchecked:
            return None
        dimension = self.by_group.get(folded)
        if dimension is None:
            return "absent", f"tag {group}/{code}: the accounting system has no dimension {group}"
        active = True if dimension.values is None else dimension.values.get(code.casefold())
        if active is None:
            return "absent", f"tag {group}/{code} does not exist in the accounting system"
        if active and dimension.active:
            end = self.end_of(group, code)
            if end is None or day is None or day <= end:
                return None
            return "unusable", f"tag {group}/{code} ends on {end} in the accounting system, before the item's {day}"
        return "unusable", f"tag {group}/{code} is archived in the accounting system"


def _dimension(dimension: Dimension) -> CatalogDimension:
    values = dimension.values
    return CatalogDimension(
        dimension.row.key or "",
        dimension.row.active,
        None if values is None else {v.key.casefold(): v.active for v in values if v.key is not None},
        {v.key.casefold(): v.expires for v in values or () if v.key is not None and v.expires is not None},
    )
