"""From a file to a section that has been tried on it: what kind it is, the draft, and the rows that came out."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pleoctl.documents.files import keep_inside
from pleoctl.documents.load import parse
from pleoctl.errors import Finding, Refused, SourceError
from pleoctl.model.kinds import ACCOUNT, TAG, TAX_CODE, VENDOR
from pleoctl.place import Place
from pleoctl.sources.base import FIELDS, resource_names
from pleoctl.sources.doubts import doubtful_texts
from pleoctl.sources.files import file_bytes
from pleoctl.sources.guess.columns import Sheet, understood
from pleoctl.sources.guess.flat import tax_lines, vendor_lines
from pleoctl.sources.guess.section import COLUMNS, left_out, said, shown, table_lines, word
from pleoctl.sources.guess.text import DEFAULT, Line, decoded, delimiter_of, rows_of
from pleoctl.sources.opening import source_class
from pleoctl.sources.rows import RowReader

if TYPE_CHECKING:
    from pleoctl.model.records import DesiredState
    from pleoctl.sources.context import Context

_SUFFIXES: Final = {
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".se": "sie",
    ".si": "sie",
    ".sie": "sie",
    ".gnucash": "gnucash",
    ".beancount": "beancount",
    ".bean": "beancount",
    ".journal": "hledger",
    ".hledger": "hledger",
    ".j": "hledger",
}
_SQLITE: Final = b"SQLite format 3\x00"
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
_OF_CHARTS: Final = frozenset({"type", "tax", "currency"})
_SAMPLE_ROWS: Final = 200_000


@dataclass(slots=True)
class Draft:
    """The section's text, and what it read: the state of its rows, and what was told about them."""

    kind: str
    text: str
    state: DesiredState
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sample:
    """A file of the accounting system: ``name`` as the section will have it.

    ``dimension`` where it lists the values of one, else ``table`` says what it lists.
    """

    path: Path
    name: str
    encoding: str | None = None
    dimension: str | None = None
    table: str = ACCOUNT.section

    @property
    def lists(self) -> str:
        """The table that its rows are of."""
        return TAG.section if self.dimension is not None else self.table

    @property
    def told(self) -> str | None:
        """The option that says what it lists; None for accounts."""
        return "--dimension" if self.dimension is not None else "--table" if self.table != ACCOUNT.section else None


class Folder:
    """What a source of files may ask for where there is no workspace yet."""

    def __init__(self, root: Path) -> None:
        """``root`` is what paths are relative to."""
        self.root, self.stop = root, threading.Event()

    def inside(self, name: str, *_key: str | int) -> Path:
        """See `Context.inside`."""
        path = self.root / name
        keep_inside(path, self.root, name)
        return path

    def run(self, command: list[str], **_limits: object) -> str:
        """Programs need the word of a workspace's user."""
        raise Refused(f"{command[0]} is run for a workspace only", hint="`pleoctl init` makes one")


def draft(sample: Sample, context: Context | Folder) -> Draft:
    """The section for a file, tried on it. Raises `SourceError` where no section would read it."""
    content = file_bytes(sample.path, sample.name)
    kind = kind_of(content, Path(sample.name).suffix.casefold(), sample.name)
    if sample.told and kind not in {"csv", "xlsx"}:
        raise SourceError(f"{sample.told} is for tables, and this is {kind}", place=Place(sample.name))
    made = source_class(kind)
    told: list[Finding] = []
    text = "\n".join(["source:", said("type", kind), *_WRITERS[kind](sample, content, told)]) + "\n"
    section = parse(text, "source").data["source"]
    tried = _tried(kind, text, section, made(context, section))
    return replace(tried, findings=[*told, *tried.findings])


def kind_of(content: bytes, suffix: str, name: str) -> str:
    """The type of source that reads a file, by its name and its first bytes. Raises `SourceError`."""
    if content.startswith(_OLD_EXCEL):
        raise SourceError("is an old Excel file", place=Place(name), hint="save it as .xlsx, or as CSV")
    if content.startswith(_ZIP):
        return "xlsx"
    if content.startswith((_SQLITE, _GZIP)) or b"<gnc-v2" in content[:4096]:
        return "gnucash"
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    return "sie" if content.lstrip(b"\xef\xbb\xbf \t\r\n").upper().startswith(b"#FLAGGA") else "csv"


def _tried(kind: str, text: str, section: dict[str, Any], source: Any) -> Draft:
    tables = {resource: source.read(resource) for resource in resource_names()}
    empty = [name for name, table in tables.items() if table is not None and not table.rows and not table.may_be_empty]
    if empty:
        raise SourceError(f"the file gives no {' and no '.join(empty)}")
    reader = RowReader(section)
    state = reader.state(tables)
    told = [one for table in tables.values() if table is not None for one in (*table.findings, *doubtful_texts(table))]
    return Draft(kind, text, state, [*told, *reader.findings])


# --- tables ----------------------------------------------------------------------------------------------------------


