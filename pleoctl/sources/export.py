"""AS → desired-state files: read completely, refuse what is empty or has shrunk, keep people's comments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pleoctl.desired.comments import Comments, render
from pleoctl.desired.read import checked, holds, load_state
from pleoctl.errors import Finding, Refused, SourceError
from pleoctl.model.records import DesiredState, Dimension, Row
from pleoctl.sources.base import RESOURCES, Source
from pleoctl.sources.opening import open_source
from pleoctl.sources.rows import RowReader

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.workspace import Workspace


@dataclass(slots=True)
class Export:
    """What an export would write: the new contents of the files that change, by path."""

    state: DesiredState
    files: list[tuple[Path, str, bytes]]
    changed: list[str]
    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def read_source(workspace: Workspace, source: Source | None = None) -> tuple[DesiredState, list[Finding]]:
    """All rows of the source as a desired state, with a finding per row that cannot be used.

    Raises `SourceError` (also for bad rows under ``badRows: fail``) and `Refused` where a table is empty.
    """
    opened = source or open_source(workspace)
    tables = {resource: opened.read(resource) for resource in RESOURCES}
    if all(table is None for table in tables.values()):
        raise SourceError("the source reads neither accounts nor dimensions")
    if tables["values"] is not None and tables["dimensions"] is None:
        raise SourceError("the source reads values but no dimensions", hint="add source.dimensions")
    empty = [name for name, table in tables.items() if table is not None and not table.rows]
    if empty:
        raise Refused(f"the source has no {' and no '.join(empty)}; an empty list is never exported",
                      hint="check the source; nothing was written")  # fmt: skip
    reader = RowReader()
    state = reader.state(tables["accounts"], tables["dimensions"], tables["values"])
    if reader.findings and (workspace.source or {}).get("badRows", "hold") == "fail":
        raise SourceError(
            "the source has rows that cannot be used",
            findings=[Finding(f.code, f.message, "error", f.file, f.line) for f in reader.findings],
        )
    return state, reader.findings


def export_state(workspace: Workspace, source: Source | None = None) -> Export:
    """What `read_source` gives as the new content of the workspace's desired-state files; writes nothing.

    Raises as `read_source`, and `Refused` where the row count fell by more than ``maxShrink``.
    """
    state, findings = read_source(workspace, source)
    old, comments = _old(workspace)
    counted = counts(state)
    _carry_over(old, state)
    _check_shrink(old, state, workspace.max_shrink)
    parts = _split(state, old, len(workspace.desired_files))
    files, changed = [], []
    for (path, shown), part, comment in zip(workspace.desired_files, parts, comments, strict=True):
        content = render(part, comment).encode()
        if not holds(path, shown, content):
            files.append((path, shown, content))
            changed.append(shown)
    checked(state)
    return Export(state, files, changed, findings, counted)


def counts(state: DesiredState) -> dict[str, int]:
    """Rows per resource."""
    dimensions = state.dimensions or []
    return {
        "accounts": len(state.accounts or ()),
        "dimensions": len(dimensions),
        "values": sum(len(d.values or ()) for d in dimensions),
        "held": sum(r.hold is not None for r in _all_rows(state)),
    }


def _all_rows(state: DesiredState) -> list[Row]:
    dimensions = state.dimensions or []
    return [
        *(state.accounts or ()),
        *(d.row for d in dimensions),
        *(v for d in dimensions for v in d.values or ()),
    ]


def _old(workspace: Workspace) -> tuple[list[DesiredState], list[Comments | None]]:
    states: list[DesiredState] = []
    comments: list[Comments | None] = []
    for path, shown in workspace.desired_files:
        if path.exists():
            state, comment = load_state(path, shown)
            states.append(state)
            comments.append(comment)
        else:
            states.append(DesiredState())
            comments.append(None)
    return states, comments


def _carry_over(old: list[DesiredState], state: DesiredState) -> None:
    """Sections that this source does not read stay as they are."""
    if state.accounts is None and any(s.accounts is not None for s in old):
        state.accounts = [row for s in old for row in s.accounts or ()]
    if state.dimensions is None and any(s.dimensions is not None for s in old):
        state.dimensions = [dimension for s in old for dimension in s.dimensions or ()]


def _check_shrink(old: list[DesiredState], new: DesiredState, limit: float) -> None:
    findings = []
    for name, before, after in _sizes(old, new):
        if after < before * (1 - limit):
            findings.append(Finding("shrunk", f"{name} fell from {before} to {after} rows, by more than {limit:.0%}",
                                    hint="if that is right, raise guard.maxShrink for this export"))  # fmt: skip
    if findings:
        raise Refused("the source has shrunk; nothing was written", findings=findings)


def _sizes(old: list[DesiredState], new: DesiredState) -> list[tuple[str, int, int]]:
    sizes = []
    if new.accounts is not None:
        sizes.append(("accounts", sum(_sound(s.accounts) for s in old), len(new.accounts)))
    if new.dimensions is not None:
        before_all = sum(_sound([d.row for d in s.dimensions or ()], held=False) for s in old)
        sizes.append(("dimensions", before_all, len(new.dimensions)))
        before = {_code(d): d for s in old for d in s.dimensions or () if d.values is not None}
        for dimension in new.dimensions:
            known = before.get(_code(dimension))
            if known is not None and dimension.values is not None:
                sizes.append((f"values of {dimension.row.key}", _sound(known.values), len(dimension.values)))
    return sizes


def _sound(rows: list[Row] | None, *, held: bool = True) -> int:
    """Rows that may be missed: one without a key was a mistake in the books, and mending it is no loss."""
    return sum(row.key is not None and (held or row.hold is None) for row in rows or ())


def _code(dimension: Dimension) -> str:
    return (dimension.row.key or "").casefold()


_FIRST: Final = 0


def _split(state: DesiredState, old: list[DesiredState], files: int) -> list[DesiredState]:
    """Rows stay in the file that has their key; new ones go to the first file."""
    if files == 1:
        return [state]
    homes = {("a", r.key): i for i, s in enumerate(old) for r in s.accounts or ()}
    homes |= {("d", _code(d)): i for i, s in enumerate(old) for d in s.dimensions or ()}
    parts = [DesiredState() for _ in range(files)]
    for index, part in enumerate(parts):
        if state.accounts is not None and (index == _FIRST or old[index].accounts is not None):
            part.accounts = [r for r in state.accounts if homes.get(("a", r.key), _FIRST) == index]
        if state.dimensions is not None and (index == _FIRST or old[index].dimensions is not None):
            part.dimensions = [d for d in state.dimensions if homes.get(("d", _code(d)), _FIRST) == index]
    return parts
