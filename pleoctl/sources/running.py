"""Running programs for sources: only where the environment allows it, never through a shell, never with Pleo's key.

What a program prints counts only if it ends with exit code 0.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Final

from pleoctl.errors import SourceError
from pleoctl.machine import MOST_PRINTED, ProgramError, overhear, printed
from pleoctl.workspace.secrets import require_exec

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_SECONDS: Final = 300.0
MAX_OUTPUT: Final = MOST_PRINTED


def run_program(root: Path, environment: dict[str, str], command: list[str], *, seconds: float, what: str) -> str:
    """What a program prints, run in a folder with an environment; what it says on stderr is told.

    Raises `Refused` where programs are not allowed, `SourceError` for any other end than exit code 0.
    """
    require_exec(what)
    name = command[0] if command else ""
    try:
        process = subprocess.Popen(  # noqa: S603 - allowed by the environment, never through a shell
            command,
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except (OSError, ValueError) as error:
        raise SourceError(f"{name} could not be run: {getattr(error, 'strerror', None) or error}") from error
    ended = overhear(process)
    try:
        output = printed(process, name, seconds, MAX_OUTPUT)
    except ProgramError as error:
        raise SourceError(str(error)) from error
    finally:
        ended()
    if process.returncode:
        how = f"exit code {process.returncode}" if process.returncode > 0 else f"signal {-process.returncode}"
        raise SourceError(f"{name} ended with {how}; what it printed is not used")
    try:
        return output.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(f"{name} printed something that is not UTF-8") from error
