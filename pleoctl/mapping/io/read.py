"""Read export items from JSON, in parts: memory holds one of them, or one item, however large the file is.

A file is a JSON object (one item), a list, an answer of the API (``{"data": […]}``), several of these one after
the other, or JSON lines. JSON lines are recognised by a first line that is a whole item; they are read line by line.
Everything else goes through the standard library's scanner over a sliding buffer, which knows line and column.
"""

from __future__ import annotations

import codecs
import json
import logging
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from pleoctl.documents.files import reading
from pleoctl.errors import InvalidFile
from pleoctl.mapping.io.lines import CHUNK, MAX_ITEM, after, are_lines, cut, lines_file, malformed, what_is_due
from pleoctl.mapping.io.runs import Runs, raw
from pleoctl.mapping.items import NO_JSON, decode
from pleoctl.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.mapping.items import Defect, Item

_LOG: Final = logging.getLogger("pleoctl.mapping")
_HEAD: Final = 1 << 16
#: How far behind a list the next key is looked for.
_NEAR: Final = 1 << 10
_BOM: Final = codecs.BOM_UTF8


def read_items(stream: BinaryIO, shown: str) -> Iterator[Item | Defect]:
    """The items of a stream in their order; what is JSON but no item comes as a `Defect`.

    Raises `InvalidFile` with line and column where the stream is not JSON.
    """
    return chain.from_iterable(read_parts(stream, shown))


def read_parts(stream: BinaryIO, shown: str) -> Iterator[Iterable[Item | Defect]]:
    """The items of a stream in parts; those of JSON lines can be read apart from each other.

    Raises `InvalidFile` where the stream is empty, and else only as the items of a part are read.
    """
    with reading(shown):
        head = stream.read(_HEAD).removeprefix(_BOM)
    if not head.strip():
        # Of lines that are none nobody knows whether what was to write them has failed.
        hint = "no items at all are []; where a command was to write here, look how it ended"
        raise InvalidFile("is empty, where export items are due", place=Place(shown), hint=hint)
    if not are_lines(head):
        yield Scanner(head, stream, shown).items()
        return
    file = lines_file(stream, shown, len(head))
    yield from cut(head, stream, shown) if file is None else file.stretches()


