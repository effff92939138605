"""The connection to an accounting system: the project's transport with a budget, a credential and words of its own."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pleoctl.errors import Finding, Refused, RemoteError, SourceError
from pleoctl.hosts import Endpoint
from pleoctl.machine import connection_name
from pleoctl.place import Setting
from pleoctl.remote.budget import Budget
from pleoctl.remote.errors import ApiError, LostAnswer, Unauthorised
from pleoctl.remote.oauth.auth import renewing
from pleoctl.remote.oauth.client import Client, origin
from pleoctl.remote.oauth.servers import own_servers
from pleoctl.remote.service import Service
from pleoctl.remote.transport import Transport
from pleoctl.state.opening import LocalState
from pleoctl.workspace.limits import Limits
from pleoctl.workspace.settings import OAuth
from pleoctl.workspace.trust import TrustedHosts

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.remote.oauth.grant import Grant
    from pleoctl.remote.service import Reply
    from pleoctl.remote.transport import Answer
    from pleoctl.sources.credentials import Credentials
    from pleoctl.state.budget import Window

DEFAULT_REQUESTS: Final = 300
DEFAULT_TIMEOUT: Final = 60.0
SHOWN_ERROR: Final = 300
# Where the APIs of accounting systems put what went wrong, best first.
_ERROR_NAMES: Final = (
    "message",
    "detail",
    "error_description",
    "errormessage",
    "$message",
    "developererrormessage",
    "description",
    "title",
    "value",
    "error",
)


class Denied(SourceError):
    """A server answered a read with a refusal: ``status``, and ``body``, which is None where it is not JSON."""

    status = 0
    body: Any = None


class ServerConnection:
    """Speaks to one base url; connects, and resolves secrets, with the first request."""

    def __init__(self, base_url: str, config: dict[str, Any], service: str, credentials: Credentials, own: str) -> None:
        """``config`` holds auth, requestsPerMinute and the limits of an answer; ``own`` is what a preset itself names.

        Raises `SourceError` for a bad url.
        """
        self.endpoint = _checked(base_url, credentials.section)
        self.base_url = base_url.rstrip("/")
        self._config, self._service = config, service
        self._credentials = credentials
        self._own = Endpoint.parse(own)
        self._transport: Transport | None = None
        self.windows: Callable[[str], Window] = LocalState().window
        """Where a credential's requests are counted, by its name."""
        self.grants: Callable[[Callable[[str], Client]], Grant] = _no_grant
        """The grant of a client, which is made for a company."""

    def refusal(self) -> Finding | None:
        """What to set before this server may be talked to; None where nothing is missing. Raises `UsageError`."""
        hosts = TrustedHosts()
        if self.endpoint == self._own or hosts.trust(self.endpoint):
            return self.client("").refusal() if self.signs_in else None
        key = Setting(self._credentials.section, "baseUrl")
        message, hint = hosts.refusal(self.endpoint, str(key))
        return Finding(Refused.code, message, hint=hint, setting=key)

    @property
    def signs_in(self) -> bool:
        """Whether its credential comes from an authorisation server."""
        return "oauth" in (self._config.get("auth") or {})

    def grant(self) -> Grant:
        """The sign-in of a section that `signs_in`. Raises `Refused`, `InvalidFile`."""
        return self.grants(self.client)

    def client(self, company: str) -> Client:
        """The client that ``auth.oauth`` names, for one company."""
        oauth = msgspec.convert(self._config["auth"]["oauth"], OAuth)
        section, reference = self._credentials.section, oauth.client_secret

        def secret() -> str | None:
            if reference is None:
                return None
            return self._credentials.reveal(reference, section, "auth", "oauth", "clientSecret")

        own = own_servers(str(self._config.get("preset", "")))
        audience = origin(self.base_url)
        return Client(oauth, section, self._service, company, audience, secret, own, self._credentials.remember)

    def read(self, method: str, path: str, **request: Any) -> Answer:
        """One safe request. Raises `SourceError` without any secret in it."""
        try:
            return self._open().read(method, path, **request)
        except RemoteError as error:
            place = self._to_mend(error)
            findings = [
                Finding(SourceError.code, self._words(f.message, path), hint=f.hint, setting=place)
                for f in error.findings
            ]
            if not isinstance(error, ApiError):
                raise SourceError(self._words(error.message, path), findings=findings) from None
            denied = Denied(self._words(error.message, path), findings=findings)
            denied.status, denied.body = error.status, error.data
            raise denied from None

    def _to_mend(self, error: RemoteError) -> Setting | None:
        """The setting that is wrong where the server refuses a credential."""
        return Setting(self._credentials.section, "auth") if isinstance(error, Unauthorised) else None

    def write(self, method: str, path: str, **request: Any) -> Answer:
        """One request that changes something. Raises `ApiError` for a refusal, `LostAnswer` for every other end."""
        transport = self._open()
        try:
            return transport.write(method, path, **request)
        except (ApiError, LostAnswer):
            raise
        except RemoteError as error:
            raise LostAnswer(self._words(error.message, path)) from None

    def close(self) -> None:
        """Give back what is held open."""
        if self._transport is not None:
            self._transport.close()

    def remember(self, secret: str) -> None:
        """Keep what the server gave as a secret, such as a session key, out of messages."""
        self._credentials.remember(secret)

    def url_of(self, path: str) -> str:
        """The whole url of a path, which may be a whole url already."""
        return path if "://" in path else self.base_url + path

    def _words(self, message: str, path: str) -> str:
        """A message without secrets, and without the query of a link, which is the server's own business."""
        return self._credentials.redact(message.replace(path, path.partition("?")[0]))

    def _open(self) -> Transport:
        if self._transport is None:
            if (missing := self.refusal()) is not None:
                raise Refused(missing.message, findings=[missing])
            loopback = self.endpoint.loopback
            limit = self._config.get("requestsPerMinute") or (None if loopback else DEFAULT_REQUESTS)
            given = self._config.get("auth") or {}
            auth = renewing(self.grant()) if self.signs_in else self._credentials.authorise(given)
            if not auth.owner:
                auth = replace(auth, owner=_user(self._config))
            name = connection_name(self.base_url, auth.fingerprint)
            service = Service(
                self.base_url,
                self._service,
                Limits.of(self._config, timeout=DEFAULT_TIMEOUT),
                loopback=loopback,
                error_words=self._error_words,
                once=True,
            )
            self._transport = Transport(service, auth, Budget(limit, self.windows(name)))
        return self._transport

    def _error_words(self, reply: Reply) -> tuple[str, str]:
        """What the server says went wrong, in whichever shape it says it, without secrets."""
        try:
            words = error_message(json.loads(reply.content))
        except (ValueError, RecursionError):
            words = ""
        return "", self._credentials.redact(" ".join(words.split()))[:SHOWN_ERROR]


