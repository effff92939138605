"""What every source must do: one suite for ours and for those of third parties, without any test framework.

A source's own tests give a `SourceCase` and run each of `CHECKS`, or all by `conform`, in a folder of its own::

    case = SourceCase(
        {"type": "ini", "path": "chart.ini"}, prepare=write_chart, spoilt={"cut": cut_chart},
        rows={"accounts": [{"externalId": "1000", "code": "1000", "name": "Cash", "active": True}]},
    )

    @pytest.mark.parametrize("name", CHECKS)
    def test_conforms(name, tmp_path):
        CHECKS[name](case, tmp_path)
"""

from __future__ import annotations

import inspect
import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import PleoctlError
from pleoctl.sources import open_source, read_source
from pleoctl.sources.base import FIELDS, REQUIRED, SourceRow, Table, resource_names
from pleoctl.sources.opening import source_class
from pleoctl.testing.conformance import PLEO_KEY, Nonconformance, content, environment, head, require, run_all
from pleoctl.workspace import Workspace
from pleoctl.workspace.find import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["CHECKS", "Nonconformance", "SourceCase", "conform"]


@dataclass(frozen=True, slots=True)
class SourceCase:
    """One source with a sample of its data.

    ``section`` is what stands under ``source`` in pleoctl.yaml. ``prepare`` puts the sample where the section looks:
    files below the folder that it is given, or a server on this machine. Each of ``spoilt`` does so with data that is
    cut short, or whose completeness is in doubt. ``environ`` holds the secrets that the section refers to.
    ``rows`` are the sample's, as `SourceRow.cells` has them, by table; a source of pages needs more than one of them.
    """

    section: Mapping[str, Any]
    prepare: Callable[[Path], object]
    spoilt: Mapping[str, Callable[[Path], object]]
    environ: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


def conform(case: SourceCase, folder: Path) -> None:
    """Run all checks, each in a folder of its own. Raises `Nonconformance`."""
    run_all(CHECKS, case, folder)


def takes_a_context(case: SourceCase, _folder: Path) -> None:
    """Its class is made with a context and the section."""
    names = list(inspect.signature(source_class(str(case.section["type"]))).parameters)
    fits = len(names) == len(("context", "section")) and "workspace" not in names
    require(fits, "it is not made with a context and a section")


def is_made_without_touching_anything(case: SourceCase, folder: Path) -> None:
    """The constructor reads nothing and writes nothing: it works where there is no data at all."""
    with _world(case, folder) as workspace:
        before = content(folder)
        open_source(workspace)
        require(content(folder) == before, "making it changed the folder")


def gives_tables_of_rows(case: SourceCase, folder: Path) -> None:
    """Each table is a `Table` or None, one at least is there; rows hold known fields of the right types."""
    with _world(case, folder, case.prepare) as workspace:
        tables = _tables(workspace)
    found = {name: table for name, table in tables.items() if table is not None}
    require(bool(found), "it gives no table")
    for resource, table in found.items():
        require(bool(table.name), f"{resource} is a table without a name")
        require(bool(table.rows), f"the sample has no row of {resource}")
        for row in table.rows:
            _check_row(resource, row)


def gives_every_row_of_the_sample(case: SourceCase, folder: Path) -> None:
    """Each row, in its order, with all its cells: none is lost at an end of a page, no field is left out."""
    require(bool(case.rows), "the case does not say which rows its sample has")
    with _world(case, folder, case.prepare) as workspace:
        found = {name: table.rows for name, table in _tables(workspace).items() if table is not None and table.rows}
    require(found.keys() == case.rows.keys(), f"it gives rows of {_names(found)} where {_names(case.rows)} is due")
    for resource, wanted in case.rows.items():
        given = [row.cells for row in found[resource]]
        require(len(given) == len(wanted), f"it gives {len(given)} rows of {resource}, not {len(wanted)}")
        for cells, due in zip(given, wanted, strict=True):
            require(cells == due, f"a row of {resource} is {cells} where {dict(due)} is due")


def gives_the_same_again(case: SourceCase, folder: Path) -> None:
    """Two sources of one workspace give equal tables, and so does one that is asked twice."""
    with _world(case, folder, case.prepare) as workspace:
        require(_tables(workspace) == _tables(workspace), "two of them give different tables of the same data")


def makes_a_desired_state(case: SourceCase, folder: Path) -> None:
    """The sample becomes a desired state without a held row or a finding."""
    with _world(case, folder, case.prepare) as workspace:
        _, findings = read_source(workspace)
    require(not findings, f"the sample has rows that cannot be used: {', '.join(map(str, findings))}")


