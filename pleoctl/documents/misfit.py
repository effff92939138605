"""Data held to types by msgspec, and what it says of data that does not fit, taken apart once for all who tell it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_TYPES: Final = r"Expected `([^`]*)`, got `([^`]*)`"
_SPOKEN: Final = {
    "int | float": "a number",
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
}


def fitted(data: Any, kind: type[T], dec_hook: Callable[[type, Any], Any] | None = None) -> T:
    """The document that data holds. Raises `msgspec.ValidationError`."""
    try:
        return msgspec.convert(data, kind) if dec_hook is None else msgspec.convert(data, kind, dec_hook=dec_hook)
    except UnicodeEncodeError as error:
        # A lone surrogate where no text is due: msgspec stumbles over it while it says so.
        raise msgspec.ValidationError("Holds a text that cannot be represented") from error


class Misfit(NamedTuple):
    """Where the data does not fit (``.lines[...].code``, empty for the whole), and why, as part of a sentence."""

    path: str
    words: str


def misfit(error: msgspec.ValidationError) -> Misfit:
    """The first place that does not fit; types are called what people call them, who may read it in Pleo."""
    words, _, path = str(error).partition(" - at `$")
    words = re.sub(_TYPES, lambda found: f"expected {_spoken(found[1])}, got {_spoken(found[2])}", words).replace(
        "`", ""
    )
    return Misfit(path.rstrip("`"), f"{words[:1].lower()}{words[1:]}")


def _spoken(types: str) -> str:
    """``int | float | null`` is "a number or null"."""
    whole, null = types.removesuffix(" | null"), types.endswith(" | null")
    named = _SPOKEN.get(whole) or " or ".join(_SPOKEN.get(one, one) for one in whole.split(" | "))
    return f"{named} or null" if null else named
