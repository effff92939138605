"""Messages of webhooks: signed, sent once, and kept.

Published: the three headers, ``v1,`` and base64, Basic credentials and own headers of a subscription. Assumed: what is
signed is what the Standard Webhooks convention says, whose headers these are; an event's id is its message's id. A
message is sent once, whatever becomes of it, since how Pleo repeats is not published; and only to loopback, so that
nobody's endpoint hears of a company that does not exist. All messages stand in the state as ``webhookMessages``.
"""

from __future__ import annotations

import base64
import http.client
import json
import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pleoctl.hosts import is_loopback
from pleoctl.jobs.notices import signature, signing_key

if TYPE_CHECKING:
    from pleoctl.sandbox.errors import Record

SECONDS: Final = 5.0


def message_headers(subscription: Record, secret: str, identity: str, moment: int, body: bytes) -> dict[str, str]:
    """The headers of a message, signed at a moment in seconds since the epoch."""
    signed = signature(signing_key(secret), identity, str(moment), body)
    made = {"webhook-id": identity, "webhook-timestamp": str(moment), "webhook-signature": signed}
    return {"Content-Type": "application/json", **(subscription["customHeaders"] or {}), **_basic(subscription), **made}


def _basic(subscription: Record) -> dict[str, str]:
    auth = subscription["endpointAuth"] or {}
    if auth.get("type") != "BASIC":
        return {}
    given = auth.get("credentials") or {}
    pair = f"{given.get('username', '')}:{given.get('password', '')}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


class Messenger:
    """Sends messages from threads of their own while the sandbox listens, and keeps all of them."""

    def __init__(self) -> None:
        """Nothing is sent before `open`."""
        self.messages: list[Record] = []
        self._threads: list[threading.Thread] = []
        self._is_open = False

    def open(self) -> None:
        """Send what comes from now on."""
        self._is_open = True

    def close(self) -> None:
        """Send nothing more, and wait for what is under way."""
        self._is_open = False
        for thread in self._threads:
            thread.join()

    def take(self, subscription: Record, identity: str, body: bytes, headers: dict[str, str]) -> None:
        """Keep a message, and send it."""
        parts = urlsplit(subscription["endpointUrl"])
        message: Record = {"id": identity, "subscriptionId": subscription["id"], "url": subscription["endpointUrl"]}
        message |= {"body": json.loads(body), "answer": None}
        self.messages.append(message)
        if self._is_open and parts.scheme == "http" and is_loopback(parts.hostname or ""):
            thread = threading.Thread(target=_send, args=[message, parts, body, headers], daemon=True)
            self._threads = [*(one for one in self._threads if one.is_alive()), thread]
            thread.start()


def _send(message: Record, parts: Any, body: bytes, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=SECONDS)
    try:
        connection.request("POST", parts.path or "/", body, headers)
        message["answer"] = connection.getresponse().status
    except (OSError, ValueError, http.client.HTTPException) as error:
        message["answer"] = type(error).__name__
    finally:
        connection.close()
