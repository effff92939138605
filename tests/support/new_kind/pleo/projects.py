"""Projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from new_kind.row import PROJECT
from pleoctl.model.records import Live
from pleoctl.pleo.paging import Listing, read_pages

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pleoctl.model.changes import Change
    from pleoctl.pleo.client import Client
    from shapes import Json


PATH = "/v9/projects"
READ, WRITE = "accounts:read", "accounts:write"  # Pleo has no other ones for it


def project(raw: Json) -> Live:
    """A project of an answer."""
    fields = {name: raw.get(name) or None for name in PROJECT.names}
    return Live(raw["id"], raw["externalId"], raw["archived"], fields, raw=raw)


def read(reader: Client) -> list[Live]:
    """Every project."""
    return read_pages(reader.http, Listing("GET", PATH), project)


def probe(reader: Client) -> None:
    """One small read."""
    reader.http.read("GET", PATH, params={"limit": 1})


class Operations:
    """Operations of projects."""

    kind = PROJECT
    unique = True

    def __init__(self, pleo: Client) -> None:
        self._pleo = pleo

    def reread(self, _changes: Sequence[Change], _groups: Iterable[str]) -> list[Live]:
        """All of them."""
        return read(self._pleo)

    def by_id(self, ids: Sequence[str]) -> list[Live]:
        """Those with these ids."""
        return [record for record in read(self._pleo) if record.id in set(ids)]

    def find(self, _change: Change, _group: str | None) -> list[Live]:
        """All of them."""
        return read(self._pleo)

    def find_alike(self, _change: Change) -> list[Live]:
        """No more than `find` gives."""
        return []

    def in_the_way(self, _change: Change) -> list[Live]:
        """No field is unique."""
        return []

    def create(self, change: Change, _group: str | None) -> Live:
        """Create one."""
        body = {"externalId": change.key, **change.after}
        return project(self._pleo.http.write("POST", PATH, json=body).body["data"])

    def put(self, record: Live, after: Json) -> Live:
        """Write a whole one."""
        body = {name: value for name, value in ((record.raw or {}) | after).items() if name not in {"id", "externalId"}}
        return project(self._pleo.http.write("PUT", f"{PATH}/{record.id}", json=body).body["data"])
