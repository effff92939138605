"""A source's connection to its server: the project's transport with a budget, a credential and words of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pleoctl.errors import Finding, PleoError, SourceError
from pleoctl.machine import connection_name, this_machine
from pleoctl.remote.budget import Budget
from pleoctl.remote.transport import Transport
from pleoctl.sources.credentials import Credentials
from pleoctl.workspace.workspace import is_loopback

if TYPE_CHECKING:
    import requests

    from pleoctl.remote.transport import Answer
    from pleoctl.workspace import Workspace

DEFAULT_REQUESTS: Final = 300
DEFAULT_TIMEOUT: Final = 60.0
SHOWN_ERROR: Final = 300
# Where the APIs of accounting systems put what went wrong, best first.
_ERROR_NAMES: Final = (
    "message", "detail", "error_description", "errormessage", "$message", "developererrormessage", "description",
    "title", "value", "error",
)  # fmt: skip


class ServerConnection:
    """Reads from one base url; connects, and resolves secrets, with the first request."""

    def __init__(self, workspace: Workspace, base_url: str, config: dict[str, Any], *, service: str) -> None:
        """``config`` holds auth, requestsPerMinute and timeoutSeconds. Raises `SourceError` for a bad url."""
        self.base_url = _checked_url(base_url)
        self._workspace, self._config, self._service = workspace, config, service
        self.credentials = Credentials(workspace)
        self._transport: Transport | None = None

    def read(self, method: str, path: str, **request: Any) -> Answer:
        """One safe request. Raises `SourceError` without any secret in it."""
        try:
            return self._open().read(method, path, **request)
        except PleoError as error:
            findings = [Finding(SourceError.code, self._words(f.message, path), hint=f.hint) for f in error.findings]
            raise SourceError(self._words(error.message, path), findings=findings) from None

    def url_of(self, path: str) -> str:
        """The whole url of a path, which may be a whole url already."""
        return path if "://" in path else self.base_url + path

    def _words(self, message: str, path: str) -> str:
        """A message without secrets, and without the query of a link, which is the server's own business."""
        return self.credentials.redact(message.replace(path, path.partition("?")[0]))

    def _open(self) -> Transport:
        if self._transport is None:
            host = urlsplit(self.base_url).hostname or ""
            loopback = is_loopback(host)
            limit = self._config.get("requestsPerMinute") or (None if loopback else DEFAULT_REQUESTS)
            store = this_machine().state_folder() / "budget" / connection_name(self.base_url, "source")
            self._transport = Transport(
                self.base_url, self.credentials.authorise(self._config.get("auth") or {}), Budget(limit, store),
                timeout=float(self._config.get("timeoutSeconds", DEFAULT_TIMEOUT)), loopback=loopback,
                service=self._service, error_words=self._error_words,
            )  # fmt: skip
        return self._transport

    def _error_words(self, response: requests.Response) -> tuple[str, str]:
        """What the server says went wrong, in whichever shape it says it, without secrets."""
        try:
            words = error_message(json.loads(response.content))
        except (ValueError, RecursionError):
            words = ""
        shown = self.credentials.redact(" ".join(words.split()))[:SHOWN_ERROR]
        return "", f": {shown}" if shown else ""


def error_message(body: Any, depth: int = 4) -> str:
    """The best description of an error in an answer; empty where there is none."""
    if isinstance(body, list):
        body = body[0] if body else None
    if not isinstance(body, dict) or not depth:
        return body if isinstance(body, str) else ""
    named = {str(name).casefold(): value for name, value in body.items()}
    inner = next((text for value in body.values() if isinstance(value, dict | list)
                  if (text := error_message(value, depth - 1))), "")  # fmt: skip
    texts = [named[name] for name in _ERROR_NAMES if isinstance(named.get(name), str) and named[name]]
    return ". ".join(dict.fromkeys(part for part in (*texts[:2], inner) if part))


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise SourceError("source.baseUrl holds a credential", hint="give it in source.auth, as a reference")
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise SourceError("source.baseUrl is not a base url", hint="e.g. https://api.example.com")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise SourceError(f"source.baseUrl: http://{parts.hostname} is not https", hint="only loopback may use http")
    return url.rstrip("/")
