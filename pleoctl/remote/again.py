"""Before a write goes out once more that was answered as not carried out, somebody may look.

A 429, or a 401 before the credential is renewed, says that nothing was done. Whoever says so may have counted what was
passed on all the same, and a second request then makes a second record. Between the loop that knows how to look
(`pleoctl.run.settle`) and the transport that repeats stand kinds, sinks and forges that know of neither: so the look
belongs to the thread, not to the request.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LOOK: Final[ContextVar[Callable[[], bool] | None]] = ContextVar("look", default=None)


@contextmanager
def looking_first(look: Callable[[], bool]) -> Iterator[None]:
    """Let ``look`` say, before a write of this thread is repeated, whether all is as if it had never been sent."""
    before = _LOOK.set(look)
    try:
        yield
    finally:
        _LOOK.reset(before)


def still_undone() -> bool:
    """Whether a write of this thread may be repeated, as far as somebody looks. Raises what looking raises."""
    look = _LOOK.get()
    return look is None or look()
