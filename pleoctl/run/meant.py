"""Whether a plan is the one that was reviewed, and meant for here."""

from __future__ import annotations

from typing import NamedTuple

from pleoctl.errors import Refused


class Aim(NamedTuple):
    """A company of one Pleo."""

    company: str
    url: str


def require_meant(plan: str, aim: Aim, here: Aim, expected: str | None) -> None:
    """Raise `Refused` unless the plan's id is the ``expected`` one (None: any is), and its ``aim`` is ``here``."""
    if expected is not None and plan != expected:
        raise Refused(f"the plan's id is {plan}, not {expected}", hint="it is not the plan that was reviewed")
    for name, theirs, mine in zip(Aim._fields, aim, here, strict=True):
        if theirs.lower().rstrip("/") != mine.lower():
            words = f"the plan is for {name} {theirs}, this workspace is for {mine}"
            raise Refused(words, hint="name the workspace that it was made in: --workspace FILE")
