"""Which line is the header, and what each column is for: by its name in ten languages, then by its cells."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pleoctl.errors import SourceError
from pleoctl.place import Place
from pleoctl.sources.guess.words import NO_KEYS, plain, role_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pleoctl.sources.guess.text import Line

#: How far down a header is looked for.
DEEPEST: Final = 40
_LONGEST_CODE: Final = 40
_MOST: Final = 0.8


@dataclass(slots=True)
class Sheet:
    """A table as it was understood: the header's line and cells, rows, columns by role, what was guessed how.

    ``named`` are the columns that the section names.
    """

    line: int
    header: list[str]
    rows: list[list[str]]
    roles: dict[str, int] = field(default_factory=dict)
    by_cells: set[str] = field(default_factory=set)
    named: set[int] = field(default_factory=set)

    def cells(self, role: str) -> list[str]:
        """The cells of a role's column, from top to bottom."""
        return self.column(self.roles[role])

    def column(self, index: int) -> list[str]:
        """The cells of a column; a row that is too short has an empty one."""
        return [row[index] if index < len(row) else "" for row in self.rows]

    def name(self, role: str) -> str:
        """The header of a role's column, which a section names by it."""
        self.named.add(self.roles[role])
        return self.title(role)

    def title(self, role: str) -> str:
        """The same for a comment, by which nothing is read."""
        return self.header[self.roles[role]]

    @property
    def left_out(self) -> list[str]:
        """The columns that the section has not named so far; one without a header where it has cells."""
        found: list[str] = []
        for index, cell in enumerate(self.header):
            if cell.strip() and index not in self.named:
                found.append(cell)
            elif not cell.strip() and any(below.strip() for below in self.column(index)):
                found.append(f"column {index + 1} (no header)")
        return found

    @property
    def score(self) -> int:
        """How sure it is that this is a chart: roles that were found, those that every row needs first."""
        return len(self.roles) + 10 * ("name" in self.roles) + 10 * bool({"number", "id"} & self.roles.keys())


def understood(lines: list[Line], shown: str, table: str = "accounts") -> Sheet:
    """The table of some lines, by the words of its resource.

    Raises `SourceError` where no header or no column for keys or names is found.
    """
    filled = [at for at, line in enumerate(lines) if sum(bool(cell.strip()) for cell in line.cells) > 1]
    if not filled:
        raise SourceError("has no line with two cells", place=Place(shown), hint="is it the right file?")
    sheets = [_at(lines, at, table) for at in filled[:DEEPEST]]
    best = max(sheets, key=lambda sheet: (sheet.score, -sheet.line))
    if not best.roles:
        best = next((sheet for sheet in sheets if len(sheet.header) == _usual_width(lines)), best)
    _by_cells(best)
    _check(best, shown)
    return best


def _at(lines: list[Line], at: int, table: str) -> Sheet:
    header = list(lines[at].cells)
    rows = [line.cells for line in lines[at + 1 :] if any(cell.strip() for cell in line.cells)]
    sheet = Sheet(lines[at].number, header, rows)
    candidates: dict[str, list[int]] = {}
    for index, cell in enumerate(header):
        role = role_of(cell, table)
        # A header that stands twice can be named by nobody.
        if role is not None and header.count(cell) == 1:
            candidates.setdefault(role, []).append(index)
    for role, indexes in candidates.items():
        sheet.roles[role] = max(indexes, key=lambda index: (_fits(sheet, role, index), -index))
    return sheet


def _fits(sheet: Sheet, role: str, index: int) -> float:
    """How well the cells of a column fit its role, from 0 to 1."""
    cells = sheet.column(index)
    if role in {"number", "id"}:
        return _share(_is_code(cell) for cell in cells) * _distinct(cells)
    return _distinct(cells) if role == "name" else _share(bool(cell.strip()) for cell in cells)


def _by_cells(sheet: Sheet) -> None:
    """Find keys and names by their cells where no header says them."""
    taken = {at for role, at in sheet.roles.items() if role != "entity"}
    free = [
        index
        for index, cell in enumerate(sheet.header)
        if cell.strip() and sheet.header.count(cell) == 1 and index not in taken
    ]
    if not {"number", "id"} & sheet.roles.keys():
        named = [index for index in free if plain(sheet.header[index]) not in NO_KEYS]
        keys = [index for index in named if _fits(sheet, "number", index) > _MOST]
        # What a dimension is called may be the name of its values as well as their code.
        keys += [at for role, at in sheet.roles.items() if role == "entity" and _distinct(sheet.column(at)) > _MOST]
        if keys:
            sheet.roles["number"] = keys[0]
            sheet.by_cells.add("number")
    sheet.roles.pop("entity", None)
    if "name" not in sheet.roles:
        names = [index for index in free if index not in sheet.roles.values() and _letters(sheet.column(index)) > _MOST]
        if names:
            sheet.roles["name"] = max(names, key=lambda index: sum(map(len, sheet.column(index))))
            sheet.by_cells.add("name")


def _check(sheet: Sheet, shown: str) -> None:
    """Raise `SourceError` for a table that lacks what every row needs, or whose header is a row like the others."""
    if not sheet.rows:
        raise SourceError("has a header and no rows", place=Place(shown, sheet.line))
    for what, roles in (("a number or an id", {"number", "id"}), ("a name", {"name"})):
        if not roles & sheet.roles.keys():
            headers = ", ".join(repr(cell) for cell in sheet.header if cell.strip())
            hint = f"the header has {headers}; where one of them is it, name it under columns: docs/sources.md"
            raise SourceError(f"no column looks like {what}", place=Place(shown, sheet.line), hint=hint)
    # Names of columns are words; a number over numbers is the first row of a table without a header.
    key = sheet.header[sheet.roles["number" if "number" in sheet.roles else "id"]]
    if key.strip().isdigit():
        raise SourceError("has no header", place=Place(shown, sheet.line), hint="write one as its first line")


def _usual_width(lines: list[Line]) -> int:
    return Counter(len(line.cells) for line in lines).most_common(1)[0][0]


def _share(found: Iterable[bool]) -> float:
    listed = list(found)
    return sum(listed) / len(listed) if listed else 0.0


def _distinct(cells: list[str]) -> float:
    return len({cell for cell in cells if cell.strip()}) / len(cells) if cells else 0.0


def _is_code(cell: str) -> bool:
    return any(char.isdigit() for char in cell) and len(cell) <= _LONGEST_CODE


def _letters(cells: list[str]) -> float:
    return _share(any(char.isalpha() for char in cell) for cell in cells)
