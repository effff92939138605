"""An authorisation server of the tests' own, with books behind it: RFC 6749, 7636, 8628, and nothing of pleoctl's.

It spends a refresh token with its first use; one that is used again ends the whole grant, as Pleo's does (N6).
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

from answering import answering

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapes import Json, Value

CLIENT, SECRET = "books-client", "books-client-secret"
ROWS = [{"id": "1", "number": "1000", "name": "Cash"}, {"id": "2", "number": "2000", "name": "Bank"}]


@dataclass
class AuthServer:
    """What the server does, and what it saw; ``url`` is set while it runs."""

    url: str = ""
    seconds: float | None = 3600
    """The life of an access token that is told."""
    grace: bool = False
    """Whether a spent refresh token is honoured again, and gives the same pair."""
    rotates: bool = True
    lost: list[str] = field(default_factory=list)
    """What befalls the next token requests: the connection drops ``before`` or ``after`` the work; or a status."""
    device_polls: int = 1
    live: set[str] = field(default_factory=set)
    refreshes: list[str] = field(default_factory=list)
    """Every refresh token that was sent, in order."""
    spent_sent: int = 0
    """How often a refresh token was sent that had been spent."""
    ended: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)
    denied: int = 0
    served: int = 0
    secrets: set[str] = field(default_factory=set)
    returned: list[tuple[str, str]] = field(default_factory=list)
    """Tokens that were given back, and what they were said to be."""
    revoking: int = 200
    """What giving one back is answered with."""
    described: Json = field(default_factory=dict)
    """What the server tells of itself, by path."""
    refresh_life: Json = field(default_factory=dict)
    """What an answer tells of a refresh token's life."""

    def __post_init__(self) -> None:
        self._number = itertools.count(1)
        self.lock = threading.Lock()
        self._codes: dict[str, dict[str, str]] = {}
        self._refresh: str | None = None
        self._spent: dict[str, Json] = {}

    # --- what a test does --------------------------------------------------------------------------------------

    def agree(self, address: str, **changed: str | None) -> str:
        """What a browser does with an address where a person agrees: the address that it ends at."""
        parts = urlsplit(address)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert parts.path == "/authorize"
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = self._made("code")
        self._codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.url} | changed
        given = {name: value for name, value in answer.items() if value is not None}
        return f"{asked['redirect_uri']}?{urlencode(given)}"

    def revoke(self) -> None:
        """A person takes the consent back."""
        self.ended = True
        self.live.clear()

    def expire(self) -> None:
        """Every access token ends now, whatever was told."""
        self.live.clear()

    # --- what it answers ---------------------------------------------------------------------------------------

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Value] | None:
        """See `answering`."""
        with self.lock:
            path = urlsplit(target).path
            if path == "/books/accounts":
                return self.books(headers)
            if "/.well-known/" in path:
                return (200, self.described[path]) if path in self.described else (404, {})
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            self.asked.append(form)
            fault = self.lost.pop(0) if self.lost else ""
            if fault == "before":
                return None
            if fault.isdigit():
                return int(fault), {}
            given = self.tokens(path, headers, form)
            return None if fault == "after" else given

    def books(self, headers: dict[str, str]) -> tuple[int, Value]:
        """The accounts, for whoever has the token that lives."""
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.live:
            self.denied += 1
            return 401, {"message": f"who is {token}?"}
        self.served += 1
        return 200, {"rows": ROWS}

    def tokens(self, path: str, headers: dict[str, str], form: dict[str, str]) -> tuple[int, Value]:
        """What one request of a client gives."""
        if not self._knows(headers, form):
            return 401, {"error": "invalid_client", "error_description": f"not {form}"}
        if path in {"/revoke", "/device"}:
            return self._beside(path, form)
        grant = form.get("grant_type", "")
        if grant == "client_credentials":
            return 200, self.pair(refresh=False)
        if grant == "authorization_code":
            return self._exchanged(form)
        if grant.endswith(":device_code"):
            self.device_polls -= 1
            return (400, {"error": "authorization_pending"}) if self.device_polls >= 0 else (200, self.pair())
        return self._refreshed(form.get("refresh_token", ""))

    def _beside(self, path: str, form: dict[str, str]) -> tuple[int, Value]:
        """A token that is given back, or a code for another device."""
        if path == "/revoke":
            self.returned.append((form.get("token", ""), form.get("token_type_hint", "")))
            return self.revoking, {} if self.revoking == 200 else {"error": "unsupported_token_type"}
        where = f"{self.url}/d"
        return 200, {"device_code": "dev-1", "user_code": "ABCD", "verification_uri": where, "interval": 1}

    def _knows(self, headers: dict[str, str], form: dict[str, str]) -> bool:
        basic = headers.get("authorization", "").removeprefix("Basic ")
        given = base64.b64decode(basic).decode() if basic else f"{form.get('client_id')}:{form.get('client_secret')}"
        return given == f"{CLIENT}:{SECRET}"

    def _exchanged(self, form: dict[str, str]) -> tuple[int, Value]:
        asked = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        self.ended = False
        return 200, self.pair()

    def _refreshed(self, token: str) -> tuple[int, Value]:
        self.refreshes.append(token)
        if token in self._spent:
            self.spent_sent += 1
            if self.grace:
                return 200, self._spent[token]
            self.revoke()
        if self.ended or token != self._refresh:
            return 400, {"error": "invalid_grant", "error_description": f"the token {token} is spent"}
        if not self.rotates:
            return 200, {name: value for name, value in self.pair(refresh=False).items() if name != "refresh_token"}
        self._spent[token] = self.pair()
        return 200, self._spent[token]

    def pair(self, *, refresh: bool = True) -> Json:
        """New tokens; the access token before them ends."""
        access = self._made("access")
        self.live = {access}
        found: Json = {"access_token": access, "token_type": "Bearer"}
        if self.seconds is not None:
            found["expires_in"] = self.seconds
        if refresh:
            self._refresh = found["refresh_token"] = self._made("refresh")
            found |= self.refresh_life
        return found

    def _made(self, kind: str) -> str:
        made = f"{kind}-secret-{next(self._number)}-" + "x" * 24
        self.secrets.add(made)
        return made


@contextmanager
def auth_server(**how: Value) -> Iterator[AuthServer]:
    """A running server."""
    made = AuthServer(**how)
    with answering(made.answer) as url:
        made.url = url
        yield made


def section(server: AuthServer, **oauth: Value) -> Json:
    """A source that reads the server's books, signed in at it."""
    given = {
        "clientId": CLIENT,
        "clientSecret": "env:BOOKS_SECRET",
        "authorizeUrl": f"{server.url}/authorize",
        "tokenUrl": f"{server.url}/token",
        "deviceUrl": f"{server.url}/device",
        "redirectUri": "http://127.0.0.1:1/callback",
        **oauth,
    }
    return {
        "type": "http",
        "baseUrl": f"{server.url}/books",
        "auth": {"oauth": given},
        "accounts": {
            "path": "/accounts",
            "paginate": {"type": "none"},
            "records": "rows",
            "fields": {"externalId": "id", "code": "number", "name": "name"},
        },
    }


def shown_secrets(server: AuthServer, *texts: str) -> list[str]:
    """The secrets that stand in any of the texts."""
    return [secret for secret in (*server.secrets, SECRET) if any(secret in text for text in texts)]


def kept(text: str) -> Json:
    """What a token file holds."""
    found: Json = json.loads(text)
    return found
