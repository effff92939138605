"""The tokens of one sign-in, as they are kept.

A *generation* is one pair of tokens. ``sent`` counts how often its refresh token may have reached the server: it is
noted before each sending, so that a process that dies, or an answer that is lost, leaves the doubt behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from pleoctl.errors import InvalidFile

if TYPE_CHECKING:
    from collections.abc import Mapping

MARK: Final = "Tokens"
_MARGIN: Final = 60.0
"""Seconds before its end at which a token is renewed, or a fifth of a life that is short."""
_SHARE: Final = 0.2
_BACKWARDS: Final = 60.0
_DAY: Final = 86_400
# No standard names the life of a refresh token; these two names are in use (RFC 6749, 5.1, lets servers add theirs).
_REFRESH_LIFE: Final = ("refresh_token_expires_in", "x_refresh_token_expires_in")


class Tokens(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One generation of tokens, bound to who issued them, to which client, for which server.

    Times are seconds since the epoch; ``expires`` None: the server did not say. ``refreshExpires`` is when the refresh
    token ends that nobody uses. ``refused`` is the server's word for why there are none any more.
    """

    kind: Literal["Tokens"] = MARK
    issuer: str
    client: str
    audience: str
    generation: int = 0
    access: str = ""
    refresh: str | None = None
    issued: float = 0.0
    expires: float | None = None
    refresh_issued: float | None = None
    refresh_expires: float | None = None
    sent: int = 0
    sent_at: float | None = None
    refused: str | None = None

    def __repr__(self) -> str:
        return f"Tokens(generation={self.generation})"

    def lives(self, now: float) -> bool:
        """Whether the access token is accepted, as far as can be known."""
        if not self.access or now < self.issued - _BACKWARDS:
            return False
        return self.expires is None or now < self.expires

    def lasts(self, now: float) -> bool:
        """Whether it does, and need not be renewed yet."""
        if self.expires is None:
            return self.lives(now)
        margin = min(_MARGIN, _SHARE * (self.expires - self.issued))
        return self.lives(now) and now < self.expires - margin

    def followed(self, answer: Mapping[str, Any], now: float, days: int | None = None) -> Tokens:
        """The next generation, from the server's answer; a refresh token that it leaves out stays (RFC 6749, 6).

        ``days`` is how long a refresh token lasts where the answer does not say.
        """
        refresh = answer.get("refresh_token")
        is_new = isinstance(refresh, str) and bool(refresh) and refresh != self.refresh
        told = next((answer[name] for name in _REFRESH_LIFE if answer.get(name) is not None), None)
        if told is None and is_new and days is not None:
            told = days * _DAY
        return msgspec.structs.replace(
            self,
            generation=self.generation + 1,
            access=str(answer["access_token"]),
            refresh=refresh if is_new else self.refresh,
            issued=now,
            expires=_end(answer.get("expires_in"), now),
            refresh_issued=now if is_new else self.refresh_issued,
            refresh_expires=_end(told, now) if is_new or told is not None else self.refresh_expires,
            sent=0,
            sent_at=None,
            refused=None,
        )

    def sending(self, now: float) -> Tokens:
        """The same tokens, whose refresh token is about to be sent."""
        first = now if self.sent_at is None else self.sent_at
        return msgspec.structs.replace(self, sent=self.sent + 1, sent_at=first)

    def dropped(self, why: str) -> Tokens:
        """No tokens any more; the generation stays, so that nobody takes them for renewed."""
        return msgspec.structs.replace(self, access="", refresh=None, expires=None, refresh_expires=None, refused=why)

    def encoded(self) -> bytes:
        """The file's bytes: more than one line, so that no reference to a secret can give them away in a header."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"


def decoded(content: bytes, place: str) -> Tokens | None:
    """What was kept; None where nothing was. Raises `InvalidFile` for anything else than tokens."""
    if not content:
        return None
    try:
        return msgspec.json.decode(content, type=Tokens)
    except (msgspec.DecodeError, msgspec.ValidationError):
        hint = "name a file that does not exist yet; `pleoctl login` makes it"
        raise InvalidFile(f"{place} does not hold tokens of pleoctl", hint=hint) from None


def _end(seconds: Any, now: float) -> float | None:
    """When a life of so many seconds ends; servers give the number as text, too."""
    try:
        return None if seconds is None else now + max(0.0, float(seconds))
    except (TypeError, ValueError):
        return None
