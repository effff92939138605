"""The write-ahead journal: what is about to be sent is on disk before it leaves.

An aid for people and for telling what a killed run had done; recovery itself never depends on it (law 6).
"""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any, Literal

from pleoctl.errors import PleoctlError
from pleoctl.machine import this_machine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

Event = Literal["intent", "sent", "confirmed", "failed", "ambiguous", "verified"]


class Journal:
    """Appends JSON lines; ``intent`` and ``sent`` are forced to disk. Raises `PleoctlError` when it cannot."""

    def __init__(self, path: Path, listen: Callable[[dict[str, Any]], None] = lambda _line: None) -> None:
        """Create the file (0600), so that a full disk shows before anything is sent; ``listen`` hears each line."""
        self._lock = threading.Lock()
        self._listen = listen
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._stream = os.fdopen(descriptor, "ab")
        except OSError as error:
            raise self._unwritable(error) from error

    def write(self, event: Event, addresses: Sequence[str], **details: Any) -> None:
        """Append one line."""
        line = {"at": this_machine().now().isoformat(timespec="milliseconds").replace("+00:00", "Z"), "event": event,
                "addresses": list(addresses), **details}  # fmt: skip
        content = json.dumps(line, sort_keys=True).encode() + b"\n"
        with self._lock:
            try:
                self._stream.write(content)
                self._stream.flush()
                if event in {"intent", "sent"}:
                    os.fsync(self._stream.fileno())
                self._listen(line)
            except (OSError, ValueError) as error:
                raise self._unwritable(error) from error

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    @staticmethod
    def _unwritable(error: Exception) -> JournalError:
        return JournalError(f"the journal cannot be written ({error}); nothing more is sent to Pleo")


class JournalError(PleoctlError):
    """The journal cannot be written, so nothing may be sent."""

    code = "journal"
