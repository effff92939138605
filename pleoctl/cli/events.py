"""``apply --events``: what a run does, as JSON lines for another program to follow."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pleoctl.errors import Finding, PleoctlError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO


class Events:
    """Writes each event as it happens. Its reader may go away; the run goes on, and ``findings`` say so."""

    def __init__(self, stream: BinaryIO | None, name: str) -> None:
        """Without a stream nothing is written."""
        self._stream, self._name = stream, name
        self.findings: list[Finding] = []

    def __call__(self, event: dict[str, Any]) -> None:
        """Write one line."""
        if self._stream is None or self.findings:
            return
        try:
            self._stream.write(json.dumps(event, sort_keys=True).encode() + b"\n")
        except OSError as error:
            words = f"events could not be written any more: {error.strerror}"
            self.findings.append(Finding("events-lost", words, "warning", file=self._name))


@contextmanager
def events_to(path: str | None) -> Iterator[Events]:
    """The events file for the block. Raises `PleoctlError` before anything is sent if it cannot be opened."""
    if path is None:
        yield Events(None, "")
        return
    try:
        # Unbuffered, so that a line is there the moment it happened; a pipe will do as well as a file.
        stream = Path(path).open("wb", buffering=0)  # noqa: SIM115 - closed below, whatever happens to the last write
    except OSError as error:
        raise PleoctlError(f"cannot be written: {error.strerror}", file=path) from error
    with stream:
        yield Events(stream, path)
