"""``pleoctl vendors``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import click

from pleoctl.cli.boundary import Output
from pleoctl.cli.common import as_command, check_output, open_workspace, write_output
from pleoctl.cli.door import tell
from pleoctl.cli.shared import OUTPUT, as_group
from pleoctl.pleo.connecting import connected
from pleoctl.text import Shown, csv_cell
from pleoctl.words import many

if TYPE_CHECKING:
    from pleoctl.cli.boundary import Options
    from pleoctl.model.records import Live
    from pleoctl.workspace import Workspace

_FIELDS: Final = ("code", "name", "defaultCurrency", "country", "registrationNumber", "taxRegistrationNumber")
_COLUMNS: Final = ("pleoId", *_FIELDS, "createdAt")


@as_group("vendors")
def command() -> None:
    """Vendors that were made in Pleo."""


@as_command("export-drafts", parent="vendors", formats=("csv", "json"), default="csv")
@click.option("-o", "--output", type=OUTPUT, metavar="FILE", help="Write here instead of to standard output.")
def export_drafts(options: Options, *, output: str | None) -> Output:
    """List vendors that the accounting system does not have yet.

    A vendor that somebody made in Pleo is a draft until the accounting system has it as well. Make the listed ones
    there, with the same code or tax number; after the next export a plan confirms them. Drafts that an active row of
    the desired state is already are left out: the next plan confirms those.

    Examples:
    pleoctl vendors export-drafts
    pleoctl vendors export-drafts -o drafts.csv
    pleoctl vendors export-drafts --format json

    """
    workspace = open_workspace(options)
    if output is not None:
        check_output(options, output, workspace.inputs)
    rows = [_row(draft) for draft in _drafts(workspace)]
    made = many(len(rows), "vendor", "that was", "that were")
    tell(Shown.lines([f"{made} made in Pleo {'is' if len(rows) == 1 else 'are'} not in the accounting system"]))
    if output is not None:
        write_output(options, output, _csv(rows) if options.format == "csv" else _json(rows))
        return Output(raw=b"")
    return Output(raw=_csv(rows)) if options.format == "csv" else Output(data=rows)


def _drafts(workspace: Workspace) -> list[Live]:
    """The drafts that no active row of the desired state is, in a fixed order."""
    from pleoctl.desired.read import load_desired
    from pleoctl.model.kinds import VENDOR
    from pleoctl.pleo.reader import PleoReader
    from pleoctl.reconcile import Reconciliation
    from pleoctl.reconcile.drafts import set_apart

    files = [(path, shown) for path, shown in workspace.desired_files if path.exists()]
    desired = load_desired(files).flat.get(VENDOR.name, [])
    with connected(workspace, PleoReader) as reader:
        records = reader.vendors(keep=None)
    found = set_apart(VENDOR, desired, records, Reconciliation()).strangers
    return sorted(found, key=lambda draft: (draft.fields.get("name") or "", draft.id))


def _row(draft: Live) -> dict[str, Any]:
    more = {name: draft.fields.get(name) for name in _FIELDS}
    return {"pleoId": draft.id, **more, "createdAt": (draft.raw or {}).get("createdAt")}


def _csv(rows: list[dict[str, Any]]) -> bytes:
    import csv
    import io

    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows([csv_cell(str(row[name] or "")) for name in _COLUMNS] for row in rows)
    return text.getvalue().encode()


def _json(rows: list[dict[str, Any]]) -> bytes:
    return (json.dumps(rows, ensure_ascii=False, indent=2) + "\n").encode()


command.add_command(export_drafts)
