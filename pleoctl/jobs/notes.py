"""Lines that a workspace notes about its jobs and reads again: an aid, not a condition."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from pleoctl.documents.files import fix_of
from pleoctl.errors import PleoctlError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pleoctl.state.base import RunStore


#: The beginning of a line, which the end of its process may leave; those that follow are whole.
_TORN: Final = re.compile(rb"\{[\x20-\x7e]*")


class Notes:
    """JSON lines about one subject: in a file below the workspace's run folder, or where machines share their state.

    What is written raises `PleoctlError`; what is read from a shared state `StateLost`. Of ``needed`` notes only a line
    that a kill has torn is passed over: what else cannot be read raises `PleoctlError`.
    """

    def __init__(self, path: Path, subject: str, store: RunStore | None = None, *, needed: bool = False) -> None:
        """``path`` is the file; nothing is made yet."""
        self._path, self._subject, self._store, self._needed = path, subject, store, needed

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Those from before the state was shared, then those that are shared."""
        content = self._kept() + b"\n"
        if self._store is not None:
            content += self._store.remembered(self._subject)
        for raw in content.splitlines():
            try:
                line = json.loads(raw)
            except ValueError:
                line = None
            if isinstance(line, dict):
                yield line
            elif self._needed and raw and not _TORN.fullmatch(raw):
                raise self.damaged()

    def _kept(self) -> bytes:
        try:
            return self._path.read_bytes()
        except OSError as error:
            if self._needed and (not isinstance(error, FileNotFoundError) or self._path.is_symlink()):
                raise self.damaged() from error
            return b""

    def damaged(self) -> PleoctlError:
        """That what is noted there cannot be relied on."""
        words = f"what earlier runs noted cannot be read: {'/'.join(self._path.parts[-3:])}"
        return PleoctlError(words, hint="put it back as it was; or remove it, and nothing that it knew of is held back")

    def write(self, line: dict[str, Any]) -> None:
        """Note a line, on disk when this returns."""
        content = json.dumps(line, sort_keys=True).encode() + b"\n"
        if self._store is not None:
            self._store.remember(self._subject, content)
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Not through a link, which would write outside of the workspace.
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
            descriptor = os.open(self._path, flags, 0o600)
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
