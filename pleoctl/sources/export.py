"""AS → desired-state files: read completely, refuse what is empty or has shrunk, keep people's comments."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from pleoctl.desired.comments import render
from pleoctl.desired.lines import Spoken, text_of
from pleoctl.desired.placing import Placed, dimension_key, place
from pleoctl.desired.read import checked, holds, merged
from pleoctl.errors import Finding, Refused, SourceError
from pleoctl.model.kinds import ACCOUNT, KINDS, TAG, TAG_GROUP, flat_kinds
from pleoctl.place import Place
from pleoctl.sources.base import Source, Table, resource_names
from pleoctl.sources.doubts import doubtful_texts
from pleoctl.sources.earlier import old_files
from pleoctl.sources.opening import open_source
from pleoctl.sources.rows import RowReader
from pleoctl.words import many
from pleoctl.workspace.settings import BAD_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pleoctl.desired.comments import Comments
    from pleoctl.model.records import DesiredState, Row
    from pleoctl.workspace import Workspace

LISTED: Final = 5


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
    tables = {resource: opened.read(resource) for resource in resource_names()}
    if all(table is None for table in tables.values()):
        raise SourceError("the source reads neither accounts nor dimensions")
    if tables["values"] is not None and tables["dimensions"] is None:
        raise SourceError("the source reads values but no dimensions", hint="add source.dimensions")
    given = {name: table for name, table in tables.items() if table is not None}
    if empty := {name: table for name, table in given.items() if not table.rows and not table.may_be_empty}:
        raise _nothing_in(empty)
    reader = RowReader(workspace.source or {})
    state = reader.state(tables)
    if reader.findings and (workspace.source or {}).get("badRows", BAD_ROWS) == "fail":
        raise SourceError(
            "the source has rows that cannot be used",
            findings=[replace(finding, level="error", hint=None) for finding in reader.findings],
        )
    return state, [*(one for table in tables.values() if table is not None for one in _told(table)), *reader.findings]


def _nothing_in(empty: dict[str, Table]) -> Refused:
    """The refusal of empty tables, with what each says of itself."""
    words = f"the source has no {' and no '.join(empty)}; an empty list is never exported"
    left = [f"source.{name} leaves out all {many(one.left_out, 'row')}" for name, one in empty.items() if one.left_out]
    hint = f"{'; '.join(left) or 'check the source'}; nothing was written"
    told = [one for table in empty.values() for one in table.findings]
    return Refused(words, findings=[Finding(Refused.code, words, hint=hint), *told])


def _told(table: Table) -> Iterator[Finding]:
    """What a table itself tells; an empty one that may be empty says so."""
    yield from table.findings
    yield from doubtful_texts(table)
    if not table.may_be_empty:
        return
    if not table.rows:
        yield Finding("empty-list", f"{table.name} gave no rows: the company uses none", "info")
    elif all(row.cells.get("active") is False for row in table.rows):
        yield Finding("empty-list", f"{table.name} gave inactive rows alone: the company uses none", "warning")


def export_state(workspace: Workspace, source: Source | None = None) -> Export:
    """What `read_source` gives as the new content of the workspace's desired-state files; writes nothing.

    Raises as `read_source`, and `Refused` where the row count fell by more than ``maxShrink``.
    """
    state, findings = read_source(workspace, source)
    counted, spoken = counts(state), Spoken(state)
    is_alone = len(workspace.desired_files) == 1
    # Where the one file there is says the state and nothing else, as after most exports, nothing has shrunk, nothing of
    # people's own is to be kept, and it need not be read as YAML.
    if is_alone and holds(*workspace.desired_files[0], text_of(state, spoken).encode()):
        return Export(checked(state), [], [], findings, counted)
    placed, comments = _placed(workspace, state, spoken)
    files, changed = [], []
    for (path, shown), part, comment in zip(workspace.desired_files, placed.parts, comments, strict=True):
        if is_alone and _is_bare(part, state, comment):
            files.append((path, shown, text_of(state, spoken).encode()))
            changed.append(shown)
            continue
        content = render(part, comment, spoken).encode()
        if not holds(path, shown, content):
            files.append((path, shown, content))
            changed.append(shown)
    whole = checked(merged(placed.parts))
    return Export(whole, files, changed, [*findings, *_own(workspace, placed)], counted)


def _placed(workspace: Workspace, state: DesiredState, spoken: Spoken) -> tuple[Placed, list[Comments | None]]:
    """The rows over the files there are, whose own rows need not stay while they are written anew, and their comments.

    Raises `Refused` where too many are gone.
    """
    old, comments = old_files(workspace, state, spoken)
    _carry_values(old, state)
    placed = place(state, old, keep_own=True)
    _check_shrink(old, state, placed, workspace.settings.guard.max_shrink)
    return placed, comments


def _is_bare(part: DesiredState, state: DesiredState, comments: Comments | None) -> bool:
    """Whether a file is to say the state and nothing else: no comments, and nothing that the source does not read."""
    if comments is not None and (comments.before or comments.behind):
        return False
    return part.flat == state.flat and part.dimensions is state.dimensions is None


def _own(workspace: Workspace, placed: Placed) -> Iterator[Finding]:
    """Rows that the accounting system does not list, in files after the first: kept, and told."""
    for number, (_, shown) in enumerate(workspace.desired_files):
        rows = [row for file, row in placed.own if file == number]
        if rows:
            words = ", ".join(repr(row.key) for row in rows[:LISTED]) + (" …" if len(rows) > LISTED else "")
            yield Finding(
                "own-rows",
                f"{many(len(rows), 'row', 'is', 'are')} not in the accounting system: {words}; left as written",
                "info",
                Place(shown, rows[0].line, rows[0].column),
            )


def counts(state: DesiredState) -> dict[str, int]:
    """Rows per resource."""
    dimensions = state.dimensions or []
    flat = {kind.section: len(state.flat[kind.name]) for kind in flat_kinds() if kind.name in state.flat}
    return {
        ACCOUNT.section: 0,
        **flat,
        TAG_GROUP.section: len(dimensions),
        TAG.section: sum(len(d.values or ()) for d in dimensions),
        "held": sum(row.hold is not None for row in state.rows()),
    }


def _carry_values(old: list[DesiredState], state: DesiredState) -> None:
    """Values that this source does not read stay as they are."""
    before = {dimension_key(d): d.values for s in old for d in s.dimensions or ()}
    for dimension in state.dimensions or ():
        if dimension.values is None and dimension.row.key is not None:
            dimension.values = before.get(dimension_key(dimension))


def _check_shrink(old: list[DesiredState], new: DesiredState, placed: Placed, limit: float) -> None:
    findings = []
    own = {id(row) for _, row in placed.own}
    for name, before, after in _sizes(old, new, own):
        if after < before * (1 - limit):
            findings.append(
                Finding(
                    "shrunk",
                    f"{name} fell from {before} to {many(after, 'row')}, by more than {limit:.0%}",
                    hint="if that is right, raise guard.maxShrink for this export",
                )
            )
    if findings:
        raise Refused("the source has shrunk; nothing was written", findings=findings)


def _sizes(old: list[DesiredState], new: DesiredState, own: set[int]) -> list[tuple[str, int, int]]:
    """Rows before and after, per list that the source reads; people's own rows are none of them."""
    sizes = []
    for name, rows in new.flat.items():
        before = [row for s in old for row in s.flat.get(name, ()) if id(row) not in own]
        sizes.append((KINDS[name].section, _sound(before), len(rows)))
    if new.dimensions is not None:
        listed = [d for s in old for d in s.dimensions or () if id(d.row) not in own]
        sizes.append(("dimensions", _sound([d.row for d in listed], held=False), len(new.dimensions)))
        known = {dimension_key(d): d for d in listed if d.values is not None}
        for dimension in new.dimensions:
            was = known.get(dimension_key(dimension))
            if was is not None and dimension.values is not None:
                sizes.append((f"values of {dimension.row.key}", _sound(was.values), len(dimension.values)))
    return sizes


def _sound(rows: list[Row] | None, *, held: bool = True) -> int:
    """Rows that may be missed: one without a key was a mistake in the books, and mending it is no loss."""
    return sum(row.key is not None and (held or row.hold is None) for row in rows or ())
