"""JSON lines in parts: cut from a stream one after the other, or read from anywhere in a file by whoever maps them."""

from __future__ import annotations

import io
import json
import os
import stat
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, Final

import msgspec

from pleoctl.documents.files import reading
from pleoctl.errors import InvalidFile
from pleoctl.mapping.items import NO_JSON, decode, decode_items
from pleoctl.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.mapping.items import Defect, Item

#: Bytes of a file that are read together, at most, beside one line; their items stay near the processor.
CHUNK: Final = 1 << 16
#: Bytes of a stream that are a part.
PART: Final = 2 * CHUNK
#: Bytes of a file that are a part.
STRETCH: Final = 8 * CHUNK
MAX_ITEM: Final = 64 * 1024 * 1024
#: What is not JSON ends in one of these, where items are told apart at once.
BAD: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
#: A byte order mark as a sign, and as signs for its bytes.
_MARKS: Final = ("\ufeff", "\xef\xbb\xbf")
#: Bytes that are read at first for the end of a line that begins in a part and ends behind it.
_STEP: Final = 1 << 12


class Lines(msgspec.Struct, frozen=True):
    """Whole lines of JSON, at most `PART` bytes beside one of them; ``number`` is that of the first."""

    content: bytes
    shown: str
    number: int

    def __iter__(self) -> Iterator[Item | Defect]:
        """Their items. Raises `InvalidFile` at what is not JSON."""
        items = _at_once(self.content)
        return _carefully(self.content, self.shown, self.number) if items is None else iter(items)


class LinesFile(msgspec.Struct, frozen=True):
    """A file of JSON lines that can be read from anywhere, for as long as ``descriptor`` is open.

    ``first`` and ``end`` are the offsets of its first line and of its end; what is written behind that is not read.
    """

    descriptor: int
    shown: str
    first: int
    end: int

    def stretches(self) -> Iterator[Stretch]:
        """All of its lines, in their order."""
        return (Stretch(self, at, min(at + STRETCH, self.end)) for at in range(self.first, self.end, STRETCH))

    def items(self, start: int) -> Iterable[Item | Defect]:
        """The items of the lines that begin in the `CHUNK` bytes from an offset on."""
        end = min(start + CHUNK, self.end)
        # A line begins behind a line break, which may be the last byte before these.
        before = max(start - 1, self.first)
        found = self._read(before, end)
        skipped = 0 if before == start else found.find(b"\n") + 1
        if skipped == len(found) or (not skipped and before < start):
            return ()
        content = b"".join((memoryview(found)[skipped:], *self._rest(found, end))).removesuffix(b"\n")
        items = _at_once(content)
        return _carefully(content, self.shown, self._number(before + skipped)) if items is None else items

    def _rest(self, found: bytes, at: int) -> Iterator[bytes]:
        """What the last line has from an offset on, behind what was ``found`` of it."""
        begun, ended, step = at - len(found) + found.rfind(b"\n") + 1, found.endswith(b"\n"), _STEP
        while not ended and at < self.end:
            if at - begun > MAX_ITEM:
                raise too_long(self.shown)
            more, line_break, _ = self._read(at, min(at + step, self.end)).partition(b"\n")
            yield more
            ended, at, step = bool(line_break), at + step, min(2 * step, CHUNK)

    def _number(self, first: int) -> int:
        """The number of the line that begins at an offset."""
        starts = range(self.first, first, CHUNK)
        return 1 + sum(self._read(at, min(at + CHUNK, first)).count(b"\n") for at in starts)

    def _read(self, start: int, end: int) -> bytes:
        """What stands between two offsets. Raises `InvalidFile` where that is no longer there."""
        with reading(self.shown):
            found = os.pread(self.descriptor, end - start, start)
        if len(found) < end - start:
            raise InvalidFile("became shorter while it was read", place=Place(self.shown))
        return found


class Stretch(msgspec.Struct, frozen=True):
    """The lines that begin between two offsets of a file, `STRETCH` bytes apart; read when they are asked for."""

    file: LinesFile
    start: int
    end: int

    def __iter__(self) -> Iterator[Item | Defect]:
        """Their items. Raises `InvalidFile` at what is not JSON."""
        return chain.from_iterable(map(self.file.items, range(self.start, self.end, CHUNK)))

    @property
    def left(self) -> int:
        """Bytes of the file behind these."""
        return self.file.end - self.end


