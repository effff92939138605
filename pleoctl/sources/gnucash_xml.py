"""The accounts of a GnuCash book in XML, read as a stream: what is not an account is looked at and forgotten."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.etree import ElementTree as ET

from pleoctl.documents.files import MAX_BYTES
from pleoctl.errors import SourceError
from pleoctl.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.sources.bounds import Bounds

GZIP: Final = b"\x1f\x8b"
_SPACE: Final = "{http://www.gnucash.org/XML/"
_BOOK: Final = f"{_SPACE}gnc}}book"
_ACCOUNT: Final = f"{_SPACE}gnc}}account"
_COUNT: Final = f"{_SPACE}gnc}}count-data"
_TRUE: Final = {"true", "1", "t"}
_CHUNK: Final = 64 * 1024
# No element, attribute or comment of an honest book comes near these.
_LONGEST: Final = 4 * 1024 * 1024
_DEEPEST: Final = 100
_LARGEST: Final = 20_000


class Account(NamedTuple):
    """One account as the book says it; the root is one, too."""

    guid: str | None
    code: str | None
    name: str | None
    hidden: bool
    placeholder: bool
    kind: str | None
    currency: str | None
    parent: str | None = None


def is_set(flag: object) -> bool:
    """Whether a mark of an account is set, by one rule for texts of XML and numbers of SQLite."""
    return str(flag).strip().casefold() in _TRUE


def read_xml(content: bytes, shown: str, bounds: Bounds) -> list[Account]:
    """All accounts of a book, plain or gzipped. Raises `SourceError` for one that is not whole."""
    book = _Book(shown, bounds)
    parser = ET.XMLParser(target=book)  # noqa: S314 - a DOCTYPE, and with it every entity, is refused
    try:
        for chunk in _chunks(content, shown):
            book.silent += len(chunk)
            parser.feed(chunk)
            book.check()
        parser.close()
    except LookupError as error:
        raise SourceError(f"is not readable: {error}", place=Place(shown)) from error
    except ET.ParseError as error:
        raise SourceError(
            f"is not whole: {error}", place=Place(shown, error.position[0]), hint="the file may have been cut off"
        ) from error
    return book.whole()


def _chunks(content: bytes, shown: str) -> Iterator[bytes]:
    """The text in portions; it must begin like a book. Raises `SourceError`."""
    stream = gzip.GzipFile(fileobj=io.BytesIO(content)) if content.startswith(GZIP) else io.BytesIO(content)
    total = 0
    try:
        while chunk := stream.read(_CHUNK):
            if not total and b"<gnc-v2" not in chunk[:4096]:
                raise _foreign(shown)
            total += len(chunk)
            if total > MAX_BYTES:
                raise SourceError(f"unpacks to more than {MAX_BYTES // 1024 // 1024} MiB", place=Place(shown))
            yield chunk
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError("is not a whole gzip file", place=Place(shown), hint="it may have been cut off") from error
    if not total:
        raise _foreign(shown)


def _foreign(shown: str) -> SourceError:
    return SourceError("is neither a GnuCash XML file nor an SQLite one", place=Place(shown))


class _Book:
    """Takes the parser's events; holds one account at a time as a tree."""

    def __init__(self, shown: str, bounds: Bounds) -> None:
        self._shown, self._bounds = shown, bounds
        self._path: list[str] = []
        self._tree: ET.TreeBuilder | None = None
        self._parts = self._text = 0
        self._count: list[str] | None = None
        self._announced: list[str] = []
        self._accounts: list[Account] = []
        self._seen_book = False
        self.silent = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self.silent = 0
        in_book = len(self._path) == 2 and self._path[1] == _BOOK  # the root and its book
        self._seen_book |= len(self._path) == 1 and tag == _BOOK
        self._path.append(tag)
        if len(self._path) > _DEEPEST:
            raise self._unfit("is nested too deeply")
        if in_book and tag == _ACCOUNT:
            self._tree = ET.TreeBuilder()
            self._parts = self._text = 0
        elif in_book and tag == _COUNT and attributes.get(f"{_SPACE}cd}}type") == "account":
            self._count = []
        if self._tree is not None:
            self._parts += 1
            self._tree.start(tag, attributes)
            if self._parts > _LARGEST:
                raise self._unfit("has an account of too many parts")

    def data(self, text: str) -> None:
        """Text of an element, in portions."""
        self.silent = 0
        if self._tree is not None:
            self._text += len(text)
            self._tree.data(text)
            if self._text > _LONGEST:
                raise self._unfit("has an account of too much text")
        elif self._count is not None and len(self._count) < _DEEPEST:
            self._count.append(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        self._path.pop()
        if self._tree is not None:
            self._tree.end(tag)
            if len(self._path) == 2:  # back in the book
                account = _account(self._tree.close())
                self._tree = None
                self._bounds.row(account)
                self._accounts.append(account)
        elif self._count is not None:
            self._announced.append("".join(self._count).strip())
            self._count = None

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        """Entities are declared in a DOCTYPE, and GnuCash writes none."""
        raise _foreign(self._shown)

    def close(self) -> None:
        """The document is over."""

    def check(self) -> None:
        """Raise `SourceError` where a part grows without end, or the time is up."""
        if self.silent > _LONGEST:
            raise self._unfit("has a part without end")
        if self._bounds.over:
            raise self._bounds.late()

    def whole(self) -> list[Account]:
        """The accounts, as many as the book announces, with or without its root."""
        if not self._seen_book:
            raise self._unfit("has no book")
        number = len(self._accounts)
        for announced in self._announced:
            if not (announced.isascii() and announced.isdigit()):
                raise self._unfit(f"announces {announced[:20]!r} accounts, which is no number")
            if announced.lstrip("0") not in {str(number), str(number - 1)}:
                raise self._unfit(f"announces {announced[:20]} accounts and has {number}")
        return self._accounts

    def _unfit(self, words: str) -> SourceError:
        return SourceError(words, place=Place(self._shown))


def _account(found: ET.Element) -> Account:
    slots = {slot.findtext("{*}key"): slot.findtext("{*}value") for slot in found.findall("{*}slots/slot")}
    commodity = found.find(f"{_SPACE}act}}commodity")
    is_currency = commodity is not None and commodity.findtext("{*}space") in {"CURRENCY", "ISO4217"}
    currency = commodity.findtext("{*}id") if commodity is not None and is_currency else None

    def text(name: str) -> str | None:
        return found.findtext(f"{_SPACE}act}}{name}")

    return Account(
        text("id"),
        text("code"),
        text("name"),
        is_set(slots.get("hidden")),
        is_set(slots.get("placeholder")),
        text("type"),
        currency,
        text("parent"),
    )
