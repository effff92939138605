"""Records that are not the accounting system's yet: drafts born in Pleo, and records without a key (V1-V5, K20).

A draft belongs to the active desired row whose key it carries, or else whose code or tax number it has; it is then
confirmed, which gives it the key. Where two drafts could be one row, or one draft two rows, a person has to say which:
those rows are held. Any other draft is listed and left as it is, and so is every active record without a key.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from pleoctl.model.addresses import Address
from pleoctl.reconcile.changes import Held

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pleoctl.model.kind import Kind
    from pleoctl.model.records import Live, Row
    from pleoctl.reconcile.changes import Reconciliation


#: Rows that a draft in doubt names; it may have the number of thousands.
_NAMED: Final = 5


class Apart(Struct):
    """The records that the decision table sees, drafts to confirm by the key of their row, and rows in doubt.

    ``strangers`` are the drafts that no row is.
    """

    records: list[Live]
    strangers: list[Live] = field(default_factory=list)
    drafts: dict[str, Live] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)


def is_ours(kind: Kind, record: Live) -> bool:
    """Whether a record may be changed and archived by what the accounting system says."""
    return not (kind.keyed and not record.key.strip()) and not (
        kind.has_drafts and record.is_draft and not record.archived
    )


def set_apart(kind: Kind, rows: Iterable[Row], records: list[Live], out: Reconciliation) -> Apart:
    """What of a flat kind's records goes through the table; what does not is noted."""
    if not kind.keyed:
        return Apart(records)
    apart = Apart([record for record in records if is_ours(kind, record)])
    others = [record for record in records if not is_ours(kind, record)]
    drafts = [record for record in others if record.is_draft]
    for record in others:
        if not record.is_draft:
            _note_keyless(kind, record, out)
    if drafts:
        _Pairing(kind, list(rows), apart).run(drafts, out)
    return apart


def _note_keyless(kind: Kind, record: Live, out: Reconciliation) -> None:
    out.counts[kind.name]["ignored"] += 1
    if not record.archived:
        words = f"{_shown(kind, record)} is active in Pleo without {_article(kind.key)} {kind.key}; it stays as it is"
        out.notes.append(Held(kind.name, _address(kind, record), words, None, "no-key"))


class _Pairing:
    """Drafts against the rows that no record of Pleo has yet."""

    def __init__(self, kind: Kind, rows: list[Row], apart: Apart) -> None:
        self._kind, self._apart = kind, apart
        there = {kind.normalise(record.key) for record in apart.records}
        usable = [row for row in rows if row.key is not None and row.active and row.hold is None]
        self._keys = {row.key for row in rows}
        self._open = {row.key or "": row for row in usable if kind.normalise(row.key or "") not in there}
        self._by_mark: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._by_marks: dict[tuple[tuple[str, str], ...], list[str]] = {}
        for row in self._open.values():
            for name in self._kind.marks:
                if value := row.fields.get(name):
                    self._by_mark[name, value].append(row.key or "")

    def run(self, drafts: list[Live], out: Reconciliation) -> None:
        claims = [(draft, self._rows_of(draft)) for draft in drafts]
        self._doubt(claims)
        drafts_of: dict[str, list[Live]] = defaultdict(list)
        for draft, keys in claims:
            if not keys:
                self._list(draft, out)
            elif len(keys) == 1 and keys[0] not in self._apart.doubts:
                drafts_of[keys[0]].append(draft)
        for key, found in drafts_of.items():
            if len(found) > 1:
                ids = ", ".join(sorted(one.id for one in found))
                self._apart.doubts[key] = f"several drafts in Pleo may be it: {ids}"
            else:
                self._apart.drafts[key] = found[0]

    def _doubt(self, claims: list[tuple[Live, list[str]]]) -> None:
        """Note the rows that one draft could be; of drafts with the same marks, which share a list, only the last."""
        told = set[int]()
        for draft, keys in reversed(claims):
            if len(keys) > 1 and id(keys) not in told:
                told.add(id(keys))
                rows = ", ".join(str(Address(self._kind.name, key)) for key in keys[:_NAMED])
                more = f" and {len(keys) - _NAMED:,} others" if len(keys) > _NAMED else ""
                for key in keys:
                    self._apart.doubts.setdefault(key, f"the draft {draft.id} in Pleo may be any of {rows}{more}")

    def _list(self, draft: Live, out: Reconciliation) -> None:
        words = f"{_shown(self._kind, draft)} was made in Pleo, and no active row of the accounting system is it"
        out.notes.append(Held(self._kind.name, _address(self._kind, draft), words, None, f"draft-{self._kind.name}"))
        out.counts[self._kind.name]["ignored"] += 1
        self._apart.strangers.append(draft)

    def _rows_of(self, draft: Live) -> list[str]:
        if draft.key in self._keys:
            return [draft.key] if draft.key in self._open else []
        marks = tuple((name, value) for name in self._kind.marks if (value := draft.fields.get(name)))
        if marks not in self._by_marks:
            found = {key for mark in marks for key in self._by_mark.get(mark, ())}
            self._by_marks[marks] = sorted(found)
        return self._by_marks[marks]


def _address(kind: Kind, record: Live) -> Address:
    return Address(kind.name, record.key, None, record.id)


def _shown(kind: Kind, record: Live) -> str:
    code = record.fields.get("code")
    return f"{kind.title} {record.fields.get('name')!r}" + (f" (code {code!r})" if code and kind.key != "code" else "")


def _article(name: str) -> str:
    return "an" if name[:1] in "aeiou" else "a"
