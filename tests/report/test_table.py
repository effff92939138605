"""Tables are laid out the same, be it by hand or by what also cuts what does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pleoctl.report.table import table

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADERS = ["company", "what", "problem"]
_CELLS = st.text(alphabet="ab:,-(/ ", max_size=12).map(str.strip)


@given(st.lists(st.tuples(_CELLS, _CELLS, _CELLS), max_size=5))
def test_a_table_of_plain_letters_looks_as_any_other(rows: Sequence[Sequence[str]]) -> None:
    """One letter beyond ASCII, as wide as the one that it stands for, changes nothing else."""
    plain, other = (table(HEADERS, [*rows, (last, "", "")]).plain for last in "eé")
    assert plain == other.replace("é", "e")


@pytest.mark.parametrize("cell", ["a\tb", "[bold]x", "  edge  ", "日本", "x\ny", ""])
def test_what_is_odd_in_a_cell_is_shown_as_it_is(cell: str) -> None:
    """Nothing is markup, and control characters are escaped."""
    assert table(["one", "two"], [[cell, "z"]]).plain.splitlines()[1].endswith(" z")
