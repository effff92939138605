"""Reconcile everything in scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.model.addresses import Address, Named
from pleoctl.model.kinds import ACCOUNT
from pleoctl.reconcile.changes import LiveState, Reconciliation, Scope
from pleoctl.reconcile.dimensions import DimensionSync
from pleoctl.reconcile.table import Table, wanted_account

if TYPE_CHECKING:
    from pleoctl.model.records import DesiredState, Live, Row


def reconcile(desired: DesiredState, live: LiveState, scope: Scope) -> Reconciliation:
    """All changes that bring live Pleo to the desired state within the scope, in a fixed order.

    Raises `InvalidFile` where a selected dimension is not in the desired state.
    """
    out = Reconciliation()
    if scope.accounts and desired.accounts is not None and live.accounts is not None:
        rows, records = _not_left(desired.accounts, live.accounts, scope.left, out)
        Table(ACCOUNT, wanted_account(rows), records, None, out, ACCOUNT.compared).run()
    if scope.dimensions is not None and live.groups is not None:
        DimensionSync(desired, live, scope, out).run()
    return out.sorted()


def _not_left(rows: list[Row], records: list[Live], left: Named, out: Reconciliation) -> tuple[list[Row], list[Live]]:
    """Rows and records without those that the workspace leaves alone, which are noted."""
    named = [record for record in records if Address(ACCOUNT.name, record.key) in left]
    out.left += {Address(ACCOUNT.name, record.key) for record in named}
    apart = {id(record) for record in named}
    return (
        [row for row in rows if row.key is None or Address(ACCOUNT.name, row.key) not in left],
        [record for record in records if id(record) not in apart],
    )
