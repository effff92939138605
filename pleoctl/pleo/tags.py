"""Tags (T34, T61-T66)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from pleoctl.errors import PleoError
from pleoctl.model.kinds import TAG
from pleoctl.pleo import tag_groups, wire
from pleoctl.pleo.answers import stored, understood
from pleoctl.pleo.client import Client, by_hundreds
from pleoctl.pleo.paging import Listing, read_pages

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pleoctl.model.changes import Change
    from pleoctl.model.records import Live

PATH: Final = "/v0/tags"
READ: Final = tag_groups.READ
WRITE: Final = tag_groups.WRITE


class TagReads(Client):
    """Reading tags. Lists are complete or an error."""

    def probe_tags(self) -> None:
        """One small read, to see whether the credential may. Raises `RemoteError`."""
        params = {"company_id": self.company, "limit": 1}
        self._http.read("POST", f"{PATH}:search", params=params, json={}, scope=READ)

    def tags(self, groups: Iterable[str], *, keep: bool = False) -> list[Live]:
        """Every tag of these groups, active and archived (T34, T61)."""
        wanted = set(groups)
        if not wanted:
            return []
        found = self._tags({"tagGroupIds": sorted(wanted), "includeArchived": True}, keep=keep)
        strangers = [record for record in found if record.parent not in wanted]
        if strangers:
            raise PleoError(f"Pleo answered with a tag of another group ({strangers[0].id})")
        return found

    def tags_by_id(self, ids: Sequence[str]) -> list[Live]:
        """The tags with these ids, 100 a call."""
        return by_hundreds(ids, lambda part: self._tags({"tagIds": part, "includeArchived": True}, keep=True))

    def _tags(self, body: dict[str, Any], *, keep: bool) -> list[Live]:
        listing = Listing("POST", f"{PATH}:search", {"company_id": self.company}, body, READ)
        return read_pages(self._http, listing, lambda raw: wire.tag(raw, keep=keep))


class TagWrites(TagReads):
    """Writing tags. Every method raises `LostAnswer` or `ApiError` as the transport does."""

    def create_tag(self, group: str, body: dict[str, Any]) -> Live:
        """Operation ``createTag``."""
        answer = self._http.write("POST", f"{tag_groups.PATH}/{quote(group, safe='')}/tags", json=body, scope=WRITE)
        return stored(answer, wire.tag)

    def put_tag(self, record: str, body: dict[str, Any]) -> Live:
        """Operation ``updateTag``."""
        answer = self._http.write("PUT", f"{PATH}/{quote(record, safe='')}", json=body, scope=WRITE)
        return stored(answer, wire.tag, record)

    def archive_tags(self, ids: list[str], *, archived: bool) -> dict[str, Live]:
        """Operation ``bulkArchiveTags`` for 1 to 100 tags; the answer by id, as far as Pleo gives one."""
        sent = {"companyId": self.company, "archived": archived, "tagIds": ids}
        answer = self._http.write("POST", f"{PATH}/archive", json=sent, scope=WRITE)
        rows = understood(lambda: wire.rows_of(answer.body))
        return understood(lambda: {r.id: r for r in (wire.tag(row, keep=True) for row in rows)})


def probe(reader: TagReads) -> None:
    """One small read, to see whether the credential may. Raises `RemoteError`."""
    reader.probe_tags()


class Operations:
    """Tags (T61-T65)."""

    kind = TAG
    unique = True

    def __init__(self, pleo: TagWrites) -> None:
        self._pleo = pleo

    def reread(self, changes: Sequence[Change], groups: Iterable[str]) -> list[Live]:
        """By id, except in the groups that something is created in: those are read whole."""
        whole = set(groups)
        found = self._pleo.tags(whole, keep=True)
        known = {record.id for record in found}
        rest = [c.id for c in changes if c.id is not None and c.id not in known and not _in(c, whole)]
        return found + self.by_id(rest)

    def by_id(self, ids: Sequence[str]) -> list[Live]:
        """See `Operations.by_id`."""
        return self._pleo.tags_by_id(ids)

    def find(self, _change: Change, group: str | None) -> list[Live]:
        """See `Operations.find`."""
        return self._pleo.tags([group], keep=True) if group else []

    def find_alike(self, _change: Change) -> list[Live]:
        """See `Operations.find_alike`: `find` gives all there are."""
        return []

    def in_the_way(self, _change: Change) -> list[Live]:
        """See `Operations.in_the_way`."""
        return []

    def create(self, change: Change, group: str | None) -> Live:
        """See `Operations.create`."""
        return self._pleo.create_tag(group or "", dict(change.after))

    def put(self, record: Live, after: dict[str, Any]) -> Live:
        """The live code is sent back; ``otherDimensionValues`` stay out, so that they stay as they are (T64)."""
        body: dict[str, Any] = {"archived": after["archived"], "code": record.key}
        name = after.get("name", record.fields.get("name"))
        if name is not None:
            body["name"] = name
        return self._pleo.put_tag(record.id, body)

    def archive(self, ids: Sequence[str], archived: bool) -> dict[str, Live]:
        """Archive or unarchive 1 to 100 tags; the answer by id, as far as Pleo gives one (T65)."""
        return self._pleo.archive_tags(list(ids), archived=archived)

    def of_groups(self, groups: Iterable[str]) -> list[Live]:
        """Every tag of these groups, with its whole answer."""
        return self._pleo.tags(groups, keep=True)


def _in(change: Change, groups: set[str]) -> bool:
    return change.parent is not None and change.parent.id in groups
