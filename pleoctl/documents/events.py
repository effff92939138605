"""The events of a YAML text: from libyaml where it can be trusted to agree with ruamel.yaml, else from ruamel.yaml.

libyaml is some twenty times faster but reads YAML 1.1. The two agree on all that people usually write; texts with
characters that divide them, lone scalars, unusual names of anchors, tags and whatever is refused this way go to
ruamel.yaml, whose word counts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import InvalidFile
from pleoctl.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Blanks and line breaks that YAML 1.1 and 1.2 do not read alike.
_DIVIDING: Final = re.compile("[\t\r\x7f-\x9f]")
#: More of them. In one class with those above, they take ten times as long to compile.
_FAR: Final = "\u2028\u2029\ufeff\ufffe\uffff"

#: An anchor or alias that ends for both where the name does; few files have any.
_NAMED: Final = r"&[A-Za-z0-9_-]+[ \n]|\*[A-Za-z0-9_-]+(?:[ \n,\]}]|\Z)"

# What ruamel.yaml says about the mistakes that people make, and what to do about them.
_HINTS: Final = (
    ("but found '\\t'", "put blanks, not tabs, behind | or >"),
    ("'\\t' that cannot start", "indent with blanks, not with tabs"),
    ("that cannot start any token", "put the text in double quotes"),
    ("mapping values are not allowed", "put texts that contain ': ' in double quotes; check the indentation"),
    ("could not find expected ':'", "write key: value, keys of at most 1024 characters"),
    ("escape", "write \\\\ for a backslash, or put the text in single quotes"),
    ("chr()", "that character does not exist"),
    ("end of stream", "close the quote"),
    ("stream end", "close the bracket"),
    ("special characters", "write it escaped in double quotes, or remove it"),
    ("directive", "remove the line that starts with %"),
    ("version", "remove the line that starts with %"),
)
_HINT: Final = "check quotes, brackets and indentation here"
#: Nobody sees these, and a comment goes no further.
_UNSEEN_BREAKS: Final = frozenset("\x85\u2028\u2029")


class Unsure(Exception):
    """The text needs `careful_events`."""


def quick_events(text: str) -> Iterator[Any]:
    """The events as libyaml sees them. Raises `Unsure`, possibly after some events."""
    import yaml  # canonical files need no parser

    if not yaml.__with_libyaml__ or _DIVIDING.search(text) or any(sign in text for sign in _FAR):
        raise Unsure
    try:
        scalar, nodes = yaml.ScalarEvent, {yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent}
        event: Any
        before: Any = None
        for event in iter(yaml.CSafeLoader(text).get_event, None):
            kind = type(event)
            if kind in nodes:
                if event.tag is not None or (event.anchor is not None and not _named(text, event)):
                    raise Unsure
                if kind is scalar and before is yaml.DocumentStartEvent:
                    raise Unsure
            elif kind is yaml.AliasEvent and not _named(text, event):
                raise Unsure
            yield event
            before = kind
    except (yaml.YAMLError, ValueError) as error:
        raise Unsure from error


def _named(text: str, event: Any) -> bool:
    return re.compile(_NAMED).match(text, event.start_mark.index) is not None


def careful_events(text: str, shown: str) -> Iterator[Any]:
    """The events as ruamel.yaml sees them. Raises `InvalidFile` with place and fix; ``shown`` is the file's name."""
    from ruamel.yaml import YAML  # 40 ms that only this path needs
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    from pleoctl.documents.scanner import TabScanner

    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner = TabScanner
    after = Place(shown, 1, 1)
    try:
        for event in yaml.parse(text):
            yield event
            after = Place(shown, event.end_mark.line + 1, event.end_mark.column + 1)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(shown, mark.line + 1, mark.column + 1) if mark else Place(shown)
        before = text[: mark.index].rstrip(" \t")[-1:] if mark else ""
        raise _malformed(str(error.problem or error.context or "malformed"), place, before) from error
    except ReaderError as error:
        problem = f"unacceptable character U+{int(error.character):04X}, special characters are not allowed"
        raise _malformed(problem, place_of(shown, text, error.position)) from error
    except (YAMLError, ValueError, TypeError, AttributeError, IndexError, AssertionError, RecursionError) as error:
        # ruamel.yaml tripped over the text itself (e.g. an escape beyond Unicode), just after the last event.
        raise _malformed(str(error), after) from error


def place_of(shown: str, text: str, offset: int) -> Place:
    """Where an offset stands."""
    line_start = text.rfind("\n", 0, offset) + 1
    return Place(shown, text.count("\n", 0, offset) + 1, offset - line_start + 1)


def _malformed(problem: str, place: Place, before: str = "") -> InvalidFile:
    words = " ".join(problem.split())[:200]
    hint = next((hint for part, hint in _HINTS if part in words), _HINT)
    if before in _UNSEEN_BREAKS:
        hint = f"remove the invisible U+{ord(before):04X} before it, which ends a line"
    return InvalidFile(f"is not valid YAML: {words}", place=place, hint=hint)
