"""The write-ahead journal: what is about to be sent is on disk before it leaves.

An aid for people and for telling what a killed run had done; recovery itself never depends on it (law 6).
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from pleoctl.documents.files import fix_of
from pleoctl.errors import PleoctlError
from pleoctl.machine import this_machine
from pleoctl.state.base import StateLost

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pleoctl.run.shared import Beside

Event = Literal["intent", "sent", "confirmed", "failed", "ambiguous", "verified"]


class Journal:
    """Appends JSON lines; ``sent`` is forced to disk with all before it. Raises `PleoctlError` when it cannot."""

    def __init__(
        self,
        path: Path,
        listen: Callable[[dict[str, Any]], None] = lambda _line: None,
        beside: Beside | None = None,
    ) -> None:
        """Create the file (0600), so that a full disk shows before anything is sent.

        ``listen`` hears each line; ``beside`` keeps them for other machines and says whether a request may leave.
        """
        self._beside = beside
        self._lock = threading.Lock()
        self._listen = listen
        self._torn = False
        self._forcing = threading.Lock()
        self._lines = self._forced = 0
        self._refused: OSError | None = None
        try:
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error

    def write(self, event: Event, addresses: Sequence[str], **details: Any) -> None:
        """Append one line."""
        line = {
            "at": this_machine().now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "event": event,
            "addresses": list(addresses),
            **details,
        }
        content = json.dumps(line, sort_keys=True).encode() + b"\n"
        try:
            self._note(event, content, line)
        except StateLost as error:
            raise JournalError(error.message, findings=error.findings) from error
        except OSError as error:
            raise self._unwritable(error) from error

    def close(self) -> None:
        """Close the file. Every line that counts is on disk already, so this never fails."""
        if self._beside is not None:
            with suppress(StateLost):
                self._beside.flush()
        with suppress(OSError):
            os.close(self._descriptor)

    def _note(self, event: Event, content: bytes, line: dict[str, Any]) -> None:
        leaves, stored = event == "sent", self._beside is not None and self._beside.stores
        with self._lock:
            self._permit(event)
            self._append(content)
            self._lines += 1
            number = self._lines
            if leaves and stored:
                # Lines reach other machines one by one, in the order of the file; threads gain nothing there.
                self._force(number)
            self._share(content, event)
            self._listen(line)
        if leaves and not stored:
            self._force(number)
            with self._lock:
                self._permit(event)

    def _force(self, number: int) -> None:
        """Let so many lines reach the disk; threads that wait here at a time share one way there."""
        with self._forcing:
            # What a disk has refused once it may take for written when it is asked again.
            if self._refused is not None:
                raise self._refused
            if self._forced < number:
                reached = self._lines
                try:
                    this_machine().sync(self._descriptor)
                except OSError as error:
                    self._refused = error
                    raise
                self._forced = reached

    def _permit(self, event: Event) -> None:
        if self._beside is not None and event == "sent":
            self._beside.check()

    def _share(self, content: bytes, event: Event) -> None:
        """A slow state may have taken the time in which the request would have been allowed to leave."""
        if self._beside is not None:
            self._beside.line(content, leaves=event == "sent")
            self._permit(event)

    def _append(self, content: bytes) -> None:
        # After half a line, which a full disk left, a new one begins.
        left = b"\n" + content if self._torn else content
        self._torn = True
        while left:
            left = left[os.write(self._descriptor, left) :]
        self._torn = False

    @staticmethod
    def _unwritable(error: OSError) -> JournalError:
        reason = (error.strerror or str(error)).lower()
        return JournalError(
            f"the journal cannot be written ({reason}); nothing more is sent to Pleo", hint=fix_of(error)
        )


class JournalError(PleoctlError):
    """The journal cannot be written, so nothing may be sent."""

    code = "journal"
