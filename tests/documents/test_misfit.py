"""Data that does not fit a type is told so, whatever it holds."""

from __future__ import annotations

import msgspec
import pytest

from pleoctl.documents.misfit import fitted


class Shape(msgspec.Struct):
    """Two fields that are no texts, and one that is."""

    flag: bool = False
    inner: dict[str, int] = {}
    text: str = ""


@pytest.mark.parametrize("data", ["\ud800", {"flag": "\ud800"}, {"inner": "\ud800"}, {"inner": {"a": "\ud800"}}])
def test_a_lone_surrogate_where_no_text_is_due_does_not_fit(data: object) -> None:
    """It is a misfit like any other, no error of its own."""
    with pytest.raises(msgspec.ValidationError):
        fitted(data, Shape)


def test_a_lone_surrogate_in_a_text_fits() -> None:
    """JSON can hold one, and a text may be anything."""
    assert fitted({"text": "\ud800"}, Shape).text == "\ud800"