def lines_file(stream: BinaryIO, shown: str, read: int) -> LinesFile | None:
    """The file of a stream of which so many bytes of lines were ``read``; None where it is not to be read anywhere."""
    try:
        state, at = os.fstat(stream.fileno()), stream.tell()
    except (OSError, io.UnsupportedOperation):
        return None
    # What is made while it is read, as in /proc, says that it is empty.
    is_file = hasattr(os, "pread") and stat.S_ISREG(state.st_mode) and state.st_size >= at
    return LinesFile(stream.fileno(), shown, at - read, state.st_size) if is_file else None


def are_lines(head: bytes) -> bool:
    """Whether a file that begins so has an item in each line."""
    first, line_break, _ = head.lstrip().partition(b"\n")
    if not line_break or not first.startswith(b"{"):
        return False
    try:
        data = msgspec.json.decode(first)
    except BAD:
        return False
    return not isinstance(data.get("data"), list)


def cut(head: bytes, stream: BinaryIO, shown: str) -> Iterator[Iterable[Item | Defect]]:
    """The lines of a stream, of which ``head`` was read."""
    chunk, pieces, size, number = head, list[bytes](), 0, 1
    while chunk:
        whole, line_break, rest = chunk.rpartition(b"\n")
        if line_break:
            lines = Lines(b"".join([*pieces, whole]), shown, number)
            yield lines
            number += lines.content.count(b"\n") + 1
            pieces, size = [], 0
        pieces.append(rest)
        size += len(rest)
        if size > MAX_ITEM:
            yield _none(too_long(shown))
            return
        with reading(shown):
            chunk = stream.read(PART)
    yield Lines(b"".join(pieces), shown, number)


def _none(error: InvalidFile) -> Iterator[Item | Defect]:
    raise error
    yield


def too_long(shown: str) -> InvalidFile:
    """The finding of a line that has no end."""
    return InvalidFile(f"has a line of more than {MAX_ITEM // 1024 // 1024} MiB", place=Place(shown))


def _at_once(content: bytes) -> list[Item] | None:
    """The items of lines each of which is one, as almost all are; None for any other."""
    try:
        # Of fields that nobody reads it is not asked otherwise.
        if not content.isascii():
            content.decode()
        items = decode_items(content)
    except BAD:
        return None
    # Several in a line would be read as well, and one in several lines.
    return items if _one_in_each_line(content, len(items)) else None


def _one_in_each_line(content: bytes, items: int) -> bool:
    """Whether between items there is but one break, at which they end and begin as nothing inside an item does.

    Looking from break to break takes a fifth of the time that counting them does.
    """
    at = -1
    for _ in range(items - 1):
        at = content.find(b"\n", at + 1)
        if not content.startswith(b"}\n{", at - 1):
            return False
    return content.find(b"\n", at + 1) < 0


def _carefully(content: bytes, shown: str, number: int) -> Iterator[Item | Defect]:
    for at, line in enumerate(content.split(b"\n"), number):
        if line and not line.isspace():
            try:
                line.decode()
                yield decode(line)
            except NO_JSON as error:
                raise malformed(error, shown, at, 1) from error


def malformed(error: Exception, shown: str, line: int, column: int) -> InvalidFile:
    """The finding of a piece of text that starts at a line and column and ends in one of `NO_JSON`."""
    if isinstance(error, UnicodeDecodeError):
        line, column = after(error.object[: error.start].decode(), line, column)
        return InvalidFile("is not UTF-8", place=Place(shown, line, column))
    words = "nested too deep"
    if isinstance(error, json.JSONDecodeError):
        words = what_is_due(error)
        line, column = after(error.doc[: error.pos], line, column)
    return InvalidFile(f"is not valid JSON: {words}", place=Place(shown, line, column))


def what_is_due(error: json.JSONDecodeError) -> str:
    """What the reader of JSON says, as part of a sentence."""
    if error.doc.startswith(_MARKS, error.pos):
        return "a byte order mark stands here; only the first sign of a file may be one"
    if error.msg == "Extra data":
        return "a line break is due"
    # The place stands in front of the sentence.
    words = error.msg.removesuffix(" at").removesuffix(" starting")
    return f"{words[:1].lower()}{words[1:]}"


def after(text: str, line: int, column: int) -> tuple[int, int]:
    """The position behind a text that starts at a position."""
    last = text.rfind("\n")
    return (line, column + len(text)) if last < 0 else (line + text.count("\n"), len(text) - last)
