"""A person signs in: authorisation code with PKCE (RFC 7636, S256), or a device code (RFC 8628)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from pleoctl.errors import MissingExtra, PleoctlError
from pleoctl.machine import this_machine
from pleoctl.remote.errors import ApiError, LostAnswer
from pleoctl.remote.oauth.client import origin
from pleoctl.remote.oauth.endpoint import Ended
from pleoctl.remote.oauth.errors import SignedOut

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pleoctl.remote.oauth.client import Client
    from pleoctl.remote.oauth.endpoint import Endpoint

SECONDS: Final = 300.0
"""How long a person is waited for."""
_STATE_LETTERS: Final = 32
_VERIFIER_LETTERS: Final = 64
_DEVICE: Final = "urn:ietf:params:oauth:grant-type:device_code"
_POLL: Final = 5.0
_SLOWER: Final = 5.0


class Strange(PleoctlError):
    """An answer that does not belong to this sign-in."""

    code = "sign-in"


@dataclass(frozen=True, slots=True)
class Consent:
    """One question to a person: the address to open, and how its answer is told from others."""

    client: Client
    redirect: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)

    @classmethod
    def asked(cls, client: Client, redirect: str) -> Consent:
        """A new question. Raises `MissingExtra`."""
        try:
            from authlib.common.security import generate_token
        except ImportError as error:
            raise MissingExtra("signing in needs Authlib", hint="pip install 'pleoctl[oauth]'") from error
        return cls(client, redirect, generate_token(_STATE_LETTERS), generate_token(_VERIFIER_LETTERS))

    @property
    def url(self) -> str:
        """The address to open in a browser; it holds no secret."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        made: str = prepare_grant_uri(
            self.client.authorize_url,
            self.client.oauth.client_id,
            "code",
            redirect_uri=self.redirect,
            scope=self.client.oauth.scope,
            state=self.state,
            code_challenge=create_s256_code_challenge(self.verifier),
            code_challenge_method="S256",
        )
        return made

    def code(self, query: str) -> str:
        """The code in the query of the address that the browser ended at.

        Raises `Strange` for another sign-in's answer, `SignedOut` where consent was refused.
        """
        given = {name: values[0] for name, values in parse_qs(query).items() if len(values) == 1}
        if not hmac.compare_digest(given.get("state", "").encode(), self.state.encode()):
            raise Strange("the answer is another sign-in's: its state differs", hint="open the address that was shown")
        self._check_issuer(given.get("iss"))
        if "error" in given:
            raise SignedOut(self.client, f"consent was refused ({given['error'][:60]})")
        if not given.get("code"):
            raise Strange("the answer holds no code")
        return given["code"]

    def _check_issuer(self, named: str | None) -> None:
        """RFC 9207: an answer that another server mixes in is not taken."""
        expected = self.client.oauth.issuer
        own = origin(self.client.authorize_url)
        if named is not None and (named != expected if expected else origin(named) != own):
            raise Strange("the answer is another server's: its iss differs", hint="issuer says what a server is called")

    def exchanged(self, code: str, endpoint: Endpoint) -> Mapping[str, Any]:
        """The tokens for a code, which is asked for once. Raises `SignedOut`, `RemoteError`."""
        try:
            return endpoint.tokens(
                "authorization_code", code=code, redirect_uri=self.redirect, code_verifier=self.verifier
            )
        except Ended as error:
            raise SignedOut(self.client, f"the code is not accepted ({error.word})") from None
        except LostAnswer as error:
            raise endpoint.failure(error.message, hint=f"run `{self.client.login}` again") from None


def query_of(address: str) -> str:
    """The query of a pasted address, or of what somebody pasted without the address before it."""
    return urlsplit(address).query or address.strip().lstrip("?")


def by_device(client: Client, endpoint: Endpoint, show: Callable[[str, str], None]) -> Mapping[str, Any]:
    """The tokens that a person grants on another device; ``show`` is given the address and the code to enter there.

    Raises `SignedOut` where it is refused or takes too long, `RemoteError`.
    """
    asked = endpoint.device()
    address = str(asked.get("verification_uri_complete") or asked.get("verification_uri") or "")
    client.learn(str(asked.get("device_code", "")))
    show(address, str(asked.get("user_code", "")))
    machine = this_machine()
    end = machine.monotonic() + min(SECONDS, _number(asked.get("expires_in"), SECONDS))
    every = _number(asked.get("interval"), _POLL)
    while machine.monotonic() < end:
        machine.sleep(every)
        try:
            return endpoint.tokens(_DEVICE, device_code=str(asked.get("device_code", "")))
        except Ended as error:
            raise SignedOut(client, f"consent was refused ({error.word})") from None
        except LostAnswer:
            continue
        except ApiError as error:
            every += _longer(error)
    raise SignedOut(client, "nobody agreed in time")


def _longer(error: ApiError) -> float:
    """How much longer to wait between two questions. Raises the error where asking again is of no use."""
    if error.kind == "authorization_pending":
        return 0.0
    if error.kind == "slow_down":
        return _SLOWER
    raise error


def _number(given: Any, default: float) -> float:
    try:
        return max(0.1, float(given))
    except (TypeError, ValueError):
        return default
