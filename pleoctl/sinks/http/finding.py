"""Looks records up by our references: one request a key, many keys in one, or the whole list once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pleoctl.errors import SourceError
from pleoctl.mapping.vocabulary import INVALID_CONFIGURATION
from pleoctl.sinks.base import BooksUnusable
from pleoctl.sinks.http.bodies import value_of
from pleoctl.sinks.http.records import Reader
from pleoctl.sources.http.reading import ListReader
from pleoctl.sources.http.templates import fill_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pleoctl.sinks.base import Held, Key
    from pleoctl.sinks.http.find_spec import Find
    from pleoctl.sinks.http.lookups import Table
    from pleoctl.sources.http.reading import Send
    from pleoctl.sources.http.spec import Resource


class Finder:
    """One look-up of a section."""

    def __init__(self, find: Find, send: Send, variables: Mapping[str, Any], currency: str | None) -> None:
        """``send`` makes one request and gives the answer with the url it came from."""
        self._find, self._send, self._variables, self._currency = find, send, variables, currency

    def held(self, keys: Sequence[Key], accounts: Table | None) -> dict[str, list[Held]]:
        """By stored key. Raises `BooksUnusable` where a list could not be read to its end."""
        found: dict[str, list[Held]] = {}
        reader = Reader(self._find, self._currency, accounts)
        for part, variables in self._asked(keys):
            records = listed(self._find.listing, self._send, {**self._variables, **variables})
            found |= reader.held(records, part, self._whole)
        return found

    def _asked(self, keys: Sequence[Key]) -> Iterator[tuple[list[str], dict[str, Any]]]:
        """The keys of each request, and what it is filled with."""
        many = self._find.many
        size = 1 if self._find.by_key else many.size if many else len(keys)
        for start in range(0, len(keys), max(size, 1)):
            part = keys[start : start + size]
            stored = [key.stored for key in part]
            days = [key.date for key in part if key.date is not None]
            variables: dict[str, Any] = {
                "key": stored[0],
                "keys": stored,
                "since": min(days) if len(days) == len(part) else None,
            }
            if many is not None and many.each is not None:
                variables["keys"] = many.join.join(fill_text(many.each, {"key": key}) for key in stored)
            yield stored, variables

    def _whole(self, record: dict[str, Any]) -> dict[str, Any]:
        """A record with what only a request of its own shows."""
        detail = self._find.detail
        if detail is None:
            return record
        variables = {name: record.get(field) for name, field in detail.of_record.items()}
        try:
            answer, _ = self._send(detail.request, {**self._variables, **variables}, None)
        except SourceError as error:
            raise BooksUnusable.after(error) from error
        whole = answer.body if detail.record is None else value_of(detail.record, answer.body)
        if not isinstance(whole, dict):
            raise BooksUnusable("sink.find.detail gives no record", INVALID_CONFIGURATION)
        return {**record, **whole}


def listed(listing: Resource, send: Send, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All rows of a list. Raises `BooksUnusable`."""
    try:
        return list(ListReader(listing, send, variables).read())
    except SourceError as error:
        raise BooksUnusable.after(error) from error
