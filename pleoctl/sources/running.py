"""Running programs for sources: only where the environment allows it, never through a shell, never with Pleo's key.

What a program prints counts only if it ends with exit code 0.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Final

from pleoctl.errors import SourceError
from pleoctl.workspace.secrets import require_exec

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_SECONDS: Final = 300.0
MAX_OUTPUT: Final = 256 * 1024 * 1024


def run_program(root: Path, environment: dict[str, str], command: list[str], *, seconds: float, what: str) -> str:
    """What a program prints, run in a folder with an environment; its stderr goes to ours.

    Raises `Refused` where programs are not allowed, `SourceError` for any other end than exit code 0.
    """
    require_exec(what)
    name = command[0] if command else ""
    try:
        done = subprocess.run(  # noqa: S603 - allowed by the environment, never through a shell
            command, cwd=root, env=environment, stdout=subprocess.PIPE,
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
