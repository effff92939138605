"""Tag groups (T21, T57-T59)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from pleoctl.errors import PleoError
from pleoctl.model.kinds import TAG_GROUP
from pleoctl.pleo import wire
from pleoctl.pleo.answers import stored
from pleoctl.pleo.client import Client
from pleoctl.remote.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pleoctl.model.changes import Change
    from pleoctl.model.records import Live

PATH: Final = "/v0/tag-groups"
READ: Final = "tag-group:read"
WRITE: Final = "tag-group:write"


class GroupReads(Client):
    """Reading tag groups. The list is complete or an error."""

    def groups(self) -> list[Live]:
        """Every tag group, active and archived, with its number of tags (T21, T57)."""
        params = {"company_id": self.company, "include_archived": "true", "include_tags_count": "true"}
        body = self._http.read("GET", PATH, params=params, scope=READ).body
        rows = wire.rows_of(body)
        page = body.get("pagination")
        if isinstance(page, dict) and page.get("hasNextPage"):
            raise PleoError("Pleo gave a part of its tag groups and says that more follow, which was not asked for")
        if not all(isinstance(row, dict) for row in rows):
            raise PleoError("Pleo's answer has a tag group that is not an object")
        found = [wire.group(self._own(row)) for row in rows]
        if len({record.id.lower() for record in found}) != len(found):
            raise PleoError("Pleo listed a tag group twice")
        return found

    def usage(self, group: str) -> dict[str, int]:
        """Expenses per tag id of a group (T66); empty where Pleo no longer knows the group."""
        try:
            body = self._http.read("GET", f"{PATH}/{quote(group, safe='')}/usage", scope=READ).body
        except ApiError as error:
            if error.status == 404:
                return {}
            raise
        return wire.usages(wire.data_of(body))


class GroupWrites(GroupReads):
    """Writing tag groups. Every method raises `LostAnswer` or `ApiError` as the transport does."""

    def create_group(self, body: dict[str, Any]) -> Live:
        """Operation ``createTagGroup``."""
        params = {"company_id": self.company}
        answer = self._http.write("POST", PATH, params=params, json=body, scope=WRITE)
        return stored(answer, wire.group)

    def put_group(self, record: str, body: dict[str, Any]) -> Live:
        """Operation ``updateTagGroup``; the body must hold all four fields (T59)."""
        answer = self._http.write("PUT", f"{PATH}/{quote(record, safe='')}", json=body, scope=WRITE)
        return stored(answer, wire.group, record)


def probe(reader: GroupReads) -> None:
    """One small read, to see whether the credential may. Raises `RemoteError`."""
    reader.groups()


class Operations:
    """Tag groups (T57-T59). No uniqueness of codes is published."""

    kind = TAG_GROUP
    unique = False

    def __init__(self, pleo: GroupWrites) -> None:
        self._pleo = pleo

    def reread(self, _changes: Sequence[Change], _groups: Iterable[str]) -> list[Live]:
        """The list is one request, whatever is touched."""
        return self._pleo.groups()

    def by_id(self, ids: Sequence[str]) -> list[Live]:
        """See `Operations.by_id`."""
        wanted = set(ids)
        return [record for record in self._pleo.groups() if record.id in wanted]

    def find(self, _change: Change, _group: str | None) -> list[Live]:
        """See `Operations.find`."""
        return self._pleo.groups()

    def find_alike(self, _change: Change) -> list[Live]:
        """See `Operations.find_alike`: `find` gives all there are."""
        return []

    def in_the_way(self, _change: Change) -> list[Live]:
        """See `Operations.in_the_way`."""
        return []

    def create(self, change: Change, _group: str | None) -> Live:
        """See `Operations.create`."""
        return self._pleo.create_group(dict(change.after))

    def put(self, record: Live, after: dict[str, Any]) -> Live:
        """All four fields; the live code and metadata are echoed (T59)."""
        metadata = (record.raw or {}).get("metadata")
        body = {
            "archived": after["archived"],
            "code": record.key,
            "name": after.get("name") or record.fields.get("name") or "",
            "metadata": metadata if isinstance(metadata, dict) else {},
        }
        return self._pleo.put_group(record.id, body)
