"""What the expressions of a body are evaluated over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pleoctl.sinks.base import Booking


def scope_of(booking: Booking, variables: Mapping[str, Any]) -> dict[str, Any]:
    """``entry``, ``leg``, ``key``, ``draft``, ``once`` and ``variables``.

    ``entry.entries`` are the legs of this record, and ``leg`` is the first of them with the postings of all.
    """
    legs = msgspec.to_builtins(booking.legs)
    entry = {**booking.told, "entries": legs}
    leg = {"kind": legs[0]["kind"] if legs else None, "postings": [each for leg in legs for each in leg["postings"]]}
    own = {"key": booking.key.stored, "draft": booking.draft, "once": booking.once}
    return {"entry": entry, "leg": leg, "variables": dict(variables), **own}
