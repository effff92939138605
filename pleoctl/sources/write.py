"""Write an export to the workspace: the desired-state files, and the deselection of inactive dimensions (T18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.documents.edit import edit_list
from pleoctl.documents.files import write_atomically
from pleoctl.errors import Finding
from pleoctl.place import Place
from pleoctl.sources.export import Export, export_state

if TYPE_CHECKING:
    from pleoctl.workspace import Workspace


def export_to_workspace(workspace: Workspace, *, check: bool = False) -> Export:
    """Export, and write unless ``check``; ``changed`` names what differs. Raises as `export_state`."""
    export = export_state(workspace)
    gone = inactive_selected(workspace, export)
    if gone:
        export.changed.append(workspace.document.shown)
        export.findings += [_deselected(workspace, code) for code in gone]
    if not check:
        for path, _, content in export.files:
            write_atomically(path, content)
        if gone:
            keep = [code for code in workspace.selected or () if code not in gone]
            workspace.save(edit_list(workspace.document, ("dimensions", "selected"), keep))
    return export


def inactive_selected(workspace: Workspace, export: Export) -> list[str]:
    """Selected dimensions that the accounting system has made inactive."""
    inactive = {
        (d.row.key or "").casefold() for d in export.state.dimensions or () if not d.row.active and d.row.hold is None
    }
    return [code for code in workspace.selected or () if code.casefold() in inactive]


def _deselected(workspace: Workspace, code: str) -> Finding:
    line, column = workspace.document.locate(("dimensions", "selected"))
    return Finding(
        "deselected",
        f"dimension {code!r} is inactive in the accounting system and is deselected; its tag group will be archived",
        "warning",
        Place(workspace.document.shown, line, column),
    )
