"""Reconcile everything in scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.model.addresses import account_address
from pleoctl.model.kinds import ACCOUNT
from pleoctl.reconcile.changes import LiveState, Reconciliation, Scope
from pleoctl.reconcile.dimensions import DimensionSync
from pleoctl.reconcile.table import Bucket, wanted_account

if TYPE_CHECKING:
    from pleoctl.model.records import DesiredState


def reconcile(desired: DesiredState, live: LiveState, scope: Scope) -> Reconciliation:
    """All changes that bring live Pleo to the desired state within the scope, in a fixed order.

    Raises `InvalidFile` where a selected dimension is not in the desired state.
    """
    out = Reconciliation()
    if scope.accounts and desired.accounts is not None and live.accounts is not None:
        Bucket(
            ACCOUNT, wanted_account(desired.accounts), live.accounts, lambda key, _: account_address(key), None, out,
            "account", ACCOUNT.compared,
        ).run()  # fmt: skip
    if scope.dimensions is not None and live.groups is not None:
        DimensionSync(desired, live, scope, out).run()
    return out.sorted()
