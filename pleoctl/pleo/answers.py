"""Answers to writes: what was said to be done, or a doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pleoctl.errors import PleoError
from pleoctl.remote.errors import LostAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def understood(read: Callable[[], T]) -> T:
    """A write that answered 2xx was carried out; if the answer cannot be read, what it did is not known."""
    try:
        return read()
    except PleoError as error:
        raise LostAnswer(f"the answer is not understood: {error}") from error
