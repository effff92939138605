"""The grants of a sandbox: codes, pairs of tokens, rotation, reuse. What Pleo leaves open is a setting.

Published: opaque tokens whose life `expires_in` tells, a new pair with every refresh that ends the old one at once, and
that an expired refresh token ends all of its grant. Seen: `invalid_refresh_token` in the refusal of a spent one.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pleoctl.sandbox.auth import Credential

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pleoctl.sandbox.clock import Clock
    from pleoctl.sandbox.errors import Record
    from pleoctl.sandbox.settings import Settings

CODE_SECONDS: Final = 60.0
DEVICE_SECONDS: Final = 300.0


class Refused(Exception):
    """An answer with an OAuth error (RFC 6749, 5.2)."""

    def __init__(self, word: str, words: str = "", status: int = 400) -> None:
        """``word`` is the standard's, ``words`` its description."""
        super().__init__(word)
        self.status = status
        self.body: Record = {"error": word} | ({"error_description": words} if words else {})


@dataclass(slots=True)
class Grant:
    """One consent: its newest pair, and the refresh tokens that were spent with the pairs that they gave."""

    client: str
    scopes: tuple[str, ...]
    access: str = ""
    access_ends: float = 0.0
    refresh: str = ""
    refresh_ends: float = 0.0
    spent: dict[str, tuple[float, Record]] = field(default_factory=dict)
    over: bool = False


@dataclass(frozen=True, slots=True)
class _Code:
    """A code that waits to be exchanged."""

    grant: Grant
    redirect: str
    challenge: str
    ends: float


class Authority:
    """The grants of one sandbox. Thread-safe; kept in memory alone."""

    def __init__(self, clock: Clock) -> None:
        """Nobody has agreed to anything."""
        self._clock = clock
        self._lock = threading.RLock()
        self._number = 0
        self.forget()

    def forget(self) -> None:
        """Start again; no token of before is known."""
        with self._lock:
            self._grants: list[Grant] = []
            self._codes: dict[str, _Code] = {}
            self._devices: dict[str, tuple[Grant, int]] = {}

    def revoke(self) -> None:
        """A person takes every consent back."""
        with self._lock:
            for grant in self._grants:
                grant.over = True

    def returned(self, client: str, token: str) -> None:
        """A client gives a token back: a refresh token ends its grant, an access token itself."""
        with self._lock:
            for grant in self._grants:
                if grant.client == client and token and token in {grant.refresh, *grant.spent}:
                    grant.over = True
                elif grant.client == client and token == grant.access:
                    grant.access_ends = 0.0

    def credential(self, token: str) -> Credential | None:
        """What a living access token may do."""
        with self._lock:
            grant = next((one for one in self._grants if one.access == token), None)
            if grant is None or grant.over or self._clock.monotonic() >= grant.access_ends:
                return None
            return Credential(scheme="bearer", secret=token, scopes=grant.scopes)

    def code(self, client: str, scopes: tuple[str, ...], redirect: str, challenge: str) -> str:
        """A person agrees: the code for the redirect."""
        with self._lock:
            made = self._made("code")
            ends = self._clock.monotonic() + CODE_SECONDS
            self._codes[made] = _Code(Grant(client, scopes), redirect, challenge, ends)
            return made

    def device(self, client: str, scopes: tuple[str, ...], polls: int) -> Record:
        """A device code, agreed to after so many questions."""
        with self._lock:
            made = self._made("device")
            self._devices[made] = (Grant(client, scopes), polls)
            return {"device_code": made, "user_code": "SAND-BOX", "interval": 1, "expires_in": int(DEVICE_SECONDS)}

    def exchanged(self, client: str, form: Mapping[str, str], settings: Settings) -> Record:
        """The first pair for a code. Raises `Refused`."""
        with self._lock:
            found = self._codes.pop(form.get("code", ""), None)
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            if found is None or found.grant.client != client or self._clock.monotonic() >= found.ends:
                raise Refused("invalid_grant", "the code is unknown, used or expired")
            if found.challenge != proof:
                raise Refused("invalid_grant", "the code_verifier does not match")
            if found.redirect != form.get("redirect_uri"):
                raise Refused("invalid_grant", "the redirect_uri differs")
            return self._begun(found.grant, settings)

    def polled(self, client: str, form: Mapping[str, str], settings: Settings) -> Record:
        """The first pair for a device code, once somebody agreed. Raises `Refused`."""
        with self._lock:
            name = form.get("device_code", "")
            grant, polls = self._devices.get(name, (None, 0))
            if grant is None or grant.client != client:
                raise Refused("invalid_grant", "the device code is unknown")
            if polls > 0:
                self._devices[name] = (grant, polls - 1)
                raise Refused("authorization_pending")
            del self._devices[name]
            return self._begun(grant, settings)

    def granted(self, client: str, scopes: tuple[str, ...], settings: Settings) -> Record:
        """A token for the client itself: without a refresh token."""
        with self._lock:
            grant = Grant(client, scopes)
            pair = self._begun(grant, settings)
            grant.refresh = ""
            return {name: value for name, value in pair.items() if name != "refresh_token"}

    def refreshed(self, client: str, form: Mapping[str, str], settings: Settings) -> Record:
        """The next pair; what a spent or expired token does is a setting. Raises `Refused`."""
        token = form.get("refresh_token", "")
        with self._lock:
            mine = [one for one in self._grants if one.client == client and not one.over]
            spent = next((one for one in mine if token in one.spent), None)
            if spent is not None:
                return self._reused(spent, token, settings)
            grant = next((one for one in mine if token and one.refresh == token), None)
            if grant is None:
                raise Refused("invalid_grant", "invalid_refresh_token")
            if self._clock.monotonic() >= grant.refresh_ends:
                grant.over = True
                raise Refused("invalid_grant", "invalid_refresh_token")
            pair = self._pair(grant, settings)
            if settings.refresh_rotates:
                grant.spent[token] = (self._clock.monotonic(), pair)
            return pair

    def _reused(self, grant: Grant, token: str, settings: Settings) -> Record:
        since, pair = grant.spent[token]
        seconds = settings.refresh_reuse_seconds
        late = seconds is not None and self._clock.monotonic() >= since + seconds
        if settings.refresh_reuse == "same" and not late:
            return pair
        if settings.refresh_reuse != "refuse":
            grant.over = True
        raise Refused("invalid_grant", "invalid_refresh_token")

    def _begun(self, grant: Grant, settings: Settings) -> Record:
        self._grants.append(grant)
        return self._pair(grant, settings)

    def _pair(self, grant: Grant, settings: Settings) -> Record:
        now = self._clock.monotonic()
        grant.access, grant.access_ends = self._made("access"), now + settings.access_token_seconds
        if settings.refresh_rotates or not grant.refresh:
            grant.refresh, grant.refresh_ends = self._made("refresh"), now + settings.refresh_token_seconds
        return {
            "access_token": grant.access,
            "token_type": "Bearer",
            "expires_in": settings.access_token_seconds,
            "refresh_token": grant.refresh,
            "scope": " ".join(grant.scopes),
        }

    def _made(self, kind: str) -> str:
        self._number += 1
        return f"sandbox-{kind}-{self._number}"
