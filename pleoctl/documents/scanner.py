"""ruamel.yaml's scanner, with tabs where YAML 1.2 has them as white space, and with a limit to tags.

A tab separates: before a comment, at the end of a line, behind a colon or a dash, within a plain text. It never
indents, so at the start of a line it is refused unless nothing but a comment follows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml.scanner import Scanner, ScannerError

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_TAG: Final = 200
_BLANK: Final = frozenset(" \t")
_ENDS: Final = frozenset("\0\r\n\x85\u2028\u2029")
_BREAKS: Final = _ENDS - {"\0"}


class TabScanner(Scanner):
    """Reads the tokens of a text; whatever it lets pass, the parser judges as it does with blanks in place of tabs."""

    #: The last tab behind which no block may begin.
    _tab: Any = None

    def fetch_value(self) -> Any:
        """The colon of a key."""
        self._judged(super().fetch_value)

    def fetch_block_entry(self) -> Any:
        """The dash of an item."""
        self._judged(super().fetch_block_entry)

    def _judged(self, fetch: Callable[[], object]) -> None:
        """Say of a block behind a tab that the tab is what is wrong."""
        try:
            fetch()
        except ScannerError as error:
            if self._tab is None or self._tab.line != self.reader.line:
                raise
            words = "found character '\\t' that cannot start any token"
            raise ScannerError("while scanning for the next token", self._tab, words, self._tab) from error

    def scan_to_next_token(self) -> Any:
        """Go on to what is no white space, no comment and no line break."""
        line = self.reader.line
        super().scan_to_next_token()
        while self.reader.peek() == "\t":
            length = self._blanks()
            if self.reader.peek(length) not in _ENDS | {"#"}:
                if self.reader.line != line or self.reader.column == 0:
                    return  # it would indent
                # What follows cannot begin a block: its column would be the tab's.
                self._tab = self.reader.get_mark() if self.allow_simple_key else self._tab
                self.allow_simple_key = False
            self.reader.forward(length)
            super().scan_to_next_token()

    def _blanks(self) -> int:
        """How many blanks and tabs stand here."""
        length = 0
        while self.reader.peek(length) in _BLANK:
            length += 1
        return length

    def scan_plain_spaces(self, indent: Any, start_mark: Any) -> Any:
        """The white space behind a word of a plain text."""
        blanks: str = self.reader.prefix(self._blanks())
        if "\t" not in blanks:
            return super().scan_plain_spaces(indent, start_mark)
        self.reader.forward(len(blanks))
        return super().scan_plain_spaces(indent, start_mark) if self.reader.peek() in _BREAKS else [blanks]

    def scan_block_scalar_ignored_line(self, start_mark: Any) -> Any:
        """The rest of a line that opens a text of several lines."""
        self.reader.forward(self._blanks())
        return super().scan_block_scalar_ignored_line(start_mark)

    def scan_tag(self) -> Any:
        """A tag; ruamel.yaml takes quadratic time to decode one, and none that is allowed is long."""
        if not set(self.reader.prefix(MAX_TAG)) & set(" \t\r\n\0"):
            mark = self.reader.get_mark()
            raise ScannerError("while scanning a tag", mark, f"a tag has more than {MAX_TAG} characters", mark)
        return super().scan_tag()
