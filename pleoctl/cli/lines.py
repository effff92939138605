"""What goes to standard error as ``--log-format json``: one object a line, for whoever collects logs.

Each has ``time`` (ISO, UTC), ``level``, ``message``, and of ``command``, ``company``, ``plan``, ``run``, ``trace`` what
is known by then; findings stand in it as ``finding``. Characters outside of ASCII are escaped.
"""

from __future__ import annotations

from typing import Any, Final

from pleoctl.machine import timestamp
from pleoctl.text import obeyed_by_nobody

_AS_JSON: Final = [False]


def choose(name: str | None) -> None:
    """``json``, or anything else for plain text."""
    _AS_JSON[0] = name == "json"


def as_json() -> bool:
    """Whether standard error takes objects."""
    return _AS_JSON[0]


def record(level: str, message: str, **more: Any) -> str:
    """One line, with its end."""
    import json  # who reads text needs none

    from pleoctl.watch import watched

    shape = {"time": timestamp(), "level": level, "message": message.rstrip("\n"), **watched().ids, **more}
    return f"{obeyed_by_nobody(json.dumps(shape))}\n"


def shaped(text: str, level: str = "info") -> str:
    """A text for people as it is told: a line of its own where objects are wanted."""
    return record(level, text) if as_json() else text
