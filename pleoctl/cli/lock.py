"""``pleoctl lock``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace
from pleoctl.cli.shared import as_group
from pleoctl.errors import LockHeld, PleoctlError
from pleoctl.text import Shown

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.state.lock import Holder


@as_group("lock")
def command() -> None:
    """Who is writing to which company, on this machine."""


@as_command("list", parent="lock")
def list_(options: Options) -> Output:
    """List the locks that are held now.

    Examples:
    pleoctl lock list

    """
    from pleoctl.report.table import table
    from pleoctl.state.lock import is_held, locks_folder, read_holder

    asked = [(path, is_held(path)) for path in sorted(locks_folder().glob("*.lock"))]
    held = [(path, read_holder(path) if known else None, known) for path, known in asked if known is not False]
    rows = [_row(path, holder, known=known is not None) for path, holder, known in held]
    headers = ["company", "url", "command", "pid", "host", "run", "since"]
    text = table(headers, rows) if rows else Shown.lines(["No locks are held."])
    data = [asdict(holder) if holder else {"file": path.name, "held": known} for path, holder, known in held]
    return Output(text, data)


def _row(path: Path, holder: Holder | None, *, known: bool) -> list[str]:
    if holder is None:
        return [path.stem, "", "unknown" if known else "unknown: another user's lock", "", "", "", ""]
    return [
        holder.company,
        holder.url,
        holder.command,
        str(holder.pid),
        holder.host,
        holder.run or "",
        holder.since,
    ]


@as_command("release", parent="lock")
def release(options: Options) -> Output:
    """Remove the note that a killed run left behind.

    The lock itself frees itself when its holder dies. If a living process holds it, nothing is released (exit 6): end
    that process first.

    Examples:
    pleoctl lock release

    """
    from pleoctl.state.lock import is_held, lock_path, note_path, read_holder

    workspace = open_workspace(options)
    path = lock_path(workspace.url, workspace.company)
    if is_held(path):
        raise LockHeld(f"the lock is held: {read_holder(path)}", hint="end that process; the lock then frees itself")
    note = note_path(path)
    try:
        left = note.exists()
        note.unlink(missing_ok=True)
    except OSError as error:
        raise PleoctlError(f"{note} cannot be removed: {error.strerror}", hint="it is another user's") from error
    return Output(Shown.lines(["released" if left else "nothing to release"]), {"released": left})


command.add_command(list_)
command.add_command(release)
