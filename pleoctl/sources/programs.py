"""Running programs for sources: only where the environment allows it, never through a shell, never with Pleo's key.

What a program prints counts only if it ends with exit code 0.
"""

from __future__ import annotations

import json
import shlex
import subprocess
from typing import TYPE_CHECKING, Any, Final

from pleoctl.documents.schemas import nearest
from pleoctl.errors import SourceError
from pleoctl.sources.base import FIELDS, SourceRow, Table
from pleoctl.sources.cells import settle
from pleoctl.sources.credentials import child_environment
from pleoctl.workspace.secrets import require_exec

if TYPE_CHECKING:
    from pleoctl.workspace import Workspace

DEFAULT_SECONDS: Final = 300.0
MAX_OUTPUT: Final = 256 * 1024 * 1024


def run_program(
    workspace: Workspace, command: list[str], *, seconds: float = DEFAULT_SECONDS, what: str = "the exec source"
) -> str:
    """What a program prints, run in the workspace's folder; its stderr goes to ours.

    Raises `Refused` where programs are not allowed, `SourceError` for any other end than exit code 0.
    """
    require_exec(what)
    name = command[0] if command else ""
    try:
        done = subprocess.run(  # noqa: S603 - allowed by the environment, never through a shell
            command, cwd=workspace.root, env=child_environment(workspace), stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL, timeout=seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"{name} did not end within {seconds:g} s") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"{name} could not be run: {getattr(error, 'strerror', None) or error}") from error
    if done.returncode:
        how = f"exit code {done.returncode}" if done.returncode > 0 else f"signal {-done.returncode}"
        raise SourceError(f"{name} ended with {how}; what it printed is not used")
    if len(done.stdout) > MAX_OUTPUT:
        raise SourceError(f"{name} printed more than {MAX_OUTPUT // 1024 // 1024} MiB")
    try:
        return done.stdout.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(f"{name} printed something that is not UTF-8") from error


class ExecSource:
    """One command per table; each prints one JSON object per row, named like the fields."""

    def __init__(self, workspace: Workspace, section: dict[str, Any]) -> None:
        """See `Source`."""
        self._workspace, self._section = workspace, section

    def read(self, resource: str) -> Table | None:
        """See `Source.read`. Raises `Refused` unless PLEOCTL_ALLOW_EXEC=1."""
        config = self._section.get(resource)
        if config is None:
            return None
        command = config["command"]
        words = shlex.split(command) if isinstance(command, str) else list(command)
        text = run_program(self._workspace, words, seconds=float(config.get("timeoutSeconds", DEFAULT_SECONDS)))
        label = f"output of source.{resource}.command"
        if text and not text.endswith("\n"):
            raise SourceError("the last line has no end: it may have been cut off", file=label)
        lines = text.split("\n")
        rows = [_row(line, number, resource, label) for number, line in enumerate(lines, 1) if line.strip()]
        return Table(label, rows)


def _row(line: str, number: int, resource: str, label: str) -> SourceRow:
    try:
        cells = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise SourceError("is not JSON", file=label, line=number) from error
    if not isinstance(cells, dict):
        raise SourceError("is not an object", file=label, line=number)
    for name in cells:
        if name not in FIELDS[resource]:
            raise SourceError(f"unknown field {name!r}", file=label, line=number,
                              hint=nearest(name, sorted(FIELDS[resource])))  # fmt: skip
    settle(cells)
    return SourceRow(cells, f"{label}:{number}", number)
