"""``apply --events``: what a run does, as JSON lines for another program to follow."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pleoctl.cli.common import is_stdout
from pleoctl.cli.ends import LAST_SECONDS
from pleoctl.documents.files import fix_of, writing
from pleoctl.errors import Finding
from pleoctl.place import Place
from pleoctl.streams import Steady
from pleoctl.text import obeyed_by_nobody

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.errors import Level


class Events:
    """Writes each event as it happens. Its reader may go away; the run goes on, and ``findings`` say so."""

    def __init__(self, stream: Steady | None, name: str) -> None:
        """Without a stream nothing is written."""
        self._stream, self._name = stream, name

    def __call__(self, event: dict[str, Any]) -> None:
        """Write one line."""
        if self._stream is not None:
            self._stream.write(f"{obeyed_by_nobody(json.dumps(event, sort_keys=True))}\n".encode())

    @property
    def findings(self) -> list[Finding]:
        """That events were lost, and why."""
        lost = self._stream and self._stream.lost
        if not lost:
            return []
        words = f"events could not be written any more: {(lost.strerror or str(lost)).lower()}"
        # As the data that standard output was taken for, they are what the command was asked to give.
        level: Level = "error" if is_stdout(self._name) and self._stream and self._stream.failure else "warning"
        return [Finding("events-lost", words, level, place=Place(self._name), hint=fix_of(lost))]


@contextmanager
def events_to(path: str | None) -> Iterator[Events]:
    """The events file for the block. Raises `NotWritten` before anything is sent if it cannot be opened."""
    if path is None:
        yield Events(None, "")
        return
    out = is_stdout(path)
    with writing(Path(path)):
        # Unbuffered, so that a line is there the moment it happened; a pipe will do as well as a file. Its reader is a
        # program that may be slow or stopped, which must not hold up the run.
        descriptor = os.dup(1) if out else os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    with Steady(descriptor, patient=False, close=True) as stream:
        yield Events(stream, path)
        stream.hand_over(LAST_SECONDS)
