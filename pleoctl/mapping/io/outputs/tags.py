"""The tags of a posting as one text; most are of a few codes that come in thousands of combinations."""

from __future__ import annotations

from typing import Final

from pleoctl.mapping.io.outputs.known import Known
from pleoctl.mapping.io.outputs.text import is_plain


def tags_text(tags: dict[str, str]) -> str:
    """``DEPT=20, PROJ=7``."""
    return ", ".join([f"{group}={code}" for group, code in tags.items()])


def plain_tags(tags: dict[str, str]) -> str | None:
    """The same where each of them is plain text; None where one is not."""
    text = ""
    for tag in tags.items():
        told = _plain[tag]
        if not told:
            return None
        text = f"{text}, {told}" if text else told
    return text


def _plain_tag(tag: tuple[str, str]) -> str:
    text = f"{tag[0]}={tag[1]}"
    return text if is_plain(text) else ""


_plain: Final = Known(_plain_tag)
