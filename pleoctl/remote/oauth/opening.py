"""From a registered client to its grant: where its tokens are kept, and whether that is a good place."""

from __future__ import annotations

import logging
import os
from functools import cache
from typing import TYPE_CHECKING, Final

from pleoctl.errors import InvalidFile, Refused, RemoteError
from pleoctl.machine import this_machine
from pleoctl.remote.oauth.endpoint import Endpoint
from pleoctl.remote.oauth.grant import Grant
from pleoctl.state.opening import LocalState, state_of
from pleoctl.state.vault import FileVault
from pleoctl.workspace.secrets import Secret

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.remote.oauth.client import Client
    from pleoctl.state.base import Vault
    from pleoctl.workspace import Workspace

LOG: Final = logging.getLogger(__name__)
_GIT_SECONDS: Final = 10.0
_TRACKED: Final = 1
_STATE: Final = "state"


def grant_of(workspace: Workspace, client: Client, failure: type[RemoteError] = RemoteError) -> Grant:
    """The grant of a client. Raises `Refused` for a server or a place that will not do, `InvalidFile`."""
    if (missing := client.refusal()) is not None:
        raise Refused(missing.message, findings=[missing])
    vault = _vault(workspace, client)
    if isinstance(vault, FileVault) and not client.grants_itself and workspace.environ.get("CI"):
        warn_once(client.service)
    return Grant(client, vault, Endpoint(client, failure))


def _vault(workspace: Workspace, client: Client) -> Vault:
    tokens = client.oauth.tokens
    if tokens is None:
        return LocalState().vault(client.name)
    if tokens == _STATE:
        return state_of(workspace).vault(client.name)
    place = workspace.document.place((client.target, "auth", "oauth", "tokens"))
    path = Secret(tokens, workspace.root, place, workspace.environ).path
    require_ignored(path)
    return FileVault(path)


def require_ignored(path: Path) -> None:
    """Raise `Refused` for a path that git would take up with the next ``git add``."""
    folder = next((one for one in path.parents if one.is_dir()), path.parent)
    if not any((one / ".git").exists() for one in (folder, *folder.parents)):
        return
    try:
        code = this_machine().git(["check-ignore", "--quiet", "--", str(path)], _GIT_SECONDS, folder).code
    except OSError as error:
        raise InvalidFile(f"git cannot say whether {path} is ignored", hint="leave tokens out of auth.oauth") from error
    if code == _TRACKED:
        name = os.path.relpath(path, folder)
        raise Refused(f"git does not ignore the token file {path}", hint=f"add {name} to {folder / '.gitignore'}")


@cache
def warn_once(service: str) -> None:
    """Tell, once a process, that a runner's files do not last."""
    LOG.warning(
        "%s: tokens are kept in a file of this runner: the next job may find none, or spent ones; "
        "set state and tokens: state",
        service,
    )
