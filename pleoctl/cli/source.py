"""``pleoctl source``."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace
from pleoctl.cli.shared import as_group, offered
from pleoctl.cli.source_init import command as init
from pleoctl.errors import Finding, PleoctlError
from pleoctl.place import Place
from pleoctl.text import Shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.model.records import DesiredState
    from pleoctl.plan.preview import Preview
    from pleoctl.sources.base import Source, SourceRow, Table
    from pleoctl.sources.http.presets import Preset
    from pleoctl.workspace import Workspace

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
@click.option("--offline", is_flag=True, help="Do not compare with Pleo.")
def check(options: Options, *, trace: int, offline: bool) -> Output:
    """Read the source, compare it with Pleo, write nothing.

    All guards of an export apply. Tells how many rows have a record in Pleo, what a plan would do, and everything that
    looks odd. Pleo is only read; where it cannot be, that is told and the rest stands.

    Examples:
    pleoctl source check
    pleoctl source check --trace 3 --offline

    """
    from pleoctl.report.counted import counted_rows
    from pleoctl.report.source import hint_lines, preview_lines, source_lines
    from pleoctl.sources.export import export_state
    from pleoctl.sources.opening import open_source

    workspace = open_workspace(options)
    source = _Remembering(open_source(workspace))
    exported = export_state(workspace, source)
    counted = exported.counts
    text = Shown.lines([f"{counted_rows(counted)}, {counted['held']} held"])
    text += Shown.lines(source_lines(exported.state))
    compared, told = (None, []) if offline else _compared(workspace, exported.state)
    findings = [*exported.findings, *told]
    hints = Counter(finding.code for finding in findings if finding.code != "not-compared")
    text += Shown.lines(hint_lines(hints))
    text += Shown.lines(preview_lines(compared) if compared is not None else ())
    traced = {name: _traced(found, trace) for name, found in source.tables.items()} if trace else {}
    text += Shown.lines(line for name, rows in traced.items() for line in _trace_lines(name, rows))
    pleo = None if compared is None else compared.as_json()
    return Output(text, {"counts": counted, "hints": dict(hints), "pleo": pleo, "trace": traced}, findings)


def _of_a_company(workspace: Workspace) -> Workspace:
    """A workspace whose company somebody has set. Raises `PleoctlError`."""
    if not workspace.company.strip("0-"):
        raise PleoctlError("company is the one of `pleoctl init`", hint="set company in the workspace")
    return workspace


def _compared(workspace: Workspace, desired: DesiredState) -> tuple[Preview | None, list[Finding]]:
    """What a plan of these rows would do; where Pleo cannot be asked, why not."""
    from pleoctl.plan.prepare import Choices, prepare
    from pleoctl.plan.preview import preview
    from pleoctl.pleo.connecting import connected
    from pleoctl.pleo.reader import PleoReader
    from pleoctl.report.source import preview_hints

    try:
        inputs = prepare(_of_a_company(workspace), Choices(), desired=desired)
        with connected(workspace, PleoReader) as reader:
            found = preview(inputs, reader)
    except PleoctlError as error:
        told = [
            Finding("not-compared", f"not compared with Pleo: {f.message}", "warning", hint=f.hint)
            for f in error.findings
        ]
        return None, told
    file = Place(workspace.document.shown)
    hints = [Finding("other-identity", words, "warning", file, hint=hint) for words, hint in preview_hints(found)]
    if desired.dimensions and workspace.selected is None:
        words = "dimensions are not compared: dimensions.selected is not set"
        hints.append(Finding("not-compared", words, "info", file, hint="`pleoctl dimensions select CODE`"))
    return found, hints


def _presets(_ctx: click.Context) -> list[str]:
    """Every preset's name."""
    from pleoctl.sources.http.presets import PRESETS

    return PRESETS.names()


@as_command("presets", parent="source")
@click.argument("name", required=False, shell_complete=offered(_presets))
def presets(options: Options, *, name: str | None) -> Output:
    """List the accounting systems of `type: http`, or show one.

    Examples:
    pleoctl source presets
    pleoctl source presets xero

    """
    del options
    from pleoctl.report.table import table
    from pleoctl.sources.http.presets import PRESETS, load_preset

    if name is not None:
        PRESETS.require(name)
        return _one_preset(load_preset(name))
    found = [load_preset(one) for one in PRESETS.names()]
    rows = [[one.name, one.title, ", ".join(one.resources), ", ".join(one.variables) or "-"] for one in found]
    text = table(["PRESET", "SYSTEM", "READS", "VARIABLES"], rows)
    text += Shown.lines(["", f"All of them: {found[0].verified}."])
    return Output(text, [{**_named(one), "reads": one.resources, "variables": one.variables} for one in found])


def _named(preset: Preset) -> dict[str, Any]:
    return {"name": preset.name, "title": preset.title, "api": preset.api, "verified": preset.verified}


def _one_preset(preset: Preset) -> Output:
    from pleoctl.remote.oauth.servers import published

    lines = [f"{preset.title}: {preset.api}", preset.verified, ""]
    lines += [f"- {note}" for note in preset.notes]
    lines += ["", "source:", "  type: http", f"  preset: {preset.name}"]
    if "baseUrl" not in preset.source:
        lines.append("  baseUrl: https://…")
    choices = {name: choice.about for name, choice in preset.choices.items()}
    if preset.variables or choices:
        lines += ["  variables:", *(f"    {name}: …   # {words}" for name, words in preset.variables.items())]
        lines += [f"    # {name}: …   # {words}" for name, words in choices.items()]
    lines += [f"  # {name}: {_asked(preset, name)}   # read only where it is named" for name in preset.offers]
    signs_in = preset.name in published()
    lines += (
        ["  # auth: {oauth: {clientId: …, clientSecret: env:…}}   # `pleoctl login --target source`"]
        if signs_in
        else []
    )
    lines += ["", "It fills in:", "", *preset.text.rstrip("\n").split("\n")]
    data = {**_named(preset), "notes": preset.notes, "variables": preset.variables, "source": preset.source}
    data |= {"choices": choices, "offers": preset.offers, "asks": preset.asks, "signsIn": signs_in}
    return Output(Shown.lines(lines), data)


def _asked(preset: Preset, name: str) -> str:
    """What to write for a table that a preset offers: nothing, or what the vendor's list does not say."""
    fields = ", ".join(f"{field}: {example}" for field, (_, example) in preset.asks.get(name, {}).items())
    return f"{{fields: {{{fields}}}}}" if fields else "{}"


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
command.add_command(init)
command.add_command(presets)
