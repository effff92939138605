"""The write-ahead journal: what is about to be sent is on disk before it leaves.

An aid for people and for telling what a killed run had done; recovery itself never depends on it (law 6).
"""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from pleoctl.documents.files import fix_of
from pleoctl.errors import PleoctlError
from pleoctl.machine import timestamp
from pleoctl.run.lines import Lines
from pleoctl.run.shared import Beside, Runs
from pleoctl.state.base import StateLost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pleoctl.run.lines import When

Event = Literal["intent", "sent", "confirmed", "failed", "ambiguous", "verified"]
_WHEN: Final[Mapping[Event, When]] = {"intent": "later", "sent": "forced"}
_JSON: Final = json.JSONEncoder(sort_keys=True)


class Noted(msgspec.Struct, rename="camel"):
    """A line of a journal: what happened to these addresses, ``at`` an ISO time; the rest as far as it was said."""

    event: str
    addresses: list[str]
    at: str = ""
    operation: str = ""
    pleo_ids: list[str] = []
    unguarded: bool = False


_NOTED: Final = msgspec.json.Decoder(Noted)


def noted(content: bytes) -> Iterator[Noted]:
    """The lines of a journal that were written whole: a kill may have torn one."""
    for line in content.splitlines():
        with suppress(msgspec.MsgspecError):
            yield _NOTED.decode(line)


class Journal:
    """Appends JSON lines; ``sent`` is forced to disk with all before it. Raises `PleoctlError` when it cannot.

    An ``intent`` is written with the line after it: without a ``sent`` nothing has happened.
    """

    def __init__(
        self,
        path: Path,
        listen: Callable[[dict[str, Any]], None] = lambda _line: None,
        beside: Beside | None = None,
    ) -> None:
        """Create the file (0600), so that a full disk shows before anything is sent.

        ``listen`` hears each line; ``beside`` keeps them for other machines and says whether a request may leave.
        """
        self._beside = beside or Beside(Runs([]), path.parent.name)
        self._lock = threading.Lock()
        self._listen = listen
        try:
            self._lines = Lines(path)
        except OSError as error:
            raise self._unwritable(error) from error

    def write(self, event: Event, addresses: Sequence[str], **details: Any) -> None:
        """Append one line."""
        line = {
            "at": timestamp(),
            "event": event,
            "addresses": list(addresses),
            **details,
        }
        content = _JSON.encode(line).encode() + b"\n"
        try:
            self._note(event, content, line)
        except StateLost as error:
            raise JournalError(error.message, findings=error.findings) from error
        except OSError as error:
            raise self._unwritable(error) from error

    def close(self) -> None:
        """Close the file. Every line that counts is on disk already, so this never fails."""
        with suppress(StateLost):
            self._beside.flush()
        with suppress(OSError):
            self._lines.close()

    def _note(self, event: Event, content: bytes, line: dict[str, Any]) -> None:
        stored = self._beside.stores
        with self._lock:
            self._permit(event)
            if stored:
                # Lines reach other machines one by one, in the order of the file; threads gain nothing there.
                self._lines.carry(self._lines.bring(content, _WHEN.get(event, "now")))
                self._beside.line(content, leaves=event == "sent")
                # A slow state may have taken the time in which the request would have been allowed to leave.
                self._permit(event)
            self._listen(line)
            brought = None if stored else self._lines.bring(content, _WHEN.get(event, "now"))
        self._lines.carry(brought)
        if event == "sent" and not stored:
            with self._lock:
                self._permit(event)

    def _permit(self, event: Event) -> None:
        if event == "sent":
            self._beside.check()

    @staticmethod
    def _unwritable(error: OSError) -> JournalError:
        reason = (error.strerror or str(error)).lower()
        return JournalError(
            f"the journal cannot be written ({reason}); nothing more is sent to Pleo", hint=fix_of(error)
        )


class JournalError(PleoctlError):
    """The journal cannot be written, so nothing may be sent."""

    code = "journal"
