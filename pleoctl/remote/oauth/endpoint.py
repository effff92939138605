"""The token endpoint, asked over the project's own transport: its limits, proxies, certificates and words."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import MissingExtra, Refused
from pleoctl.remote.budget import Budget
from pleoctl.remote.errors import ApiError, LostAnswer, Redirected, Unanswered
from pleoctl.remote.oauth.client import endpoint_of
from pleoctl.remote.oauth.discovery import described
from pleoctl.remote.oauth.errors import SignedOut
from pleoctl.remote.service import Service
from pleoctl.remote.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pleoctl.errors import Finding, RemoteError
    from pleoctl.remote.oauth.client import Client
    from pleoctl.remote.service import Reply

FORM: Final = "application/x-www-form-urlencoded"
_WORD: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,60}")  # RFC 6749, 5.2, but for the blank
_OK: Final = 200
# The server knows the client and refuses what it asks with; the tokens themselves are not at fault.
_CLIENT: Final = frozenset({"invalid_client", "unauthorized_client"})
# Pleo's own word for a spent refresh token stands beside the standard's.
_GRANT: Final = frozenset({"invalid_grant", "invalid_refresh_token", "access_denied", "consent_required"})


class Ended(Exception):
    """The server says that the grant is over; ``word`` is its own."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


class Endpoint:
    """Asks for tokens; each method raises `LostAnswer` where it is not known what the server has done."""

    def __init__(self, client: Client, failure: type[RemoteError]) -> None:
        """``failure`` is what a request without an answer becomes."""
        self._client, self.failure = client, failure
        self._described: Client | None = None

    def client(self, key: str) -> Client:
        """The client, with what its server publishes where it lacks a url (``token_url``, …) and can look it up.

        Raises `InvalidFile`, `Refused`, `RemoteError`.
        """
        if not self._client.lacks(key):
            return self._client
        if self._described is None:
            _require(self._client.refusal(looking_up=True))
            found = described(self._client, self._published)
            _require(found.refusal())
            self._described = found
        return self._described

    def tokens(self, grant: str, **fields: str) -> Mapping[str, Any]:
        """A token answer. Raises `Ended`, `SignedOut` for a client that is refused, `RemoteError`."""
        return self._judged(self._asked(self.client("token_url").token_url, grant, fields))

    def device(self) -> Mapping[str, Any]:
        """A device code (RFC 8628, 3.2). Raises as `tokens` does."""
        return self._mapping(self._asked(self.client("device_url").device_url, "", self._client.scoped))

    def revoke(self, token: str, kind: str) -> bool:
        """Give a token back (RFC 7009): the server ends it, and what hangs on it; False where it takes none.

        ``kind`` is ``refresh_token`` or ``access_token``. Raises `RemoteError` where it is not known to have ended.
        """
        url = self.client("revocation_url").revocation_url
        if url is None:
            return False
        body, headers = self._form(url, "", {"token": token, "token_type_hint": kind})
        with self._transport(url) as transport:
            try:
                reply = transport.send("POST", url, {"data": body, "headers": headers})
            except Unanswered as error:
                raise self.failure(f"{self._who}: {error}") from None
        if reply.status != _OK:
            word, _ = _words(reply)
            raise self.failure(f"{self._who} answered {reply.status}{f' ({word})' if word else ''}")
        return True

    def _published(self, url: str) -> Any:
        """A document of the server's own; None where it has none."""
        with self._transport(url) as transport:
            try:
                return transport.read("GET", url).body
            except ApiError:
                return None

    def _judged(self, body: Any) -> Mapping[str, Any]:
        answer = self._mapping(body)
        for name in ("access_token", "refresh_token"):
            if isinstance(answer.get(name), str):
                self._client.learn(answer[name])
        access, kind = answer.get("access_token"), str(answer.get("token_type", "bearer"))
        if not isinstance(access, str) or not access or kind.lower() != "bearer":
            raise LostAnswer(f"{self._who} answered without a bearer token")
        if not access.isascii() or not access.isprintable():
            raise LostAnswer(f"{self._who} answered with a token of characters that no header can carry")
        return answer

    def _mapping(self, body: Any) -> Mapping[str, Any]:
        if not isinstance(body, dict):
            raise LostAnswer(f"{self._who} answered with something else than a JSON object")
        return body

    @property
    def _who(self) -> str:
        return f"the authorisation server of {self._client.service}"

    def _asked(self, url: str, grant: str, fields: Mapping[str, str]) -> Any:
        _require(self._client.refusal())
        body, headers = self._form(url, grant, fields)
        with self._transport(url) as transport:
            try:
                return transport.write("POST", url, data=body, headers=headers).body
            except ApiError as error:
                raise self._meaning(error) from None
            except Redirected as error:
                # No server gives tokens and sends elsewhere (RFC 6749, 5): the address is wrong, and nothing is spent.
                raise self.failure(error.message) from None

    def _form(self, url: str, grant: str, fields: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """The body and the headers that prove who asks."""
        try:
            from authlib.oauth2.auth import ClientAuth
            from authlib.oauth2.rfc6749.parameters import prepare_token_request
        except ImportError as error:
            raise MissingExtra("signing in needs Authlib", hint="pip install 'pleoctl[oauth]'") from error
        secret = self._client.secret()
        if secret:
            self._client.learn(secret)
        method = f"client_secret_{self._client.oauth.client_auth}" if secret else "none"
        if grant:
            body = prepare_token_request(grant, **fields)
        else:
            from urllib.parse import urlencode

            body = urlencode(fields)
        auth = ClientAuth(self._client.oauth.client_id, secret, method)
        _, headers, made = auth.prepare("POST", url, {"Content-Type": FORM}, body)
        return made, headers

    @contextmanager
    def _transport(self, url: str) -> Iterator[Transport]:
        found = endpoint_of(url)
        service = Service(
            self._client.issuer,
            self._who,
            self._client.oauth.limits,
            loopback=found is not None and found.loopback,
            failure=self.failure,
            error_words=_words,
        )
        made = Transport(service, None, Budget(None), pool=1)
        try:
            yield made
        finally:
            made.close()

    def _meaning(self, error: ApiError) -> Exception:
        if error.kind in _GRANT:
            return Ended(error.kind)
        if error.kind in _CLIENT:
            why = f"{self._who} refuses the client ({error.kind})"
            key = f"{self._client.target}.auth.oauth"
            return SignedOut(self._client, why, f"see clientId and clientSecret of {key}")
        return error


def _require(missing: Finding | None) -> None:
    if missing is not None:
        raise Refused(missing.message, findings=[missing])


def _words(reply: Reply) -> tuple[str, str]:
    """The error's word, and nothing of what servers say beside it: some repeat what they were sent."""
    try:
        body = json.loads(reply.content)
    except (ValueError, RecursionError):
        return "", ""
    if b"invalid_refresh_token" in reply.content:
        return ("invalid_refresh_token",) * 2
    word = body.get("error") or body.get("type") if isinstance(body, dict) else None
    return (word, word) if isinstance(word, str) and _WORD.fullmatch(word) else ("", "")
