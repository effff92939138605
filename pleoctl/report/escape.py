"""Everything live is escaped for the place where it lands (law 9)."""

from __future__ import annotations

import html as html_module
import re
from typing import Any, Final

# Control characters, line separators, bidi controls and other invisible characters, lone surrogates.
_HOSTILE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~@:&$=^\"'/])")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def terminal(text: Any) -> str:
    """Text that cannot move the cursor, change colours, or reorder what people read."""
    return _HOSTILE.sub(lambda m: f"\\u{ord(m[0]):04x}", str(text))


def quoted(value: Any) -> str:
    """A value for people: text in quotes, null and booleans bare; safe for a terminal."""
    if isinstance(value, str):
        return f'"{terminal(value)}"'
    return {None: "null", True: "true", False: "false"}.get(value, terminal(value))


def markdown(text: Any) -> str:
    """Text that markdown shows as it is: no markup, mention, issue reference, link or HTML comes of it."""
    escaped = _MARKDOWN.sub(lambda m: f"&#{ord(m[1])};", terminal(text))
    # GitHub links bare www. and looks for @ and # after decoding entities; a zero-width joiner breaks them up.
    return re.sub(r"(?i)\b(www|http|https|ftp|mailto)(?=&#)", lambda m: f"{m[1][0]}&#8205;{m[1][1:]}", escaped)


def html(text: Any) -> str:
    """Text for HTML content and quoted attributes."""
    return html_module.escape(terminal(text), quote=True)


def csv_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
