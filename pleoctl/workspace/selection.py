"""Which dimensions are synchronised (T9-T19); the choice lives in pleoctl.yaml."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pleoctl.documents.edit import edit_list
from pleoctl.errors import UsageError
from pleoctl.model.kinds import TAG_GROUP
from pleoctl.text import did_you_mean
from pleoctl.workspace.settings import MAX_SELECTED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pleoctl.model.records import Dimension, Live
    from pleoctl.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of ``dimensions list``."""

    code: str
    name: str
    in_books: str
    in_pleo: str
    status: str
    why: str

    def as_json(self) -> dict[str, Any]:
        """The entry with JSON's names."""
        data = asdict(self)
        return {"accountingSystem": data.pop("in_books"), "pleo": data.pop("in_pleo"), **data}


class Selection:
    """The selection of a workspace, checked against the dimensions of its desired state."""

    def __init__(self, workspace: Workspace, dimensions: list[Dimension]) -> None:
        """``dimensions`` are all that the accounting system has, in any state."""
        self._workspace = workspace
        self._known = {TAG_GROUP.normalise(d.row.key): d.row for d in dimensions if d.row.key is not None}
        self.codes = list(workspace.selected or ())

    @property
    def known(self) -> bool:
        """Whether anything is known of the accounting system's dimensions."""
        return bool(self._known)

    def select(self, codes: Iterable[str]) -> list[str]:
        """The selection with these codes added. Raises `UsageError` for an unknown, inactive or sixth one."""
        chosen = list(self.codes)
        for code in codes:
            row = self._known.get(TAG_GROUP.normalise(code))
            if row is None:
                known = sorted(r.key or "" for r in self._known.values())
                hint = did_you_mean(code, known, "dimensions")
                raise UsageError(f"the accounting system has no dimension {code!r}", hint=hint)
            if not row.active or row.hold is not None:
                problem = "is inactive in the accounting system" if not row.active else f"is held: {row.hold}"
                raise UsageError(f"dimension {row.key!r} {problem}")
            if TAG_GROUP.normalise(code) not in map(TAG_GROUP.normalise, chosen):
                chosen.append(row.key or code)
        self._check_number(chosen)
        return chosen

    def auto(self, chosen: list[str], groups: list[Live]) -> tuple[list[str], list[str]]:
        """Add active dimensions that match an active group (T13-T15): the new selection, and what found no place."""
        active = {TAG_GROUP.normalise(group.key) for group in groups if not group.archived}
        left = {TAG_GROUP.normalise(code) for code in self._workspace.leave}
        matches = sorted(
            (
                row.key or ""
                for key, row in self._known.items()
                if key in active and row.active and row.hold is None and key not in left
            ),
        )
        new = [code for code in matches if TAG_GROUP.normalise(code) not in map(TAG_GROUP.normalise, chosen)]
        room = MAX_SELECTED - len(chosen)
        return chosen + new[:room], new[room:]

    def deselect(self, codes: Iterable[str]) -> list[str]:
        """The selection without these codes. Raises `UsageError` for one that is not selected."""
        gone = {TAG_GROUP.normalise(code) for code in codes}
        for code in codes:
            if TAG_GROUP.normalise(code) not in map(TAG_GROUP.normalise, self.codes):
                hint = did_you_mean(code, self.codes, "selected") if self.codes else None
                raise UsageError(f"dimension {code!r} is not selected", hint=hint)
        return [code for code in self.codes if TAG_GROUP.normalise(code) not in gone]

    def save(self, codes: list[str]) -> None:
        """Write the selection to pleoctl.yaml, leaving everything else as it is."""
        self._workspace.save(edit_list(self._workspace.document, ("dimensions", "selected"), codes))

    def entries(self, groups: list[Live]) -> list[Entry]:
        """Every dimension and every tag group, by code."""
        by_code: dict[str, list[Live]] = {}
        for group in groups:
            by_code.setdefault(TAG_GROUP.normalise(group.key), []).append(group)
        keys = sorted({*self._known, *by_code})
        return [self._entry(key, by_code.get(key, [])) for key in keys]

    def _entry(self, key: str, groups: list[Live]) -> Entry:
        row = self._known.get(key)
        code = row.key or "" if row else groups[0].key
        name = (row.fields.get("name") if row else groups[0].fields.get("name")) or ""
        books = "not listed" if row is None else "held" if row.hold else "active" if row.active else "inactive"
        active = [g for g in groups if not g.archived]
        pleo = "none" if not groups else "active" if active else "archived"
        if len(groups) > 1:
            pleo += f" ({len(groups)} groups)"
        return Entry(code, name, books, pleo, *self._status(key, books, bool(active)))

    def _status(self, key: str, books: str, active: bool) -> tuple[str, str]:
        if key in {TAG_GROUP.normalise(code) for code in self._workspace.leave}:
            return "left", "dimensions.leave names it: neither synchronised nor archived"
        if key in map(TAG_GROUP.normalise, self.codes):
            if books == "inactive":
                return "selected", "inactive by now: the next export deselects it and its group is archived"
            return "selected", "synchronised"
        if not active:
            return "not selected", "nothing to do"
        why = "no dimension has this code; made by hand?" if books == "not listed" else "its dimension is not selected"
        if self._workspace.selected is None:
            return "not selected", "tags are not managed: dimensions.selected is not set"
        return "to be archived", why

    def _check_number(self, chosen: list[str]) -> None:
        if len(chosen) > MAX_SELECTED:
            kept = ", ".join(chosen[:MAX_SELECTED])
            raise UsageError(
                f"at most {MAX_SELECTED} dimensions can be selected; selected are {kept}",
                hint="deselect one first: pleoctl dimensions deselect CODE",
            )
