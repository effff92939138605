"""The sign-ins of a workspace, and how they stand, for the commands that make, end and show them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from pleoctl.errors import InvalidFile
from pleoctl.machine import this_machine

if TYPE_CHECKING:
    from pleoctl.remote.oauth.grant import Grant
    from pleoctl.remote.oauth.tokens import Tokens
    from pleoctl.workspace import Workspace

TARGETS: Final = ("pleo", "source", "sink")

target_option = click.option(
    "--target", type=click.Choice(TARGETS), default="pleo", show_default=True, help="Whose sign-in."
)


def grant_for(workspace: Workspace, target: str) -> Grant:
    """The sign-in of a section. Raises `InvalidFile` where it signs in by other means, `Refused`."""
    if target == "pleo":
        from pleoctl.pleo.signing import pleo_grant

        return pleo_grant(workspace)
    found = _of_source(workspace) if target == "source" else _of_sink(workspace)
    if not found:
        place = workspace.document.place((target, "auth") if getattr(workspace.settings, target) else ())
        raise InvalidFile(f"{target}.auth does not sign in by OAuth", place=place, hint="see docs/signing-in.md")
    return found[0]


def _of_source(workspace: Workspace) -> list[Grant]:
    from pleoctl.sources.opening import open_source, signing_in

    return signing_in(open_source(workspace))


def _of_sink(workspace: Workspace) -> list[Grant]:
    from pleoctl.sinks.opening import signing_in

    return signing_in(workspace)


def until(tokens: Tokens) -> str | None:
    """When the access token ends, in UTC; None where the server did not say."""
    if tokens.expires is None:
        return None
    return datetime.fromtimestamp(tokens.expires, UTC).isoformat(timespec="seconds")


def standing(grant: Grant) -> dict[str, Any]:
    """How a sign-in stands; nothing of the tokens themselves."""
    kept = grant.standing()
    there = kept is not None and bool(kept.access)
    return {
        "service": grant.client.service,
        "issuer": grant.client.issuer,
        "place": grant.vault.place,
        "signedIn": there,
        "ended": kept.refused if kept is not None else None,
        "expires": until(kept) if kept is not None and there else None,
        "expired": there and kept is not None and not kept.lives(this_machine().time()),
        "renews": grant.client.grants_itself or (kept is not None and bool(kept.refresh)),
    }


def words(found: dict[str, Any]) -> str:
    """How a sign-in stands, in one line."""
    if not found["signedIn"]:
        return f"ended ({found['ended']})" if found["ended"] else "nobody has signed in"
    end = f"{'ended' if found['expired'] else 'until'} {found['expires']}" if found["expires"] else "no end was told"
    return f"{end}, {'renews itself' if found['renews'] else 'cannot be renewed'}"
