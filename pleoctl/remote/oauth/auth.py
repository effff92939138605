"""A credential that renews itself, as a transport uses it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pleoctl.remote.auth import Auth, bearer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pleoctl.remote.oauth.grant import Grant
    from pleoctl.remote.oauth.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Renewing(Auth):
    """`Auth` by a grant: each request carries tokens that last, and a 401 is answered with newer ones, once."""

    grant: Grant = field(repr=False, kw_only=True)
    _sent: threading.local = field(default_factory=threading.local, repr=False, kw_only=True)

    def proof(self) -> Mapping[str, str]:
        """The header with the token. Raises `SignedOut`, `RemoteError`, before anything is sent."""
        self._sent.tokens = None
        self._sent.tokens = tokens = self.grant.current()
        return bearer(tokens.access).headers

    def renewed(self) -> bool:
        """See `Auth.renewed`. Raises `SignedOut`, `RemoteError`."""
        failed: Tokens | None = self._sent.tokens
        # Without tokens nothing was sent: it was not the server that refused.
        return failed is not None and self.grant.after(failed).access != failed.access

    def masked(self, words: str) -> str:
        """See `Auth.masked`; tokens of earlier generations count as well."""
        for secret in sorted({*self.secrets, *self.grant.secrets}, key=len, reverse=True):
            words = words.replace(secret, "***")
        return words


def renewing(grant: Grant) -> Renewing:
    """The credential of a grant; requests are counted by issuer, client and grant."""
    return Renewing({}, (), grant.client.owner, grant=grant)
