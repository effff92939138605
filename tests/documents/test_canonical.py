"""Canonical JSON as people read it, and part by part."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from pleoctl.documents.canonical import canonical_bytes, digest, indented_bytes
from pleoctl.documents.parts import Parts, numbers

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


@settings(max_examples=25)
@given(st.lists(DATA, max_size=5), st.dictionaries(st.sampled_from("defgxyz"), DATA), st.integers(1, 3))
def test_a_document_in_parts_is_that_in_one_piece(changes: list[Value], rest: dict[str, Value], times: int) -> None:
    """The same bytes and the same id; another content is not taken for it."""
    changes = changes * (100 * times)
    parts, whole = Parts({"changes": changes, "x": changes}, rest, numbers), {**rest, "changes": changes, "x": changes}
    identity, content = parts.sealed()
    assert content == canonical_bytes({**whole, "id": identity})
    assert parts.id == parts.id_in(content) == identity == digest(whole)
    assert {parts.id_in(other) for other in (content + b" ", content[:-2], b"", content[:20] + b"x")} == {None}
