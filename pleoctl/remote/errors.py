"""How a request can end other than well."""

from __future__ import annotations

import json
from typing import Any, Final

from pleoctl.errors import RemoteError

# Of whoever stood between and heard nothing in time, or no longer listened: nginx says 444 and 499, AWS 460.
_UNHEARD: Final = frozenset({408, 425, 444, 460, 499})
_SERVER: Final = 500


def is_doubtful(status: int) -> bool:
    """Whether an answer of this status says nothing of the request, which may have been carried out."""
    return status >= _SERVER or status in _UNHEARD


class ApiError(RemoteError):
    """The server answered with a refusal; ``status`` is the HTTP status, ``kind`` the server's own error type."""

    code = "api"
    status: int

    def __init__(self, message: str, status: int, kind: str = "", hint: str | None = None) -> None:
        """``message`` is already fit to be shown."""
        super().__init__(message, hint=hint)
        self.status = status
        self.kind = kind
        self.content = b""
        """The body of the answer, unpacked."""
        self.said = ""
        """The server's own words, fit to be shown."""

    @property
    def data(self) -> Any:
        """The data of the answer; None where it is not JSON."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            return None


class Unauthorised(ApiError):
    """401 or 403: the credential is missing, expired or lacks a scope. Nothing more may be written (N9)."""

    code = "unauthorised"


class LostAnswer(RemoteError):
    """A write was sent and its outcome is not known: no answer, a server failure, or an unreadable answer."""

    code = "lost-answer"

    def __init__(self, message: str, status: int | None = None) -> None:
        """``status`` is the HTTP status, where there was one."""
        super().__init__(message)
        self.status = status


class Redirected(LostAnswer):
    """A write was answered with another address; it never follows, and what stands behind it may be its outcome."""


class Unanswered(Exception):
    """One try without a usable answer; never seen outside ``remote``, except by what stands in for `Transport.send`.

    ``sent``: the server may have carried the request out. ``tries``: how often such a fault is worth a try.
    """

    def __init__(self, words: str, *, sent: bool, tries: int, status: int | None = None, hint: str = "") -> None:
        """``words`` are fit to be shown."""
        super().__init__(words)
        self.sent, self.tries, self.status, self.hint = sent, tries, status, hint
