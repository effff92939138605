"""``{page}``, ``{offset}``, ``{size}``, ``{cursor}``, ``{parent.field}`` and a preset's variables, in any string."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from pleoctl.errors import SourceError
from pleoctl.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pleoctl.place import Setting

# Braces with anything else inside are the text of another language, such as GraphQL.
_VARIABLE: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*(?:\.[^\s{}]+)?)\}")
_OF_PARENT: Final = re.compile(r"parent\.(.+)")
_DOTS: Final = frozenset({".", ".."})
_LEFT_OUT: Final = object()


def names(value: Any) -> Iterator[str]:
    """All variables in a value, at any depth."""
    if isinstance(value, str):
        yield from _VARIABLE.findall(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _VARIABLE.findall(str(key))
            yield from names(item)
    elif isinstance(value, list):
        for item in value:
            yield from names(item)


def of_parent(value: Any) -> dict[str, str]:
    """The variables in a value that the row above fills in, each with the field that does."""
    found = map(_OF_PARENT.fullmatch, names(value))
    return {match[0]: match[1] for match in found if match}


def check_names(value: Any, known: set[str], key: Setting) -> None:
    """Raise `SourceError` for a variable that is not at hand here."""
    for name in names(value):
        if name not in known and not ("parent" in known and _OF_PARENT.fullmatch(name)):
            hint = did_you_mean(name, sorted(known), "known variables") if known else "no variable is at hand here"
            raise SourceError(f"{key} uses {{{name}}}, which there is not", hint=hint, setting=key)


def fill_path(text: str, variables: Mapping[str, Any]) -> str:
    """A path with every variable percent-encoded; one without a value is empty.

    Raises `SourceError` where a value leads to another path: no spelling of ``..`` is a name there.
    """
    path = _fill(text, variables, lambda value: quote(_plain(value), safe=""))
    stepping = _DOTS.intersection(path.partition("?")[0].split("/"))
    if stepping and not _DOTS.intersection(text.split("/")):
        words = f"the path {text} cannot be asked for {min(stepping)!r}, which servers read as a step to another path"
        raise SourceError(words, hint="give that row another code in the accounting system")
    return path


def fill_text(text: str, variables: Mapping[str, Any]) -> str:
    """A text with every variable as it is; one without a value is empty."""
    return _fill(text, variables, _plain)


def fill(value: Any, variables: Mapping[str, Any]) -> Any:
    """A query, headers or a body. What uses a variable without a value (a cursor on page 1) is left out.

    A string that is nothing but a variable becomes that variable's value, so that a number stays one.
    """
    filled = _fill_any(value, variables)
    return None if filled is _LEFT_OUT else filled


def _fill_any(value: Any, variables: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        if any(variables.get(name) is None for name in _VARIABLE.findall(value)):
            return _LEFT_OUT
        whole = _VARIABLE.fullmatch(value)
        return variables[whole[1]] if whole else fill_text(value, variables)
    if isinstance(value, dict):
        pairs = ((key, _fill_any(item, variables)) for key, item in value.items())
        return {key: item for key, item in pairs if item is not _LEFT_OUT}
    if isinstance(value, list):
        return [item for item in (_fill_any(item, variables) for item in value) if item is not _LEFT_OUT]
    return value


def _fill(text: str, variables: Mapping[str, Any], convert: Callable[[Any], str]) -> str:
    return _VARIABLE.sub(lambda match: convert(variables.get(match[1])), text)


def _plain(value: Any) -> str:
    return "" if value is None else str(value)
