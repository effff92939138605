"""``pleoctl lock``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace, table
from pleoctl.errors import LockHeld

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.state.lock import Holder


@click.group("lock")
def command() -> None:
    """Who is writing to which company, on this machine."""


@as_command("list", parent="lock")
def list_(options: Options) -> Output:  # noqa: ARG001 - every command takes its options
    """List the locks that are held now.

    Examples:
    pleoctl lock list

    """
    from pleoctl.state.lock import is_held, locks_folder, read_holder

    held = [(path, read_holder(path)) for path in sorted(locks_folder().glob("*.lock")) if is_held(path)]
    rows = [_row(path, holder) for path, holder in held]
    text = table(["company", "url", "command", "pid", "host", "run", "since"], rows) if rows else "No locks are held.\n"
    return Output(text, [asdict(holder) if holder else {"file": path.name} for path, holder in held])


def _row(path: Path, holder: Holder | None) -> list[str]:
    if holder is None:
        return [path.stem, "", "unknown", "", "", "", ""]
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
    from pleoctl.machine import connection_name
    from pleoctl.state.lock import is_held, locks_folder, note_path, read_holder

    workspace = open_workspace(options)
    path = locks_folder() / f"{connection_name(workspace.url, workspace.company)}.lock"
    if path.exists() and is_held(path):
        raise LockHeld(f"the lock is held: {read_holder(path)}", hint="end that process; the lock then frees itself")
    left = note_path(path).exists()
    note_path(path).unlink(missing_ok=True)
    return Output("released\n" if left else "nothing to release\n", {"released": left})


command.add_command(list_)
command.add_command(release)
