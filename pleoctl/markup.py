"""Markdown as a type: our own words are markup, everything live in it is shown as it is (law 9)."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import quote

from pleoctl.text import obeyed_by_nobody, terminal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import LiteralString

# Words that no markdown flavour makes anything of: no marks, no dots, nothing that looks like a commit's digest.
_PROSE: Final = re.compile(r"(?!\d+\))[^\W_](?:[^\W_]|[ ,;%()'])*")
_DIGEST: Final = re.compile(r"(?i)\b[0-9a-f]{7,64}\b")
_WORD: Final = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*")
_OUTSIDE_CODE: Final = {"`": "&#96;", "|": "&#124;"}


class Markdown:
    """GitHub-flavoured markdown: our own words are markup, what fills them is shown as it is."""

    __slots__ = ("_markup",)

    def __init__(self, template: LiteralString = "", /, *live: object) -> None:
        """A template as of `str.format`, always a literal; the live parts are escaped unless they are `Markdown`."""
        self._markup: str = template.format(*map(_markup_of, live))

    @classmethod
    def lines(cls, listed: Iterable[Markdown]) -> Self:
        """Each on a line of its own; no line break at the end."""
        return cls._of("\n".join([line._markup for line in listed]))

    @classmethod
    def row(cls, cells: Iterable[object]) -> Self:
        """A row of a table."""
        return cls._of(f"| {' | '.join([_markup_of(cell) for cell in cells])} |")

    @classmethod
    def joined(cls, listed: Iterable[object], between: LiteralString = ", ") -> Self:
        """One after another with something between them."""
        return cls._of(between.join([_markup_of(part) for part in listed]))

    @classmethod
    def fence(cls, language: LiteralString, listed: Iterable[str]) -> Self:
        """A block of code, where no character but those that nobody sees costs more than itself."""
        lines = [terminal(line) for line in listed]
        mark = "```"
        while any(line.lstrip().startswith(mark) for line in lines):
            mark += "`"
        return cls._of("\n".join([mark + language, *lines, mark]))

    @classmethod
    def code(cls, text: object) -> Self:
        """Code, also where the text is harmless prose."""
        return cls._of(_code_spans(terminal(text)))

    @classmethod
    def in_html(cls, text: object) -> Self:
        """Inside an HTML element, where markdown's own marks mean nothing."""
        shown = escape(terminal(text), quote=True)
        return cls._of(shown if _WORD.fullmatch(shown) else f"<code>{shown}</code>")

    @classmethod
    def hidden(cls, *words: str) -> Self:
        """A comment that a reader does not see; nothing in a word can end it or pass for two words."""
        return cls._of(f"{cls.begun(*words)}-->")

    @staticmethod
    def begun(*words: str) -> str:
        """How every such comment begins whose first words these are."""
        return f"<!-- {' '.join([quote(terminal(word), safe='/,:+') for word in words])} "

    @property
    def size(self) -> int:
        """Bytes of UTF-8, with the line break that follows."""
        return len(self._markup.encode()) + 1

    def __add__(self, other: Markdown) -> Markdown:
        return Markdown._of(self._markup + other._markup)

    def __bool__(self) -> bool:
        return bool(self._markup)

    def __bytes__(self) -> bytes:
        # UTF-8 whatever the locale says: these are files and request bodies.
        return str(self).encode()

    def __str__(self) -> str:
        return obeyed_by_nobody(self._markup)

    @classmethod
    def _of(cls, markup: str) -> Self:
        made = cls()
        made._markup = markup
        return made


def _markup_of(part: object) -> str:
    return part._markup if isinstance(part, Markdown) else markdown(part)


def markdown(text: object) -> str:
    """Text that markdown shows as it is, in table cells too: no markup, mention, reference, link or HTML comes of it.

    Anything but harmless prose becomes a code span, the one place where GitHub and GitLab look for nothing. Backticks
    and pipes would end a span or a cell, so they stand as entities between two spans.
    """
    shown = terminal(text)
    return shown if _PROSE.fullmatch(shown) and not _DIGEST.search(shown) else _code_spans(shown)


def _code_spans(text: str) -> str:
    if "`" not in text and "|" not in text:
        return _span(text) if text else ""
    return "".join(_OUTSIDE_CODE.get(part) or _span(part) for part in re.split(r"([`|])", text) if part)


def _span(part: str) -> str:
    # Markdown strips one blank from both ends of a span unless it is all blanks.
    return f"` {part} `" if part[0] == part[-1] == " " and part.strip(" ") else f"`{part}`"
