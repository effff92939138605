"""Places: values, and the texts that documents and people know them by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pleoctl.place import Place


@given(st.text(), st.none() | st.integers(0, 9_999_999_999), st.none() | st.integers(1, 999))
def test_a_text_of_a_place_is_that_place_again(file: str, line: int | None, column: int | None) -> None:
    """Whatever the file is called; only the column is not in it."""
    text = str(Place(file, line, column))
    assert str(Place.parse(text)) == text
    if line is not None and file:
        assert Place.parse(text) == Place(file, line)


@pytest.mark.parametrize("text", ["", "f", ":7", "f:", "f:07", "f:-1", "f:٣", "f:7 ", "f:1e3", "f:99999999999"])
def test_what_ends_in_no_line_is_a_file(text: str) -> None:
    """So that a plan that keeps something else reads back as it is."""
    assert Place.parse(text) == Place(text)


def test_places_stand_in_the_order_of_the_file() -> None:
    """File, line, column; the whole file before its lines."""
    places = [Place("b", 1), Place("a", 10), Place("a", 2, 1), Place("a", 2), Place("a")]
    assert len({*places, Place("a", 2)}) == len(places)
    assert [place.exact for place in sorted(places)] == ["a", "a:2", "a:2:1", "a:10", "b:1"]
