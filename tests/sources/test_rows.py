"""Cells that are plain texts are taken as they stand; they must come to what is made of cells one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from pleoctl.model.records import NOTHING, Row
from pleoctl.sources.base import SourceRow, Table
from pleoctl.sources.rows import RowReader

if TYPE_CHECKING:
    from pleoctl.errors import Finding
    from shapes import Json

GOOD = {"externalId": "e1", "code": "1", "name": "Name", "taxCodeExternalId": "t", "active": True}
ODD = ["", " ", " a ", "x" * 1000, "\u00e9", "\u3000", "\t", "\ud800", '"', "#REF!", None, 7, True, False]


def read(cells: Json, problem: str | None) -> tuple[Row, list[Finding]]:
    """The row, and what is told of it."""
    reader = RowReader()
    state = reader.state({"accounts": Table("accounts.csv", [SourceRow(cells, "accounts.csv:2", 2, problem)])})
    assert state.accounts is not None
    (row,) = state.accounts
    return replace(row, local=NOTHING), reader.findings


@pytest.mark.parametrize("problem", [None, "has 3 cells where the header has 2"])
@pytest.mark.parametrize("name", GOOD)
def test_a_cell_that_says_nothing_of_the_record_changes_nothing_about_it(name: str, problem: str | None) -> None:
    """With a currency each cell of a row is judged by itself; name, code, hold and words are the same."""
    absent = {one: cell for one, cell in GOOD.items() if one != name}
    for cells in (absent, *({**GOOD, name: cell} for cell in ODD)):
        assert read(cells, problem) == read({**cells, "currency": "EUR"}, problem), cells
