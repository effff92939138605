"""Answers to writes: what was said to be done, or a doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from msgspec import Struct

from pleoctl.errors import PleoError
from pleoctl.pleo import wire
from pleoctl.remote.errors import LostAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.model.records import Live
    from pleoctl.remote.transport import Answer

T = TypeVar("T")
_SILENT: Final = frozenset({200, 204})


class BatchResult(Struct, frozen=True):
    """Answer of a batch create: what was created, and the reasons per key that was not (A43)."""

    created: list[Live]
    failed: dict[str, list[str]]


def understood(read: Callable[[], T]) -> T:
    """A write that answered 2xx was carried out; if the answer cannot be read, what it did is not known."""
    try:
        return read()
    except PleoError as error:
        raise LostAnswer(f"the answer is not understood: {error}") from error


def carried_out(answer: Answer, record: str) -> None:
    """Raise `LostAnswer` unless an answer that has nothing to say is empty, or is about what was written to."""
    body = answer.body
    told = body.get("data") if isinstance(body, dict) else None
    if (body is not None or answer.status not in _SILENT) and not (isinstance(told, dict) and told.get("id") == record):
        raise LostAnswer(f"the answer does not say whether it was carried out (HTTP {answer.status})", answer.status)


def stored(answer: Answer, live: Callable[..., Live], record: str | None = None) -> Live:
    """The record that the answer to a write holds, with the whole answer kept.

    ``record`` is the id of the one that was written to. Raises `LostAnswer` as `understood`, and for another record's
    answer, which says nothing of this one.
    """
    made = understood(lambda: live(wire.data_of(answer.body), keep=True))
    if record is not None and made.id != record:
        raise LostAnswer(f"the answer is that of another record ({made.id})", answer.status)
    return made
