"""The chart of accounts (A8-A44)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from pleoctl.model.kinds import ACCOUNT
from pleoctl.pleo import wire
from pleoctl.pleo.answers import BatchResult, stored, understood
from pleoctl.pleo.client import Client, by_hundreds
from pleoctl.pleo.paging import Listing, read_pages

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from pleoctl.model.changes import Change
    from pleoctl.model.records import Live
    from pleoctl.remote.transport import Transport

PATH: Final = "/v1/chart-of-accounts"
READ: Final = "accounts:read"
WRITE: Final = "accounts:write"


class AccountReads(Client):
    """Reading accounts. Lists are complete or an error."""

    def __init__(self, transport: Transport, company: str) -> None:
        """See `Client`."""
        super().__init__(transport, company)
        self._hides_archived = False

    def probe_accounts(self) -> None:
        """One small read, to see whether the credential may. Raises `RemoteError`."""
        body = self._search({})
        self._http.read("POST", f"{PATH}:search", params={"limit": 1}, json=body, scope=READ)

    def accounts(self, keep: Collection[str] | None = ()) -> list[Live]:
        """Every account, active and archived (A8-A10); searched twice if archived ones do not come by default (K7).

        Whole answers are kept of the ids in ``keep``, of all where it is None.
        """
        found = self._accounts({}, keep=keep)
        if not any(record.archived for record in found):
            found += self._hidden({}, found, keep)
        return found

    def accounts_by_id(self, ids: Sequence[str]) -> list[Live]:
        """The accounts with these ids, 100 a call, whole answers kept; those that do not come may be archived (K7)."""
        return by_hundreds(ids, self._accounts_among)

    def _accounts_among(self, ids: list[str]) -> list[Live]:
        found = self._accounts({"ids": ids}, keep=ids)
        missing = set(ids) - {record.id for record in found}
        return found + self._hidden({"ids": sorted(missing)}, found, ids) if missing else found

    def accounts_by_key(self, external_id: str) -> list[Live]:
        """The accounts with this externalId (at most one, A36)."""
        found = self._accounts({"externalId": external_id}, keep=None)
        if not found and self._hides_archived:
            found = self._hidden({"externalId": external_id}, found, None)
        return [record for record in found if record.key == external_id]

    def _hidden(self, filters: dict[str, Any], found: list[Live], keep: Collection[str] | None) -> list[Live]:
        """Archived accounts that a search without ``archived`` did not give (K7)."""
        known = {record.id for record in found}
        hidden = [r for r in self._accounts({**filters, "archived": True}, keep=keep) if r.id not in known]
        self._hides_archived = self._hides_archived or bool(hidden)
        return hidden

    def accounts_in_use(self, ids: Sequence[str], flag: str) -> set[str]:
        """Those of the ids that ``excludeIfAssignedToCategory`` or ``…ContraAccount`` leaves out (C4)."""
        free = by_hundreds(ids, lambda part: self._accounts({"ids": part, flag: True}))
        return set(ids) - {record.id for record in free}

    def _accounts(self, filters: dict[str, Any], *, keep: Collection[str] | None = ()) -> list[Live]:
        shape = wire.ACCOUNTS if keep == () else None
        listing = Listing("POST", f"{PATH}:search", body=self._search(filters), scope=READ, shape=shape)
        return read_pages(
            self._http,
            listing,
            lambda raw: wire.account(self._own(raw), keep=keep is None or raw.get("id") in keep),
            lambda rows: wire.accounts(rows, self.company, keep),
        )

    def _search(self, filters: dict[str, Any]) -> dict[str, Any]:
        return {
            "companyId": self.company,
            "excludeIfAssignedToCategory": False,
            "excludeIfAssignedToContraAccount": False,
            **filters,
        }


class AccountWrites(AccountReads):
    """Writing accounts. Every method raises `LostAnswer` or `ApiError` as the transport does."""

    def create_account(self, body: dict[str, Any]) -> Live:
        """Operation ``createAccountV1``; 200 and 201 both give the account (K8)."""
        sent = {"companyId": self.company, **body}
        answer = self._http.write("POST", PATH, json=sent, scope=WRITE)
        return stored(answer, wire.account)

    def create_accounts(self, items: list[dict[str, Any]]) -> BatchResult:
        """Operation ``createAccountsBatchV1``, 1 to 1000 items; matched by externalId, never by position."""
        sent = {"companyId": self.company, "items": items}
        answer = self._http.write("POST", f"{PATH}/batch", json=sent, scope=WRITE)
        return understood(lambda: BatchResult(*wire.batch(wire.data_of(answer.body))))

    def put_account(self, record: str, body: dict[str, Any]) -> Live:
        """Operation ``updateAccountV1``."""
        answer = self._http.write("PUT", f"{PATH}/{quote(record, safe='')}", json=body, scope=WRITE)
        return stored(answer, wire.account, record)


def read(reader: AccountReads) -> list[Live]:
    """Every account, active and archived."""
    return reader.accounts()


def probe(reader: AccountReads) -> None:
    """One small read, to see whether the credential may. Raises `RemoteError`."""
    reader.probe_accounts()


class Operations:
    """Chart of accounts (A41-A44)."""

    kind = ACCOUNT
    unique = True

    def __init__(self, pleo: AccountWrites) -> None:
        self._pleo = pleo

    def reread(self, changes: Sequence[Change], _groups: Iterable[str]) -> list[Live]:
        """One full pass if something is created; unmanaged fields of touched records still come by id."""
        ids = [c.id for c in changes if c.id is not None]
        if len(ids) == len(changes):
            return self.by_id(ids)
        return self._pleo.accounts(keep=set(ids))

    def by_id(self, ids: Sequence[str]) -> list[Live]:
        """See `Operations.by_id`."""
        return self._pleo.accounts_by_id(ids)

    def find(self, change: Change, _group: str | None) -> list[Live]:
        """See `Operations.find`."""
        return self._pleo.accounts_by_key(change.key)

    def find_alike(self, _change: Change) -> list[Live]:
        """See `Operations.find_alike`: a search by externalId finds no other spelling of it."""
        return self.every()

    def every(self) -> list[Live]:
        """All accounts, with their whole answers."""
        return self._pleo.accounts(keep=None)

    def in_the_way(self, _change: Change) -> list[Live]:
        """See `Operations.in_the_way`."""
        return []

    def create(self, change: Change, _group: str | None) -> Live:
        """See `Operations.create`."""
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