def _csv(sample: Sample, content: bytes, told: list[Finding]) -> list[str]:
    text, encoding, why = decoded(content, sample.name, sample.encoding)
    delimiter = delimiter_of(text)
    settings = [said("path", word(sample.name), "", 4)]
    if encoding != DEFAULT:
        settings.append(said("encoding", encoding, why, 4))
    if delimiter != ",":
        settings.append(said("delimiter", f'"{delimiter}"' if delimiter != "\t" else '"\\t"', "", 4))
    sheet = understood(rows_of(text, delimiter, sample.name), sample.name, sample.lists)
    return _table(sheet, settings, sample, told)


def _xlsx(sample: Sample, _content: bytes, told: list[Finding]) -> list[str]:
    from pleoctl.sources.xlsx import sample_sheets  # openpyxl is an extra

    sheets: dict[str, Sheet] = {}
    problems: list[SourceError] = []
    for name, rows in sample_sheets(sample.path, sample.name, _SAMPLE_ROWS).items():
        try:
            sheets[name] = understood([Line(number, cells) for number, cells in rows], sample.name, sample.lists)
        except SourceError as error:
            problems.append(error)
    if not sheets:
        raise problems[0] if problems else SourceError("has no sheet with cells", place=Place(sample.name))
    # Where values of a dimension are looked for, what looks like a chart of accounts comes last.
    charts = {
        name for name, sheet in sheets.items() if sample.dimension is not None and _OF_CHARTS & sheet.roles.keys()
    }
    best = max(sheets, key=lambda name: (name not in charts, sheets[name].score, len(sheets[name].rows)))
    settings = [said("path", word(sample.name), "", 4)]
    others = [name for name in sheets if name != best]
    if others or problems:
        settings.append(said("sheet", word(best), f"others are {shown(others)}" if others else "", 4))
    return _table(sheets[best], settings, sample, told)


def _table(sheet: Sheet, settings: list[str], sample: Sample, told: list[Finding]) -> list[str]:
    """The lines of a table's file; ``told`` takes what they leave out."""
    if sample.dimension is None:
        lines = _by_header(sheet, sample, list(_LINES.get(sample.table, table_lines)(sheet, settings)))
        return [f"  {sample.table}:", *lines, *_left_out(sheet, sample, told)]
    code = word(sample.dimension)
    given = ["  dimensions:", "    rows:", f"    - {{code: {code}, name: {code}}}   # name it as people know it"]
    fixed = said("fixed", f"{{dimension: {code}}}", "", 4)
    lines = _by_header(sheet, sample, list(table_lines(sheet, [*settings, fixed], dimension=True)))
    lines += _left_out(sheet, sample, told)
    # As a part, so that the file of another dimension may stand beside it.
    return [*given, "  values:", "    parts:", f"      {code}:", *(f"    {line}" for line in lines)]


def _by_header(sheet: Sheet, sample: Sample, lines: list[str]) -> list[str]:
    """The lines with those columns named that are read without it, since their header is the name of a field."""
    section = parse("\n".join(["source:", "  table:", *lines]), "source").data["source"]["table"]
    given = {name for key in ("columns", "fixed", "fields") for name in section.get(key, ())}
    found = [name for name in FIELDS[sample.lists] if name not in given and sheet.header.count(name) == 1]
    sheet.named |= {sheet.header.index(name) for name in found}
    why = {name: "read by its header" + "; an empty cell clears it in Pleo" * (name != "active") for name in found}
    at = lines.index(COLUMNS) + 1
    return [*lines[:at], *(said(name, name, why[name], 6) for name in found), *lines[at:]]


def _left_out(sheet: Sheet, sample: Sample, told: list[Finding]) -> list[str]:
    words = left_out(sheet)
    if words:
        told.append(Finding("columns-not-read", words, "info", Place(sample.name, sheet.line)))
    return [f"    # {words}"] if words else []


# --- files of one make -----------------------------------------------------------------------------------------------


def _sie(sample: Sample, content: bytes, _told: list[Finding]) -> list[str]:
    from pleoctl.sources.sie_text import encoding_of

    encoding = sample.encoding or encoding_of(content, sample.name)
    lines = [said("path", word(sample.name))]
    if sample.encoding is not None:
        return [*lines, said("encoding", sample.encoding, "as it was given")]
    return [*lines, f"  # encoding: {encoding}   # as its bytes say"]


def _gnucash(sample: Sample, content: bytes, _told: list[Finding]) -> list[str]:
    from pleoctl.sources.gnucash import accounts_of

    kinds = Counter(one.kind or "" for one in accounts_of(sample.path, sample.name, content) if not one.placeholder)
    counted = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
    return [
        said("path", word(sample.name)),
        f"  # types: [EXPENSE, LIABILITY]   # keep some types only; there are {counted}",
    ]


def _ledger(sample: Sample, _content: bytes, _told: list[Finding]) -> list[str]:
    return [
        said("path", word(sample.name)),
        "  # prefix: [Expenses, Liabilities]   # keep the accounts below these only",
    ]


# Of kinds that need more than a list of accounts.
_LINES: Final = {TAX_CODE.section: tax_lines, VENDOR.section: vendor_lines}
_WRITERS: Final = {
    "csv": _csv,
    "xlsx": _xlsx,
    "sie": _sie,
    "gnucash": _gnucash,
    "beancount": _ledger,
    "hledger": _ledger,
}
