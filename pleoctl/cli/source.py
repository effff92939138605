"""``pleoctl source``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace
from pleoctl.cli.shared import as_group
from pleoctl.text import Shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.sources.base import Source, SourceRow, Table
    from pleoctl.sources.http.presets import Preset

MAX_TRACE: Final = 100


@as_group("source")
def command() -> None:
    """The accounting system that the workspace reads."""


@as_command("check", parent="source")
@click.option(
    "--trace",
    type=click.IntRange(0, MAX_TRACE),
    default=0,
    metavar="N",
    help="Show what the first N records of each table became.",
)
def check(options: Options, *, trace: int) -> Output:
    """Read the source with all its guards and write nothing.

    Examples:
    pleoctl source check --trace 3

    """
    from pleoctl.report.source import source_lines
    from pleoctl.sources.export import export_state
    from pleoctl.sources.opening import open_source

    workspace = open_workspace(options)
    source = _Remembering(open_source(workspace))
    exported = export_state(workspace, source)
    counted = exported.counts
    text = Shown.lines([", ".join(f"{number} {name}" for name, number in counted.items())])
    text += Shown.lines(source_lines(exported.state))
    traced = {name: _traced(found, trace) for name, found in source.tables.items()} if trace else {}
    text += Shown.lines(line for name, rows in traced.items() for line in _trace_lines(name, rows))
    return Output(text, {"counts": counted, "trace": traced}, exported.findings)


@as_command("presets", parent="source")
@click.argument("name", required=False)
def presets(options: Options, *, name: str | None) -> Output:
    """List the accounting systems of `type: http`, or show one.

    Examples:
    pleoctl source presets
    pleoctl source presets xero

    """
    del options
    from pleoctl.report.table import table
    from pleoctl.sources.http.presets import load_preset, preset_names

    if name is not None:
        return _one_preset(load_preset(name))
    found = [load_preset(one) for one in preset_names()]
    rows = [[one.name, one.title, ", ".join(one.resources), ", ".join(one.variables) or "-"] for one in found]
    text = table(["PRESET", "SYSTEM", "READS", "VARIABLES"], rows)
    text += Shown.lines(["", f"All of them: {found[0].verified}."])
    return Output(text, [{**_named(one), "reads": one.resources, "variables": one.variables} for one in found])


def _named(preset: Preset) -> dict[str, Any]:
    return {"name": preset.name, "title": preset.title, "api": preset.api, "verified": preset.verified}


def _one_preset(preset: Preset) -> Output:
    lines = [f"{preset.title}: {preset.api}", preset.verified, ""]
    lines += [f"- {note}" for note in preset.notes]
    lines += ["", "source:", "  type: http", f"  preset: {preset.name}"]
    if "baseUrl" not in preset.source:
        lines.append("  baseUrl: https://…")
    if preset.variables:
        lines += ["  variables:", *(f"    {name}: …   # {words}" for name, words in preset.variables.items())]
    lines += ["", "It fills in:", "", *preset.text.rstrip("\n").split("\n")]
    data = {**_named(preset), "notes": preset.notes, "variables": preset.variables, "source": preset.source}
    return Output(Shown.lines(lines), data)


class _Remembering:
    """A source that keeps the tables it gave."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.tables: dict[str, Table] = {}

    def read(self, resource: str) -> Table | None:
        found = self._source.read(resource)
        if found is not None:
            self.tables[resource] = found
        return found


def _traced(found: Table, number: int) -> list[dict[str, Any]]:
    return [_traced_row(row) for row in found.rows[:number]]


def _traced_row(row: SourceRow) -> dict[str, Any]:
    return {"place": row.place, "record": row.record, "fields": row.cells, "problem": row.problem}


def _trace_lines(name: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    yield ""
    yield name
    for row in rows:
        yield f"  {row['place']}"
        if row["record"] is not None:
            yield f"    record  {json.dumps(row['record'], ensure_ascii=False, default=str)}"
        yield f"    fields  {json.dumps(row['fields'], ensure_ascii=False, default=str)}"
        if row["problem"] is not None:
            yield f"    problem {row['problem']}"


command.add_command(check)
command.add_command(presets)
