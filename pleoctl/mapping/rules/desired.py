"""Vendors and tax codes that rules take from the desired state, where one of them says ``desired``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pleoctl.documents.canonical import digest
from pleoctl.errors import InvalidFile
from pleoctl.mapping.rules.model import TaxCode, VendorRow
from pleoctl.model.kinds import KINDS, TAX_CODE

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.mapping.rules.model import Rules
    from pleoctl.model.records import DesiredState, Row

#: What rules write in place of rows.
DESIRED: Final = "desired"


def filled(rules: Rules, desired: Callable[[], DesiredState | None]) -> Rules:
    """The rules with what they take from the desired state, which is read only where they do; then they want no more.

    Raises `InvalidFile` where the desired state has no such rows.
    """
    if not rules.wants:
        return rules
    state = desired()
    for kind, place in rules.wants.items():
        rows = None if state is None else state.flat.get(kind)
        if rows is None:
            message = f"the desired state has no {KINDS[kind].plural}, which the rules take from it"
            raise InvalidFile(message, place=place, hint="export them, or write rows here")
        if kind == TAX_CODE.name:
            rules.tax_table = {code.code: code for row in rows if row.key and row.active for code in [_tax_code(row)]}
            rules.tax_codes = frozenset(rules.tax_table)
            rules.archived_tax_codes = frozenset(row.key for row in rows if row.key and not row.active)
        else:
            rules.vendors += [_vendor(row) for row in rows if row.key]
    rules.digest = digest(
        [rules.digest, sorted(map(str, (rules.tax_table or {}).values())), [(v.code, v.account) for v in rules.vendors]]
    )
    rules.wants = {}
    return rules


def _tax_code(row: Row) -> TaxCode:
    """Of a held row, which may say anything, the rate is not known; so the code stands in for no other."""
    from fractions import Fraction  # 0.5 ms that few rules need

    known = row.fields
    rate = None if row.hold else known.get("rate")
    return TaxCode(
        row.key or "",
        None if rate is None else Fraction(rate),
        known.get("type"),
        known.get("ingoingTaxAccount"),
        known.get("outgoingTaxAccount"),
    )


def _vendor(row: Row) -> VendorRow:
    """A vendor without a code is found by its other keys; its externalId names it."""
    code = row.fields.get("code")
    return VendorRow(
        code or row.key or "",
        row.place,
        row.key,
        row.fields.get("taxRegistrationNumber"),
        account=row.local.get("payableAccount"),
        blocked=not row.active,
    )
