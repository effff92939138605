"""What msgspec says of data that does not fit a type, taken apart once for everybody who tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import msgspec


class Misfit(NamedTuple):
    """Where the data does not fit (``.lines[...].code``, empty for the whole), and why, as part of a sentence."""

    path: str
    words: str


def misfit(error: msgspec.ValidationError) -> Misfit:
    """The first place that does not fit."""
    words, _, path = str(error).partition(" - at `$")
    words = words.replace("`", "")
    return Misfit(path.rstrip("`"), f"{words[:1].lower()}{words[1:]}")
