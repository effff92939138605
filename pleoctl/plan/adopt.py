"""Live Pleo as a desired state (``import``)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from pleoctl.errors import Finding
from pleoctl.model.kinds import ACCOUNT, KINDS, TAG, TAG_GROUP, flat_kinds
from pleoctl.model.records import DesiredState, Dimension, Live, Row
from pleoctl.pleo.kinds import read as read_kind
from pleoctl.reconcile.drafts import is_ours
from pleoctl.reconcile.duplicates import keep_group, moment
from pleoctl.remote.errors import Unauthorised
from pleoctl.text import is_whole
from pleoctl.workspace.settings import MAX_SELECTED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pleoctl.model.kind import Kind
    from pleoctl.pleo.reader import PleoReader


_FORBIDDEN: Final = 403


@dataclass(slots=True)
class Adopted:
    """A desired state equal to live Pleo: the groups whose tags it describes, and the active ones beside them."""

    state: DesiredState
    selected: list[str]
    others: list[str]
    findings: list[Finding] = field(default_factory=list)


def adopt(reader: PleoReader, selected: Sequence[str] | None = None) -> Adopted:
    """Read all of Pleo and describe it. Raises `PleoError`.

    Without ``selected`` the first five active tag groups by code are chosen and the others left alone.
    """
    flat, unread = _flat(reader)
    groups = reader.groups()
    kept = [keep_group(Row(None, {}), same) for same in _by_key(groups, TAG_GROUP).values()]
    kept.sort(key=lambda group: group.key)
    # What is no code can be neither selected nor left alone; its row without a key holds back every archive of a group.
    named = [g for g in kept if _can_be_written(g.key)]
    active = [g for g in named if not g.archived]
    codes = set(map(TAG_GROUP.normalise, [g.key for g in active[:MAX_SELECTED]] if selected is None else selected))
    chosen = [g for g in named if TAG_GROUP.normalise(g.key) in codes]
    others = [g for g in kept if not g.archived and g not in chosen]
    dimensions = [*_with_values(chosen, reader), *(Dimension(_row([g], TAG_GROUP), None) for g in others)]
    state = DesiredState(dimensions=dimensions)
    state.flat = {name: _flat_rows(records, KINDS[name]) for name, records in flat.items()}
    named_others = [g.key for g in others if _can_be_written(g.key)]
    return Adopted(state, [g.key for g in chosen], named_others, [*unread, *_held(state)])


def _flat(reader: PleoReader) -> tuple[dict[str, list[Live]], list[Finding]]:
    """The records of each flat kind that are the accounting system's.

    A company need not use all kinds: one of which Pleo has no record, or that the credential may not read, is not
    managed. Accounts always are.
    """
    found, unread = {}, []
    for kind in flat_kinds():
        try:
            records = [record for record in read_kind(kind, reader) if is_ours(kind, record)]
        except Unauthorised as error:
            if kind is ACCOUNT or error.status != _FORBIDDEN:
                raise
            words = f"{kind.plural} were not read and are not managed: {error.message}"
            unread.append(Finding("not-read", words, "warning"))
        else:
            if records or kind is ACCOUNT:
                found[kind.name] = records
    return found, unread


def _with_values(groups: list[Live], reader: PleoReader) -> list[Dimension]:
    """The groups with their tags; archived ones without, since there is nothing to keep in line."""
    tags: dict[str | None, list[Live]] = defaultdict(list)
    for tag in reader.tags(g.id for g in groups if not g.archived):
        tags[tag.parent].append(tag)
    return [
        Dimension(_row([g], TAG_GROUP), None if g.archived else _tag_rows(tags[g.id], g.id, reader)) for g in groups
    ]


def _by_key(records: list[Live], kind: Kind) -> dict[str, list[Live]]:
    found: dict[str, list[Live]] = defaultdict(list)
    for record in records:
        found[kind.normalise(record.key)].append(record)
    return found


def _tag_rows(tags: list[Live], group: str, reader: PleoReader) -> list[Row]:
    """One row per code; usage is asked for only where several active tags share a code (T48)."""
    sets = list(_by_key(tags, TAG).values())
    undecided = any(sum(not tag.archived for tag in same) > 1 for same in sets)
    used = reader.usage(group) if undecided else {}
    return [_row(same, TAG, used) for same in sets]


def _flat_rows(records: list[Live], kind: Kind) -> list[Row]:
    """An optional field is managed if any record has one, so that no row is mixed."""
    rows = [_row(same, kind) for same in _by_key(records, kind).values()]
    for name in kind.optional:
        if all(row.fields.get(name) is None for row in rows):
            for row in rows:
                row.fields.pop(name, None)
    return rows


def _row(same: list[Live], kind: Kind, used: Mapping[str, int] = MappingProxyType({})) -> Row:
    """One row for the records of one key: active before archived, more used, older, smaller id."""
    record = min(same, key=lambda r: (r.archived, -used.get(r.id, 0), moment(r.created), r.id))
    problem = _problem(record, kind)
    if problem is None and kind.is_flat and len(same) > 1:
        problem = f"Pleo holds {len(same)} {kind.plural} with this {kind.key}"
    said = {name: record.key if name == kind.key else record.fields.get(name) for name in kind.names}
    fields = {name: text if is_whole(text or "") else None for name, text in said.items()}
    key = record.key if _can_be_written(record.key) else None
    # A record of a group that is kept is described as active: only active groups are adopted.
    return Row(key, fields, not record.archived, problem)


def _can_be_written(key: str) -> bool:
    return bool(key.strip()) and is_whole(key)


def _problem(record: Live, kind: Kind) -> str | None:
    if not record.key.strip():
        return f"{kind.key} is blank in Pleo"
    values = {**record.fields, kind.key: record.key}
    for name in (kind.key, *kind.names):
        if not is_whole(values.get(name) or ""):
            return f"{name} {values[name]!r} holds half of a character in Pleo"
    for one in kind.fields:
        if wrong := one.misfit(values.get(one.name)):
            return f"{one.name} {values[one.name]!r} {wrong}"
    longest = {kind.key: kind.longest, **{one.name: one.longest for one in kind.fields if one.name != kind.key}}
    for one in kind.fields:
        if not (one.nullable or one.optional) and not (values.get(one.name) or "").strip():
            return f"{one.name} is blank in Pleo"
    for name, limit in longest.items():
        if limit is not None and len(values.get(name) or "") > limit:
            return f"{name} has more than {limit} characters in Pleo"
    return None


def _held(state: DesiredState) -> list[Finding]:
    """Told by their keys; what has none, by its name."""
    held = [row for row in state.rows() if row.hold is not None]
    return [Finding("held-row", f"{row.key or row.fields.get('name')!r}: {row.hold}", "warning") for row in held]
