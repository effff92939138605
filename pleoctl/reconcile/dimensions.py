"""Tags sync as input of the decision table: selection → tag groups → tags of each pair (T7-T56)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pleoctl.errors import Finding, InvalidFile
from pleoctl.model.addresses import Address
from pleoctl.model.changes import Change, Parent
from pleoctl.model.kind import loose
from pleoctl.model.kinds import TAG, TAG_GROUP
from pleoctl.place import Place
from pleoctl.reconcile.changes import Held, LiveState, Reconciliation, Scope
from pleoctl.reconcile.duplicates import keep_group, keep_tag
from pleoctl.reconcile.table import Table, Wanted

if TYPE_CHECKING:
    from pleoctl.model.records import DesiredState, Dimension, Live, Row


def fold(code: str) -> str:
    """The form in which two dimension codes are one (T3)."""
    return TAG_GROUP.normalise(code)


def _group(code: str) -> Address:
    return Address(TAG_GROUP.name, code)


def selected_dimensions(desired: DesiredState, codes: tuple[str, ...]) -> dict[str, Dimension]:
    """The selected dimensions by folded code. Raises `InvalidFile` for one that is not listed or has no values."""
    listed = {fold(d.row.key): d for d in desired.dimensions or () if d.row.key is not None}
    place = Place(desired.files[0]) if desired.files else None
    findings, found = [], {}
    for code in codes:
        dimension = listed.get(fold(code))
        if dimension is None:
            findings.append(
                Finding(
                    "unknown-dimension",
                    f"selected dimension {code!r} is not in the desired state",
                    place=place,
                    hint="run `pleoctl export`, or deselect it",
                )
            )
        elif dimension.values is None and dimension.row.active and dimension.row.hold is None:
            row = dimension.row
            findings.append(
                Finding(
                    "no-values",
                    f"selected dimension {code!r} has no values key",
                    place=row.place,
                    hint="`pleoctl export` writes it from the table that source.values names",
                )
            )
        else:
            found[fold(code)] = dimension
    if findings:
        raise InvalidFile.of(findings)
    return found


def groups_to_read(desired: DesiredState, groups: list[Live], scope: Scope) -> list[str]:
    """Ids of the tag groups whose tags the reconciliation needs."""
    left = scope.left
    ids = []
    for code, dimension in selected_dimensions(desired, scope.dimensions or ()).items():
        found = [g for g in groups if fold(g.key) == code]
        if found and dimension.row.active and dimension.row.hold is None and _group(code) not in left:
            ids.append(keep_group(dimension.row, found).id)
    return ids


class DimensionSync:
    """One pass over groups and tags, filling a `Reconciliation`."""

    def __init__(self, desired: DesiredState, live: LiveState, scope: Scope, out: Reconciliation) -> None:
        """``scope.dimensions`` must not be None."""
        self._live, self._scope, self._out = live, scope, out
        self._dimensions = desired.dimensions or []
        self._selected = selected_dimensions(desired, scope.dimensions or ())
        self._left = scope.left

    def run(self) -> None:
        """Groups first (step 2), then the tags of each matched pair (step 3, K16)."""
        first = len(self._out.changes)
        groups = self._groups()
        bucket = Table(
            TAG_GROUP,
            self._wanted_groups(),
            groups,
            keep_group,
            self._out,
            ("name",) if self._scope.rename_groups else (),
            gone_reason=self._gone_group,
        )
        bucket.run()
        decided = {c.address.key: c for c in self._out.changes[first:]}
        self._notes(groups, bucket)
        for code, dimension in sorted(self._selected.items()):
            self._tags(code, dimension, groups, decided, bucket)

    # --- step 2 ------------------------------------------------------------------------------------------------

    def _groups(self) -> list[Live]:
        mine = []
        for record in self._live.groups or ():
            folded = fold(record.key)
            if _group(record.key) in self._left:
                self._out.left.append(_group(record.key))
            elif not self._scope.partial or self._related(folded):
                mine.append(record)
        return mine

    def _related(self, folded: str) -> bool:
        # A partial scope still needs look-alikes of its own codes, to hold what is doubtful.
        return any(loose(folded) == loose(code) for code in self._selected)

    def _wanted_groups(self) -> list[Wanted]:
        wanted = []
        for dimension in self._dimensions:
            row = dimension.row
            if row.key is not None and fold(row.key) in self._selected:
                wanted.append(Wanted(row, None if row.active else "its dimension is inactive in the accounting system"))
            elif row.key is None or not self._scope.partial:
                wanted.append(Wanted(row, "its dimension is not selected"))
        return [w for w in wanted if w.row.key is None or _group(w.row.key) not in self._left]

    def _gone_group(self, _record: Live) -> str:
        return "the accounting system has no such dimension"

    def _notes(self, groups: list[Live], bucket: Table) -> None:
        known = {fold(d.row.key) for d in self._dimensions if d.row.key is not None}
        by_code: dict[str, list[Live]] = {}
        for record in groups:
            by_code.setdefault(fold(record.key), []).append(record)
        for folded, records in by_code.items():
            address = _group(records[0].key)
            if folded not in known and folded not in bucket.doubtful and any(not r.archived for r in records):
                self._note(
                    "hand-made-group",
                    address,
                    "no dimension of the accounting system has this code; it may have been made by hand in Pleo",
                )
            if len(records) > 1:
                self._note("duplicate-groups", address, f"Pleo holds {len(records)} tag groups with this code")
            self._name_note(folded, records, bucket)

    def _name_note(self, folded: str, records: list[Live], bucket: Table) -> None:
        dimension = self._selected.get(folded)
        if dimension is None or self._scope.rename_groups or folded in bucket.doubtful or dimension.row.hold:
            return
        kept = keep_group(dimension.row, records)
        if dimension.row.active and kept.fields.get("name") != dimension.row.fields.get("name"):
            self._note(
                "group-name-differs",
                _group(dimension.row.key or ""),
                f"is named {kept.fields.get('name')!r} in Pleo and {dimension.row.fields.get('name')!r} in the "
                "accounting system; set dimensions.renameGroups to rename it",
            )

    def _note(self, code: str, address: Address, message: str) -> None:
        self._out.notes.append(Held("tagGroup", address, message, None, code))

    # --- step 3 ------------------------------------------------------------------------------------------------

    def _tags(
        self, code: str, dimension: Dimension, groups: list[Live], decided: dict[str, Change], bucket: Table
    ) -> None:
        row = dimension.row
        if row.hold is not None:
            self._held_values(dimension)
        if not row.active or row.hold is not None or code in bucket.doubtful:
            return
        records = [g for g in groups if fold(g.key) == code]
        group = keep_group(row, records) if records else None
        if group is None and (row.key or "") not in decided:
            return
        shown = row.key or code
        Table(
            TAG,
            [self._wanted_value(value) for value in dimension.values or ()],
            self._live.tags.get(group.id, []) if group else [],
            partial(self._keep_tag, group.id if group else ""),
            self._out,
            TAG.compared,
            Parent(_group(shown), group.id if group else None),
            gone_reason=lambda _: "the accounting system has no such value",
            hold_archives=bucket.hold_archives,
        ).run()

    def _held_values(self, dimension: Dimension) -> None:
        """Held values of a held dimension are named all the same."""
        for value in dimension.values or ():
            if value.hold is not None:
                address = Address(TAG.name, value.key, dimension.row.key or "") if value.key is not None else None
                self._out.held.append(Held(TAG.name, address, value.hold, value.place))
                self._out.counts[TAG.name]["held"] += 1

    def _keep_tag(self, group: str, row: Row, found: list[Live]) -> Live:
        return keep_tag(row, found, lambda: self._live.usage(group))

    def _wanted_value(self, row: Row) -> Wanted:
        if not row.active:
            return Wanted(row, "inactive in the accounting system")
        if row.expires is not None and row.expires < self._scope.today:
            return Wanted(row, f"expired after {row.expires}")
        return Wanted(row)
