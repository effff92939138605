"""Which rows of a file are meant, and whether the words that say so occur as they are written."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from pleoctl.errors import Finding, SourceError
from pleoctl.place import Place
from pleoctl.text import did_you_mean
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterator

_CODE: Final = "near-miss"
_SHOWN: Final = 5
_MOST: Final = 100


class Kept:
    """Rows whose cells are in the lists of ``where``; what comes near and is dropped is told."""

    def __init__(self, where: dict[str, list[str]], where_not: dict[str, list[str]], shown: str, resource: str) -> None:
        self._where_not = where_not
        self._where, self._shown, self._key = where, shown, f"source.{resource}.where"
        self._at: dict[int, tuple[str, frozenset[str]]] = {}
        self._not_at: dict[int, frozenset[str]] = {}
        self._found: dict[str, set[str]] = {name: set() for name in where}
        self._near: dict[str, Counter[str]] = {name: Counter() for name in where}
        self._alike = {name: {_plain(word) for word in words} for name, words in where.items()}
        self._any = False

    def header(self, header: list[str]) -> None:
        """Find the columns. Raises `SourceError` for one that is not there."""
        for name, wanted in self._where.items():
            self._at[self._column(name, header, "where")] = (name, frozenset(wanted))
        for name, unwanted in self._where_not.items():
            self._not_at[self._column(name, header, "whereNot")] = frozenset(unwanted)

    def _column(self, name: str, header: list[str], key: str) -> int:
        if name not in header:
            hint = did_you_mean(name, [one for one in header if one])
            raise SourceError(f"has no column {name!r} for {key}", place=Place(self._shown, 1), hint=hint)
        return header.index(name)

    def wants(self, cells: list[str]) -> bool:
        """Whether a row is meant; one too short to tell is, and is held for that."""
        self._any = True
        if not self._at and not self._not_at:
            return True
        if len(cells) <= max((*self._at, *self._not_at), default=-1):
            return True
        kept = not any(cells[index] in unwanted for index, unwanted in self._not_at.items())
        for index, (name, wanted) in self._at.items():
            cell = cells[index]
            if cell in wanted:
                self._found[name].add(cell)
                continue
            kept = False
            near = self._near[name]
            if _plain(cell) in self._alike[name] and (cell in near or len(near) < _MOST):
                near[cell] += 1
        return kept

    def findings(self) -> Iterator[Finding]:
        """Words found that differ by blanks or capitals alone, and listed words that no row has."""
        for name, near in self._near.items():
            if near:
                yield self._told(
                    f"{self._key}.{name} drops {many(near.total(), 'row', 'that differs', 'that differ')} "
                    f"from a listed word by blanks or capitals alone: {_listed(near)}",
                    "list these words as well, or mend them in the books",
                )
        for name, found in self._found.items():
            missing = [word for word in self._where[name] if word not in found]
            if missing and self._any:
                words = ", ".join(repr(word) for word in missing[:_SHOWN])
                yield self._told(f"{self._key}.{name} lists {words}, which no row has", "check how it is written")

    def _told(self, words: str, hint: str) -> Finding:
        return Finding(_CODE, words, "warning", Place(self._shown), hint=hint)


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


def _plain(word: str) -> str:
    return " ".join(word.split()).casefold()


def _listed(counted: Counter[str]) -> str:
    words = [f"{word!r} ({number})" for word, number in counted.most_common(_SHOWN)]
    return ", ".join(words) + (" …" if len(counted) > _SHOWN else "")
