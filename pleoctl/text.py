"""What may be shown where: live text escaped for its destination (law 9), text in the cells of a terminal."""

from __future__ import annotations

import re
from typing import Any, Final

# Control characters, line separators, bidi controls and other invisible characters, lone surrogates.
_HOSTILE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
# Words that no markdown flavour makes anything of: no marks, no dots, nothing that looks like a commit's digest.
_PROSE: Final = re.compile(r"(?!\d+\))[^\W_](?:[^\W_]|[ ,;%()'])*")
_DIGEST: Final = re.compile(r"(?i)\b[0-9a-f]{7,64}\b")
_OUTSIDE_CODE: Final = {"`": "&#96;", "|": "&#124;"}
_FORMULA: Final = frozenset("=+-@＝＋－＠")


def terminal(text: Any) -> str:
    """Text that cannot move the cursor, change colours, or reorder what people read."""
    return _HOSTILE.sub(_escaped, str(text))


def _escaped(match: re.Match[str]) -> str:
    point = ord(match[0])
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"  # noqa: PLR2004 - as Python spells them


def quoted(value: Any) -> str:
    """A value for people: text in quotes, null and booleans bare; safe for a terminal."""
    if isinstance(value, str):
        return f'"{terminal(value)}"'
    return {None: "null", True: "true", False: "false"}.get(value, terminal(value))


def markdown(text: Any) -> str:
    """Text that markdown shows as it is, in table cells too: no markup, mention, reference, link or HTML comes of it.

    Anything but harmless prose becomes a code span, the one place where GitHub and GitLab look for nothing. Backticks
    and pipes would end a span or a cell, so they stand as entities between two spans.
    """
    shown = terminal(text)
    if _PROSE.fullmatch(shown) and not _DIGEST.search(shown):
        return shown
    return "".join(_OUTSIDE_CODE.get(part) or _code(part) for part in re.split(r"([`|])", shown) if part)


def _code(part: str) -> str:
    # Markdown strips one blank from both ends of a span unless it is all blanks.
    stripped = part.startswith(" ") and part.endswith(" ") and part.strip(" ")
    return f"` {part} `" if stripped else f"`{part}`"


def csv_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip()[:1] in _FORMULA else text


def cell_len(text: str) -> int:
    """How many cells of a terminal a text takes."""
    from rich.cells import cell_len as measure  # noqa: PLC0415 - every command escapes, few lay out columns

    return measure(text)


def pad(text: str, width: int) -> str:
    """The text with blanks up to so many cells."""
    return text + " " * (width - cell_len(text))


def hanging(first: str, text: str, indent: int, width: int | None) -> str:
    """``first`` (of ``indent`` cells, styled or not) and the text beside it, wrapped below itself; None: one line."""
    if width is None or width - indent < 20:  # noqa: PLR2004 - a narrower column helps nobody
        return first + text
    return f"\n{' ' * indent}".join(_wrapped(text, width - indent)).join((first, ""))


def _wrapped(text: str, width: int) -> list[str]:
    from rich.cells import chop_cells  # noqa: PLC0415 - see above

    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if cell_len(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        *whole, line = chop_cells(word, width) or [""]
        lines += whole
    return [*lines, line]
