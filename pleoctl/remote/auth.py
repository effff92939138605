"""What proves to a server who asks: headers that every request carries, and that no message shows (law 8)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PURPOSE = b"pleoctl request budget"
_DIGEST_LETTERS = 24


@dataclass(frozen=True, slots=True)
class Auth:
    """A credential.

    ``owner`` is what the server counts requests by: the key itself, or a name where the credential changes from hour
    to hour.
    """

    headers: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    owner: str = field(repr=False)

    def proof(self) -> Mapping[str, str]:
        """The headers of the next request."""
        return self.headers

    @property
    def fingerprint(self) -> str:
        """A name for the owner that does not give it away: an HMAC."""
        return hmac.new(self.owner.encode(), _PURPOSE, hashlib.sha256).hexdigest()[:_DIGEST_LETTERS]

    def renewed(self) -> bool:
        """Whether another try is worth it after a 401 to this thread's last request: never for what does not change."""
        return False

    def masked(self, words: str) -> str:
        """The words without the credential, should the server echo what was sent."""
        for secret in sorted(filter(None, self.secrets), key=len, reverse=True):
            words = words.replace(secret, "***")
        return words


def nobody() -> Auth:
    """No credential."""
    return Auth({}, (), "")


def bearer(token: str, owner: str | None = None) -> Auth:
    """``Authorization: Bearer``; ``owner`` where the token does not last."""
    return Auth({"Authorization": f"Bearer {token}"}, (token,), owner or token)


def basic(user: str, password: str) -> Auth:
    """``Authorization: Basic`` (RFC 7617, UTF-8)."""
    encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
    return Auth({"Authorization": f"Basic {encoded}"}, (encoded, user, password), f"{user}:{password}")


def in_headers(headers: Mapping[str, str]) -> Auth:
    """A secret in each of these headers."""
    return Auth(dict(headers), tuple(headers.values()), "\n".join(f"{n}:{v}" for n, v in sorted(headers.items())))
