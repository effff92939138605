"""What the body of an answer is read as."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pleoctl.remote.service import Reply

if TYPE_CHECKING:
    from shapes import Value

ODD = (
    *(
        b"1e400",
        b"NaN",
        b"-Infinity",
        b'"\\ud800"',
        b'"\\ud83d\\ude00"',
        b"\xef\xbb\xbf{}",
        b"18446744073709551616",
        b"-0",
        b"-0.0",
    ),
    *(b"1E5", b"1.0", b'{"a": 1, "a": 2}', b"[1,]", b'"\xff"', b"", b" ", b"{} {}", b"'a'", b'"a\tb"', b"[" * 5000),
    "{}".encode("utf-16"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def read(content: bytes) -> str:
    """What came of it."""
    try:
        return repr(Reply(200, {}, content).data)
    except (ValueError, RecursionError) as error:
        return "not JSON" if isinstance(error, ValueError) else "too deep"


def plainly(content: bytes) -> str:
    """The same by the standard library."""
    try:
        return repr(json.loads(content))
    except (ValueError, RecursionError) as error:
        return "not JSON" if isinstance(error, ValueError) else "too deep"


@pytest.mark.parametrize("content", ODD, ids=lambda content: repr(content[:20]))
def test_what_readers_of_json_do_not_agree_about_is_read_as_ever(content: bytes) -> None:
    """The fast reader never has the last word on what it refuses."""
    assert read(content) == plainly(content)


@given(JSON, st.booleans())
def test_a_body_is_what_the_standard_library_reads(value: Value, ascii_only: bool) -> None:
    """Values, numbers and types are the same."""
    content = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert read(content) == plainly(content)
