"""Webhook messages of Pleo: which of them are worth a look at the queue.

A message is a hint and nothing else. Whatever it says, the queue is read from Pleo; a forged one could at most cause a
look, and one that never comes is made good by the next poll. Published are the three headers, that a signature is
``v1,`` and base64, and the ``whsec_`` of a secret; that id, timestamp and body are signed with points between them by
HMAC-SHA256 is the Standard Webhooks convention, whose headers these are.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import logging
import threading
from collections import OrderedDict
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import UsageError
from pleoctl.machine import this_machine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LOG: Final = logging.getLogger(__name__)
EVENT: Final = "v1.export-job.created"
PREFIX: Final = "whsec_"
LONGEST_ID: Final = 256
LONGEST_MOMENT: Final = 15
MOST_SIGNATURES: Final = 10
REMEMBERED: Final = 10_000


class Verdict(Enum):
    """What a message is; the value is the HTTP status of its answer."""

    NEWS = (204, "a job was created")
    KNOWN = (204, "it came before")
    OTHER = (204, "it is about something else")
    MALFORMED = (400, "it is no message of Pleo's webhooks")
    FORGED = (401, "its signature is wrong")
    OLD = (401, "its timestamp is too far from this machine's clock")

    @property
    def status(self) -> int:
        """The answer's status."""
        return self.value[0]


def signing_key(secret: str) -> bytes:
    """The key of a secret as Pleo gives it. Raises `UsageError`."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key or not secret.startswith(PREFIX):
        raise UsageError("the signing secret is none", hint=f"Pleo's begin with {PREFIX}, base64 follows")
    return key


def signature(key: bytes, identity: str, moment: str, body: bytes) -> str:
    """The ``webhook-signature`` of a message."""
    signed = f"{identity}.{moment}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


class Notices:
    """Judges messages, one at a time or from several threads.

    ``keys`` are all that are honoured, so that a secret can be changed; ``window`` are the seconds that a timestamp may
    lie away from now. Ids are remembered for twice as long.
    """

    def __init__(self, keys: Sequence[bytes], company: str, window: float) -> None:
        """``company`` is the one whose jobs matter; an organisation's subscription tells of all of its companies."""
        self._keys, self._company, self._window = keys, company, window
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def judge(self, headers: Mapping[str, str], body: bytes) -> Verdict:
        """What a message is. ``headers`` are looked up by their names in lower case."""
        identity = headers.get("webhook-id", "")
        moment, given = headers.get("webhook-timestamp", ""), headers.get("webhook-signature", "")
        if not (0 < len(identity) <= LONGEST_ID and _is_moment(moment) and given):
            return Verdict.MALFORMED
        if not self._is_signed(identity, moment, body, given.split()[:MOST_SIGNATURES]):
            return Verdict.FORGED
        now = this_machine().time()
        if abs(now - int(moment)) > self._window:
            LOG.warning("a signed message of Pleo's is %.0f s away from this machine's clock", now - int(moment))
            return Verdict.OLD
        read = self._read(body)
        # What is malformed stays so, however often it comes.
        return read if read is Verdict.MALFORMED else self._known(identity, now) or read

    def _is_signed(self, identity: str, moment: str, body: bytes, given: Sequence[str]) -> bool:
        right = [signature(key, identity, moment, body).encode() for key in self._keys]
        return any(hmac.compare_digest(one, other.encode()) for one in right for other in given)

    def _known(self, identity: str, now: float) -> Verdict | None:
        """`KNOWN` for an id that came before; the oldest are forgotten."""
        with self._lock:
            if identity in self._seen:
                return Verdict.KNOWN
            while self._seen and self._is_full(now):
                self._seen.popitem(last=False)
            self._seen[identity] = now
            return None

    def _is_full(self, now: float) -> bool:
        """Whether the oldest id is too old to be remembered, or there are too many of them."""
        return len(self._seen) >= REMEMBERED or next(iter(self._seen.values())) < now - 2 * self._window

    def _read(self, body: bytes) -> Verdict:
        try:
            message: Any = json.loads(body)
            kind, data = message["eventType"], message["data"]
            company = str(data.get("companyId") or self._company).lower()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return Verdict.MALFORMED
        return Verdict.NEWS if kind == EVENT and company == self._company else Verdict.OTHER


def _is_moment(text: str) -> bool:
    """Whether a text is a number of seconds, as far as one can do sums with it."""
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_MOMENT
