"""Entries as JSON lines, the shape of schemas/entry.schema.json; amounts stay integers of hundredths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.mapping.engine.entries import encode_lines
from pleoctl.mapping.io.outputs.declared import Declared

if TYPE_CHECKING:
    from pleoctl.mapping.engine.entries import Entry


class JsonWriter:
    """One line of JSON for each entry."""

    def __init__(self) -> None:
        """Nothing is declared, ever."""
        self.declared = Declared()

    def start(self) -> bytes:
        """Nothing."""
        return b""

    def entries(self, entries: list[Entry]) -> bytes:
        """Each entry and a line break."""
        return encode_lines(entries)

    def end(self) -> bytes:
        """Nothing."""
        return b""
