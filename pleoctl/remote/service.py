"""Who is spoken to, and what it answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from pleoctl.errors import RemoteError
from pleoctl.workspace.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Reply(msgspec.Struct, frozen=True):
    """An answer: HTTP status, headers (found in any spelling), unpacked body."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def data(self) -> Any:
        """The body as JSON. Raises `ValueError` where it is none, and `RecursionError`."""
        try:
            # In half the time. What it refuses (lone surrogates, huge numbers, a mark at the start) may be JSON still.
            return msgspec.json.decode(self.content)
        except (msgspec.MsgspecError, RecursionError):
            return json.loads(self.content)

    @property
    def data_once(self) -> Any:
        """The same, where each key of an object stands once, since what stands under the first would be lost.

        Raises `TwiceError` where one does not.
        """
        return json.loads(self.content, object_pairs_hook=_once)


class TwiceError(ValueError):
    """An object has a key twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise TwiceError
    return data


class Service(msgspec.Struct, frozen=True):
    """One server: ``name`` is what messages call it, ``failure`` the error that a request without an answer becomes.

    ``once``: of its answers, an object with a key twice is none that can be read.

    ``error_words`` finds the type of an error and its words in an answer; None reads ``type`` and ``message``.
    """

    url: str
    name: str
    limits: Limits = msgspec.field(default_factory=Limits)
    loopback: bool = False
    failure: type[RemoteError] = RemoteError
    error_words: Callable[[Reply], tuple[str, str]] | None = None
    once: bool = False
