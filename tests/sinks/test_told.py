"""What book files tell of the tax codes and tags of their lines: a loss is seen, a spelling is none."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pleoctl.jobs.standing import difference
from pleoctl.mapping.engine.entries import Posting
from pleoctl.mapping.rules.model import Rules
from pleoctl.place import Place
from pleoctl.sinks.base import Booking, Key
from pleoctl.sinks.files.make import folder_sink
from pleoctl.testing.books import entry_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pleoctl.sinks.files.folder import FolderSink
    from shapes import Json

ITEM = "00000000-0000-4000-8000-000000000001"
SIGNS = ("A:B", "=1+2", "x, DEPT=2", "ü 1", 'q"r', "[a]", "a;b", "::x", "\\n", "a\tb", "-", " a", "a|b#c", "x=y")
SECTIONS: dict[str, Json] = {
    "beancount": {},
    "hledger": {},
    "csv": {},
    "sie": {"currency": "EUR", "dimensions": {"DEPT": 1, "PROJ": 6}},
    "datev": {"consultant": 1, "client": 1, "taxKeys": {"V25": 9, "V07": 8, "V7": 8}, "costCentres": ["DEPT", "PROJ"]},
}
Make = "Callable[[str], FolderSink]"


@pytest.fixture
def sink(tmp_path: Path) -> Callable[[str], FolderSink]:
    """Factory of sinks on one folder."""

    def made(kind: str) -> FolderSink:
        section = {"type": kind, "path": "books", **SECTIONS[kind]}
        return folder_sink(section, tmp_path, Rules(Place("mapping.yaml", 1, 1)))

    return made


def booking(tax_code: str | None, **tags: str) -> Booking:
    """One line with codes and two without, the last on the account that stands against them."""
    postings = [
        Posting("debit", "6540", "line", 8830, "EUR", tax_code=tax_code, tags=tags),
        Posting("debit", "6550", "line", 20, "EUR"),
        Posting("credit", "1940", "wallet", 8850, "EUR"),
    ]
    return Booking(Key(ITEM, ITEM, "job", 1), entry_of(ITEM, "EUR", postings), "2026-03-15", draft=False, once="once")


def seen(sink: FolderSink, one: Booking) -> str | None:
    """Why what stands is not what was booked."""
    (held,) = sink.find([one.key])[ITEM]
    return difference(held, one.legs, one.date, may_move=False)


@pytest.mark.parametrize("kind", SECTIONS)
def test_a_line_that_lost_its_codes_is_another_record(
    kind: str, sink: Callable[[str], FolderSink], tmp_path: Path
) -> None:
    """Changed in the file, or never there, in a file that holds them; what two of DATEV's codes share is either."""
    one = booking("V07" if kind != "sie" else None, DEPT="20", PROJ="K2")
    sink(kind).book([one])
    assert seen(sink(kind), one) is None
    if kind == "datev":
        assert seen(sink(kind), booking("V7", DEPT="20", PROJ="K2")) is None
    if kind != "sie":
        assert seen(sink(kind), booking("V25", DEPT="20", PROJ="K2")) == "it has no tax code V25 on 6540"
    assert seen(sink(kind), booking(None, DEPT="30")) == "it has no DEPT 30 on 6540"
    (path,) = (path for path in tmp_path.iterdir() if path.is_file())
    path.write_bytes(path.read_bytes().replace(b"K2", b"K3"))
    assert seen(sink(kind), one) == "it has no PROJ K2 on 6540"


@pytest.mark.parametrize("kind", ["beancount", "hledger", "csv", "sie"])
def test_a_group_that_no_line_has_is_missed(kind: str, sink: Callable[[str], FolderSink]) -> None:
    """A file without any tag tells that there is none."""
    sink(kind).book([booking(None)])
    assert seen(sink(kind), booking(None, PROJ="K2")) == "it has no PROJ K2 on 6540"


@pytest.mark.parametrize("kind", ["beancount", "hledger", "csv"])
def test_how_a_file_spells_a_code_is_no_difference(
    kind: str, sink: Callable[[str], FolderSink], tmp_path: Path
) -> None:
    """As tax code, tag and group; the plain tag beside them is told all the same."""
    for code in SIGNS:
        one = booking(code, **{"DEPT": code, code: "7", "PROJ": "K2"})
        sink(kind).book([one])
        assert seen(sink(kind), one) is None, code
        assert seen(sink(kind), booking(code, PROJ="K3")) == "it has no PROJ K3 on 6540", code
        shutil.rmtree(tmp_path)
