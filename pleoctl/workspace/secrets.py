"""Secrets of a workspace: references that are resolved late, and whether a workspace may run programs."""

from __future__ import annotations

import os
import shlex
from contextlib import contextmanager
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pleoctl.documents.files import decode, read_bytes, require_plain
from pleoctl.errors import PleoctlError, Refused
from pleoctl.machine import Around, ProgramError, this_machine
from pleoctl.workspace.trust import require_env

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from pleoctl.errors import Finding
    from pleoctl.place import Place

SECRET_SECONDS: Final = 60
MOST_SECRET: Final = 64 * 1024
_KINDS: Final = frozenset({"env", "file", "cmd"})
FOLDER: Final = "PLEOCTL_SECRETS_DIR"
TOKENS: Final = '{\n "kind": "Tokens"'
"""How a file begins that keeps the tokens of a sign-in."""


class Origin(Enum):
    """Who has written what a reference leads to."""

    WORKSPACE = "a file of the workspace, or a program that it names: the branch"
    ENVIRONMENT = "the environment, or a file below PLEOCTL_SECRETS_DIR: whoever runs this"


class Allowed(dict[str, str]):
    """What one of several workspaces may see of the environment: nobody else's secrets.

    References lead to what is ``named``, or begins with ``form``, alone: what else is seen is for programs, and may be
    the operator's (a proxy's password).
    """

    def __init__(self, values: Mapping[str, str], named: Collection[str], form: str | None) -> None:
        """``form`` None: only names."""
        super().__init__(values)
        self.named, self.form = frozenset(named), form

    def require(self, name: str) -> None:
        """Raise `Refused` for a variable that no reference may lead to."""
        if name in self.named or (self.form is not None and name.startswith(self.form)):
            return
        words = f"env:{name} is not among the variables that this company may see"
        raise Refused(words, hint="allow it in fleet.yaml: env under the company, or sharedEnv")


def is_reference(text: str) -> bool:
    """Whether a text leads to a secret and is none itself."""
    return text.partition(":")[0] in _KINDS


