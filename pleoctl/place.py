"""Where something stands: in a file, and among the settings of a workspace."""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import Self

_DIGITS: Final = 10


class Place:
    """Where something stands; line and column count from 1, None where they are not known. Immutable.

    Places sort by file, line, column; what is not known comes first.
    """

    __slots__ = ("column", "file", "line")

    def __init__(self, file: str, line: int | None = None, column: int | None = None) -> None:
        self.file, self.line, self.column = file, line, column

    @classmethod
    def of(cls, file: str | None) -> Place | None:
        """A file as a place, None where there is none."""
        return None if file is None else cls(file)

    @property
    def key(self) -> tuple[str, int, int]:
        """What places are compared and sorted by."""
        return self.file, self.line or 0, self.column or 0

    @property
    def exact(self) -> str:
        """``file:line:column`` as far as it is known."""
        return str(self) if self.column is None else f"{self}:{self.column}"

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"

    def __repr__(self) -> str:
        return f"<{self.exact}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __lt__(self, other: Place) -> bool:
        return self.key < other.key

    def below(self, lines: int) -> Place:
        """The place so many lines further down."""
        return Place(self.file, (self.line or 0) + lines, self.column)

    @classmethod
    def parse(cls, text: str) -> Place:
        """The place that `str` wrote, its column unknown; a text that ends in no line is a file alone."""
        file, _, line = text.rpartition(":")
        if file and line.isdecimal() and line.isascii() and len(line) <= _DIGITS and (line[0] != "0" or line == "0"):
            return cls(intern(file), int(line))
        return cls(text)


class Setting(tuple[str | int, ...]):
    """The way to a setting of the workspace, from its section on: ``Setting("sink", "book", 0) / "body"``.

    As text ``sink.book[0].body``, which messages begin with.
    """

    __slots__ = ()

    def __new__(cls, *steps: str | int) -> Self:
        """A section and what leads on from it; numbers count the elements of a list from 0."""
        return super().__new__(cls, steps)

    @property
    def section(self) -> str:
        """What it belongs to: ``source`` or ``sink``."""
        return str(self[0])

    def __truediv__(self, step: str | int) -> Setting:
        return Setting(*self, step)

    def __str__(self) -> str:
        first, *others = self
        return "".join([str(first), *(f"[{step}]" if isinstance(step, int) else f".{step}" for step in others)])
