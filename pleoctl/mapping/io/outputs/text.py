"""Live text in output: harmless text, which is almost all of it, is told apart cheaply and passes as it is."""

from __future__ import annotations

from pleoctl.text import terminal


def clean(text: str | None) -> str:
    """Text without control and bidi characters; an empty text for None."""
    if not text or (text.isascii() and text.isprintable()):
        return text or ""
    return terminal(text)
