"""How each flat kind is read: the planner's only knowledge of Pleo's lists. Tag groups and tags have their own way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pleoctl.model.kinds import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.model.records import Live
    from pleoctl.pleo.reader import PleoReader

READ: Final[dict[str, Callable[[PleoReader], list[Live]]]] = {ACCOUNT.name: lambda reader: reader.accounts()}
"""Every record of a kind, active and archived, by the kind's name."""