def changes_nothing(case: SourceCase, folder: Path) -> None:
    """Reading leaves every file of the workspace as it is."""
    with _world(case, folder, case.prepare) as workspace:
        before = content(folder)
        _tables(workspace)
        require(content(folder) == before, "reading changed the folder")


def refuses_what_is_not_there(case: SourceCase, folder: Path) -> None:
    """Without data it raises an error of pleoctl's family, never an empty table."""
    with _world(case, folder) as workspace:
        _check_refused(case, workspace, "data that is not there")


def refuses_what_is_cut_short(case: SourceCase, folder: Path) -> None:
    """Each of ``spoilt`` is an error: a source that cannot prove that it read everything must raise."""
    require(bool(case.spoilt), "the case has no spoilt data")
    for name, spoil in case.spoilt.items():
        below = folder / name
        below.mkdir()
        with _world(case, below, case.prepare, spoil) as workspace:
            _check_refused(case, workspace, f"spoilt data ({name})")


def stays_inside(case: SourceCase, folder: Path) -> None:
    """A file that the section names may be no link out of the workspace."""
    inner = folder / "inner"
    inner.mkdir()
    with _world(case, inner, case.prepare) as workspace:
        moved = [name for name in _files(case.section) if (inner / name).is_file()]
        for name in moved:
            outside = folder / f"outside-{name.replace('/', '-')}"
            (inner / name).rename(outside)
            (inner / name).symlink_to(outside)
        if moved:
            _check_refused(case, workspace, "a link out of the workspace")


CHECKS: Final[dict[str, Callable[[SourceCase, Path], None]]] = {
    check.__name__: check
    for check in (
        takes_a_context,
        is_made_without_touching_anything,
        gives_tables_of_rows,
        gives_every_row_of_the_sample,
        gives_the_same_again,
        makes_a_desired_state,
        changes_nothing,
        refuses_what_is_not_there,
        refuses_what_is_cut_short,
        stays_inside,
    )
}
"""Every check by its name; each takes the case and an empty folder, and raises `Nonconformance`."""


@contextmanager
def _world(case: SourceCase, folder: Path, *steps: Callable[[Path], object]) -> Iterator[Workspace]:
    """A workspace with the case's section and environment, and what the steps put there."""
    (folder / FILE_NAME).write_text(json.dumps({**head(), "source": case.section}), encoding="utf-8")
    with environment(case.environ):
        for step in steps:
            step(folder)
        yield Workspace(folder / FILE_NAME)


def _tables(workspace: Workspace) -> dict[str, Table | None]:
    source = open_source(workspace)
    return {resource: source.read(resource) for resource in resource_names()}


def _names(tables: Iterable[str]) -> str:
    return ", ".join(sorted(tables)) or "nothing"


def _check_row(resource: str, row: SourceRow) -> None:
    where = f"a row of {resource}"
    require(bool(row.place), f"{where} does not say where it stands")
    unknown = sorted(set(row.cells) - set(FIELDS[resource]))
    require(not unknown, f"{where} has unknown fields: {', '.join(unknown)}")
    if row.problem is not None:
        return
    missing = [name for name in REQUIRED[resource] if not isinstance(row.cells.get(name), str)]
    require(not missing, f"{where} lacks {', '.join(missing)} ({row.place})")
    odd = [name for name, cell in row.cells.items() if not isinstance(cell, bool if name == "active" else str | None)]
    require(not odd, f"{where} has cells of a wrong type: {', '.join(odd)} ({row.place})")


def _check_refused(case: SourceCase, workspace: Workspace, what: str) -> None:
    """Reading ends with findings of one line each, none of which shows a secret."""
    try:
        read_source(workspace)
    except PleoctlError as error:
        told = [str(finding) for finding in error.findings]
    else:
        raise Nonconformance(f"{what} is not refused")
    require(bool(told) and all(told), f"{what} is refused without a word")
    require(not any("\n" in words for words in told), f"the words for {what} are more than a line")
    secrets = [PLEO_KEY, *(case.environ.get(name, "") or PLEO_KEY for name in _variables(case.section))]
    shown = [words for words in told if any(secret in words for secret in secrets)]
    require(not shown, f"the words for {what} show a secret")


def _files(part: Any) -> Iterator[str]:
    """Every ``path`` of a section."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "path" and isinstance(value, str):
                yield value
            else:
                yield from _files(value)


def _variables(part: Any) -> Iterator[str]:
    """Every variable that a section takes a secret from."""
    if isinstance(part, dict):
        for value in part.values():
            yield from _variables(value)
    elif isinstance(part, str) and part.startswith("env:"):
        yield part.removeprefix("env:")
