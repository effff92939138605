"""The ``gnucash`` source: the accounts of a GnuCash book, SQLite or XML (plain or gzipped).

GnuCash is not needed and not run. Placeholder accounts are headings and left out; hidden accounts and all
below them are inactive.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from pleoctl.errors import Finding, SourceError
from pleoctl.place import Place
from pleoctl.sources.base import SourceRow, Table
from pleoctl.sources.bounds import Bounds
from pleoctl.sources.files import file_bytes, idle, section_path
from pleoctl.sources.gnucash_xml import Account, is_set, read_xml
from pleoctl.sources.sqlite import open_read_only

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pleoctl.sources.context import Context

_TYPES: Final = frozenset(
    {"ASSET", "BANK", "CASH", "CREDIT", "EQUITY", "EXPENSE", "INCOME", "LIABILITY", "MUTUAL", "PAYABLE", "RECEIVABLE"}
    | {"STOCK", "TRADING"}
)
_SQLITE: Final = b"SQLite format 3\x00"
SECONDS: Final = 30.0
_QUERY: Final = """
    SELECT a.guid, a.code, a.name, a.hidden, a.placeholder, a.account_type,
           CASE WHEN c.namespace IN ('CURRENCY', 'ISO4217') THEN c.mnemonic END,
           CASE WHEN a.parent_guid IN (SELECT guid FROM accounts WHERE account_type = 'ROOT') THEN NULL
                ELSE a.parent_guid END
    FROM accounts a LEFT JOIN commodities c ON c.guid = a.commodity_guid
    WHERE a.account_type <> 'ROOT'
      AND COALESCE(a.parent_guid, '') NOT IN (SELECT root_template_guid FROM books)
    ORDER BY a.guid
"""
_KINDS: Final = "SELECT name, type FROM sqlite_master WHERE name IN ('accounts', 'commodities', 'books')"


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
        accounts = accounts_of(self._path, self._shown, file_bytes(self._path, self._shown))
        unseen = hidden(accounts)
        rows = (self._row(account, hidden=account.guid in unseen) for account in accounts)
        known = _TYPES | {account.kind for account in accounts if account.kind}
        told = [*idle("types", self._types, known, self._shown), *_adrift(accounts, self._shown)]
        return Table(self._shown, [row for row in rows if row is not None], told)

    def _row(self, account: Account, *, hidden: bool) -> SourceRow | None:
        if account.placeholder or (self._types is not None and account.kind not in self._types):
            return None
        cells = {
            "externalId": account.guid,
            "code": account.code or None,
            "name": account.name,
            "active": not hidden,
        }
        if account.currency:
            cells["currency"] = account.currency
        return SourceRow(cells, f"{self._shown}: account {account.guid}")


def accounts_of(path: Path, shown: str, content: bytes) -> list[Account]:
    """All accounts of a book but its root; ``content`` is what the file holds. Raises `SourceError`.

    Those directly below a root have no parent.
    """
    bounds = Bounds(shown, seconds=SECONDS)
    if content.startswith(_SQLITE):
        return _from_sqlite(path, shown, bounds)
    found = read_xml(content, shown, bounds)
    roots = {one.guid for one in found if one.kind == "ROOT"}
    return [one._replace(parent=None) if one.parent in roots else one for one in found if one.kind != "ROOT"]


def hidden(accounts: list[Account]) -> set[str | None]:
    """The guids of accounts that GnuCash shows to nobody: hidden ones, and all that lie below one."""
    by_guid: dict[str | None, Account] = {account.guid: account for account in accounts}
    known: dict[str | None, bool] = {}
    for account in accounts:
        path = list[str | None]()
        one: Account | None = account
        while one is not None and one.guid not in known:
            # What is asked for again on its own way stands in a ring.
            known[one.guid] = one.hidden
            path.append(one.guid)
            one = None if one.hidden else by_guid.get(one.parent)
        known |= dict.fromkeys(path, known[path[-1]] or (one is not None and known[one.guid])) if path else {}
    return {guid for guid, unseen in known.items() if unseen}


def _adrift(accounts: list[Account], shown: str) -> Iterator[Finding]:
    """A warning for each account that hangs on nothing: what it lies below may have been hidden."""
    by_guid: dict[str | None, Account] = {account.guid: account for account in accounts}
    seen: dict[str | None, int] = {}
    for number, account in enumerate(accounts):
        if account.parent and account.parent not in by_guid:
            yield _lost(account, f"lies below {account.parent}, which the book does not have", shown)
        one: Account | None = account
        while one is not None and one.guid not in seen:
            seen[one.guid] = number
            one = by_guid.get(one.parent)
        if one is not None and seen[one.guid] == number:
            yield _lost(one, "lies below itself", shown)


def _lost(account: Account, words: str, shown: str) -> Finding:
    told, hint = f"account {account.guid} ({account.name}) {words}", "look at it in GnuCash, and save the book anew"
    return Finding("lost-parent", told, "warning", Place(shown), hint=hint)


def _from_sqlite(path: Path, shown: str, bounds: Bounds) -> list[Account]:
    found = []
    try:
        with closing(open_read_only(path, bounds)) as database:
            for name, kind in database.execute(_KINDS):
                if kind != "table":
                    raise SourceError(f"is not a GnuCash book: {name} is no table but a {kind}", place=Place(shown))
            for cells in database.execute(_QUERY):
                bounds.row(cells)
                one = Account(*cells)
                found.append(one._replace(hidden=is_set(one.hidden), placeholder=is_set(one.placeholder)))
    except (sqlite3.Error, MemoryError) as error:
        if bounds.over:
            raise bounds.late() from error
        words = "a value or a query needs too much memory" if isinstance(error, MemoryError) else error
        raise SourceError(f"is not a GnuCash book: {words}", place=Place(shown)) from error
    return found
