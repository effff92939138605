"""What an authorisation server publishes about itself: RFC 8414, or OpenID Connect Discovery 1.0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pleoctl.errors import InvalidFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pleoctl.remote.oauth.client import Client

_NAMES: Final = {
    "authorize_url": "authorization_endpoint",
    "token_url": "token_endpoint",
    "device_url": "device_authorization_endpoint",
    "revocation_url": "revocation_endpoint",
}


def addresses(issuer: str) -> tuple[str, str]:
    """Where a server may describe itself: the path of its name follows in the one standard, and leads in the other."""
    parts, path = urlsplit(issuer), urlsplit(issuer).path.rstrip("/")
    root = f"{parts.scheme}://{parts.netloc}"
    return f"{root}/.well-known/oauth-authorization-server{path}", f"{root}{path}/.well-known/openid-configuration"


def described(client: Client, ask: Callable[[str], Any]) -> Client:
    """The client with the urls that its settings leave out; the same where its server publishes none.

    ``ask`` gives a JSON document, or None where there is none. Raises `InvalidFile` for another server's words.
    """
    issuer = client.oauth.issuer or ""
    for url in addresses(issuer):
        data = ask(url)
        if isinstance(data, dict):
            _check(client, data)
            told = {key: data.get(name) for key, name in _NAMES.items()}
            return client.with_urls({key: url for key, url in told.items() if isinstance(url, str)})
    return client


def _check(client: Client, data: Mapping[str, Any]) -> None:
    if data.get("issuer") != client.oauth.issuer:
        words = f"{client.target}.auth.oauth.issuer: the server there calls itself {data.get('issuer')}"
        raise InvalidFile(words, hint="the name must be the same to the letter (RFC 8414, 3.3)")
