"""Tags (T34, T61-T66)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from pleoctl.errors import PleoError
from pleoctl.pleo import tag_groups, wire
from pleoctl.pleo.answers import understood
from pleoctl.pleo.client import Client, by_hundreds
from pleoctl.pleo.paging import Listing, read_pages

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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


class TagWrites(Client):
    """Writing tags. Every method raises `LostAnswer` or `ApiError` as the transport does."""

    def create_tag(self, group: str, body: dict[str, Any]) -> Live:
        """Operation ``createTag``."""
        answer = self._http.write("POST", f"{tag_groups.PATH}/{quote(group, safe='')}/tags", json=body, scope=WRITE)
        return understood(lambda: wire.tag(wire.data_of(answer.body), keep=True))

    def put_tag(self, record: str, body: dict[str, Any]) -> Live:
        """Operation ``updateTag``."""
        answer = self._http.write("PUT", f"{PATH}/{quote(record, safe='')}", json=body, scope=WRITE)
        return understood(lambda: wire.tag(wire.data_of(answer.body), keep=True))

    def archive_tags(self, ids: list[str], *, archived: bool) -> dict[str, Live]:
        """Operation ``bulkArchiveTags`` for 1 to 100 tags; the answer by id, as far as Pleo gives one."""
        sent = {"companyId": self.company, "archived": archived, "tagIds": ids}
        answer = self._http.write("POST", f"{PATH}/archive", json=sent, scope=WRITE)
        rows = understood(lambda: wire.rows_of(answer.body))
        return understood(lambda: {r.id: r for r in (wire.tag(row, keep=True) for row in rows)})
