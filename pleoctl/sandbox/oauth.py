"""The authorisation server of the sandbox: authorise, token, introspect, device, revoke, and its description.

Published: authorisation code with PKCE (S256 only), `/oauth/authorize`, `/oauth/token`. Seen: introspection below the
token endpoint. Nobody is asked for consent: `oauthConsent` says what the person does.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from pleoctl.hosts import Endpoint
from pleoctl.sandbox.auth import ALL_SCOPES
from pleoctl.sandbox.authority import Refused
from pleoctl.sandbox.calls import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pleoctl.sandbox.auth import OAuthClient
    from pleoctl.sandbox.calls import Call, Handler
    from pleoctl.sandbox.errors import Record

_AUDIENCE: Final = "https://external.pleo.io"
_ENDPOINTS: Final = {
    "authorization_endpoint": "authorize",
    "token_endpoint": "token",
    "introspection_endpoint": "token/introspect",
    "device_authorization_endpoint": "device",
    "revocation_endpoint": "revoke",
}
_DEVICE: Final = "urn:ietf:params:oauth:grant-type:device_code"


class SignIn(NamedTuple):
    """What an authorisation endpoint is sent: its form, and who says to call."""

    form: Mapping[str, str]
    authorization: str | None


def authorize(call: Call) -> Answer:
    """authorize: back to where the client wants the person, with a code or a refusal."""
    asked = {name: values[0] for name, values in call.query.items()}
    client = next((one for one in call.settings.oauth_clients if one.id == asked.get("client_id")), None)
    redirect = asked.get("redirect_uri", "")
    if client is None:
        return _refused(Refused("invalid_client", "the client_id is unknown"))
    if not _registered(client, redirect):
        return _refused(Refused("invalid_request", "the redirect_uri is not registered"))
    answer = _consent(call, client, asked, redirect)
    answer |= {"state": asked["state"]} if "state" in asked else {}
    answer |= {"iss": f"http://{call.host}"} if call.settings.oauth_issuer else {}
    return Answer(302, headers={"location": f"{redirect}{'&' if urlsplit(redirect).query else '?'}{urlencode(answer)}"})


def _consent(call: Call, client: OAuthClient, asked: Mapping[str, str], redirect: str) -> dict[str, str]:
    if asked.get("response_type") != "code":
        return {"error": "unsupported_response_type"}
    if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
        return {"error": "invalid_request", "error_description": "PKCE with S256 is required"}
    scopes = _scopes(asked)
    if not set(scopes) <= set(ALL_SCOPES):
        return {"error": "invalid_scope"}
    if call.settings.oauth_consent == "refuse":
        return {"error": "access_denied"}
    return {"code": call.world.authority.code(client.id, scopes, redirect, asked["code_challenge"])}


def _registered(client: OAuthClient, redirect: str) -> bool:
    """To the letter; a client without any registered uri may end anywhere on this machine."""
    if client.redirect_uris:
        return redirect in client.redirect_uris
    found = Endpoint.parse(redirect.partition("?")[0])
    return found is not None and found.loopback


def _refused(refused: Refused) -> Answer:
    return Answer(refused.status, refused.body)


def token(call: Call, client: str) -> Record:
    """token: a pair for a code, a refresh token, a device code, or for the client itself."""
    form, authority, settings = call.body.form, call.world.authority, call.settings
    grant = form.get("grant_type")
    if grant == "authorization_code":
        return authority.exchanged(client, form, settings)
    if grant == "refresh_token":
        return authority.refreshed(client, form, settings)
    if grant == _DEVICE:
        return authority.polled(client, form, settings)
    if grant == "client_credentials":
        return authority.granted(client, _scopes(form), settings)
    raise Refused("unsupported_grant_type")


def device(call: Call, client: str) -> Record:
    """device: a code that a person enters elsewhere; here they agree by themselves."""
    made = call.world.authority.device(client, _scopes(call.body.form), call.settings.device_code_polls)
    return made | {"verification_uri": f"http://{call.host}/oauth/device"}


def introspect(call: Call, client: str) -> Record:
    """tokenIntrospect: whether an access token lives (RFC 7662)."""
    found = call.world.authority.credential(call.body.form.get("token", ""))
    if found is None:
        return {"active": False}
    return {"active": True, "client_id": client, "scope": " ".join(found.scopes), "aud": _AUDIENCE}


def revoke(call: Call, client: str) -> Record:
    """revoke: end a token (RFC 7009); one that nobody knows is no error."""
    call.world.authority.returned(client, call.body.form.get("token", ""))
    return {}


def metadata(call: Call) -> Answer:
    """serverMetadata: where what is (RFC 8414)."""
    root = f"http://{call.host}"
    told = {name: f"{root}/oauth/{path}" for name, path in _ENDPOINTS.items()}
    lists = {"response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"]}
    return Answer(200, {"issuer": root, **told, **lists})


def _of_client(act: Callable[[Call, str], Record]) -> Handler:
    """What a client that says who it is may ask for; it is told why it is refused."""

    def handler(call: Call) -> Answer:
        try:
            return Answer(200, act(call, _client(call)))
        except Refused as refused:
            return _refused(refused)

    return handler


def _client(call: Call) -> str:
    """Who calls, by header or form. Raises `Refused`."""
    form, header = call.body
    name, secret = form.get("client_id", ""), form.get("client_secret")
    if header is not None:
        name, secret = _basic(header)
    known = next((one for one in call.settings.oauth_clients if one.id == name), None)
    if known is None or known.secret != (secret or None):
        raise Refused("invalid_client", "the client is unknown, or its secret is wrong", 401)
    return known.id


def _basic(header: str) -> tuple[str, str]:
    try:
        name, _, secret = base64.b64decode(header.partition(" ")[2]).decode().partition(":")
    except ValueError:
        return "", ""
    return name, secret


def _scopes(asked: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(asked["scope"].split()) if asked.get("scope") else ALL_SCOPES


HANDLERS: Final[dict[str, Handler]] = {
    "authorize": authorize,
    "token": _of_client(token),
    "device": _of_client(device),
    "tokenIntrospect": _of_client(introspect),
    "revoke": _of_client(revoke),
    "serverMetadata": metadata,
}
