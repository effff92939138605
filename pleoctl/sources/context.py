"""What a source is made with: six things of the workspace, never the workspace itself or Pleo's credential."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pleoctl.sources.credentials import Credentials, child_environment
from pleoctl.sources.running import DEFAULT_SECONDS, run_program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pleoctl.remote.oauth.client import Client
    from pleoctl.remote.oauth.grant import Grant
    from pleoctl.sources.connect import ServerConnection
    from pleoctl.state.budget import Window
    from pleoctl.workspace import Workspace
    from pleoctl.workspace.secrets import Origin

SERVICE: Final = "the accounting system"


class Context:
    """``root``, ``inside``, ``reveal``, ``run``, ``http`` and ``stop``: all that a source may ask of the workspace."""

    def __init__(self, workspace: Workspace, stop: threading.Event | None = None, *, section: str = "source") -> None:
        """Nothing is read, resolved or run yet; ``section`` is what messages call the place of the settings."""
        _, own = workspace.auth
        self.root: Path = workspace.root
        """The workspace's folder; paths of the section are relative to it."""
        self.stop = stop or threading.Event()
        """Set when the run was asked to end: a source that reads for long looks at it between its requests."""
        self._inside = workspace.inside
        self._environment = partial(child_environment, own)
        self._credentials = Credentials(workspace.root, own, workspace.document, section)
        self._windows = partial(_window, workspace)
        self._grants = partial(_grant, workspace)
        self._connections: list[ServerConnection] = []

    def inside(self, name: str, *key: str | int) -> Path:
        """The path of a file that the section names at ``key``; it lies below ``root``, also through links.

        Raises `Refused`.
        """
        return self._inside(name, *key)

    def reveal(self, reference: str, *key: str) -> str:
        """The secret behind ``env:``, ``file:`` or ``cmd:`` at ``key`` of the workspace; kept out of every message.

        Raises `PleoctlError`; `Refused` for Pleo's own credential and those of the machine.
        """
        return self._credentials.reveal(reference, *key)

    def run(self, command: list[str], *, seconds: float = DEFAULT_SECONDS, what: str = "this source") -> str:
        """What a program prints, run in ``root`` without a shell and without Pleo's credential.

        Raises `Refused` unless ``PLEOCTL_ALLOW_EXEC=1``, `SourceError` for any other end than exit code 0.
        """
        return run_program(self.root, self._environment(), command, seconds=seconds, what=what)

    def http(
        self, base_url: str, section: dict[str, Any], *, service: str = SERVICE, own: str = ""
    ) -> ServerConnection:
        """A connection with the section's ``auth``, budget and time limit.

        To be made in the constructor, so that `source check` can tell what is missing; refused with the first request
        where nobody trusts the host. ``own`` is a base url that stands in the source's own code, whose host needs no
        trust. Raises `SourceError`.
        """
        from pleoctl.sources.connect import ServerConnection  # requests takes 100 ms to import

        made = ServerConnection(base_url, section, service, self._credentials, own)
        made.windows, made.grants = self._windows, self._grants
        self._connections.append(made)
        return made


def _window(workspace: Workspace, name: str) -> Window:
    """Where the requests of a credential are counted; asked with the first of them."""
    from pleoctl.state.opening import state_of

    return state_of(workspace).window(name)


def _grant(workspace: Workspace, make: Callable[[str], Client]) -> Grant:
    """The sign-in of the workspace's company by a client."""
    from pleoctl.remote.oauth.opening import grant_of

    return grant_of(workspace, make(workspace.company))


def origin_of(context: Context, reference: str) -> Origin:
    """Who vouches for the secret behind a reference. Raises `Refused`."""
    return context._credentials.origin(reference)  # noqa: SLF001 - of this module, and no part of what a source may ask


def connections_of(context: Context) -> list[ServerConnection]:
    """The connections that a source has made with its context."""
    return context._connections  # noqa: SLF001 - of this module, and no part of what a source may ask


def redact(context: Context, text: str) -> str:
    """A text without any secret that the context has given."""
    return context._credentials.redact(text)  # noqa: SLF001 - as above
