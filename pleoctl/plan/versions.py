"""Whether a file comes from a later pleoctl, for those who then cannot read it."""

from __future__ import annotations

import re
from typing import Any, Final

from pleoctl import __version__

_VERSION: Final = re.compile(r"[0-9]+(?:\.[0-9]+)*")


def made_by(data: dict[str, Any]) -> str | None:
    """``made by pleoctl 0.9.0; this is 0.1.0`` for a file of a later version, else None."""
    theirs = data.get("pleoctlVersion")
    if not isinstance(theirs, str) or _numbers(theirs) <= _numbers(__version__):
        return None
    return f"made by pleoctl {theirs[:40]}; this is {__version__}"


def _numbers(version: str) -> list[int]:
    match = _VERSION.match(version)
    return [int(number[:9]) for number in match[0].split(".")] if match else []
