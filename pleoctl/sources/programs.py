"""The ``exec`` source: what programs print, one JSON object a row."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from pleoctl.documents.strict import strict
from pleoctl.errors import SourceError
from pleoctl.place import Place, Setting
from pleoctl.sources.base import FIELDS, SourceRow, Table, named_tables
from pleoctl.sources.bounds import Bounds
from pleoctl.sources.cells import settle
from pleoctl.sources.running import DEFAULT_SECONDS
from pleoctl.text import did_you_mean

if TYPE_CHECKING:
    from pleoctl.sources.context import Context


class ExecSource:
    """One command per table; each prints one JSON object per row, named like the fields."""

    def __init__(self, context: Context, section: dict[str, Any]) -> None:
        """Take the commands apart; none is run yet. Raises `SourceError`."""
        self._context, self._section = context, section
        self._words = {name: _taken_apart(section[name]["command"], name) for name in named_tables(section)}

    def read(self, resource: str) -> Table | None:
        """See `Source.read`. Raises `Refused` unless PLEOCTL_ALLOW_EXEC=1."""
        config = self._section.get(resource)
        if config is None:
            return None
        seconds = float(config.get("timeoutSeconds", DEFAULT_SECONDS))
        text = self._context.run(self._words[resource], seconds=seconds, what="the exec source")
        label = f"output of source.{resource}.command"
        if text and not text.endswith("\n"):
            raise SourceError("the last line has no end: it may have been cut off", place=Place(label))
        lines = text.split("\n")
        bounds = Bounds(label)
        rows = []
        for number, line in enumerate(lines, 1):
            if line.strip():
                bounds.row((line,))
                rows.append(_row(line, number, resource, label))
        return Table(label, rows)


def _taken_apart(command: str | list[str], resource: str) -> list[str]:
    """The program and its arguments, as a shell would tell them."""
    if not isinstance(command, str):
        return list(command)
    try:
        return shlex.split(command)
    except ValueError as error:
        key = Setting("source", resource, "command")
        hint = "write it as a list: the program and its arguments"
        raise SourceError(f"{key}: {f'{error}'.lower()}", hint=hint, setting=key) from error


def _row(line: str, number: int, resource: str, label: str) -> SourceRow:
    try:
        cells = strict(line)
    except json.JSONDecodeError as error:
        raise SourceError(f"is not JSON: {error.msg}", place=Place(label, number, error.pos + 1)) from error
    except (ValueError, RecursionError) as error:
        raise SourceError("is not JSON", place=Place(label, number)) from error
    if not isinstance(cells, dict):
        raise SourceError("is not an object", place=Place(label, number))
    for name in cells:
        if name not in FIELDS[resource]:
            raise SourceError(
                f"unknown field {name!r}", place=Place(label, number), hint=did_you_mean(name, sorted(FIELDS[resource]))
            )
    settle(cells)
    return SourceRow(cells, f"{label}:{number}", number)