class Scanner:
    """Cuts a stream into items without holding more than some of them.

    The text that it looks at has a sign for each byte, since what JSON is made of is ASCII: the bytes of an item are
    not taken apart and put together again. Bytes are checked to be UTF-8 as they come.
    """

    def __init__(self, head: bytes, stream: BinaryIO, shown: str) -> None:
        """``head`` is what was already read from ``stream``."""
        self._stream = stream
        self._shown = shown
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._json = json.JSONDecoder(parse_int=str, parse_float=str)
        self._text = ""
        self._at = 0
        self._line, self._column = 1, 1
        self._ended = False
        self._broken: UnicodeDecodeError | None = None
        self._goes_on = False
        self._runs = Runs()
        self._take(head)

    # --- the buffer --------------------------------------------------------------------------------------------

    def _take(self, chunk: bytes) -> None:
        pending = len(self._decoder.getstate()[0])
        try:
            self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            # What stands before is read first.
            chunk, self._broken = chunk[: max(error.start - pending, 0)], error
        self._text += chunk.decode("latin-1")
        self._ended = not chunk and self._broken is None

    def _more(self) -> None:
        """Read on; a single value may take as much as `MAX_ITEM`."""
        if self._broken is not None:
            place = Place(self._shown, *self._position(len(self._text)))
            raise InvalidFile("is not UTF-8", place=place) from self._broken
        if len(self._text) - self._at > MAX_ITEM:
            raise InvalidFile(f"holds a value of more than {MAX_ITEM // 1024 // 1024} MiB", place=Place(self._shown))
        # Twice as much each time, so that a large value is not scanned again for every chunk.
        with reading(self._shown):
            more = self._stream.read(max(CHUNK, len(self._text) - self._at))
        self._take(more)

    def _look(self, far: int) -> None:
        """Read on where less than so much is there, and there is more."""
        if len(self._text) - self._at < far and not self._ended and self._broken is None:
            self._more()

    def _drop(self) -> None:
        """Forget what has been handed out, once that is most of the buffer, so that no rest is copied for each item."""
        if self._at >= CHUNK and self._at * 2 >= len(self._text):
            self._line, self._column = self._position(self._at)
            self._text = self._text[self._at :]
            self._at = 0

    def _position(self, at: int) -> tuple[int, int]:
        """The line and column of an offset."""
        return after(raw(self._text[:at]).decode("utf-8", "ignore"), self._line, self._column)

    def _peek(self) -> str:
        """The next character that is not blank, an empty text at the end."""
        while True:
            rest = len(self._text)
            while self._at < rest and self._text[self._at] in " \t\r\n":
                self._at += 1
            if self._at < rest:
                return self._text[self._at]
            if self._ended:
                return ""
            self._more()

    def _expect(self, wanted: str, what: str) -> str:
        found = self._peek()
        if not found or found not in wanted:
            raise self._error(f"{what} is due" + ("" if found else ", the file ends"), self._at)
        self._at += 1
        return found

    def _error(self, message: str, at: int) -> InvalidFile:
        return InvalidFile(f"is not valid JSON: {message}", place=Place(self._shown, *self._position(at)))

    def _value(self) -> tuple[Any, int]:
        """The value that starts here and its first offset; reads on until it is whole."""
        self._peek()
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._ended or not _may_go_on(error, self._text):
                    raise self._error(what_is_due(error), error.pos) from error
            except RecursionError as error:
                raise self._error("nested too deep", self._at) from error
            else:
                if end < len(self._text) or self._ended:
                    start, self._at = self._at, end
                    return value, start
            self._more()

    # --- the grammar -------------------------------------------------------------------------------------------

    def items(self) -> Iterator[Item | Defect]:
        """All items of all top-level values."""
        while True:
            first = self._peek()
            if not first:
                if self._goes_on:
                    _LOG.warning(
                        "%s: the last page says hasNextPage, so items are missing; save all pages", self._shown
                    )
                return
            if first == "[":
                self._at += 1
                yield from self._elements()
            elif first == "{":
                yield from self._object()
            else:
                yield self._item()

    def _elements(self) -> Iterator[Item | Defect]:
        """The elements of a list whose bracket was read."""
        if self._peek() == "]":
            self._at += 1
            return
        ended = False
        while not ended:
            self._drop()
            start, found = self._at, self._many()
            yield from (self._item(),) if found is None else found
            end = self._at
            ended = self._expect(",]", "a comma or ]") == "]"
            if not ended:
                self._peek()
            if found is None:
                self._learn(start, end, ended=ended)

    def _many(self) -> list[Item] | None:
        """Elements that are told apart at once; None where the next one takes care."""
        self._look(CHUNK)
        found, self._at = self._runs.elements(self._text, self._at)
        return found

    def _learn(self, start: int, end: int, *, ended: bool) -> None:
        """Take note of what followed an element."""
        self._look(_NEAR)
        text = self._text
        key = text.find('"', text.find('"', self._at, self._at + _NEAR) + 1, self._at + _NEAR)
        self._runs.learn(text[end - 1 : key + 1], end - start, ended=ended)

    def _object(self) -> Iterator[Item | Defect]:
        """One item, or the items below ``data``."""
        self._drop()
        self._goes_on = False
        start = self._at
        self._at += 1
        if self._peek() == "}":
            self._at = start
            yield self._item()
            return
        paged = False
        while True:
            key, _ = self._value()
            if not isinstance(key, str):
                raise self._error("a key is due", self._at)
            self._expect(":", "a colon")
            if key == "data" and self._peek() == "[":
                self._at += 1
                paged = True
                yield from self._elements()
            else:
                value, _ = self._value()
                if key == "pagination" and isinstance(value, dict):
                    self._goes_on = value.get("hasNextPage") is True
            if self._expect(",}", "a comma or }") == "}":
                break
        if not paged:
            yield self._decoded(self._text[start : self._at], start)

    def _item(self) -> Item | Defect:
        _, start = self._value()
        return self._decoded(self._text[start : self._at], start)

    def _decoded(self, text: str, start: int) -> Item | Defect:
        try:
            return decode(raw(text))
        except NO_JSON as error:
            raise malformed(error, self._shown, *self._position(start)) from error


def _may_go_on(error: json.JSONDecodeError, text: str) -> bool:
    """Whether the error may only be the end of what was read so far."""
    near_end = 32  # longer than any literal or escape that a cut can split
    return error.msg.startswith("Unterminated string") or error.pos > len(text) - near_end
