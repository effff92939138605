"""``pleoctl sink``."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace
from pleoctl.cli.shared import as_group
from pleoctl.errors import ExitCode
from pleoctl.text import Shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from click.shell_completion import CompletionItem

    from pleoctl.errors import Finding
    from pleoctl.sinks.base import Capabilities, KeyRoom, Sink
    from pleoctl.sinks.http.presets import SinkPreset
    from pleoctl.workspace import Workspace


@as_group("sink")
def command() -> None:
    """The books that export jobs are booked into."""


@as_command("check", parent="sink")
def check(options: Options) -> Output:
    """Whether the books can be used, and what they can hold.

    Names each account of the rules, or of the desired state, that the books do not take.

    Examples:
    pleoctl sink check

    """
    from pleoctl.sinks.opening import open_sink

    workspace = open_workspace(options)
    with closing(open_sink(workspace)) as sink:
        sink.check()
        told = _told(sink.capabilities)
        findings = _accounts(workspace, sink)
    bad = any(finding.level == "error" for finding in findings)
    return Output(Shown.lines(_lines(told)), told, findings, ExitCode.ERROR if bad else ExitCode.OK)


def _accounts(workspace: Workspace, sink: Sink) -> list[Finding]:
    """What the books say of the accounts of the rules; nothing where there are no rules yet."""
    from pleoctl.mapping.context import DEFAULT_FILE, catalog_of, rules_of
    from pleoctl.sinks.accounts import account_findings

    if workspace.mapping is None and not (workspace.root / DEFAULT_FILE).is_file():
        return []
    return list(account_findings(sink, rules_of(workspace), catalog_of(workspace)))


def _lines(told: dict[str, Any]) -> Iterator[str]:
    """What the books can hold, in words."""
    for name, value in told.items():
        if isinstance(value, bool):
            yield f"{name}: {'yes' if value else 'no'}"
        else:
            yield f"{name}: {value if isinstance(value, str) else ', '.join(value) or 'none'}"


def _told(can: Capabilities) -> dict[str, Any]:
    return {
        "key": f"{can.key.place}, {_room(can.key)}",
        "currency": can.currency or "any",
        "taxCodes": can.tax_codes,
        "tags": "any" if can.dimensions is None else sorted(can.dimensions),
        "drafts": "only" if can.only_drafts else can.drafts,
        "attachments": can.attachments,
        "closedPeriods": can.periods,
        "readBack": can.read_back,
    }


def _room(key: KeyRoom) -> str:
    """How long a reference may be, and of which characters."""
    length = "of any length" if key.length is None else f"at most {key.length} characters"
    letters = {"any": "", "hex": ", hexadecimal", "base32": ", A-Z and 2-7"}
    return f"{length}{letters[key.alphabet]}"


# --- presets ---------------------------------------------------------------------------------------------------


def _names(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The presets that begin like this."""
    from click.shell_completion import CompletionItem

    from pleoctl.sinks.http.presets import PRESETS, load_preset

    names = [name for name in PRESETS.names() if name.startswith(incomplete)]
    return [CompletionItem(name, help=load_preset(name).title) for name in names]


@as_command("presets", parent="sink")
@click.argument("name", required=False, shell_complete=_names)
def presets(options: Options, *, name: str | None) -> Output:
    """List the accounting systems to book into, or show one.

    Examples:
    pleoctl sink presets
    pleoctl sink presets odoo

    """
    del options
    from pleoctl.report.sinks import preset_heads, preset_rows
    from pleoctl.report.table import table
    from pleoctl.sinks.http.presets import PRESETS, load_preset

    if name is not None:
        PRESETS.require(name)
        return _one(load_preset(name))
    found = [load_preset(one) for one in PRESETS.names()]
    text = table(preset_heads(), preset_rows(found))
    text += Shown.lines(["", f"All of them: {found[0].verified}."])
    return Output(text, [_data(one) for one in found])


def _data(preset: SinkPreset) -> dict[str, Any]:
    from pleoctl.sinks.http.presets import capabilities_of

    named = {"name": preset.name, "title": preset.title, "api": preset.api, "verified": preset.verified}
    return {**named, "variables": preset.variables, "capabilities": _told(capabilities_of(preset))}


def _one(preset: SinkPreset) -> Output:
    data = _data(preset)
    lines = [f"{preset.title}: {preset.api}", preset.verified, ""]
    lines += [f"- {note}" for note in preset.notes]
    lines += ["", *_lines(data["capabilities"])]
    lines += ["", "sink:", "  type: http", f"  preset: {preset.name}", "  currency: …   # that of the books"]
    if not preset.base_url:
        lines.append("  baseUrl: https://…")
    if preset.variables:
        lines += ["  variables:", *(f"    {name}: …   # {words}" for name, words in preset.variables.items())]
    lines += ["", "It fills in:", "", *preset.text.rstrip("\n").split("\n")]
    return Output(Shown.lines(lines), {**data, "notes": preset.notes, "sink": preset.sink})


command.add_command(check)
command.add_command(presets)
