"""A source for pleoctl: one section of an ini file per account."""

from __future__ import annotations

import configparser
from typing import TYPE_CHECKING, Any

from pleoctl.errors import SourceError
from pleoctl.place import Place
from pleoctl.sources import SourceRow, Table

if TYPE_CHECKING:
    from pleoctl.sources import Context


class IniSource:
    """``source: {type: ini, path: chart.ini}``; the section's name is the account's number and id."""

    def __init__(self, context: Context, section: dict[str, Any]) -> None:
        if "path" not in section:
            raise SourceError("source lacks path")
        # `inside` refuses whatever leads out of the workspace.
        self._path = context.inside(section["path"], "source", "path")
        self._shown = str(section["path"])

    def read(self, resource: str) -> Table | None:
        """All accounts; no dimensions. Whatever may have cut the data short must be an error."""
        if resource != "accounts":
            return None
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read_string(self._path.read_text(encoding="utf-8"))
        except (OSError, UnicodeError, configparser.Error) as error:
            raise SourceError(f"cannot be read: {type(error).__name__}", place=Place(self._shown)) from error
        return Table(self._shown, [self._row(code, parser[code]) for code in parser.sections()])

    def _row(self, code: str, found: configparser.SectionProxy) -> SourceRow:
        active = found.get("active", "yes").lower() in {"yes", "true"}
        return SourceRow({"externalId": code, "code": code, "name": found.get("name"), "active": active}, f"[{code}]")
