"""How much one table may bring, whoever wrote what it is read from: rows, text and seconds have an end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import SourceError
from pleoctl.machine import this_machine

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_ROWS: Final = 500_000
MAX_TEXT: Final = 256 * 1024 * 1024
DEFAULT_SECONDS: Final = 60.0
_TEXTS: Final = (str, bytes)
# Rows between two looks at the clock.
_LOOK: Final = 256


class Bounds:
    """Counts what a table has brought so far; ``name`` is its file or its place in the workspace."""

    def __init__(self, name: str, *, seconds: float = DEFAULT_SECONDS, rows: int = MAX_ROWS) -> None:
        """The time begins to run now."""
        self._name, self.seconds, self._most = name, seconds, rows
        self._end = this_machine().monotonic() + seconds
        self._rows = self._text = 0

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return this_machine().monotonic() > self._end

    def row(self, cells: Iterable[Any]) -> None:
        """One more row. Raises `SourceError` where it is one too many, too much text, or too late."""
        self.text(sum([len(cell) for cell in cells if isinstance(cell, _TEXTS)]))

    def text(self, length: int) -> None:
        """One more row of as much text. Raises as `row`."""
        self._rows += 1
        self._text += length
        if self._rows > self._most:
            raise SourceError(f"{self._name} gives more than {self._most:,} rows")
        if self._text > MAX_TEXT:
            raise SourceError(f"{self._name} gives more than {MAX_TEXT // 1024 // 1024} MiB of text")
        if not self._rows % _LOOK and self.over:
            raise self.late()

    def late(self) -> SourceError:
        """The error of a table that takes too long."""
        return SourceError(f"{self._name} was not read within {self.seconds:g} s", hint="nothing was written")
