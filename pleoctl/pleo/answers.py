"""Answers to writes: what was said to be done, or a doubt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pleoctl.errors import PleoError
from pleoctl.pleo import wire
from pleoctl.remote.errors import LostAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

    from pleoctl.model.records import Live
    from pleoctl.remote.transport import Answer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Answer of a batch create: what was created, and the reasons per key that was not (A43)."""

    created: list[Live]
    failed: dict[str, list[str]]


def understood(read: Callable[[], T]) -> T:
    """A write that answered 2xx was carried out; if the answer cannot be read, what it did is not known."""
    try:
        return read()
    except PleoError as error:
        raise LostAnswer(f"the answer is not understood: {error}") from error


def stored(answer: Answer, live: Callable[..., Live]) -> Live:
    """The record that the answer to a write holds, with the whole answer kept. Raises `LostAnswer` as `understood`."""
    return understood(lambda: live(wire.data_of(answer.body), keep=True))
