"""Reconcile everything in scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.model.addresses import Address, Named
from pleoctl.model.kinds import flat_kinds
from pleoctl.reconcile.changes import LiveState, Reconciliation, Scope
from pleoctl.reconcile.dimensions import DimensionSync
from pleoctl.reconcile.drafts import set_apart
from pleoctl.reconcile.table import Table, wanted_rows

if TYPE_CHECKING:
    from pleoctl.model.kind import Kind
    from pleoctl.model.records import DesiredState, Live, Row


def reconcile(desired: DesiredState, live: LiveState, scope: Scope) -> Reconciliation:
    """All changes that bring live Pleo to the desired state within the scope, in a fixed order.

    Raises `InvalidFile` where a selected dimension is not in the desired state.
    """
    out = Reconciliation()
    for kind in flat_kinds():
        if scope.has(kind.name) and kind.name in desired.flat and kind.name in live.flat:
            rows, records = _not_left(kind, desired.flat[kind.name], live.flat[kind.name], scope.left, out)
            apart = set_apart(kind, rows, records, out)
            wanted = wanted_rows(rows, apart.doubts)
            Table(kind, wanted, apart.records, None, out, kind.compared, drafts=apart.drafts).run()
    if scope.dimensions is not None and live.groups is not None:
        DimensionSync(desired, live, scope, out).run()
    return out.sorted()


def _not_left(
    kind: Kind, rows: list[Row], records: list[Live], left: Named, out: Reconciliation
) -> tuple[list[Row], list[Live]]:
    """Rows and records without those that the workspace leaves alone, which are noted."""
    if not left:
        return rows, records
    named = [record for record in records if Address(kind.name, record.key) in left]
    out.left += {Address(kind.name, record.key) for record in named}
    apart = {id(record) for record in named}
    return (
        [row for row in rows if row.key is None or Address(kind.name, row.key) not in left],
        [record for record in records if id(record) not in apart],
    )
