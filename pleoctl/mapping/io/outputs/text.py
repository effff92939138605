"""Live text in journals and tables."""

from __future__ import annotations

from pleoctl.text import obeyed_by_nobody, terminal


def clean(text: str | None) -> str:
    """Text that no terminal and no CI system obeys; an empty text for None."""
    return obeyed_by_nobody(terminal(text)) if text else ""
