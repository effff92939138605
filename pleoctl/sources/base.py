"""What a source is: up to three tables of rows, read completely or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Final, Protocol

from pleoctl.documents.schemas import nearest
from pleoctl.errors import Finding, InvalidFile, MissingExtra, SourceError

if TYPE_CHECKING:
    from pleoctl.workspace import Workspace

_KEY: Final = re.compile(r"source(\.\w+)*")
GROUP: Final = "pleoctl.sources"
RESOURCES: Final = ("accounts", "dimensions", "values")

# Fields of each table; the first ones are required of every row.
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "accounts": ("externalId", "name", "code", "taxCodeExternalId", "active", "currency"),
    "dimensions": ("code", "name", "active"),
    "values": ("dimension", "code", "name", "active", "expires"),
}
REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "accounts": ("externalId", "name"),
    "dimensions": ("code", "name"),
    "values": ("dimension", "code", "name"),
}

BUILT_IN: Final = {
    "csv": "pleoctl.sources.csv_files:CsvSource",
    "xlsx": "pleoctl.sources.xlsx:XlsxSource",
    "http": "pleoctl.sources.http.source:HttpSource",
    "sie": "pleoctl.sources.sie:SieSource",
    "beancount": "pleoctl.sources.beancount:BeancountSource",
    "hledger": "pleoctl.sources.hledger:HledgerSource",
    "gnucash": "pleoctl.sources.gnucash:GnuCashSource",
    "tryton": "pleoctl.sources.tryton:TrytonSource",
    "sql": "pleoctl.sources.sql:SqlSource",
    "exec": "pleoctl.sources.programs:ExecSource",
}
# Source type → the module that the extra of the same name brings.
EXTRAS: Final = {"http": "jmespath", "sql": "sqlalchemy", "xlsx": "openpyxl"}


@dataclass(slots=True)
class SourceRow:
    """One row as the accounting system gave it.

    ``cells`` maps field names to text, None, or (``active``) a boolean; an absent field is one the system does not
    have. ``place`` says where the row stands, ``problem`` why it cannot be used, ``record`` what the system sent
    (kept for the first rows, or where other tables are read by it).
    """

    cells: dict[str, Any]
    place: str
    line: int | None = None
    problem: str | None = None
    record: Any = None


@dataclass(slots=True)
class Table:
    """All rows of one resource; ``label`` names it in messages, ``name`` is the file or address it came from."""

    name: str
    rows: list[SourceRow] = field(default_factory=list)


class Source(Protocol):
    """A source is made with the workspace and its ``source`` section, and read once.

    Raises `SourceError` from the constructor for a wrong section, from `read` for anything that may have cut the
    data short: a source that cannot prove it read everything must raise.
    """

    def __init__(self, workspace: Workspace, section: dict[str, Any]) -> None:
        """Check the section; touch nothing yet."""

    def read(self, resource: str) -> Table | None:
        """All rows of ``accounts``, ``dimensions`` or ``values``; None if the source has no such resource."""


def open_source(workspace: Workspace) -> Source:
    """The source that the workspace names. Raises `InvalidFile` where its section is wrong."""
    section = workspace.source
    if section is None:
        raise SourceError("the workspace names no source", hint="add a source section to pleoctl.yaml")
    try:
        made: Source = source_class(str(section["type"]))(workspace, section)
    except SourceError as error:
        raise InvalidFile.of([_placed(finding, workspace) for finding in error.findings]) from error
    return made


def _placed(finding: Finding, workspace: Workspace) -> Finding:
    """A finding about the section, where its message says: at ``source.accounts.path`` or the nearest that exists."""
    if finding.file is not None:
        return finding
    named = _KEY.match(finding.message)
    line, column = workspace.document.locate(named[0].split(".") if named else ("source",))
    return replace(finding, code=InvalidFile.code, file=workspace.document.shown, line=line, column=column)


def source_class(kind: str) -> Any:
    """The class behind a source type: built in, or installed by a third party."""
    if kind in BUILT_IN:
        module, _, name = BUILT_IN[kind].partition(":")
        try:
            return getattr(import_module(module), name)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] != EXTRAS.get(kind):
                raise
            raise MissingExtra(f"the {kind} source needs the package {EXTRAS[kind]}",
                               hint=f"pip install 'pleoctl[{kind}]'") from error  # fmt: skip
    for point in entry_points(group=GROUP, name=kind):
        return point.load()
    raise SourceError(f"source.type: there is no source type {kind!r}", hint=nearest(kind, source_types(), "types"))


def source_types() -> list[str]:
    """All source types at hand, sorted."""
    return sorted({*BUILT_IN, *(point.name for point in entry_points(group=GROUP))})
