"""Data that does not fit a type is told so, whatever it holds."""

from __future__ import annotations

import msgspec
import pytest

from pleoctl.documents.misfit import fitted, misfit


class Shape(msgspec.Struct):
    """Fields that are no texts, and some that are."""

    flag: bool = False
    inner: dict[str, int] = {}
    text: str = ""
    amount: int | float = 0
    note: str | None = None


@pytest.mark.parametrize("data", ["\ud800", {"flag": "\ud800"}, {"inner": "\ud800"}, {"inner": {"a": "\ud800"}}])
def test_a_lone_surrogate_where_no_text_is_due_does_not_fit(data: object) -> None:
    """It is a misfit like any other, no error of its own."""
    with pytest.raises(msgspec.ValidationError):
        fitted(data, Shape)


def test_a_lone_surrogate_in_a_text_fits() -> None:
    """JSON can hold one, and a text may be anything."""
    assert fitted({"text": "\ud800"}, Shape).text == "\ud800"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"flag": 1}, "expected true or false, got a whole number"),
        ({"inner": []}, "expected an object, got a list"),
        ({"inner": {"a": "x"}}, "expected a whole number, got text"),
        ({"amount": None}, "expected a number, got null"),
        ({"note": {}}, "expected text or null, got an object"),
        ({"text": 1.5}, "expected text, got a number"),
        ([], "expected an object, got a list"),
    ],
)
def test_types_are_called_what_people_call_them(data: object, words: str) -> None:
    """A bookkeeper reads it in Pleo as the reason why an item failed."""
    with pytest.raises(msgspec.ValidationError) as caught:
        fitted(data, Shape)
    assert misfit(caught.value).words == words
