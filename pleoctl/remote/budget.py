"""At most N requests in any rolling minute, over all threads and over consecutive commands (S10, law 7).

The window is a file of time stamps (8 bytes each, appended), so that the next command on this machine knows what
this one has used, even if it was killed.
"""

from __future__ import annotations

import contextlib
import struct
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from pleoctl.remote.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Half a second more than a minute: requests do not all travel equally fast.
WINDOW_SECONDS: Final = 60.5
_STAMP: Final = struct.Struct("<d")
_COMPACT_BYTES: Final = 64 * 1024


class Budget:
    """Hands out permission to send; ``limit`` None means no limit, pauses are obeyed all the same."""

    def __init__(
        self,
        limit: int | None,
        store: Path | None = None,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        stop: threading.Event | None = None,
    ) -> None:
        """``store`` is the file of time stamps; ``clock`` is in seconds since the epoch."""
        self._limit = limit
        self._clock = clock
        self._sleep = sleep
        self.stop = stop
        self._lock = threading.Lock()
        self._sent: deque[float] = deque()
        self._paused_until = 0.0
        self._store = store if limit is not None else None
        self._load()

    def acquire(self, *, stoppable: bool = False) -> None:
        """Wait until one more request may be sent. Raises `Interrupted` if stopped while waiting."""
        while True:
            with self._lock:
                wait = self._wait()
                if wait <= 0:
                    self._record()
                    return
            self.wait(wait, stoppable=stoppable)

    def pause(self, seconds: float) -> None:
        """Let no thread send for so long: the server asked for it."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    def wait(self, seconds: float, *, stoppable: bool = False) -> None:
        """Sleep; a stoppable wait ends with `Interrupted` as soon as the run is asked to stop."""
        if stoppable and self.stop is not None:
            if self.stop.wait(seconds):
                raise Interrupted("stopped while waiting to send")
            return
        self._sleep(seconds)

    def _wait(self) -> float:
        now = self._clock()
        while self._sent and self._sent[0] <= now - WINDOW_SECONDS:
            self._sent.popleft()
        # A clock that was set back must not stall the run.
        while self._sent and self._sent[-1] > now + 1:
            self._sent.pop()
        full = self._limit is not None and len(self._sent) >= self._limit
        room = self._sent[0] + WINDOW_SECONDS - now if full else 0.0
        return max(room, self._paused_until - now)

    def _record(self) -> None:
        now = self._clock()
        self._sent.append(now)
        if self._store is not None:
            with contextlib.suppress(OSError), self._store.open("ab") as stream:
                stream.write(_STAMP.pack(now))

    def _load(self) -> None:
        if self._store is None:
            return
        with contextlib.suppress(OSError):
            self._store.parent.mkdir(parents=True, exist_ok=True)
            content = self._store.read_bytes()
            whole = len(content) - len(content) % _STAMP.size
            oldest = self._clock() - WINDOW_SECONDS
            stamps = sorted(s for (s,) in _STAMP.iter_unpack(content[:whole]) if s > oldest)
            self._sent.extend(stamps)
            if len(content) > _COMPACT_BYTES:
                self._store.write_bytes(b"".join(map(_STAMP.pack, stamps)))
