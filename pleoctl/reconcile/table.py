"""The decision table, for every kind (A12-A19, T22-T26, T36-T43).

    desired row                          live record          change
    -----------------------------------  -------------------  ---------------------------------------------
    active                               none                 create
    active                               active, same         none
    active                               active, differs      update
    active                               archived             unarchive, with the new fields in one write
    active                               its draft (vendors)  confirm, with the new fields
    inactive, blocked, expired or gone   active               archive
    inactive, blocked, expired or gone   archived or none     none
    held (unusable row)                  any                  none, reported

Three things stand before the table. Rows are matched by the kind's normalised key and by nothing else. Keys that are
different but look alike are *doubtful*: for groups and tags both sides are held, because creating one beside the
other could make the duplicate that people cannot see. Several live records under one key are settled by the kind's
duplicates policy, after which one of them goes through the table and the other active ones are archived.

A row without a key may mean any record, so it holds back every archive of its bucket. A bucket is the chart of
accounts, the list of tag groups, or the tags of one group.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from pleoctl.model.addresses import Address, Bucket
from pleoctl.model.changes import Action, Change, Parent
from pleoctl.model.kind import Kind, all_loose, loose
from pleoctl.reconcile.changes import Held, Reconciliation
from pleoctl.reconcile.fields import differing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pleoctl.model.records import Live, Row


class Wanted(msgspec.Struct):
    """A desired row as the table sees it: ``gone`` is the reason why an inactive row counts as absent.

    ``doubt`` is why a row that is sound itself is held.
    """

    row: Row
    gone: str | None = None
    doubt: str | None = None

    @property
    def hold(self) -> str | None:
        """Why the row is held."""
        return self.row.hold or self.doubt


class _Difference(NamedTuple):
    """What a record has by now, None before it is made, what it should have, and the fields that tell these apart."""

    before: dict[str, Any] | None
    after: dict[str, Any]
    fields: list[str]


def _difference(record: Live | None, after: dict[str, Any]) -> _Difference:
    if record is None:
        return _Difference(None, after, sorted(after))
    before = record.state(tuple(name for name in after if name != "archived"))
    return _Difference(before, after, differing(before, after))


@dataclass(slots=True)
class Table:
    """One run of the table: rows and records of one kind (and one group), with their policies.

    ``keep`` chooses among several live records of one key; without it none may be chosen, and all are held (A38).
    ``drafts`` are records that become a row's by being confirmed, by the row's key.
    """

    kind: Kind
    rows: list[Wanted]
    live: list[Live]
    keep: Callable[[Row, list[Live]], Live] | None
    out: Reconciliation
    compared: tuple[str, ...]
    parent: Parent | None = None
    gone_reason: Callable[[Live], str] = lambda _: "not in the desired state"
    hold_archives: str | None = None
    doubtful: set[str] = field(default_factory=set)
    drafts: Mapping[str, Live] = field(default_factory=dict)
    needed: frozenset[str] = field(init=False)
    """The compared fields that count also where a row does not have them."""

    def __post_init__(self) -> None:
        self.needed = frozenset(self.compared) - set(self.kind.optional)

    @property
    def group(self) -> str | None:
        """The code of a tag's group."""
        return None if self.parent is None else self.parent.address.key

    @property
    def bucket(self) -> Bucket:
        """What the guard counts these records in."""
        return Bucket(self.kind.name, self.group)

    def address(self, key: str, duplicate: str | None = None) -> Address:
        """The address of a record of this bucket."""
        return Address(self.kind.name, key, self.group, duplicate)

    def run(self) -> None:
        """Decide every row and record of the bucket."""
        wanted, records = self._by_key()
        self.out.active[self.bucket] = [record.archived for record in self.live].count(False)
        self.doubtful = self._doubtful(wanted, records)
        moving = list(self._moving(wanted, records))
        if unchanged := len(wanted) - len(moving):
            self._count("unchanged", unchanged)
        for key in [*moving, *(key for key in records if key not in wanted)]:
            entry, found = wanted.get(key), records.get(key) or []
            if not self._is_held(entry, found, key):
                self._decide(entry, found)

    def _moving(self, wanted: dict[str, Wanted], records: dict[str, list[Live]]) -> Iterator[str]:
        """The keys of rows but for those under the second line of the table, which almost every one falls under."""
        values, plain = itemgetter(*self.kind.always), len(self.kind.always)
        for key, entry in wanted.items():
            row, found = entry.row, records.get(key)
            if found and len(found) == 1 and row.hold is None and entry.gone is None and entry.doubt is None:
                record = found[0]
                # What has the same few fields is compared in a third of the time.
                same = len(row.fields) == plain and values(row.fields) == values(record.fields)
                if not record.archived and (same or self._is_same(row, record)) and key not in self.doubtful:
                    continue
            yield key

    def _by_key(self) -> tuple[dict[str, Wanted], dict[str, list[Live]]]:
        keyed = [entry for entry in self.rows if entry.row.key is not None]
        if len(keyed) < len(self.rows):
            for entry in self.rows:
                if entry.row.key is None:
                    self._hold_all(entry.row)
        normalised = self.kind.normalised
        wanted = dict(zip(normalised([entry.row.key or "" for entry in keyed]), keyed, strict=True))
        keys = normalised([record.key for record in self.live])
        records = {key: [record] for key, record in zip(keys, self.live, strict=True)}
        if len(records) < len(self.live):
            records = defaultdict(list)
            for key, record in zip(keys, self.live, strict=True):
                records[key].append(record)
        return wanted, records

    def _hold_all(self, row: Row) -> None:
        self.hold_archives = f"a row without {self.kind.key} ({row.place}) may mean any {self.kind.title}"
        self.out.held.append(Held(self.kind.name, None, row.hold or f"has no {self.kind.key}", row.place))
        self.out.counts[self.kind.name]["held"] += 1

    # --- doubtful keys -----------------------------------------------------------------------------------------

    def _doubtful(self, wanted: dict[str, Wanted], records: dict[str, list[Live]]) -> set[str]:
        keys = {**wanted, **records}
        if len(set(all_loose(keys))) == len(keys):
            return set()  # no two look alike, as in almost every company
        first: dict[str, str] = {}
        classes: dict[str, set[str]] = {}
        for key in keys:
            other = first.setdefault(loose(key), key)
            if other != key:
                classes.setdefault(other, {other}).add(key)
        doubtful: set[str] = set()
        for alike in classes.values():
            if len(alive := self._claims(alike, wanted, records)) > 1:
                doubtful |= alive
                self._report_doubtful(alive, wanted, records)
        return doubtful if self.kind.folds_case else set()

    @staticmethod
    def _claims(keys: set[str], wanted: dict[str, Wanted], records: dict[str, list[Live]]) -> set[str]:
        # An archived record that no row wants is no doubt once every row has its own exact record.
        if not all(key in records for key in keys if key in wanted):
            return keys
        return {k for k in keys if k in wanted or any(not r.archived for r in records[k])}

    def _report_doubtful(self, keys: set[str], wanted: dict[str, Wanted], records: dict[str, list[Live]]) -> None:
        shown = sorted(wanted[k].row.key or "" if k in wanted else records[k][0].key for k in keys)
        held = "; all are left as they are" if self.kind.folds_case else ""
        words = f"differ only in case, blanks or Unicode form: {', '.join(map(repr, shown))}{held}"
        for key in keys:
            origin = wanted[key].row.place if key in wanted else None
            address = self.address(self._shown_key(wanted.get(key), records.get(key, [])))
            self.out.notes.append(
                Held(self.kind.name, address, f"{self.kind.key}s that {words}", origin, "doubtful-code")
            )

    @staticmethod
    def _shown_key(entry: Wanted | None, found: list[Live]) -> str:
        return (entry.row.key or "") if entry else found[0].key

    # --- held --------------------------------------------------------------------------------------------------

    def _is_held(self, entry: Wanted | None, found: list[Live], key: str) -> bool:
        if key in self.doubtful:
            self._count("held", max(1, len(found)))
            return True
        if entry is None or entry.hold is None:
            return False
        self._hold(entry.row, found, entry.hold)
        return True

    def _hold(self, row: Row | None, found: list[Live], reason: str) -> None:
        address = self.address((row.key if row else found[0].key) or "")
        self.out.held.append(Held(self.kind.name, address, reason, row.place if row else None))
        self._count("held", max(1, len(found)))

    def _count(self, what: str, number: int = 1) -> None:
        self.out.counts[self.kind.name][what] += number

    # --- the table ---------------------------------------------------------------------------------------------

    def _decide(self, entry: Wanted | None, found: list[Live]) -> None:
        row = None if entry is None or entry.gone is not None else entry.row
        if len(found) > 1 and self.keep is None and (row is not None or not all(r.archived for r in found)):
            origin = entry.row if entry else None
            self._hold(origin, found, f"Pleo holds {len(found)} {self.kind.plural} with this {self.kind.key}")
        elif row is None:
            for record in found:
                self._retire(entry, record, many=len(found) > 1)
        elif not found and row.key in self.drafts:
            self._confirm(row, self.drafts[row.key or ""])
        elif not found:
            self._create(row)
        else:
            self._settle(row, found)

    def _settle(self, row: Row, found: list[Live]) -> None:
        kept = found[0] if len(found) == 1 or self.keep is None else self.keep(row, found)
        self._bring_in_line(row, kept)
        for record in found:
            if record is not kept:
                self._retire_duplicate(row, record, kept)

    def _create(self, row: Row) -> None:
        self._turn("create", row, None, _difference(None, self._after(row, None)), "not in Pleo")

    def _confirm(self, row: Row, draft: Live) -> None:
        after = {**self._after(row, draft), self.kind.key: row.key, "state": "ACTIVE"}
        reason = "a draft in Pleo that the accounting system has by now"
        self._turn("confirm", row, draft, _difference(draft, after), reason)

    def _bring_in_line(self, row: Row, record: Live) -> None:
        if self._is_same(row, record):
            self._count("unchanged")
            return
        difference = _difference(record, self._after(row, record))
        words = [f for f in difference.fields if f != "archived"]
        reason = f"{' and '.join(words)} differ{'s' if len(words) == 1 else ''}" if words else ""
        if record.archived:
            reason = "active in the accounting system, archived in Pleo" + (f"; {reason}" if reason else "")
        self._turn("unarchive" if record.archived else "update", row, record, difference, reason)

    def _turn(self, action: Action, row: Row, record: Live | None, difference: _Difference, reason: str) -> None:
        """The change that makes a record, or nothing yet, what the row says."""
        self._emit(
            Change(
                action=action,
                address=self.address(row.key or ""),
                after=difference.after,
                before=difference.before,
                fields=difference.fields,
                kind=self.kind.name,
                origin=row.place,
                parent=self.parent,
                id=None if record is None else record.id,
                reason=reason,
                warnings=[],
            )
        )

    def _is_same(self, row: Row, record: Live) -> bool:
        # Asked of every record, so it compares without building states; optional fields count only where managed.
        if record.archived:
            return False
        wanted, live = row.fields, record.fields
        if wanted.items() <= live.items() and wanted.keys() >= self.needed:
            return True
        for name in self.compared:
            if wanted.get(name) != live.get(name) and (name in wanted or name not in self.kind.optional):
                return False
        return True

    def _after(self, row: Row, record: Live | None) -> dict[str, Any]:
        """The record as it should be: what is not compared keeps its live value, codes keep their live casing."""
        after: dict[str, Any] = {"archived": False}
        for name in self.kind.names:
            if name in self.kind.optional and name not in row.fields:
                continue
            compared = record is None or name in self.compared
            after[name] = row.fields.get(name) if compared or record is None else record.fields.get(name)
        return after

    def _retire(self, entry: Wanted | None, record: Live, *, many: bool) -> None:
        if record.archived:
            self._count("unchanged" if entry else "ignored")
            return
        reason = (entry.gone or "") if entry else self.gone_reason(record)
        self._archive(entry.row if entry else None, record, reason, duplicate=many)

    def _retire_duplicate(self, row: Row, record: Live, kept: Live) -> None:
        if record.archived:
            self._count("unchanged")
            return
        self._archive(row, record, f"duplicate of {kept.id}, which is kept", duplicate=True)

    def _archive(self, row: Row | None, record: Live, reason: str, *, duplicate: bool) -> None:
        address = self.address((row.key if row else None) or record.key, record.id if duplicate else None)
        origin = row.place if row else None
        if self.hold_archives is not None:
            reason = f"would be archived, but {self.hold_archives}"
            self.out.held.append(Held(self.kind.name, address, reason, origin))
            self._count("held")
            return
        before = record.state(self.kind.always)
        self._emit(
            Change(
                action="archive",
                address=address,
                after={**before, "archived": True},
                before=before,
                fields=["archived"],
                kind=self.kind.name,
                origin=origin,
                parent=self.parent,
                id=record.id,
                reason=reason,
                warnings=[],
            )
        )

    def _emit(self, change: Change) -> None:
        self._count(change.action)
        self.out.changes.append(change)


def wanted_rows(rows: Iterable[Row], doubts: Mapping[str, str]) -> list[Wanted]:
    """Rows of a flat kind for the table; inactive ones count as absent (A9). ``doubts`` hold rows, by their keys."""
    gone = "inactive in the accounting system"
    if not doubts:
        return [Wanted(row, None if row.active else gone) for row in rows]
    return [Wanted(row, None if row.active else gone, doubts.get(row.key or "")) for row in rows]
