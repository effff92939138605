"""Text in columns of a terminal, where a character may be two cells wide or none."""

from __future__ import annotations

from rich.cells import cell_len, chop_cells

__all__ = ["cell_len", "hanging", "pad"]


def pad(text: str, width: int) -> str:
    """The text with blanks up to so many cells."""
    return text + " " * (width - cell_len(text))


def hanging(first: str, text: str, indent: int, width: int | None) -> str:
    """``first`` (of ``indent`` cells, styled or not) and the text beside it, wrapped below itself; None: one line."""
    if width is None or width - indent < 20:  # noqa: PLR2004 - a narrower column helps nobody
        return first + text
    return f"\n{' ' * indent}".join(_wrapped(text, width - indent)).join((first, ""))


def _wrapped(text: str, width: int) -> list[str]:
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
