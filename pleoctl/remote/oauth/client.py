"""A client as it is registered at an authorisation server: where it asks, as whom, for what."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

import msgspec

from pleoctl.errors import Finding, InvalidFile, Refused
from pleoctl.hosts import Endpoint
from pleoctl.workspace.trust import TrustedHosts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pleoctl.workspace.settings import OAuth

_NAME_LETTERS: Final = 24


def _heard(_secret: str) -> None:
    """Nobody shows what this client is told."""


@dataclass(frozen=True, slots=True)
class Client:
    """One registration, for one company.

    ``target`` is the section that it stands in, ``service`` what messages call the other side, ``audience`` the base
    url that tokens are for. ``own`` are servers that need nobody's trust; ``learn`` is told every secret.
    """

    oauth: OAuth
    target: str
    service: str
    company: str
    audience: str
    secret: Callable[[], str | None] = field(repr=False)
    own: frozenset[Endpoint] = frozenset()
    learn: Callable[[str], None] = field(default=_heard, repr=False)

    @property
    def issuer(self) -> str:
        """The origin of the token endpoint, or of the server that tells where it is."""
        return origin(self.oauth.issuer if self._looks_up and self.oauth.issuer else self.token_url)

    @property
    def token_url(self) -> str:
        """Where tokens are asked for. Raises `InvalidFile`."""
        return self._needed(self.oauth.token_url, "tokenUrl")

    @property
    def authorize_url(self) -> str:
        """Where a person agrees. Raises `InvalidFile`."""
        return self._needed(self.oauth.authorize_url, "authorizeUrl")

    @property
    def device_url(self) -> str:
        """Where a device code is asked for. Raises `InvalidFile`."""
        return self._needed(self.oauth.device_url, "deviceUrl")

    @property
    def revocation_url(self) -> str | None:
        """Where tokens are given back; None where the server takes none. Raises `InvalidFile`."""
        url = self.oauth.revocation_url
        return None if url is None else self._needed(url, "revocationUrl")

    def lacks(self, key: str) -> bool:
        """Whether a url (``token_url``, …) is not known and can be looked up."""
        return getattr(self.oauth, key) is None and self.oauth.issuer is not None

    def with_urls(self, urls: Mapping[str, str]) -> Self:
        """The same client, which also knows urls that its settings leave out."""
        missing = {key: url for key, url in urls.items() if getattr(self.oauth, key) is None}
        named = endpoint_of(self.oauth.issuer or "")
        own = self.own if named is None else self.own | {named}
        return replace(self, oauth=msgspec.structs.replace(self.oauth, **missing), own=own)

    @property
    def grants_itself(self) -> bool:
        """Whether it gets tokens without a person."""
        return self.oauth.grant == "clientCredentials"

    @property
    def scoped(self) -> dict[str, str]:
        """The parameter that names its scopes; nothing where it has none."""
        return {"scope": self.oauth.scope} if self.oauth.scope else {}

    @property
    def login(self) -> str:
        """The command that signs it in."""
        return "pleoctl login" if self.target == "pleo" else f"pleoctl login --target {self.target}"

    @property
    def name(self) -> str:
        """A file name for its tokens, the same on every machine."""
        parts = (self.issuer, self.oauth.client_id, self.oauth.grant, self.company, self.target, self.audience)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:_NAME_LETTERS]

    @property
    def owner(self) -> str:
        """Whose requests a server counts: never a token's, which changes from hour to hour."""
        return f"{self.issuer}\n{self.oauth.client_id}\n{self.oauth.grant}\n{self.company}"

    def refusal(self, *, looking_up: bool = False) -> Finding | None:
        """What to set before its servers may be talked to; None where nothing is missing.

        ``looking_up``: also the server that is asked for urls.
        """
        hosts = TrustedHosts()
        for key, url in self._urls.items():
            if url is None or (key == "issuer" and not (looking_up or self._looks_up)):
                continue
            endpoint = self._endpoint(url, key)
            if endpoint not in self.own and not hosts.trust(endpoint):
                message, hint = hosts.refusal(endpoint, f"{self.target}.auth.oauth.{key}")
                return Finding(Refused.code, message, hint=hint)
        return None

    @property
    def _urls(self) -> Mapping[str, str | None]:
        oauth = self.oauth
        return {
            "tokenUrl": oauth.token_url,
            "authorizeUrl": oauth.authorize_url,
            "deviceUrl": oauth.device_url,
            "revocationUrl": oauth.revocation_url,
            "issuer": oauth.issuer,
        }

    @property
    def _looks_up(self) -> bool:
        """Whether its server has to tell where tokens are asked for."""
        return self.lacks("token_url")

    def _needed(self, url: str | None, key: str) -> str:
        if url is None:
            hint = f"{self.service} documents it; where it publishes it, name its issuer"
            raise InvalidFile(f"{self.target}.auth.oauth lacks {key}", hint=hint)
        self._endpoint(url, key)
        return url

    def _endpoint(self, url: str, key: str) -> Endpoint:
        found = endpoint_of(url)
        what = f"{self.target}.auth.oauth.{key}"
        if found is None:
            raise InvalidFile(f"{what} is not a url", hint="e.g. https://auth.example.com/oauth/token")
        if found.scheme != "https" and not found.loopback:
            raise InvalidFile(f"{what}: http://{found.authority} is not https", hint="only loopback may use http")
        return found


def endpoint_of(url: str) -> Endpoint | None:
    """The server of a url that may have a query; None where it is none."""
    return Endpoint.parse(url.partition("?")[0])


def origin(url: str) -> str:
    """Scheme, host and port of a url, in one spelling."""
    found = endpoint_of(url)
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if found is None else f"{found.scheme}://{found.authority}"
