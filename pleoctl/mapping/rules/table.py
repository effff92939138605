"""Line rows that are kept in a spreadsheet: a CSV file with a column for each field, and a cell for each condition.

An empty cell asks for nothing. ``a|b`` is a list, ``Figma*`` a beginning, ``100..500`` a range of a number; a backslash
takes a sign as it is. A table becomes the same data that ``lines.rows`` of a rule file has.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import MOST_ALIKE, Finding, InvalidFile
from pleoctl.mapping.rules.files import delimiter_of, named
from pleoctl.mapping.rules.spelling import UNKNOWN
from pleoctl.mapping.vocabulary import (
    CELL_FIELDS,
    METHODS,
    NUMBERS,
    PER_ATTENDEE,
    SUBTYPES,
    TYPES,
    WEEKDAY,
    WEEKDAYS,
    tag_group,
)
from pleoctl.place import Place
from pleoctl.text import did_you_mean
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.documents.document import Steps

_NUMBERS: Final = NUMBERS | {PER_ATTENDEE}
#: Columns beside the fields, which go into the row itself.
_OWN: Final = ("id", "account", "reason", "from", "until")
#: The column of the line's own account, since ``account`` is what the row gives.
LINE_ACCOUNT: Final = "lineAccount"
_TEXTS: Final = (
    "supplier",
    "supplierCode",
    "mcc",
    "country",
    "vendor",
    "vendorTaxNumber",
    "user",
    "team",
    "note",
    "taxCode",
    "taxType",
    "currency",
    "originalCurrency",
)
_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "type": TYPES,
    "subType": tuple(dict.fromkeys(sub for subs in SUBTYPES.values() for sub in subs if sub)),
    "method": METHODS,
    WEEKDAY: WEEKDAYS,
}
COLUMNS: Final = (*_OWN, LINE_ACCOUNT, *CELL_FIELDS, *_TEXTS, *sorted(_NUMBERS), WEEKDAY)
_RANGE: Final = re.compile(r"([0-9]{0,15})\.\.([0-9]{0,15})")
_NUMBER: Final = re.compile("[0-9]{1,15}")
_ESCAPED: Final = re.compile(r"\\.", re.DOTALL)
_LEADING_STAR: Final = re.compile(r"(?:^|\|)\s*\*\s*[^|*\s]")
_PIECE: Final = re.compile(r"\\(.)|([|*])|([^\\|*]+|\\)", re.DOTALL)


class Table:
    """A table: ``rows`` as a rule file has them, where their cells stand, and the numbers of ``doubtful`` rows."""

    def __init__(self, text: str, shown: str) -> None:
        """Read a table. Raises `InvalidFile` where it is none; ``names`` and ``problems`` hold what its cells lack."""
        self.shown = shown
        self.rows: list[dict[str, Any]] = []
        self.doubtful: set[int] = set()
        self.names: list[Finding] = []
        self.problems: list[Finding] = []
        self._lines = re.split("\r\n|\r|\n", text)
        self._at: list[int] = []
        self._header: list[str] = []
        self._read(text)

    def place(self, *path: str | int) -> Place:
        """Where a row stands, or the cell of the column that ends the path."""
        line = self._at[int(path[0])]
        column = path[-1] if len(path) > 1 else None
        if path[1:2] == ("when",) and column == "account":
            column = LINE_ACCOUNT
        where = self._header.index(column) if column in self._header else 0
        return Place(self.shown, line, _column(self._lines[line - 1], where, self._delimiter))

    def finding(self, path: Steps, message: str, hint: str | None = None, code: str = "invalid-file") -> Finding:
        """A finding that points at a row or a cell."""
        return Finding(code, message, place=self.place(*path), hint=hint)

    # --- reading -----------------------------------------------------------------------------------------------

    def _read(self, text: str) -> None:
        self._delimiter = delimiter_of(text)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter, strict=True)
        try:
            header = [name.strip() for name in next(reader, [])]
            self._header = named(header, header)
            self._check_header()
            begun = reader.line_num + 1
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    self._row(named(header, cells), begun)
                begun = reader.line_num + 1
        except csv.Error as error:
            raise InvalidFile(f"is not valid CSV: {error}", place=Place(self.shown, reader.line_num)) from error

    def _check_header(self) -> None:
        unknown = [n for n in self._header if n not in COLUMNS and not tag_group(n)]
        findings = [
            Finding(
                UNKNOWN, f"unknown column {n!r}", place=Place(self.shown, 1), hint=did_you_mean(n, COLUMNS, "known")
            )
            for n in unknown[:MOST_ALIKE]
        ]
        lacking = [name for name in ("id", "account") if name not in self._header]
        if lacking and not findings:
            findings = [Finding("invalid-file", f"lacks the column {lacking[0]}", place=Place(self.shown, 1))]
        folded = [n.casefold() if tag_group(n) else n for n in self._header]
        if not findings and len(set(folded)) < len(folded):
            findings = [Finding("invalid-file", "names a column twice", place=Place(self.shown, 1))]
        if findings:
            raise InvalidFile.of(findings)

    def _row(self, cells: list[str], line: int) -> None:
        number = len(self.rows)
        self._at.append(line)
        row: dict[str, Any] = {"id": "", "when": {}}
        self.rows.append(row)
        if len(cells) != len(self._header):
            message = f"has {many(len(cells), 'cell')} where the header has {len(self._header)}"
            self.problems.append(self.finding((number,), message))
        for name, cell in zip(self._header, cells, strict=False):
            given = cell.strip()
            if not given:
                continue
            if name in _OWN:
                row[name] = given
            else:
                self._condition(number, "account" if name == LINE_ACCOUNT else name, given)
        for name in ("id", "account"):
            if not row.get(name):
                self.problems.append(self.finding((number, name), f"the row has no {name}"))
                row[name] = f"{self.shown}:{line}" if name == "id" else "keep"

    def _condition(self, number: int, name: str, cell: str) -> None:
        step = (number, "when", name)
        when = self.rows[number]["when"]
        if name in _NUMBERS:
            when[name] = self._numbers(step, cell)
        elif name in _WORDS:
            self._words(step, _alternatives(cell), when)
        elif cell == "*":
            when[name] = {"not": None}
        elif _LEADING_STAR.search(_ESCAPED.sub("x", cell)):
            message = f"{name}: {cell[:60]!r} begins with a *, which says something at an end alone"
            hint = r"write {endsWith: …} or {contains: …} in rows, or \* for the sign itself"
            self.problems.append(self.finding(step, message, hint))
        elif alternatives := _alternatives(cell):
            when[name] = _texts(alternatives)

    def _numbers(self, step: Steps, cell: str) -> Any:
        parts = [self._number(step, part.strip()) for part in cell.split("|")]
        return parts[0] if len(parts) == 1 else {"any": parts}

    def _number(self, step: Steps, part: str) -> Any:
        if _NUMBER.fullmatch(part):
            return int(part)
        found = _RANGE.fullmatch(part)
        if found is None or part == "..":
            message = f"{step[-1]}: {part[:60]!r} is no number"
            self.problems.append(self.finding(step, message, "write hundredths: 50000, or 10000..50000"))
            return 0
        return {"range": [int(bound) if bound else None for bound in found.groups()]}

    def _words(self, step: Steps, alternatives: list[tuple[str, bool]], when: dict[str, Any]) -> None:
        name, known = str(step[-1]), _WORDS[str(step[-1])]
        listed = []
        for word, is_beginning in alternatives:
            if word in known and not is_beginning:
                listed.append(word)
            else:
                # What nobody reads needs no guess.
                hint = did_you_mean(word, known, "known") if len(self.names) < MOST_ALIKE else None
                self.names.append(self.finding(step, f"unknown {name} {word[:60]!r}", hint, UNKNOWN))
        if len(listed) < len(alternatives):
            self.doubtful.add(int(step[0]))
        if listed:
            when[name] = listed


def _alternatives(cell: str) -> list[tuple[str, bool]]:
    """The texts of a cell, each with whether it is a beginning; empty ones are passed over."""
    return [(text, is_beginning) for text, is_beginning in _split(cell) if text]


def _split(cell: str) -> Iterator[tuple[str, bool]]:
    text, starred = "", False
    for escaped, sign, plain in _PIECE.findall(cell):
        if sign == "|":
            yield _trimmed(text, starred), starred
            text, starred = "", False
        elif sign == "*":
            starred = True
        else:
            # Behind a star a text goes on, so the star was no end.
            text, starred = (f"{text}*" if starred else text) + (escaped or plain), False
    yield _trimmed(text, starred), starred


def _trimmed(text: str, starred: bool) -> str:
    # The blank before a star is part of the beginning.
    return text.lstrip() if starred else text.strip()


def _texts(alternatives: list[tuple[str, bool]]) -> Any:
    """The predicate of texts and beginnings."""
    whole = [text for text, is_beginning in alternatives if not is_beginning]
    begun = [text for text, is_beginning in alternatives if is_beginning]
    if not begun:
        return whole
    return {"any": [whole, {"startsWith": begun}]} if whole else {"startsWith": begun}


def _column(line: str, number: int, delimiter: str) -> int:
    """Where a cell begins in a line, from 1."""
    inside = False
    for position, sign in enumerate(line):
        if number == 0:
            return position + 1
        if sign == '"':
            inside = not inside
        number -= sign == delimiter and not inside
    return len(line) + 1 if number == 0 else 1
