"""Text that tries everything on a stream, and the test that it had no success."""

from __future__ import annotations

import re
from typing import Final

# Colours, a title, a bell, a carriage return, commands of CI systems at the start of lines, direction, invisibles.
BAD: Final = (
    "\x1b[31mred\x1b]0;t\x07\r\n::add-mask::x\n ::set-output name=a::b\n##[error]y##vso[task.complete]##teamcity[x]"
    "\u202e\u2066\u200b|`<script>"
)
# What no stream may hold. Lines end with \n alone.
CONTROLS: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
OBEYED: Final = re.compile(r"(?m)^\s*::|##\[|##vso\[|##teamcity\[")
OURS: Final = re.compile(r"\x1b\[[0-9;]*m")


def tame(text: str) -> None:
    """See that a text holds nothing that a terminal, a reader or a CI system would obey."""
    assert CONTROLS.findall(text) == []
    assert OBEYED.findall(text) == []
