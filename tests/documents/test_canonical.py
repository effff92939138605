"""Canonical JSON as people read it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from pleoctl.documents.canonical import indented_bytes

if TYPE_CHECKING:
    from shapes import Value

TEXTS = st.text(st.characters(exclude_categories=[]), max_size=12)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(DATA)
def test_an_indent_is_that_of_python(data: Value) -> None:
    """What people read is laid out as Python's own encoder does, byte for byte."""
    laid_out = json.dumps(data, sort_keys=True, ensure_ascii=False, indent=1)
    escaped = "".join(f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in laid_out)
    assert indented_bytes(data) == (escaped + "\n").encode()
