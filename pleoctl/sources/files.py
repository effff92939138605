"""What the sources that read files share."""

from __future__ import annotations

import os
from codecs import lookup
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pleoctl.documents.files import read_bytes
from pleoctl.errors import Finding, InvalidFile, SourceError
from pleoctl.place import Place, Setting
from pleoctl.sources.base import FIELDS
from pleoctl.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pleoctl.sources.base import SourceRow
    from pleoctl.sources.context import Context

_UNFIT: Final = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"})

_ACTIVE: Final = {"", "true", "yes", "1", "active", "open"}
_INACTIVE: Final = {"false", "no", "0", "inactive", "closed"}

_USUAL: Final = ("accounts", "dimensions", "values")


def file_bytes(path: Path, shown: str) -> bytes:
    """The bytes of a file of the accounting system. Raises `SourceError`."""
    try:
        return read_bytes(path, shown)
    except InvalidFile as error:
        raise SourceError(error.message, place=Place(shown), hint=error.findings[0].hint) from error


def check_encoding(name: str) -> None:
    """Raise `LookupError` for what is no encoding of files, or one whose reader takes for ever."""
    if lookup(name).name.replace("-", "_") in _UNFIT:
        raise LookupError(name)
    "a".encode(name)  # raises it for what is an encoding of something else than text


def file_text(path: Path, shown: str, encoding: str) -> str:
    """The text of a file. Raises `SourceError` with the line of the first byte that is not in the encoding."""
    content = file_bytes(path, shown)
    try:
        check_encoding(encoding)
        return content.decode(encoding)
    except LookupError as error:
        raise SourceError(f"encoding {encoding!r} is unknown", place=Place(shown)) from error
    except UnicodeError as error:
        line = content.count(b"\n", 0, getattr(error, "start", 0)) + 1
        raise SourceError(f"is not {encoding}", place=Place(shown, line), hint="set source.encoding") from error


def section_path(context: Context, section: dict[str, Any]) -> tuple[Path, str]:
    """The path of ``source.path`` and the name that messages show."""
    return context.inside(section["path"], "source", "path"), str(section["path"])


def shown_path(context: Context, path: Path) -> str:
    """A path as outputs show it: relative to the workspace."""
    return Path(os.path.relpath(path, context.root)).as_posix()


def wanted(section: dict[str, Any], resource: str) -> bool:
    """Whether ``source.resources`` asks for a table; without it accounts and dimensions with their values are read."""
    return resource in section.get("resources", _USUAL)


def below(name: str, prefixes: list[str] | None) -> bool:
    """Whether an account is one of the prefixes or below it."""
    return prefixes is None or any(f"{name}:".startswith(f"{prefix.rstrip(':')}:") for prefix in prefixes)


def idle(key: str, words: list[str] | None, known: Collection[str], shown: str) -> list[Finding]:
    """A warning where words of ``source.<key>`` choose nothing: a slip drops all that was meant without a word."""
    listed = {name.rstrip(":") for name in known}
    missing = [word for word in words or () if word.rstrip(":") not in listed]
    if not missing:
        return []
    setting = Setting("source", key)
    told = f"{setting} lists {', '.join(map(repr, missing))}, which no account has"
    hint = did_you_mean(missing[0], sorted(listed), "there are")
    return [Finding("near-miss", told, "warning", Place(shown), setting=setting, hint=hint)]


def ancestors(names: Iterable[str]) -> set[str]:
    """Accounts and all that they lie below: ``a:b`` and ``a``."""
    return {
        ":".join(parts[:depth]) for parts in (name.split(":") for name in names) for depth in range(1, len(parts) + 1)
    }


def judge_active(row: SourceRow, word: str | None) -> None:
    """Set ``active`` by what a ledger says of an account, nothing being active; another word holds the row."""
    said = (word or "").casefold()
    row.cells["active"] = said not in _INACTIVE
    if said not in _ACTIVE | _INACTIVE:
        row.problem = f"active is {word!r}, neither an active nor an inactive value"


def check_fields(section: dict[str, Any]) -> None:
    """Raise `SourceError` for a field under ``source.metadata`` that accounts do not have."""
    for field in section.get("metadata", {}):
        if field not in FIELDS["accounts"]:
            setting = Setting("source", "metadata", field)
            hint = did_you_mean(field, sorted(FIELDS["accounts"]))
            raise SourceError(f"{setting}: unknown field {field!r}", setting=setting, hint=hint)


def check_metadata(rows: Iterable[SourceRow], names: dict[str, str], found: set[str]) -> None:
    """Raise `SourceError` for a metadata key that was asked for and that no account has."""
    if not any(True for _ in rows):
        return
    for field, key in names.items():
        if key not in found:
            setting = Setting("source", "metadata", field)
            raise SourceError(f"{setting}: no account has {key!r}", setting=setting)
