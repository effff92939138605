"""The sign-ins of a workspace, and how they stand, for the commands that make, end and show them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import click

from pleoctl.errors import Finding, InvalidFile, PleoctlError
from pleoctl.machine import this_machine

if TYPE_CHECKING:
    from pleoctl.remote.oauth.grant import Grant
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


def sign_ins(workspace: Workspace) -> tuple[dict[str, dict[str, Any]], list[Finding]]:
    """How the sign-ins of a workspace stand, by section, and what is wrong with those of its source and sink."""
    from pleoctl.remote.oauth.errors import SignedOut

    found: dict[str, dict[str, Any]] = {}
    findings: list[Finding] = []
    for target in TARGETS:
        if not _signs_in(workspace, target):
            continue
        try:
            grant = grant_for(workspace, target)
            found[target] = standing(grant)
        except PleoctlError as error:
            findings += [replace(finding, level="warning") for finding in error.findings]
            continue
        if target != "pleo" and not grant.client.grants_itself and not found[target]["signedIn"]:
            told = f"{grant.client.service}: {words(found[target])}"
            findings.append(Finding(SignedOut.code, told, "warning", hint=f"run `{grant.client.login}`"))
    return found, findings


def _signs_in(workspace: Workspace, target: str) -> bool:
    section = workspace.settings.pleo.auth if target == "pleo" else getattr(workspace.settings, target) or {}
    return "oauth" in (section if target == "pleo" else section.get("auth") or {})


def _of_source(workspace: Workspace) -> list[Grant]:
    from pleoctl.sources.opening import open_source, signing_in

    return signing_in(open_source(workspace))


def _of_sink(workspace: Workspace) -> list[Grant]:
    from pleoctl.sinks.opening import signing_in

    return signing_in(workspace)


def standing(grant: Grant) -> dict[str, Any]:
    """How a sign-in stands; nothing of the tokens themselves."""
    from pleoctl.watch import SIGN_IN, Ending, watched

    kept = grant.standing()
    there = kept is not None and bool(kept.access)
    ending = None if kept is None else grant.ending(kept)
    if ending is not None:
        watched().endings[grant.client.target, SIGN_IN] = ending
    return {
        "service": grant.client.service,
        "issuer": grant.client.issuer,
        "place": grant.vault.place,
        "signedIn": there,
        "ended": kept.refused if kept is not None else None,
        "expires": Ending(kept.expires, soon=False).date if there and kept is not None and kept.expires else None,
        "expired": there and kept is not None and not kept.lives(this_machine().time()),
        "renews": grant.client.grants_itself or (kept is not None and grant.renews(kept)),
        "ends": None if ending is None else ending.date,
        "endsSoon": ending is not None and ending.soon,
    }


def words(found: dict[str, Any]) -> str:
    """How a sign-in stands, in one line."""
    if not found["signedIn"]:
        return f"ended ({found['ended']})" if found["ended"] else "nobody has signed in"
    end = f"{'ended' if found['expired'] else 'until'} {found['expires']}" if found["expires"] else "no end was told"
    if not found["renews"]:
        return f"{end}, cannot be renewed"
    return f"{end}, renews itself" + (f", if it is used until {found['ends']}" if found["ends"] else "")
