"""Who is spoken to, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pleoctl.errors import RemoteError
from pleoctl.workspace.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: HTTP status, headers (found in any spelling), unpacked body."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Service:
    """One server: ``name`` is what messages call it, ``failure`` the error that a request without an answer becomes.

    ``error_words`` finds the type of an error and its words in an answer; None reads ``type`` and ``message``.
    """

    url: str
    name: str
    limits: Limits = field(default_factory=Limits)
    loopback: bool = False
    failure: type[RemoteError] = RemoteError
    error_words: Callable[[Reply], tuple[str, str]] | None = None