class Secret:
    """A reference to a secret (``env:``, ``file:``, ``cmd:``); shows itself only as that reference."""

    def __init__(
        self, reference: str, root: Path, place: Place | None = None, environ: Mapping[str, str] | None = None
    ) -> None:
        """``root`` is the folder that a relative ``file:`` path starts from; ``place`` says where the reference stands.

        A ``file:`` path may not leave the folder. ``environ`` is what the workspace may see of the environment.
        """
        self.reference = reference
        self.kind, _, self._rest = reference.partition(":")
        self.environ = os.environ if environ is None else environ
        self._root, self.place = root, place

    def __repr__(self) -> str:
        return f"Secret({self.reference!r})"

    @property
    def variable(self) -> str | None:
        """The variable that holds it; None for what is no ``env:``."""
        return self._rest if self.kind == "env" else None

    def beside(self, reference: str, place: Place | None = None) -> Secret:
        """Another secret of the same workspace."""
        return Secret(reference, self._root, place, self.environ)

    def reveal(self) -> str:
        """The secret itself. Raises `PleoctlError`; `Refused` where it is another's, or running a program is due."""
        kind, rest = self.kind, self._rest
        if not kind:
            raise PleoctlError("there is no secret")
        with self._in_its_place():
            value = {"env": self._env, "file": self._file, "cmd": self._cmd}[kind](rest).strip("\r\n")
            if not value:
                raise PleoctlError(f"secret {kind}:{rest if kind == 'env' else '…'} is empty")
            if not value.isascii() or not value.isprintable():
                raise PleoctlError(f"the secret behind {kind}: has characters that no header can carry")
        return value

    def check(self) -> None:
        """Raise what `reveal` raises because of whose secret it is, or of a name that no file stands behind.

        Nobody looks at it, and no program is run; a file that is not there may be where a run will be.
        """
        with self._in_its_place():
            if self.kind == "env":
                self._require(self._rest)
            elif self.kind == "file":
                require_plain(self._path(self._rest), self._rest)
            elif self.kind == "cmd":
                self._require_exec()

    @contextmanager
    def _in_its_place(self) -> Iterator[None]:
        """Say of whatever is wrong where the reference stands, and which file it was that could not be read."""
        try:
            yield
        except PleoctlError as error:
            if self.place is None:
                raise
            told = [self._placed(finding) for finding in error.findings]
            raise type(error)(error.message, findings=told) from None

    def _placed(self, finding: Finding) -> Finding:
        words = finding.message if finding.place is None else f"{self.reference}: {finding.message}"
        return replace(finding, message=words, place=self.place)

    @property
    def origin(self) -> Origin:
        """Who vouches for what `reveal` gives. Raises `Refused` as that does."""
        if self.kind == "env" or (self.kind == "file" and not _below(self._path(self._rest), self._root)):
            return Origin.ENVIRONMENT
        return Origin.WORKSPACE

    def _require(self, name: str) -> None:
        require_env(name)
        if isinstance(self.environ, Allowed):
            self.environ.require(name)

    def _env(self, name: str) -> str:
        self._require(name)
        value = self.environ.get(name)
        if value is None:
            raise PleoctlError(f"environment variable {name} is not set", hint=f"export {name}=…")
        return value

    def _file(self, name: str) -> str:
        found = decode(read_bytes(self._path(name), name, limit=MOST_SECRET), name)
        if found.startswith(TOKENS):
            raise Refused(f"file:{name} holds tokens of pleoctl, which go to their own server alone")
        return found

    @property
    def path(self) -> Path:
        """Where the file of a ``file:`` reference lies. Raises `Refused` as `reveal` does, `PleoctlError`."""
        with self._in_its_place():
            return self._path(self._rest)

    def _path(self, name: str) -> Path:
        """Where the file really lies: below the workspace or below the folder that the environment names."""
        try:
            path = (self._root / Path(name).expanduser()).resolve()
        except (OSError, RuntimeError, ValueError) as error:  # a loop of links, no home, a name that no file can have
            raise PleoctlError(f"file:{name} cannot be read", hint="name a file below the workspace") from error
        if _below(path, self._root):
            if any(part.casefold() == ".git" for part in path.relative_to(self._root.resolve()).parts):
                raise Refused(f"file:{name} is git's own", hint="keep the secret in a file of its own")
            return path
        named = self.environ.get(FOLDER)
        folder = Path(named) if named else None
        if folder is not None and _below(path, folder):
            return path
        hint = f"move it into the workspace, or set {FOLDER}={path.parent} in the environment"
        if isinstance(self.environ, Allowed):
            hint = "move it into the company's folder"
        raise Refused(f"file:{name} leads outside the workspace", hint=hint)

    def _require_exec(self) -> None:
        require_exec(f"the secret reference cmd:{self._rest.split(' ', maxsplit=1)[0]}")

    def _cmd(self, command: str) -> str:
        self._require_exec()
        try:
            code, output = this_machine().program(
                shlex.split(command), SECRET_SECONDS, self._root, most=MOST_SECRET, around=Around(environ=self.environ)
            )
            secret = output.decode()
        except ProgramError as error:
            raise PleoctlError(f"the secret's command {error}") from error
        except (OSError, ValueError) as error:
            raise PleoctlError(f"the secret's command could not be run: {type(error).__name__}") from error
        if code:
            raise PleoctlError(f"the secret's command ended with exit code {code}")
        return secret


def _below(path: Path, folder: Path) -> bool:
    """Whether a path whose links are followed lies in a folder."""
    return path.is_relative_to(folder.resolve())


def require_exec(what: str) -> None:
    """Raise `Refused` unless the environment allows the workspace to run programs."""
    if os.environ.get("PLEOCTL_ALLOW_EXEC") != "1":
        raise Refused(f"{what} would run a program", hint="set PLEOCTL_ALLOW_EXEC=1 if you trust this workspace")
