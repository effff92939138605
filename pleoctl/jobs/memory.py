"""What this workspace remembers of a job beyond one run: that it started it, and the day that closed periods moved to.

An aid, not a condition: without it a job that runs already looks like another runner's, and is taken over only where
somebody says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.jobs.notes import Notes

if TYPE_CHECKING:
    from pathlib import Path

    from pleoctl.state.base import RunStore


class JobMemory:
    """Raises what `Notes` do."""

    def __init__(self, folder: Path, job: str, store: RunStore | None = None) -> None:
        """``folder`` is ``.pleoctl/jobs``; nothing is made yet."""
        self.folder = folder
        self._notes = Notes(folder / f"{job}.jsonl", f"job {job}", store)

    @property
    def started(self) -> bool:
        """Whether this workspace was about to start the job, in this or an earlier run."""
        return any(line.get("event") == "started" for line in self._notes)

    def remember_start(self) -> None:
        """Say so, on disk, before the event is sent. Raises `PleoctlError`."""
        if not self.started:
            self._notes.write({"event": "started"})

    def today(self, day: str) -> str:
        """The first day on which a closed period was met in this job; ``day`` where there was none yet."""
        for line in self._notes:
            if line.get("event") == "today" and isinstance(line.get("date"), str):
                return str(line["date"])
        self._notes.write({"event": "today", "date": day})
        return day

    def remember_sent(self, key: str) -> None:
        """Say that a booking is about to be sent, on disk."""
        self._notes.write({"event": "sent", "key": key})

    def remember_known(self, key: str) -> None:
        """Say that its outcome is known."""
        self._notes.write({"event": "known", "key": key})

    def doubts(self) -> set[str]:
        """Keys of bookings that were sent and of whose outcome nobody heard."""
        found: set[str] = set()
        for line in self._notes:
            if line.get("event") == "sent":
                found.add(str(line.get("key")))
            elif line.get("event") == "known":
                found.discard(str(line.get("key")))
        return found
