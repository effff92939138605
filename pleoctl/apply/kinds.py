"""How each kind is read again, looked up and written: the executor's only knowledge of Pleo's operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from pleoctl.model.kinds import ACCOUNT, TAG, TAG_GROUP, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pleoctl.model.changes import Change
    from pleoctl.model.records import Live
    from pleoctl.pleo.accounts import BatchResult
    from pleoctl.pleo.writer import PleoWriter


class KindApi(Protocol):
    """One kind's operations. ``group`` is the Pleo id of a tag's group, None for other kinds."""

    kind: Kind
    unique: bool
    """Whether Pleo itself refuses a second record with the same key."""

    def reread(self, changes: Sequence[Change], groups: Iterable[str]) -> list[Live]:
        """The records the changes touch; all records of the kind (or the groups) if something is created."""

    def by_id(self, ids: Sequence[str]) -> list[Live]:
        """The records with these ids."""

    def find(self, change: Change, group: str | None) -> list[Live]:
        """The records that might be what a create made: all that could carry its key."""

    def find_alike(self, change: Change) -> list[Live]:
        """Further records that Pleo may take for the one that a create wants, where `find` cannot give them."""

    def create(self, change: Change, group: str | None) -> Live:
        """Create one record."""

    def put(self, record: Live, after: dict[str, Any]) -> Live:
        """Write a whole record; what pleoctl does not manage is echoed from ``record`` (law 5)."""


class AccountApi:
    """Chart of accounts (A41-A44)."""

    kind = ACCOUNT
    unique = True

    def __init__(self, pleo: PleoWriter) -> None:
        self._pleo = pleo

    def reread(self, changes: Sequence[Change], _groups: Iterable[str]) -> list[Live]:
        """One full pass if something is created; unmanaged fields of touched records still come by id."""
        ids = [c.id for c in changes if c.id is not None]
        if len(ids) == len(changes):
            return self.by_id(ids)
        return self._pleo.accounts(keep=set(ids))

    def by_id(self, ids: Sequence[str]) -> list[Live]:
        """See `KindApi.by_id`."""
        return self._pleo.accounts_by_id(ids)

    def find(self, change: Change, _group: str | None) -> list[Live]:
        """See `KindApi.find`."""
        return self._pleo.accounts_by_key(change.key)

    def find_alike(self, _change: Change) -> list[Live]:
        """See `KindApi.find_alike`: a search by externalId finds no other spelling of it."""
        return self.every()

    def every(self) -> list[Live]:
        """All accounts, with their whole answers."""
        return self._pleo.accounts(keep=None)

    def create(self, change: Change, _group: str | None) -> Live:
        """See `KindApi.create`."""
        return self._pleo.create_account(self.item(change))

    def create_many(self, changes: Sequence[Change]) -> BatchResult:
        """Create 1 to 1000 records in one call."""
        return self._pleo.create_accounts([self.item(change) for change in changes])

    @staticmethod
    def item(change: Change) -> dict[str, Any]:
        """The body of a create, also inside a batch (A16)."""
        return {"externalId": change.key, **change.after}

    def put(self, record: Live, after: dict[str, Any]) -> Live:
        """All five fields, always (A30)."""
        raw = record.raw or {}
        body = {
            "archived": after["archived"],
            "name": after.get("name", record.fields.get("name")),
            "code": after.get("code", record.fields.get("code")),
            "taxCodeExternalId": after.get("taxCodeExternalId", record.fields.get("taxCodeExternalId")),
            "metadata": raw.get("metadata"),
        }
        return self._pleo.put_account(record.id, body)


class GroupApi:
    """Tag groups (T57-T59). No uniqueness of codes is published."""

    kind = TAG_GROUP
    unique = False

    def __init__(self, pleo: PleoWriter) -> None:
        self._pleo = pleo

    def reread(self, _changes: Sequence[Change], _groups: Iterable[str]) -> list[Live]:
        """The list is one request, whatever is touched."""
        return self._pleo.groups()

    def by_id(self, ids: Sequence[str]) -> list[Live]:
        """See `KindApi.by_id`."""
        wanted = set(ids)
        return [record for record in self._pleo.groups() if record.id in wanted]

    def find(self, _change: Change, _group: str | None) -> list[Live]:
        """See `KindApi.find`."""
        return self._pleo.groups()

    def find_alike(self, _change: Change) -> list[Live]:
        """See `KindApi.find_alike`: `find` gives all there are."""
        return []

    def create(self, change: Change, _group: str | None) -> Live:
        """See `KindApi.create`."""
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


class TagApi:
    """Tags (T61-T65)."""

    kind = TAG
    unique = True

    def __init__(self, pleo: PleoWriter) -> None:
        self._pleo = pleo

    def reread(self, changes: Sequence[Change], groups: Iterable[str]) -> list[Live]:
        """By id, except in the groups that something is created in: those are read whole."""
        whole = set(groups)
        found = self._pleo.tags(whole, keep=True)
        known = {record.id for record in found}
        rest = [c.id for c in changes if c.id is not None and c.id not in known and not _in(c, whole)]
        return found + self.by_id(rest)

    def by_id(self, ids: Sequence[str]) -> list[Live]:
        """See `KindApi.by_id`."""
        return self._pleo.tags_by_id(ids)

    def find(self, _change: Change, group: str | None) -> list[Live]:
        """See `KindApi.find`."""
        return self._pleo.tags([group], keep=True) if group else []

    def find_alike(self, _change: Change) -> list[Live]:
        """See `KindApi.find_alike`: `find` gives all there are."""
        return []

    def create(self, change: Change, group: str | None) -> Live:
        """See `KindApi.create`."""
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


APIS: Final[dict[str, Callable[[PleoWriter], KindApi]]] = {
    ACCOUNT.name: AccountApi,
    TAG_GROUP.name: GroupApi,
    TAG.name: TagApi,
}
"""The operations of each kind, by its name."""


class KindApis:
    """Every kind's operations, by kind name or, for those that only one kind has, by attribute."""

    def __init__(self, pleo: PleoWriter) -> None:
        self.accounts, self.tags = AccountApi(pleo), TagApi(pleo)
        self._by_kind = {name: make(pleo) for name, make in APIS.items()}

    def __getitem__(self, kind: str) -> KindApi:
        return self._by_kind[kind]


def _in(change: Change, groups: set[str]) -> bool:
    return change.parent is not None and change.parent.id in groups
