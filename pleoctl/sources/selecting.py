"""Which rows of a file are meant, and whether the words that say so occur as they are written."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from pleoctl.errors import Finding, SourceError
from pleoctl.place import Place, Setting
from pleoctl.text import alike, did_you_mean
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterator

# As spreadsheets write them in their languages: #REF!, #BEZUG!, #N/A, #NV, #NAVN?, #####.
_ERROR: Final = re.compile(r"#(?:[^\W\d_a-z]+(?:/0)?[!?]|[A-Z]{1,3}/[A-Z]|NV|##+)")
_CODE: Final = "near-miss"
_SHOWN: Final = 5
_MOST: Final = 100
_REMEMBERED: Final = 10_000
_DROPS: Final = "drops"
_KEEPS: Final = "keeps"


class _Listed:
    """One column's words under ``where`` or ``whereNot``: which of them occur, and what comes near and is none."""

    def __init__(self, name: str, words: list[str], key: Setting) -> None:
        self.name, self.words, self.key = name, frozenset(words), key
        self._listed, self._alike = words, {alike(word) for word in words}
        self._far: set[str] = set()
        self._found: set[str] = set()
        self._near: Counter[str] = Counter()

    def has(self, cell: str) -> bool:
        """Whether a cell is one of the words."""
        if cell in self.words:
            self._found.add(cell)
            return True
        if cell not in self._far:
            self._note(cell)
        return False

    def _note(self, cell: str) -> None:
        near = self._near
        if alike(cell) not in self._alike:
            if len(self._far) < _REMEMBERED:
                self._far.add(cell)
        elif cell in near or len(near) < _MOST:
            near[cell] += 1

    def told(self, does: str) -> Iterator[tuple[str, str]]:
        """Words and cure; ``does`` is what becomes of a row whose cell is no listed word."""
        if self._near:
            rows = many(self._near.total(), "row", "that differs", "that differ")
            words = f"from a listed word by blanks, capitals or forms of letters alone: {_listed(self._near)}"
            yield (
                f"{self.key}.{self.name} {does} {rows} {words}",
                "list these words as well, or mend them in the books",
            )
        missing = [word for word in self._listed if word not in self._found]
        # More words than there are rows of are no slip under whereNot; none of them at all may be.
        if missing and (does == _DROPS or (not self._found and any(word.strip() for word in missing))):
            words = ", ".join(repr(word) for word in missing[:_SHOWN])
            yield f"{self.key}.{self.name} lists {words}, which no row has", "check how it is written"


def shows_error(cell: str) -> bool:
    """Whether a cell is what a spreadsheet shows where it could not work one out (``#REF!``, ``#N/A``, ``####``)."""
    return _ERROR.fullmatch(cell.strip()) is not None


class Kept:
    """Rows whose cells are in the lists of ``where`` and in none of ``whereNot``; what comes near either is told."""

    def __init__(self, where: dict[str, list[str]], where_not: dict[str, list[str]], shown: str, resource: str) -> None:
        self._shown = shown
        self._where = [_Listed(name, words, Setting("source", resource, "where")) for name, words in where.items()]
        self._where_not = [
            _Listed(name, words, Setting("source", resource, "whereNot")) for name, words in where_not.items()
        ]
        self._at: list[tuple[int, _Listed]] = []
        self._not_at: list[tuple[int, _Listed]] = []
        self._least = 0
        self._any = False

    @property
    def asks(self) -> bool:
        """Whether any row may not be meant."""
        return bool(self._where or self._where_not)

    @property
    def names(self) -> list[str]:
        """The columns that are asked for."""
        return [one.name for one in (*self._where, *self._where_not)]

    def header(self, header: list[str], line: int) -> None:
        """Find the columns in the header at ``line``. Raises `SourceError` for one that is not there."""
        self._at = [(self._column(one, header, line), one) for one in self._where]
        self._not_at = [(self._column(one, header, line), one) for one in self._where_not]
        self._least = 1 + max((index for index, _ in (*self._at, *self._not_at)), default=-1)

    def _column(self, listed: _Listed, header: list[str], line: int) -> int:
        if listed.name not in header:
            hint = did_you_mean(listed.name, [one for one in header if one])
            raise SourceError(
                f"has no column {listed.name!r} for {listed.key[-1]}", place=Place(self._shown, line), hint=hint
            )
        return header.index(listed.name)

    def wants(self, cells: list[str]) -> bool:
        """Whether a row is meant; one too short to tell is, and is held for that."""
        self._any = True
        if not self._least or len(cells) < self._least:
            return True
        dropped = [listed.has(cells[index]) for index, listed in self._not_at]
        kept = [listed.has(cells[index]) for index, listed in self._at]
        return all(kept) and not any(dropped)

    def findings(self) -> Iterator[Finding]:
        """Words found that only look like listed ones, and listed words that no row has."""
        for columns, does in ((self._where, _DROPS), (self._where_not, _KEEPS)):
            for words, hint in (told for listed in columns for told in listed.told(does) if self._any):
                yield Finding(_CODE, words, "warning", Place(self._shown), hint=hint)


class StateWords:
    """Cells of ``active`` that are neither an active nor an inactive word: often another language's."""

    def __init__(self, shown: str, resource: str) -> None:
        self._shown, self._key = shown, f"source.{resource}"
        self._found: Counter[str] = Counter()

    def note(self, cell: str) -> None:
        """One cell that no list has."""
        if cell and (cell in self._found or len(self._found) < _MOST):
            self._found[cell] += 1

    def findings(self) -> Iterator[Finding]:
        """All of these words in one line, with the settings that say what they mean; a single slip is a row's."""
        if self._found.total() > 1:
            yield Finding(
                _CODE,
                f"the words for active are not known: {_listed(self._found)}",
                "warning",
                Place(self._shown),
                hint=f"name them in {self._key}.activeValues and {self._key}.inactiveValues",
            )


def _listed(counted: Counter[str]) -> str:
    words = [f"{word!r} ({number})" for word, number in counted.most_common(_SHOWN)]
    return ", ".join(words) + (" …" if len(counted) > _SHOWN else "")
