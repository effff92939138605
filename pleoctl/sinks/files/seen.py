"""What the files of a folder held when they were read last: one that held none of what is asked for is not read again.

A queue of jobs is worked off one by one, and each asks the books several times. A file counts as unchanged where its
inode, size and both its times are; the times of one that was changed just now may not tell a second change.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from pleoctl.machine import this_machine

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterator
    from collections.abc import Set as AbstractSet

_TICK: Final = 0.05
"""Seconds in which a file may change twice and show one time."""
_COARSE_TICK: Final = 2.0
"""The same where times are kept in whole seconds or, as may be, milliseconds."""
_MILLISECOND: Final = 1_000_000


class Asked:
    """Wanted keys that note which keys were looked for among them."""

    def __init__(self, wanted: Container[str]) -> None:
        """None was looked for yet."""
        self._wanted = wanted
        self.keys: set[object] = set()

    def __contains__(self, key: object) -> bool:
        self.keys.add(key)
        return key in self._wanted


class Stamp(NamedTuple):
    """Tells one state of a file from another."""

    inode: int
    size: int
    modified: int
    changed: int

    @classmethod
    def of(cls, path: str) -> Stamp | None:
        """That of a file now; None where it cannot be had, which reading the file tells."""
        try:
            found = os.stat(path)  # noqa: PTH116 - of thousands of files; a Path takes longer than the answer
        except OSError:
            return None
        return cls(found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)

    @property
    def settled(self) -> bool:
        """Whether any later change would show."""
        tick = _TICK if self.modified % _MILLISECOND else _COARSE_TICK
        return max(self.modified, self.changed) / 1e9 + tick < this_machine().time()


class Seen:
    """The keys of files, by their paths."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        self._known: dict[str, tuple[Stamp, frozenset[object]]] = {}

    def lacks(self, path: str, stamp: Stamp | None, wanted: AbstractSet[str]) -> bool:
        """Whether it is known to hold none of these; ``stamp`` is the file's now."""
        known = self._known.get(path)
        return known is not None and known[0] == stamp and known[1].isdisjoint(wanted)

    def note(self, path: str, stamp: Stamp | None, keys: AbstractSet[object]) -> None:
        """Keep what was read of a file; ``stamp`` was taken before."""
        if stamp is not None and stamp.settled:
            self._known[path] = stamp, frozenset(keys)
        else:
            self._known.pop(path, None)


def files_below(folder: str, suffix: str, without: Collection[str] = ()) -> Iterator[str]:
    """The files of this ending in a folder and those below, by name, but for hidden files and folders left out."""
    found: list[os.DirEntry[str]] = []
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError), os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            if entry.path not in without:
                yield from files_below(entry.path, suffix)
        elif entry.name.endswith(suffix) and not entry.name.startswith(".") and entry.is_file():
            yield entry.path
