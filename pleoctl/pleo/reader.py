"""Everything pleoctl reads from Pleo. This type has no method that writes (law 11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from pleoctl.errors import PleoError
from pleoctl.pleo import wire
from pleoctl.pleo.paging import PAGE_SIZE, read_pages
from pleoctl.remote.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from pleoctl.model.records import Live
    from pleoctl.remote.transport import Counts, Transport

ACCOUNTS: Final = "/v1/chart-of-accounts"
GROUPS: Final = "/v0/tag-groups"
TAGS: Final = "/v0/tags"
ACCOUNTS_READ: Final = "accounts:read"
ACCOUNTS_WRITE: Final = "accounts:write"
TAGS_READ: Final = "tag-group:read"
TAGS_WRITE: Final = "tag-group:write"


@dataclass(frozen=True, slots=True)
class Introspection:
    """Operation ``introspect``: how the credential authenticates, its scopes and its subject (a URN)."""

    method: str
    scopes: frozenset[str]
    subject: str | None
    application: str | None


class PleoReader:
    """Reads one company. Lists are complete or an error; ids are UUIDs."""

    def __init__(self, transport: Transport, company: str) -> None:
        """``company`` is the UUID every call names."""
        self._http = transport
        self.company = company
        self._hides_archived = False

    @property
    def counts(self) -> Counts:
        """Requests sent so far."""
        return self._http.counts

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def wait(self, seconds: float) -> None:
        """Sleep as the transport does."""
        self._http.budget.wait(seconds)

    def introspect(self) -> Introspection:
        """Operation ``introspect``."""
        data = wire.data_of(self._http.read("GET", "/v1/introspect").body, dict)
        return Introspection(
            str(data.get("authMethod")),
            frozenset(str(data.get("scope") or "").split()),
            data.get("subjectURN"),
            data.get("applicationName"),
        )

    def probe(self, what: str) -> None:
        """One small read of ``accounts`` or ``tags``, to see whether the credential may. Raises `PleoError`."""
        if what == "accounts":
            body = {
                "companyId": self.company,
                "excludeIfAssignedToCategory": False,
                "excludeIfAssignedToContraAccount": False,
            }
            self._http.read("POST", f"{ACCOUNTS}:search", params={"limit": 1}, json=body, scope=ACCOUNTS_READ)
        else:
            self.groups()
            self._http.read(
                "POST",
                f"{TAGS}:search",
                params={"company_id": self.company, "limit": 1},
                json={},
                scope=TAGS_READ,
            )

    # --- accounts ----------------------------------------------------------------------------------------------

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
        return self._by_hundreds(ids, self._accounts_among)

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
        free = self._by_hundreds(ids, lambda part: self._accounts({"ids": part, flag: True}))
        return set(ids) - {record.id for record in free}

    def _accounts(self, filters: dict[str, Any], *, keep: Collection[str] | None = ()) -> list[Live]:
        body = {
            "companyId": self.company,
            "excludeIfAssignedToCategory": False,
            "excludeIfAssignedToContraAccount": False,
            **filters,
        }
        return read_pages(
            self._http, "POST", f"{ACCOUNTS}:search", body=body, scope=ACCOUNTS_READ,
            convert=lambda raw: wire.account(self._own(raw), keep=keep is None or raw.get("id") in keep),
        )  # fmt: skip

    # --- tag groups and tags -----------------------------------------------------------------------------------

    def groups(self) -> list[Live]:
        """Every tag group, active and archived, with its number of tags (T21, T57)."""
        params = {"company_id": self.company, "include_archived": "true", "include_tags_count": "true"}
        body = self._http.read("GET", GROUPS, params=params, scope=TAGS_READ).body
        rows = wire.data_of(body, list)
        if not all(isinstance(row, dict) for row in rows):
            raise PleoError("Pleo's answer has a tag group that is not an object")
        found = [wire.group(self._own(row)) for row in rows]
        if len({record.id for record in found}) != len(found):
            raise PleoError("Pleo listed a tag group twice")
        return found

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
        return self._by_hundreds(ids, lambda part: self._tags({"tagIds": part, "includeArchived": True}, keep=True))

    def usage(self, group: str) -> dict[str, int]:
        """Expenses per tag id of a group (T66); empty where Pleo no longer knows the group."""
        try:
            body = self._http.read("GET", f"{GROUPS}/{quote(group, safe='')}/usage", scope=TAGS_READ).body
        except ApiError as error:
            if error.status == 404:  # noqa: PLR2004
                return {}
            raise
        return wire.usages(wire.data_of(body, dict))

    def _tags(self, body: dict[str, Any], *, keep: bool) -> list[Live]:
        return read_pages(
            self._http, "POST", f"{TAGS}:search", params={"company_id": self.company}, body=body, scope=TAGS_READ,
            convert=lambda raw: wire.tag(raw, keep=keep),
        )  # fmt: skip

    # --- shared ------------------------------------------------------------------------------------------------

    def _own(self, raw: dict[str, Any]) -> dict[str, Any]:
        company = raw.get("companyId")
        if isinstance(company, str) and company.lower() != self.company:
            raise PleoError(f"Pleo answered with a record of another company ({company})")
        return raw

    def _by_hundreds(self, ids: Sequence[str], read: Callable[[list[str]], list[Live]]) -> list[Live]:
        wanted = set(ids)
        return [record for part in hundreds(sorted(wanted)) for record in read(part) if record.id in wanted]


def hundreds(ids: Sequence[str], size: int = PAGE_SIZE) -> Iterator[list[str]]:
    """The ids in parts of at most ``size``."""
    for start in range(0, len(ids), size):
        yield list(ids[start : start + size])
