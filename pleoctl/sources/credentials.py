"""Secrets of a source: references only, never Pleo's own, never in a message.

The workspace file comes from a branch that anyone may have pushed, and a source names its own server. So the secret
that ``pleo.auth`` names, or one that is the same text, is never handed to a source.
"""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import PleoctlError, Refused
from pleoctl.workspace.secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from pleoctl.workspace import Workspace

# Variables with this beginning hold Pleo's credentials, whatever the workspace's own pleo.auth says.
PLEO_VARIABLES: Final = "env:PLEO_"
_SHORTEST: Final = 4


class Credentials:
    """Resolves the references of one source and remembers the values, to keep them out of messages."""

    def __init__(self, workspace: Workspace) -> None:
        """Nothing is resolved yet."""
        self._workspace = workspace
        self._known: set[str] = set()

    def reveal(self, reference: str, *key: str) -> str:
        """The secret behind a reference at ``key`` of the workspace. Raises `PleoctlError`; `Refused` for Pleo's."""
        _, own = self._workspace.auth
        if reference == own.reference or reference.startswith(PLEO_VARIABLES):
            raise self._refused(key)
        value = Secret(reference, self._workspace.root).reveal()
        if not reference.startswith("cmd:") and value == _quietly(own):
            raise self._refused(key)
        self.remember(value)
        return value

    def remember(self, value: str) -> None:
        """Keep a text out of messages from now on."""
        if len(value) >= _SHORTEST:
            self._known.add(value)

    def redact(self, text: str) -> str:
        """The text without any secret of this source."""
        for value in sorted(self._known, key=len, reverse=True):
            text = text.replace(value, "***")
        return text

    def authorise(self, auth: dict[str, Any]) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
        """Put ``bearer``, ``basic`` or ``headers`` on requests; the secrets are resolved here, once."""
        headers = self._headers(auth)

        def put(request: requests.PreparedRequest) -> requests.PreparedRequest:
            request.headers.update(headers)
            return request

        return put

    def _headers(self, auth: dict[str, Any]) -> dict[str, str]:
        if "bearer" in auth:
            return {"Authorization": f"Bearer {self.reveal(auth['bearer'], 'source', 'auth', 'bearer')}"}
        if "basic" in auth:
            both = (self.reveal(auth["basic"][part], "source", "auth", "basic", part) for part in ("user", "password"))
            encoded = base64.b64encode(":".join(both).encode()).decode()
            self.remember(encoded)
            return {"Authorization": f"Basic {encoded}"}
        given = auth.get("headers", {})
        return {name: self.reveal(reference, "source", "auth", "headers", name) for name, reference in given.items()}

    def _refused(self, key: tuple[str, ...]) -> Refused:
        line, column = self._workspace.document.locate(key)
        return Refused("a source may not use Pleo's own credential", file=self._workspace.document.shown,
                       line=line, column=column, hint="give the accounting system a secret of its own")  # fmt: skip


def child_environment(workspace: Workspace) -> dict[str, str]:
    """The environment for a program that a source runs: without the variable that holds Pleo's credential."""
    _, secret = workspace.auth
    own = secret.reference.removeprefix("env:")
    return {name: value for name, value in os.environ.items() if name != own and not name.startswith("PLEO_")}


def _quietly(secret: Secret) -> str | None:
    """Pleo's secret where it is at hand; an export may run without it. A command is not run for this."""
    if secret.reference.startswith("cmd:"):
        return None
    try:
        return secret.reveal()
    except PleoctlError:
        return None
