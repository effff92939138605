"""Who may speak to a server on loopback: programs of this machine, never a page that a browser has open.

A page reaches loopback in two ways: a name of its own that points here (so the Host must be one of ours), and plain
forms that a browser sends anywhere without asking (so its Origin must be one of ours, and what changes the sandbox
must be JSON, which a form cannot send).
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from pleoctl.sandbox.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Collection

    from pleoctl.sandbox.wire import Request

OWN_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})
MOST_BODY: Final = 64 * 2**20
MOST_HEAD: Final = 64 * 2**10
_NEAR: Final = {"same-origin", "none"}

# What stands behind the bracket of an address, or before an @, is passed over by urlsplit.
_HOST: Final = re.compile(r"(\[[^\[\]@]*\]|[^\[\]@:]*)(:[0-9]*)?")


def admit(request: Request, hosts: Collection[str]) -> None:
    """Let a request in.

    Raises the 431 for a head above `MOST_HEAD` bytes, the 421 for a Host and the 403 for an Origin that is neither
    loopback nor one of ``hosts``. The port does not count: a forwarded port is another one, and a page cannot choose
    its Host.
    """
    if len(request.path) + len(request.query) + sum(map(len, chain(*request.headers.items()))) > MOST_HEAD:
        raise ApiError(431, "HEADERS_TOO_LARGE", f"Path and headers have more than {MOST_HEAD >> 10} KiB")
    known = OWN_HOSTS | {host.lower() for host in hosts}
    host = request.header("host") or ""
    if not _HOST.fullmatch(host) or _name(f"//{host}") not in known:
        raise ApiError(421, "MISDIRECTED_REQUEST", "The Host is not one of this sandbox; --allow-host adds one")
    origin = request.header("origin")
    if origin is not None and _name(origin) not in known:
        raise ApiError(403, "ACCESS_DENIED", "Pages of other origins may not call the sandbox")
    if (request.header("sec-fetch-site") or "none").lower() not in _NEAR:
        raise ApiError(403, "ACCESS_DENIED", "Pages of other sites may not call the sandbox")


def too_large() -> ApiError:
    """The 413 for a body above `MOST_BODY` bytes."""
    return ApiError(413, "PAYLOAD_TOO_LARGE", f"The body has more than {MOST_BODY >> 20} MiB")


def _name(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
