"""Live Pleo as a desired state (``import``)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from pleoctl.errors import Finding
from pleoctl.model.kinds import ACCOUNT, TAG, TAG_GROUP, Kind
from pleoctl.model.records import DesiredState, Dimension, Live, Row
from pleoctl.reconcile.duplicates import keep_group, moment
from pleoctl.workspace.settings import MAX_SELECTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pleoctl.pleo.reader import PleoReader

MAX_TEXT: Final = 255


@dataclass(slots=True)
class Adopted:
    """A desired state equal to live Pleo, with the selection that belongs to it."""

    state: DesiredState
    selected: list[str]
    leave: list[str]
    findings: list[Finding] = field(default_factory=list)


def adopt(reader: PleoReader) -> Adopted:
    """Read all of Pleo and describe it. Raises `PleoError`."""
    accounts, groups = reader.accounts(), reader.groups()
    kept = [keep_group(Row(None, {}), same) for same in _by_key(groups, TAG_GROUP).values()]
    active = sorted((g for g in kept if not g.archived), key=lambda g: g.key)
    # A blank code can be neither selected nor left alone; its row without a key holds back every archive of a group.
    blank = [g for g in active if not g.key.strip()]
    named = [g for g in active if g.key.strip()]
    selected, left = named[:MAX_SELECTED], named[MAX_SELECTED:]
    tags: dict[str | None, list[Live]] = defaultdict(list)
    for tag in reader.tags(g.id for g in selected):
        tags[tag.parent].append(tag)
    dimensions = [Dimension(_row([g], TAG_GROUP), _tag_rows(tags[g.id], g.id, reader)) for g in selected]
    dimensions += [Dimension(_row([g], TAG_GROUP), None) for g in (*left, *blank)]
    state = DesiredState(accounts=_account_rows(accounts), dimensions=dimensions)
    return Adopted(state, [g.key for g in selected], [g.key for g in left], _held(state))


def _by_key(records: list[Live], kind: Kind) -> dict[str, list[Live]]:
    found: dict[str, list[Live]] = defaultdict(list)
    for record in records:
        found[kind.normalise(record.key)].append(record)
    return found


def _rows(records: list[Live], kind: Kind) -> list[Row]:
    return [_row(same, kind) for same in _by_key(records, kind).values()]


def _tag_rows(tags: list[Live], group: str, reader: PleoReader) -> list[Row]:
    """One row per code; usage is asked for only where several active tags share a code (T48)."""
    sets = list(_by_key(tags, TAG).values())
    undecided = any(sum(not tag.archived for tag in same) > 1 for same in sets)
    used = reader.usage(group) if undecided else {}
    return [_row(same, TAG, used) for same in sets]


def _account_rows(records: list[Live]) -> list[Row]:
    """Tax codes are managed if any account has one, so that no row is mixed."""
    rows = _rows(records, ACCOUNT)
    if any(row.fields.get("taxCodeExternalId") is not None for row in rows):
        return rows
    for row in rows:
        row.fields.pop("taxCodeExternalId", None)
    return rows


def _row(same: list[Live], kind: Kind, used: Mapping[str, int] = MappingProxyType({})) -> Row:
    """One row for the records of one key: active before archived, more used, older, smaller id."""
    record = min(same, key=lambda r: (r.archived, -used.get(r.id, 0), moment(r.created), r.id))
    problem = _problem(record, kind)
    if problem is None and kind is ACCOUNT and len(same) > 1:
        problem = f"Pleo holds {len(same)} accounts with this externalId"
    fields = dict(record.fields) if kind is ACCOUNT else {"code": record.key, "name": record.fields.get("name")}
    key = record.key if record.key.strip() else None
    # A record of a group that is kept is described as active: only active groups are adopted.
    return Row(key, fields, not record.archived, problem)


def _problem(record: Live, kind: Kind) -> str | None:
    if not record.key.strip():
        return f"{kind.key} is blank in Pleo"
    if not (record.fields.get("name") or "").strip():
        return "name is blank in Pleo"
    if kind is ACCOUNT:
        for name, value in (("externalId", record.key), *record.fields.items()):
            if name != "taxCodeExternalId" and len(value or "") > MAX_TEXT:
                return f"{name} has more than {MAX_TEXT} characters in Pleo"
    return None


def _held(state: DesiredState) -> list[Finding]:
    rows = [*(state.accounts or ()), *(v for d in state.dimensions or () for v in d.values or ())]
    rows += [d.row for d in state.dimensions or ()]
    return [Finding("held-row", f"{row.key!r}: {row.hold}", "warning") for row in rows if row.hold is not None]
