"""Who calls: API keys by Basic, tokens by Bearer, and what each of them may do.

Published: the two schemes, the form ``resource:permission`` of a scope, and that a call without its scope
gets 403. Assumed: the body of the 401, and the words of the 403, which follow what clients have reported.
"""

from __future__ import annotations

import base64
import binascii
import threading
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
from msgspec import Meta

from pleoctl.sandbox.errors import ApiError, Record
from pleoctl.sandbox.typed import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Scheme = Literal["apiKey", "bearer"]
ALL_SCOPES: Final = (
    "accounts:read",
    "accounts:write",
    "tag-group:read",
    "tag-group:write",
    "tax-codes:read",
    "tax-codes:write",
    "vendors:read",
    "vendors:write",
    "export-jobs:read",
    "export-jobs:write",
    "export-items:read",
)


class _Secret(Document, frozen=True, kw_only=True):
    def as_json(self) -> Record:
        """All fields but the secret."""
        values: Record = msgspec.to_builtins(self)
        return {name: value for name, value in values.items() if name != "secret"}


class Credential(_Secret, frozen=True, kw_only=True):
    """One API key or token with the scopes it was given.

    ``expires_after_calls`` lets it answer that many calls and then 401 like an expired token.
    """

    scheme: Scheme
    secret: Annotated[str, Meta(min_length=1)]
    scopes: tuple[str, ...] = ALL_SCOPES
    expires_after_calls: Annotated[int, Meta(ge=0)] | None = None


class OAuthClient(_Secret, frozen=True, kw_only=True):
    """A client that may ask for tokens.

    ``secret`` None makes a public client; without ``redirect_uris`` it may end at any address of this machine.
    """

    id: Annotated[str, Meta(min_length=1)]
    secret: str | None = None
    redirect_uris: tuple[str, ...] = ()


DEFAULT_CLIENTS: Final = (OAuthClient(id="sandbox-client", secret="sandbox-client-secret"),)  # noqa: S106 - on loopback
DEFAULT_CREDENTIALS: Final = (
    Credential(scheme="apiKey", secret="sandbox-key"),  # noqa: S106 - a public key of a server on loopback
    Credential(scheme="bearer", secret="sandbox-token"),  # noqa: S106 - the same
)


class Doorkeeper:
    """Lets credentials in, counts their calls and remembers which have expired. Thread-safe."""

    def __init__(self, credentials: Iterable[Credential], issued: Callable[[str], Credential | None]) -> None:
        """Know these credentials, none of them used yet, and the access tokens that were ``issued``."""
        self._issued = issued
        self._lock = threading.Lock()
        self._known = {(c.scheme, c.secret): c for c in credentials}
        self._calls: Counter[tuple[Scheme, str]] = Counter()
        self._expired: set[tuple[Scheme, str]] = set()

    def identify(self, header: str | None) -> Credential:
        """The credential of an Authorization header. Raises the 401 if it is absent, wrong or expired."""
        key = _key(header)
        with self._lock:
            credential = self._known.get(key) or (self._issued(key[1]) if key[0] == "bearer" else None)
            if credential is None:
                raise unauthorized("Credential is unknown")
            self._calls[key] += 1
            limit = credential.expires_after_calls
            if key in self._expired or (limit is not None and self._calls[key] > limit):
                raise unauthorized("JWT is expired" if credential.scheme == "bearer" else "API key is expired")
            return credential

    def expire(self, header: str | None) -> None:
        """Refuse the credential of this header from now on."""
        try:
            key = _key(header)
        except ApiError:
            return
        with self._lock:
            self._expired.add(key)

    def revive(self) -> None:
        """Forget all calls and expiries."""
        with self._lock:
            self._calls.clear()
            self._expired.clear()


def demand(credential: Credential, scope: str | None) -> None:
    """Raise the 403 unless the credential has the scope, if one is needed."""
    if scope is None or scope in credential.scopes:
        return
    resource, _, permission = scope.partition(":")
    raise ApiError(403, "ACCESS_DENIED", f"Required permission '{permission.upper()}' on resource '{resource}'")


def unauthorized(message: str) -> ApiError:
    """The 401 with its reason."""
    return ApiError(401, "UNAUTHORIZED", message)


def _key(header: str | None) -> tuple[Scheme, str]:
    scheme, _, rest = (header or "").partition(" ")
    if scheme.lower() == "bearer" and rest:
        return "bearer", rest.strip()
    if scheme.lower() == "basic":
        return "apiKey", _user(rest)
    raise unauthorized("Credential is missing")


def _user(encoded: str) -> str:
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise unauthorized("Basic credential is not readable") from None
    if not colon or password:
        raise unauthorized("The API key is the user name, and the password is empty")
    return user
