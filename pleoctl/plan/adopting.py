"""What an adopted Pleo becomes in a workspace: contents of files, and the selection where there is none yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.desired.comments import Comments, render
from pleoctl.desired.placing import place
from pleoctl.desired.read import load_state
from pleoctl.documents.edit import edit_list
from pleoctl.documents.load import parse
from pleoctl.errors import Finding, InvalidFile
from pleoctl.model.addresses import Address
from pleoctl.model.kinds import TAG_GROUP
from pleoctl.model.records import DesiredState
from pleoctl.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pleoctl.plan.adopt import Adopted
    from pleoctl.workspace import Workspace


def contents(files: list[tuple[Path, str]], adopted: Adopted) -> Iterator[tuple[Path, bytes]]:
    """Each file's new content: rows stay where they are, comments too, where the old file can be read."""
    old = [_old(path, shown) for path, shown in files]
    placed = place(adopted.state, [state for state, _ in old], keep_own=False)
    for (path, _), part, (_, comments) in zip(files, placed.parts, old, strict=True):
        yield path, render(part, comments).encode()


def _old(path: Path, shown: str) -> tuple[DesiredState, Comments | None]:
    if not path.is_file():
        return DesiredState(), None
    try:
        return load_state(path, shown)
    except InvalidFile:
        return DesiredState(), None


def states_selection(workspace: Workspace) -> bool:
    """Whether people have said already which tag groups are theirs."""
    return workspace.selected is not None or bool(workspace.leave)


def with_selection(workspace: Workspace, adopted: Adopted) -> str:
    """The workspace's text with the adopted groups selected and the others left alone. Raises `PleoctlError`."""
    edited = edit_list(workspace.document, ("dimensions", "selected"), adopted.selected)
    return edit_list(parse(edited, workspace.document.shown), ("dimensions", "leave"), adopted.others)


def unsettled(workspace: Workspace, adopted: Adopted) -> Iterator[Finding]:
    """What a stated selection does not fit: groups that it would archive, codes that Pleo does not have."""
    if workspace.selected is None:
        return
    left, file = workspace.guard.left, workspace.document.shown
    for code in adopted.others:
        if Address(TAG_GROUP.name, code) not in left:
            yield Finding(
                "not-selected",
                f"tag group {code!r} is neither selected nor left alone; the next plan archives it",
                "warning",
                Place(file),
                hint="dimensions.leave keeps it as it is",
            )
    known = set(map(TAG_GROUP.normalise, adopted.selected))
    for code in workspace.selected:
        if TAG_GROUP.normalise(code) not in known:
            yield Finding(
                "unknown-dimension",
                f"selected dimension {code!r} is no tag group in Pleo",
                "warning",
                Place(file),
                hint=f"`pleoctl dimensions deselect {code}`, or list it in the desired state",
            )
