"""Secrets of a workspace: references that are resolved late, and whether a workspace may run programs."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import Final

from pleoctl.documents.files import decode, read_bytes
from pleoctl.errors import PleoctlError, Refused

SECRET_SECONDS: Final = 60


class Secret:
    """A reference to a secret (``env:``, ``file:``, ``cmd:``); shows itself only as that reference."""

    def __init__(self, reference: str, root: Path) -> None:
        """``root`` is the folder that a relative ``file:`` path starts from."""
        self.reference = reference
        self._root = root

    def __repr__(self) -> str:
        return f"Secret({self.reference!r})"

    def reveal(self) -> str:
        """The secret itself. Raises `PleoctlError`; `Refused` where running a program is not allowed."""
        kind, _, rest = self.reference.partition(":")
        value = {"env": self._env, "file": self._file, "cmd": self._cmd}[kind](rest).strip("\r\n")
        if not value:
            raise PleoctlError(f"secret {kind}:{rest if kind == 'env' else '…'} is empty")
        if not value.isascii() or not value.isprintable():
            raise PleoctlError(f"the secret behind {kind}: has characters that no header can carry")
        return value

    def _env(self, name: str) -> str:
        value = os.environ.get(name)
        if value is None:
            raise PleoctlError(f"environment variable {name} is not set", hint=f"export {name}=…")
        return value

    def _file(self, name: str) -> str:
        path = self._root / Path(name).expanduser()
        return decode(read_bytes(path, name, limit=64 * 1024), name)

    def _cmd(self, command: str) -> str:
        require_exec(f"the secret reference cmd:{command.split(' ', maxsplit=1)[0]}")
        try:
            done = subprocess.run(  # noqa: S603 - allowed by the environment, never through a shell
                shlex.split(command), cwd=self._root, capture_output=True, text=True, check=False,
                timeout=SECRET_SECONDS, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            raise PleoctlError(f"the secret's command could not be run: {type(error).__name__}") from error
        if done.returncode:
            raise PleoctlError(f"the secret's command ended with exit code {done.returncode}")
        return done.stdout


def require_exec(what: str) -> None:
    """Raise `Refused` unless the environment allows the workspace to run programs."""
    if os.environ.get("PLEOCTL_ALLOW_EXEC") != "1":
        raise Refused(f"{what} would run a program", hint="set PLEOCTL_ALLOW_EXEC=1 if you trust this workspace")
