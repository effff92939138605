"""When a server asks to come again later: how it says so, and how long pleoctl waits."""

from __future__ import annotations

import math
import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from pleoctl.machine import this_machine

if TYPE_CHECKING:
    from pleoctl.remote.service import Reply

# Of all waits that servers ask for, for one request; a longer one is not begun.
LONGEST_WAIT: Final = 600.0
_TOO_MANY: Final = 429
_FORBIDDEN: Final = 403
# GitHub's secondary limits may say it in words alone, and ask for a minute at least.
_IN_WORDS: Final = re.compile(rb"(secondary|abuse|api) rate limit|rate limit exceeded", re.IGNORECASE)
_LOOKED_THROUGH: Final = 4096
_WORDS_WAIT: Final = 60.0


class Limited(Exception):
    """The request is said not to have been carried out, since there were too many.

    ``seconds`` is None where it is not said when they are fewer.
    """

    def __init__(self, status: int, seconds: float | None) -> None:
        super().__init__(f"too many requests ({status})")
        self.status, self.seconds = status, seconds


def limited_by(reply: Reply) -> Limited | None:
    """429, or a 403 that says when to come back, that nothing is left, or in words that there is a limit.

    So GitHub tells of its limits.
    """
    headers, status = reply.headers, reply.status
    used_up = headers.get("X-RateLimit-Remaining") == "0"
    if status == _FORBIDDEN and not used_up and "Retry-After" not in headers:
        said = _IN_WORDS.search(reply.content[:_LOOKED_THROUGH])
        return Limited(status, _WORDS_WAIT) if said else None
    if status not in {_TOO_MANY, _FORBIDDEN}:
        return None
    seconds = retry_after(headers.get("Retry-After"))
    return Limited(status, _until(headers.get("X-RateLimit-Reset")) if seconds is None and used_up else seconds)


def retry_after(header: str | None) -> float | None:
    """Seconds to wait from a ``Retry-After`` header (seconds or HTTP date); None where it says nothing usable."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            moment = parsedate_to_datetime(header)
        except (TypeError, ValueError):
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (moment - this_machine().now()).total_seconds()
    return seconds if seconds > 0 else None


def _until(header: str | None) -> float | None:
    """Seconds until a moment given in seconds since the epoch."""
    try:
        seconds = float(header or "") - this_machine().time()
    except ValueError:
        return None
    return seconds if seconds > 0 and not math.isnan(seconds) else None
