"""The suite that sources pass finds those that do not do what they must."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from pleoctl.errors import InvalidFile, SourceError
from pleoctl.place import Place
from pleoctl.sources import SourceRow, Table, opening
from pleoctl.testing.sources import CHECKS, Nonconformance, SourceCase, conform

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pleoctl.sources import Context
    from shapes import Json
    from tests.conftest import MakeWorkspace


def writes(text: str) -> Callable[[Path], object]:
    """A step that writes the source's file."""
    return lambda folder: (folder / "rows.json").write_text(text, encoding="utf-8")


SHEET: Final[list[Json]] = [
    {"externalId": "1", "code": "100", "name": "Cash", "active": True},
    {"externalId": "2", "code": None, "name": "Old", "active": False},
]


class Good:
    """A source of one JSON file that does everything right; the others each get one thing wrong."""

    def __init__(self, context: Context, section: Json) -> None:
        self._context = context
        self._path = context.inside(section["path"], "source", "path")

    def read(self, resource: str) -> Table | None:
        """See `Source.read`."""
        if resource != "accounts":
            return None
        try:
            rows = json.loads(self.text())
        except (OSError, ValueError) as error:
            raise SourceError("cannot be read", place=Place("rows.json")) from error
        return Table("rows.json", [self.row(cells) for cells in rows])

    def text(self) -> str:
        """The file."""
        return self._path.read_text(encoding="utf-8")

    def row(self, cells: Json) -> SourceRow:
        """One row."""
        return SourceRow(cells, "rows.json")


class Eager(Good):
    """Reads in its constructor."""

    def __init__(self, context: Context, section: Json) -> None:
        super().__init__(context, section)
        self._path.read_bytes()


class Lenient(Good):
    """Takes what is cut short for all there is."""

    def read(self, resource: str) -> Table | None:
        """See `Source.read`."""
        try:
            return super().read(resource)
        except SourceError:
            return Table("rows.json", [SourceRow({"externalId": "1", "name": "Cash"}, "rows.json")])


class Bare(Good):
    """Lets the errors of others through."""

    def read(self, resource: str) -> Table | None:
        """See `Source.read`."""
        return None if resource != "accounts" else Table("rows.json", [self.row(c) for c in json.loads(self.text())])


class Untyped(Good):
    """Gives numbers as they come."""

    def row(self, cells: Json) -> SourceRow:
        """One row."""
        return SourceRow({**cells, "code": 100}, "rows.json")


class Writing(Good):
    """Leaves something behind."""

    def text(self) -> str:
        """The file."""
        (self._context.root / "cache").write_text("x", encoding="utf-8")
        return super().text()


class Outside(Good):
    """Takes the path as it stands."""

    def __init__(self, context: Context, section: Json) -> None:
        super().__init__(context, {"path": "."})
        self._path = context.root / section["path"]


class Nosy(Good):
    """Asks its context for the workspace's company."""

    def row(self, cells: Json) -> SourceRow:
        """One row."""
        return SourceRow({**cells, "currency": self._context.company}, "rows.json")  # type: ignore[attr-defined]


class Short(Good):
    """Loses the last page, and nothing tells it."""

    def read(self, resource: str) -> Table | None:
        """See `Source.read`."""
        table = super().read(resource)
        return None if table is None else replace(table, rows=table.rows[:-1])


class Forgetful(Good):
    """Drops a field."""

    def row(self, cells: Json) -> SourceRow:
        """One row."""
        return SourceRow({name: cells[name] for name in ("externalId", "name")}, "rows.json")


class Blind(Good):
    """Takes every account for an active one."""

    def row(self, cells: Json) -> SourceRow:
        """One row."""
        return SourceRow({**cells, "active": True}, "rows.json")


class Old:
    """Made as sources of an older pleoctl were."""

    def __init__(self, workspace: MakeWorkspace, section: Json) -> None:
        """Never called."""

    def read(self, _resource: str) -> Table | None:
        """See `Source.read`."""


CASE = SourceCase(
    {"type": "made", "path": "rows.json"},
    writes(json.dumps(SHEET)),
    {"cut": writes('[{"externalId": "1", "na')},
    rows={"accounts": SHEET},
)


def install(monkeypatch: pytest.MonkeyPatch, made: type) -> None:
    """Let ``type: made`` be this class."""
    monkeypatch.setitem(opening.BUILT_IN, "made", f"{__name__}:{made.__name__}")
    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__) or type(sys)(__name__))
    monkeypatch.setattr(sys.modules[__name__], made.__name__, made, raising=False)


def test_a_source_that_does_everything_right_conforms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole suite at once, as a plug-in would call it."""
    install(monkeypatch, Good)
    conform(CASE, tmp_path)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (Eager, "No such file"),
        (Lenient, "is not refused"),
        (Bare, "Expecting|No such file|Unterminated"),
        (Untyped, "wrong type: code"),
        (Writing, "changed the folder"),
        (Outside, "a link out of the workspace"),
        (Nosy, "it asks for 'company': a source is made with a context"),
        (Short, "it gives 1 rows of accounts, not 2"),
        (Forgetful, "a row of accounts is .* where .*'code': '100'"),
        (Blind, "a row of accounts is .*'active': True.* where .*'active': False"),
        (Old, "not made with a context"),
    ],
)
def test_a_source_that_gets_one_thing_wrong_does_not(
    made: type, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each fault is found and named."""
    install(monkeypatch, made)
    with pytest.raises((Nonconformance, OSError, ValueError, SourceError), match=words):
        conform(CASE, tmp_path)


@pytest.mark.parametrize(
    ("case", "words"),
    [(replace(CASE, spoilt={}), "no spoilt data"), (replace(CASE, rows={}), "does not say which rows")],
)
def test_a_case_that_leaves_something_out_proves_nothing(
    case: SourceCase, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plug-in must show what its source refuses, and what it must give."""
    install(monkeypatch, Good)
    with pytest.raises(Nonconformance, match=words):
        conform(case, tmp_path)


def test_an_old_plug_in_gets_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names what a source is made with now."""
    install(monkeypatch, Old)
    with pytest.raises(InvalidFile) as caught:
        CHECKS["gives_tables_of_rows"](CASE, tmp_path)
    assert "made was written for an older pleoctl: a source is made with a context" in str(caught.value.findings[0])
