"""Running programs for sources: only where the environment allows it, never through a shell, never with Pleo's key.

What a program prints counts only if it ends with exit code 0.
"""

from __future__ import annotations

import subprocess
import threading
import time
from typing import TYPE_CHECKING, Final

from pleoctl.errors import SourceError
from pleoctl.workspace.secrets import require_exec

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_SECONDS: Final = 300.0
_MIB: Final = 1024 * 1024
MAX_OUTPUT: Final = 256 * _MIB
_PORTION: Final = 64 * 1024


def run_program(root: Path, environment: dict[str, str], command: list[str], *, seconds: float, what: str) -> str:
    """What a program prints, run in a folder with an environment; its stderr goes to ours.

    Raises `Refused` where programs are not allowed, `SourceError` for any other end than exit code 0.
    """
    require_exec(what)
    name = command[0] if command else ""
    try:
        process = subprocess.Popen(  # noqa: S603 - allowed by the environment, never through a shell
            command, cwd=root, env=environment, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
        )
    except (OSError, ValueError) as error:
        raise SourceError(f"{name} could not be run: {getattr(error, 'strerror', None) or error}") from error
    printed = _printed(process, name, seconds)
    if process.returncode:
        how = f"exit code {process.returncode}" if process.returncode > 0 else f"signal {-process.returncode}"
        raise SourceError(f"{name} ended with {how}; what it printed is not used")
    try:
        return printed.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(f"{name} printed something that is not UTF-8") from error


def _printed(process: subprocess.Popen[bytes], name: str, seconds: float) -> bytes:
    """What a program prints until it ends; it is ended where that takes too long or is too much."""
    end = time.monotonic() + seconds
    portions: list[bytes] = []
    # A thread, since a program's own children may hold the pipe open for ever.
    reader = threading.Thread(target=_collect, args=(process, portions), daemon=True)
    reader.start()
    try:
        reader.join(seconds)
        printed = b"".join(portions)
        if len(printed) > MAX_OUTPUT:
            raise SourceError(f"{name} printed more than {MAX_OUTPUT // _MIB} MiB")
        process.wait(0 if reader.is_alive() else max(0.0, end - time.monotonic()))
        if reader.is_alive():
            raise SourceError(f"{name} ended and left somebody who holds its output open")
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"{name} did not end within {seconds:g} s") from error
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    return printed


def _collect(process: subprocess.Popen[bytes], portions: list[bytes]) -> None:
    total = 0
    if process.stdout is None:
        return
    with process.stdout as stream:
        while total <= MAX_OUTPUT and (portion := stream.read(_PORTION)):
            portions.append(portion)
            total += len(portion)
