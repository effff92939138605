"""The ``hledger`` source: accounts that a journal declares, with tags in their comments and in those of their parents.

hledger is GPL and is run, never imported. It says which files belong to the journal and which accounts they declare;
the tags of an account stand only in the text, so the files are read as well, and both must name the same accounts.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import Finding, SourceError
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
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.sources.context import Context

# What hledger takes for a blank: one of any kind parts words of a name, two end it. Nothing else ends a line either.
_BLANKS: Final = r" \t\f\v\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
_BLANK: Final = re.compile(f"[{_BLANKS}]")
_ACCOUNT: Final = re.compile(
    rf"account[{_BLANKS}]+([^{_BLANKS}]+(?:[{_BLANKS}][^{_BLANKS}]+)*)[{_BLANKS}]*(?:(?<=[{_BLANKS}]{{2}});(.*))?"
)
_LINE_END: Final = re.compile(r"\r?\n")
_TAG: Final = re.compile(r"(?:^|(?<=[\s,]))([^\s:,]+):[ \t]*([^,]*)")
_LISTED: Final = 20
DEFAULT_TAGS: Final = {"code": "code", "name": "name", "active": "active"}


class HledgerSource:
    """Reads the declared accounts of a journal; hledger has no dimensions."""

    def __init__(self, context: Context, section: dict[str, Any]) -> None:
        """See `Source`."""
        self._context, self._section = context, section
        self._path, self._shown = section_path(context, section)
        check_fields(section)

    def read(self, resource: str) -> Table | None:
        """See `Source.read`. Raises `Refused` unless PLEOCTL_ALLOW_EXEC=1."""
        if resource != "accounts":
            return None
        declared = self._run("accounts", "--declared")
        found = [account for shown in self._files() for account in self._accounts(shown)]
        self._compare(set(declared), {name for name, _, _, _ in found})
        asked = self._section.get("metadata", {})
        wanted = {**DEFAULT_TAGS, **asked}
        given = _inherited({name: tags for name, tags, _, _ in found}, {wanted["code"], wanted["name"]})
        rows = [self._row(name, {**given[name], **tags}, shown, number, wanted) for name, tags, shown, number in found]
        check_metadata(rows, asked, {key for _, tags, _, _ in found for key in tags})
        used = set(self._run("accounts", "--used")).difference(declared)
        prefix = self._section.get("prefix")
        undeclared = [name for name in sorted(used) if below(name, prefix)]
        kept = [row for (name, *_), row in zip(found, rows, strict=True) if below(name, prefix)]
        told = idle("prefix", prefix, ancestors([*declared, *used]), self._shown)
        return Table(self._shown, kept, [*told, *([self._told(undeclared)] if undeclared else [])])

    def _told(self, undeclared: list[str]) -> Finding:
        listed = ", ".join(map(repr, undeclared[:_LISTED])) + (", …" if len(undeclared) > _LISTED else "")
        return Finding(
            "undeclared-account",
            f"{many(len(undeclared), 'account', 'is', 'are')} booked to and not declared: {listed}",
            "warning",
            Place(self._shown),
            hint="Pleo gets none of them; declare those that it should have: account NAME",
        )

    def _run(self, *arguments: str) -> list[str]:
        command = ["hledger", *arguments, "-f", str(self._path)]
        return [*filter(None, _LINE_END.split(self._context.run(command, what="the hledger source")))]

    def _files(self) -> Iterator[str]:
        for name in self._run("files"):
            yield shown_path(self._context, Path(name))

    def _compare(self, declared: set[str], found: set[str]) -> None:
        if declared != found:
            name = min(declared ^ found)
            where = "hledger does not declare" if name in found else "no account directive has"
            raise SourceError(
                f"{where} {name!r}; hledger and the text of its files disagree",
                place=Place(self._shown),
                hint="apply account and aliases are not supported",
            )

    def _accounts(self, shown: str) -> Iterator[tuple[str, dict[str, str], str, int]]:
        """Name, tags, file and line of every account directive."""
        text = file_text(self._context.inside(shown, "source", "path"), shown, "utf-8-sig")
        current: dict[str, str] | None = None
        hidden = False
        for number, line in enumerate(_LINE_END.split(text), 1):
            word = line.strip()
            hidden = word == "comment" or (hidden and word != "end comment")
            match = None if hidden else _ACCOUNT.fullmatch(line)
            if match is not None:
                current = _tags(match[2] or "")
                yield _BLANK.sub(" ", match[1]), current, shown, number
            elif current is not None and word.startswith(";") and line[:1].isspace():
                current.update(_tags(word.lstrip(";")))
            else:
                current = None

    @staticmethod
    def _row(name: str, tags: dict[str, str], shown: str, number: int, wanted: dict[str, str]) -> SourceRow:
        row = SourceRow({"externalId": name, "name": name.partition(":")[2] or name}, f"{shown}:{number}", number)
        if " ;" in name:
            row.problem = "has one blank before its comment, which hledger takes for a part of the name; write two"
        for field, key in wanted.items():
            value = tags.get(key) or None
            if field == "active":
                judge_active(row, value)
            elif field != "name" or value is not None:
                row.cells[field] = value
        return row


def _inherited(tags: dict[str, dict[str, str]], own: set[str]) -> dict[str, dict[str, str]]:
    """Of each account, the tags of those that it lies below, the nearest first, as hledger gives them to it as well.

    ``own`` are those that say which account one is, so that each has its own or none.
    """
    found: dict[str, dict[str, str]] = {}
    for name in sorted(tags):
        above = ancestors([name]) & tags.keys() - {name}
        found[name] = {}
        for one in sorted(above, key=len):
            found[name] |= {key: value for key, value in tags[one].items() if key not in own}
    return found


def _tags(comment: str) -> dict[str, str]:
    return {name: value.strip() for name, value in _TAG.findall(comment)}
