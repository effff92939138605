"""What this workspace remembers of a job beyond one run: that it started it, and the day that closed periods moved to.

An aid, not a condition: without it a job that runs already looks like another runner's, and is taken over only where
somebody says so.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO

from pleoctl.documents.files import fix_of
from pleoctl.errors import PleoctlError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pleoctl.state.base import RunStore


class JobMemory:
    """JSON lines: in a file below the workspace's run folder, or where machines share their state.

    What is written raises `PleoctlError`; what is read from a shared state `StateLost`.
    """

    def __init__(self, folder: Path, job: str, store: RunStore | None = None) -> None:
        """``folder`` is ``.pleoctl/jobs``; nothing is made yet."""
        self.folder = folder
        self._path = folder / f"{job}.jsonl"
        self._store, self._subject = store, f"job {job}"

    @property
    def started(self) -> bool:
        """Whether this workspace was about to start the job, in this or an earlier run."""
        return any(line.get("event") == "started" for line in self._lines())

    def remember_start(self) -> None:
        """Say so, on disk, before the event is sent. Raises `PleoctlError`."""
        if not self.started:
            self._write({"event": "started"})

    def today(self, day: str) -> str:
        """The first day on which a closed period was met in this job; ``day`` where there was none yet."""
        for line in self._lines():
            if line.get("event") == "today" and isinstance(line.get("date"), str):
                return str(line["date"])
        self._write({"event": "today", "date": day})
        return day

    def remember_sent(self, key: str) -> None:
        """Say that a booking is about to be sent, on disk."""
        self._write({"event": "sent", "key": key})

    def remember_known(self, key: str) -> None:
        """Say that its outcome is known."""
        self._write({"event": "known", "key": key})

    def doubts(self) -> set[str]:
        """Keys of bookings that were sent and of whose outcome nobody heard."""
        found: set[str] = set()
        for line in self._lines():
            if line.get("event") == "sent":
                found.add(str(line.get("key")))
            elif line.get("event") == "known":
                found.discard(str(line.get("key")))
        return found

    def _lines(self) -> Iterator[dict[str, Any]]:
        """Those from before the state was shared, then those that are shared."""
        content = b""
        with suppress(OSError):
            content = self._path.read_bytes() + b"\n"
        if self._store is not None:
            content += self._store.remembered(self._subject)
        for raw in content.splitlines():
            try:
                line = json.loads(raw)
            except ValueError:
                continue  # torn by a kill
            if isinstance(line, dict):
                yield line

    def _write(self, line: dict[str, Any]) -> None:
        content = json.dumps(line, sort_keys=True).encode() + b"\n"
        if self._store is not None:
            self._store.remember(self._subject, content)
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "a+b") as stream:
                stream.write((b"\n" if _is_torn(stream) else b"") + content)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            words = f"what this job needs to be taken up again cannot be written ({error.strerror})"
            raise PleoctlError(words, hint=fix_of(error)) from error


def _is_torn(stream: BinaryIO) -> bool:
    """Whether a file ends in the middle of a line, which must not swallow the next one."""
    size = stream.seek(0, os.SEEK_END)
    if size:
        stream.seek(size - 1)
    return bool(size) and stream.read(1) != b"\n"
