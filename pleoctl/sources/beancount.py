"""The ``beancount`` source: ``open`` and ``close`` directives of a ledger and the files that it includes.

The text is read, not the library: beancount is GPL and stays out of this program. So accounts that only a plugin makes
are not there: plugins are refused, but for those of beancount's own that neither open nor close an account.
"""

from __future__ import annotations

import re
from datetime import date
from itertools import takewhile
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import SourceError
from pleoctl.place import Place
from pleoctl.sources.base import SourceRow, Table
from pleoctl.sources.files import (
    ancestors,
    below,
    check_fields,
    check_metadata,
    file_text,
    idle,
    judge_active,
    section_path,
    shown_path,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pleoctl.sources.context import Context

_NEWLINE: Final = "\ue000"
_TOKEN: Final = re.compile(r'"(?:\\.|[^"\\])*"|;[^\n]*|^[*:#&!?%][^\n]*|"', re.DOTALL | re.MULTILINE)
_DIRECTIVE: Final = re.compile(r"(\d{4}[-/]\d{1,2}[-/]\d{1,2})\s+(open|close)\b\s*(.*)")
_ACCOUNT: Final = re.compile(r"([^\s\":]+(?::[^\s\":]+)+)(?:\s|$)")
# Where an account is used: a posting, with or without a flag, and directives that name one or two.
_NAME: Final = r"[^\W\da-z_][\w-]*(?::[\w-]+)+"
_POSTING: Final = re.compile(rf"\s+(?:[!*&#?%A-Z]\s+)?({_NAME})(?:\s|$)")
_USE: Final = re.compile(
    rf"\d{{4}}[-/]\d{{1,2}}[-/]\d{{1,2}}\s+(?:balance|pad|note|document)\s+({_NAME})(?:\s+({_NAME}))?(?:\s|$)"
)
_UNDECLARED: Final = "is booked to and not opened"
_METADATA: Final = re.compile(r"\s+([a-z][A-Za-z0-9_-]*):\s*(.*)", re.DOTALL)
_NULL: Final = "NULL"
_STRING: Final = re.compile(r'"((?:\\.|[^"\\])*)"')
_INCLUDE: Final = re.compile(r'include\s+"(.+)"')
_REFUSED: Final = {
    "pushmeta": re.compile(r"pushmeta\b"),
}
# The older way to name one is an option, with its configuration behind a colon.
_PLUGIN: Final = re.compile(r'(?:plugin|option\s+"plugin")\s+"((?:\\.|[^":\\])*)')
_HARMLESS: Final = frozenset(
    f"beancount.plugins.{name}"
    for name in (
        "check_average_cost",
        "check_closing",
        "check_commodity",
        "check_drained",
        "coherent_cost",
        "commodity_attr",
        "implicit_prices",
        "leafonly",
        "noduplicates",
        "nounused",
        "onecommodity",
        "pedantic",
        "sellgains",
        "unique_prices",
    )
)
_WILD: Final = frozenset("*?[")
MAX_DEPTH: Final = 50
DEFAULT_METADATA: Final = {"code": "code", "name": "name"}


class BeancountSource:
    """Reads the accounts of a ledger; beancount has no dimensions."""

    def __init__(self, context: Context, section: dict[str, Any]) -> None:
        """See `Source`."""
        self._context, self._section = context, section
        self._path, self._shown = section_path(context, section)
        check_fields(section)
        self._rows: dict[str, list[SourceRow]] = {}
        self._metadata: dict[int, dict[str, str]] = {}
        self._closed: list[tuple[str, str, int]] = []
        self._used: dict[str, tuple[str, int]] = {}
        self._seen: set[Path] = set()
        self._open: list[str] = []

    def read(self, resource: str) -> Table | None:
        """See `Source.read`."""
        if resource != "accounts":
            return None
        self._file(self._path, self._shown)
        rows = [row for rows in self._rows.values() for row in rows]
        self._name(rows)
        for name, shown, line in self._closed:
            if name not in self._rows:
                raise SourceError(f"closes {name}, which is not open", place=Place(shown, line))
            for row in self._rows[name]:
                row.cells["active"] = False
        for name, (shown, line) in self._used.items():
            cells = {"externalId": name, "name": name.partition(":")[2]}
            self._rows.setdefault(name, [SourceRow(cells, f"{shown}:{line}", line, _UNDECLARED)])
        prefix = self._section.get("prefix")
        kept = [row for name, rows in self._rows.items() if below(name, prefix) for row in rows]
        return Table(self._shown, kept, idle("prefix", prefix, ancestors(self._rows), self._shown))

    def _name(self, rows: list[SourceRow]) -> None:
        """Code, name and what else the metadata says."""
        asked = self._section.get("metadata", {})
        check_metadata(rows, asked, {key for found in self._metadata.values() for key in found})
        for row in rows:
            metadata = self._metadata[id(row)]
            row.cells["name"] = row.cells["externalId"].partition(":")[2]
            row.cells["code"] = None
            for field, key in {**DEFAULT_METADATA, **asked}.items():
                if field == "active":
                    judge_active(row, metadata.get(key))
                elif field not in DEFAULT_METADATA or metadata.get(key):
                    row.cells[field] = metadata.get(key) or None

    # --- the text ----------------------------------------------------------------------------------------------

    def _file(self, path: Path, shown: str) -> None:
        resolved = path.resolve()
        if resolved in self._seen:
            return
        self._seen.add(resolved)
        self._open.append(shown)
        current: SourceRow | None = None
        for number, line in _lines(file_text(path, shown, "utf-8-sig"), shown):
            metadata = _METADATA.fullmatch(line)
            if current is not None and metadata is not None:
                self._metadata[id(current)].setdefault(metadata[1], _value(metadata[2]))
                continue
            if line.strip():
                current = self._directive(line, path, shown, number)
        self._open.pop()

    def _directive(self, line: str, path: Path, shown: str, number: int) -> SourceRow | None:
        for words, pattern in _REFUSED.items():
            if pattern.match(line):
                raise SourceError(f"uses {words}; that is not supported", place=Place(shown, number))
        self._check_plugin(line, shown, number)
        if (used := _POSTING.match(line) or _USE.match(line)) is not None:
            for name in filter(None, used.groups()):
                self._used.setdefault(name, (shown, number))
            return None
        include = _INCLUDE.match(line)
        if include is not None:
            self._include(_unescaped(include[1]), path, shown, number)
        found = _DIRECTIVE.match(line)
        if found is None:
            return None
        account = _ACCOUNT.match(found[3])
        if account is None:
            raise SourceError(f"{found[2]} names no account", place=Place(shown, number))
        if found[2] == "close":
            self._closed.append((account[1], shown, number))
            return None
        row = SourceRow({"externalId": account[1], "active": True}, f"{shown}:{number}", number, _no_day(found[1]))
        self._rows.setdefault(account[1], []).append(row)
        self._metadata[id(row)] = {}
        return row

    def _check_plugin(self, line: str, shown: str, number: int) -> None:
        """No plugin is run, so one that may open or close accounts leaves the chart unknown."""
        plugin = _PLUGIN.match(line)
        if plugin is None or plugin[1] in {*_HARMLESS, *self._section.get("plugins", ())}:
            return
        raise SourceError(
            f"uses the plugin {plugin[1]!r}, which may open or close accounts, and plugins are not run",
            place=Place(shown, number),
            hint=f"if it does neither, name it: source.plugins: [{plugin[1]}]",
        )

    def _check_pattern(self, pattern: str, path: Path, shown: str, number: int) -> None:
        """What is looked through lies below the workspace, and once. Raises `SourceError`, `Refused`."""
        parts = PurePath(pattern).parts
        plain = list(takewhile(lambda part: not _wild(part), parts))
        if ".." in parts[len(plain) :] or parts.count("**") > 1:
            raise SourceError(
                f"include {pattern!r} looks through too much",
                place=Place(shown, number),
                hint="no .. behind a *, and ** once",
            )
        self._context.inside(shown_path(self._context, path.parent.joinpath(*plain)), "source", "path")

    def _include(self, pattern: str, path: Path, shown: str, number: int) -> None:
        if not pattern or PurePath(pattern).is_absolute():
            raise SourceError(f"include {pattern!r} must be relative", place=Place(shown, number))
        self._check_pattern(pattern, path, shown, number)
        try:
            found = sorted(path.parent.glob(pattern))
        except ValueError as error:
            raise SourceError(f"include {pattern!r} is no pattern", place=Place(shown, number)) from error
        if not found:
            raise SourceError(f"include {pattern!r} finds no file", place=Place(shown, number))
        if len(self._open) > MAX_DEPTH:
            raise SourceError(f"includes are nested more than {MAX_DEPTH} deep", place=Place(shown, number))
        for one in found:
            name = shown_path(self._context, one)
            self._file(self._context.inside(name, "source", "path"), name)


def _no_day(written: str) -> str | None:
    """What is wrong with a date, by which beancount passes over the whole directive; None where it is one."""
    try:
        date(*map(int, re.split("[-/]", written)))
    except ValueError:
        return f"{written} is no day of the calendar"
    return None


def _wild(part: str) -> bool:
    return not _WILD.isdisjoint(part)


def _lines(text: str, shown: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, without comments; a string over several lines stays on one."""

    def keep(match: re.Match[str]) -> str:
        text_or_comment = match[0]
        if text_or_comment == '"':
            line = text.count("\n", 0, match.start()) + 1
            raise SourceError(
                "a quotation mark is not closed", place=Place(shown, line), hint="the file may have been cut off"
            )
        return text_or_comment.replace("\n", _NEWLINE) if text_or_comment.startswith('"') else ""

    number = 1
    for line in _TOKEN.sub(keep, text).split("\n"):
        yield number, line.replace(_NEWLINE, "\n")
        number += 1 + line.count(_NEWLINE)


def _value(text: str) -> str:
    string = _STRING.match(text)
    if string:
        return _unescaped(string[1])
    word = text.strip()
    return "" if word == _NULL else word


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match[1], match[1]), text)
