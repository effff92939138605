"""The ``gnucash`` source: the accounts of a GnuCash book, SQLite or XML (plain or gzipped).

GnuCash is not needed and not run. Placeholder accounts are headings and left out; hidden accounts are inactive.
"""

from __future__ import annotations

import gzip
import io
import sqlite3
import zlib
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

from pleoctl.documents.files import MAX_BYTES
from pleoctl.errors import SourceError
from pleoctl.sources.base import SourceRow, Table
from pleoctl.sources.files import file_bytes, section_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pleoctl.sources.context import Context

_SQLITE: Final = b"SQLite format 3\x00"
_GZIP: Final = b"\x1f\x8b"
_QUERY: Final = """
    SELECT a.guid, a.code, a.name, a.hidden, a.placeholder, a.account_type,
           CASE WHEN c.namespace = 'CURRENCY' THEN c.mnemonic END
    FROM accounts a LEFT JOIN commodities c ON c.guid = a.commodity_guid
    WHERE a.account_type <> 'ROOT'
      AND COALESCE(a.parent_guid, '') NOT IN (SELECT root_template_guid FROM books)
    ORDER BY a.guid
"""
_NAMESPACE: Final = "http://www.gnucash.org/XML/"
_TRUE: Final = {"true", "1", "t"}


class GnuCashSource:
    """Reads one book below the workspace; GnuCash has no dimensions."""

    def __init__(self, context: Context, section: dict[str, Any]) -> None:
        """See `Source`."""
        self._path, self._shown = section_path(context, section)
        self._types = section.get("types")

    def read(self, resource: str) -> Table | None:
        """See `Source.read`."""
        if resource != "accounts":
            return None
        content = file_bytes(self._path, self._shown)
        accounts = _from_sqlite(self._path, self._shown) if content.startswith(_SQLITE) else self._from_xml(content)
        return Table(self._shown, [row for account in accounts if (row := self._row(*account)) is not None])

    def _row(
        self, guid: str, code: str | None, name: str | None, hidden: bool, placeholder: bool, kind: str, currency: Any
    ) -> SourceRow | None:
        if placeholder or (self._types is not None and kind not in self._types):
            return None
        cells = {"externalId": guid, "code": code or None, "name": name, "active": not hidden}
        if currency:
            cells["currency"] = currency
        return SourceRow(cells, f"{self._shown}: account {guid}")

    def _from_xml(self, content: bytes) -> Iterator[tuple[Any, ...]]:
        text = self._unpacked(content)
        if b"<!DOCTYPE" in text[:4096] or b"<gnc-v2" not in text[:4096]:
            raise SourceError("is neither a GnuCash XML file nor an SQLite one", file=self._shown)
        try:
            # Entities cannot be declared without a DOCTYPE, which was refused.
            root = ET.parse(io.BytesIO(text)).getroot()  # noqa: S314
        except ET.ParseError as error:
            raise SourceError(f"is not whole: {error}", file=self._shown, line=error.position[0],
                              hint="the file may have been cut off")  from error  # fmt: skip
        book = root.find(f"{{{_NAMESPACE}gnc}}book")
        if book is None:
            raise SourceError("has no book", file=self._shown)
        found = book.findall(f"{{{_NAMESPACE}gnc}}account")
        self._check_count(book, found)
        return (_xml_account(account) for account in found if _text(account, "type") != "ROOT")

    def _unpacked(self, content: bytes) -> bytes:
        if not content.startswith(_GZIP):
            return content
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
                text = stream.read(MAX_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise SourceError("is not a whole gzip file", file=self._shown, hint="it may have been cut off") from error
        if len(text) > MAX_BYTES:
            raise SourceError(f"unpacks to more than {MAX_BYTES // 1024 // 1024} MiB", file=self._shown)
        return text

    def _check_count(self, book: ET.Element, found: list[ET.Element]) -> None:
        """The book says how many accounts it has, with or without its root."""
        for count in book.findall(f"{{{_NAMESPACE}gnc}}count-data"):
            if count.get(f"{{{_NAMESPACE}cd}}type") == "account" and int(count.text or -1) not in {
                len(found),
                len(found) - 1,
            }:
                raise SourceError(f"announces {count.text} accounts and has {len(found)}", file=self._shown)


def _from_sqlite(path: Path, shown: str) -> Iterator[tuple[Any, ...]]:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            return iter(database.execute(_QUERY).fetchall())
    except sqlite3.Error as error:
        raise SourceError(f"is not a GnuCash book: {error}", file=shown) from error


def _text(account: ET.Element, name: str) -> str | None:
    found = account.find(f"{{{_NAMESPACE}act}}{name}")
    return found.text if found is not None else None


def _xml_account(account: ET.Element) -> tuple[Any, ...]:
    slots = {slot.findtext("{*}key"): slot.findtext("{*}value") for slot in account.findall("{*}slots/slot")}
    commodity = account.find(f"{{{_NAMESPACE}act}}commodity")
    is_currency = commodity is not None and commodity.findtext("{*}space") in {"CURRENCY", "ISO4217"}
    currency = commodity.findtext("{*}id") if commodity is not None and is_currency else None
    return (
        _text(account, "id"), _text(account, "code"), _text(account, "name"), slots.get("hidden") in _TRUE,
        slots.get("placeholder") in _TRUE, _text(account, "type"), currency,
    )  # fmt: skip