def _no_grant(_make: Callable[[str], Client]) -> Grant:
    raise SourceError("this source cannot sign in by OAuth")


def _user(config: dict[str, Any]) -> str:
    """Who signs in by other means than ``auth``: what a server without one counts requests by."""
    return "\n".join(str(config[name]) for name in ("database", "user") if name in config)


def error_message(body: Any, depth: int = 4) -> str:
    """The best description of an error in an answer; empty where there is none."""
    if isinstance(body, list):
        body = body[0] if body else None
    if not isinstance(body, dict) or not depth:
        return body if isinstance(body, str) else ""
    named = {str(name).casefold(): value for name, value in body.items()}
    inner = next(
        (
            text
            for value in body.values()
            if isinstance(value, dict | list)
            if (text := error_message(value, depth - 1))
        ),
        "",
    )
    texts = [named[name] for name in _ERROR_NAMES if isinstance(named.get(name), str) and named[name]]
    return ". ".join(dict.fromkeys(part for part in (*texts[:2], inner) if part))


def _checked(url: str, section: str) -> Endpoint:
    key = Setting(section, "baseUrl")
    endpoint = Endpoint.parse(url)
    if endpoint is None and "@" in url:
        raise SourceError(f"{key} holds a credential", hint=f"give it in {section}.auth, as a reference", setting=key)
    if endpoint is None:
        raise SourceError(f"{key} is not a base url", hint="e.g. https://api.example.com", setting=key)
    if endpoint.scheme == "http" and not endpoint.loopback:
        words = f"{key}: http://{endpoint.authority} is not https"
        raise SourceError(words, hint="only loopback may use http", setting=key)
    return endpoint
