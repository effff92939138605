"""Where something stands in a file."""

from __future__ import annotations

from typing import NamedTuple

from pleoctl.errors import Finding, Level


class Place(NamedTuple):
    """Where something stands; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    @classmethod
    def parse(cls, text: str) -> Place:
        """The place that `str` wrote, its column unknown (0). Raises `ValueError`."""
        file, _, line = text.rpartition(":")
        if not file or not line.isdecimal():
            raise ValueError(f"{text!r} is no place")
        return cls(file, int(line), 0)

    def finding(
        self, code: str, message: str, hint: str | None = None, *, rule: str | None = None, level: Level = "error"
    ) -> Finding:
        """A finding that points here."""
        return Finding(code, message, level, self.file, self.line, self.column, rule=rule, hint=hint)
