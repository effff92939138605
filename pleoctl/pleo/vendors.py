"""Vendors (V1-V9, K20)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from pleoctl.model.kinds import VENDOR
from pleoctl.model.records import Live
from pleoctl.pleo import wire
from pleoctl.pleo.answers import carried_out, stored
from pleoctl.pleo.client import Client, by_hundreds
from pleoctl.pleo.paging import Listing, read_pages

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from pleoctl.model.changes import Change

PATH: Final = "/v1/vendors"
READ: Final = "vendors:read"
WRITE: Final = "vendors:write"
STATES: Final = ["ACTIVE", "ARCHIVED", "DRAFT"]


class _Vendor(msgspec.Struct, rename="camel"):
    """VendorResponse."""

    id: wire.Id
    state: Literal["DRAFT", "ACTIVE", "ARCHIVED"]
    external_id: str | None = None
    code: str | None = None
    name: str | None = None
    default_currency: str | None = None
    country: str | None = None
    registration_number: str | None = None
    tax_registration_number: str | None = None


def live(raw: Any, *, keep: bool = False) -> Live:
    """A vendor; one without an externalId has the key "" (V3). Raises `PleoError`."""
    found = wire.shaped(_Vendor, raw, "a vendor")
    fields = {
        "externalId": found.external_id or None,
        "code": found.code or None,
        "name": found.name,
        "defaultCurrency": found.default_currency or None,
        "country": found.country or None,
        "registrationNumber": found.registration_number or None,
        "taxRegistrationNumber": found.tax_registration_number or None,
        "state": found.state,
    }
    archived = found.state == "ARCHIVED"
    return Live(found.id, found.external_id or "", archived, fields, raw=raw if keep else None)


class VendorReads(Client):
    """Reading vendors. Lists are complete or an error.

    Every search names all states, since what one without them finds is not published.
    """

    def probe_vendors(self) -> None:
        """One small read, to see whether the credential may. Raises `RemoteError`."""
        params = {"company_id": self.company, "limit": 1}
        self._http.read("POST", f"{PATH}:search", params=params, json={"states": STATES}, scope=READ)

    def vendors(self, keep: Collection[str] | None = ()) -> list[Live]:
        """Every vendor in every state; whole answers are kept of the ids in ``keep``, None: of all."""
        return self._vendors({}, keep)

    def vendors_by_id(self, ids: Sequence[str]) -> list[Live]:
        """The vendors with these ids, 100 a call, whole answers kept."""
        return by_hundreds(ids, lambda part: self._vendors({"ids": part}, None))

    def vendors_by_key(self, external_id: str) -> list[Live]:
        """The vendors with this very externalId, whole answers kept."""
        found = self._vendors({"externalIds": [external_id]}, None)
        return [record for record in found if record.key == external_id]

    def vendors_by_code(self, code: str) -> list[Live]:
        """The vendors with this code (V6)."""
        return self._vendors({"codes": [code]}, ())

    def vendors_by_name(self, name: str) -> list[Live]:
        """The vendors with this very name."""
        return [record for record in self._vendors({"name": name}, ()) if record.fields["name"] == name]

    def _vendors(self, filters: dict[str, Any], keep: Collection[str] | None) -> list[Live]:
        body = {"states": STATES, **filters}
        listing = Listing("POST", f"{PATH}:search", {"company_id": self.company}, body, READ)
        return read_pages(
            self._http, listing, lambda raw: live(self._own(raw), keep=keep is None or raw.get("id") in keep)
        )


class VendorWrites(VendorReads):
    """Writing vendors. Every method raises `LostAnswer` or `ApiError` as the transport does."""

    def create_vendor(self, body: dict[str, Any]) -> Live:
        """Operation ``postVendor``."""
        answer = self._http.write("POST", PATH, json={"companyId": self.company, **body}, scope=WRITE)
        return stored(answer, live)

    def put_vendor(self, record: str, body: dict[str, Any]) -> Live:
        """Operation ``updateVendor``; what the body leaves out is cleared, as far as Pleo clears it."""
        sent = {"companyId": self.company, **body}
        answer = self._http.write("PUT", f"{PATH}/{quote(record, safe='')}", json=sent, scope=WRITE)
        return stored(answer, live, record)

    def archive_vendor(self, record: Live) -> Live:
        """Operation ``archiveVendorById``, which answers nothing; gives the record as it must be by then (V4)."""
        carried_out(self._http.write("POST", f"{PATH}/{quote(record.id, safe='')}:archive", scope=WRITE), record.id)
        return replace(record, archived=True, fields={**record.fields, "state": "ARCHIVED"})

    def activate_vendor(self, record: Live, external_id: str, code: str | None) -> Live:
        """Operation ``activateVendor``, which answers nothing; gives the record as it must be by then (V4, V5).

        Whether a code that is sent along is stored is not published: it counts as before.
        """
        body = {"externalId": external_id, **({"code": code} if code else {})}
        answer = self._http.write("POST", f"{PATH}/{quote(record.id, safe='')}:activate", json=body, scope=WRITE)
        carried_out(answer, record.id)
        fields = {**record.fields, "externalId": external_id, "state": "ACTIVE"}
        return replace(record, key=external_id, archived=False, fields=fields)


def read(reader: VendorReads) -> list[Live]:
    """Every record, active and archived."""
    return reader.vendors()


def probe(reader: VendorReads) -> None:
    """One small read, to see whether the credential may. Raises `RemoteError`."""
    reader.probe_vendors()


class Operations:
    """Vendors (V4-V7). Which field makes the 409 is not published, so a create that got no answer is not repeated."""

    kind = VENDOR
    unique = False

    def __init__(self, pleo: VendorWrites) -> None:
        self._pleo = pleo

    def reread(self, changes: Sequence[Change], _groups: Iterable[str]) -> list[Live]:
        """One full pass if something is created, else by id."""
        ids = [c.id for c in changes if c.id is not None]
        return self.by_id(ids) if len(ids) == len(changes) else self._pleo.vendors(keep=set(ids))

    def by_id(self, ids: Sequence[str]) -> list[Live]:
        """See `Operations.by_id`."""
        return self._pleo.vendors_by_id(ids)

    def find(self, change: Change, _group: str | None) -> list[Live]:
        """See `Operations.find`."""
        return self._pleo.vendors_by_key(change.key)

    def find_alike(self, _change: Change) -> list[Live]:
        """See `Operations.find_alike`: nothing says that Pleo takes one externalId for another."""
        return []

    def in_the_way(self, change: Change) -> list[Live]:
        """See `Operations.in_the_way`: by code, or else by name (V6, K20)."""
        code, name = change.after.get("code"), change.after.get("name")
        found = self._others(self._pleo.vendors_by_code(code), change) if code else []
        return found or (self._others(self._pleo.vendors_by_name(name), change) if name else [])

    @staticmethod
    def _others(found: list[Live], change: Change) -> list[Live]:
        return [record for record in found if record.id != change.id and record.key != change.key]

    def create(self, change: Change, _group: str | None) -> Live:
        """See `Operations.create`."""
        given = {name: value for name, value in change.after.items() if name != "archived" and value is not None}
        return self._pleo.create_vendor({"externalId": change.key, **given})

    def put(self, record: Live, after: dict[str, Any]) -> Live:
        """Archive and activate where nothing else differs, else the whole record; null is left out, which clears it."""
        wanted = {name: after.get(name, record.fields.get(name)) for name in VENDOR.names}
        if wanted == {name: record.fields.get(name) for name in VENDOR.names} and record.archived != after["archived"]:
            if after["archived"]:
                return self._pleo.archive_vendor(record)
            return self._pleo.activate_vendor(record, record.key, record.fields["code"])
        body = {name: value for name, value in wanted.items() if value is not None}
        state = "ARCHIVED" if after["archived"] else "ACTIVE"
        return self._pleo.put_vendor(record.id, {**body, "externalId": record.key, "state": state})

    def activate(self, record: Live, change: Change) -> Live:
        """Make an active vendor of a draft or an archived one, under the change's key (V4, V5)."""
        return self._pleo.activate_vendor(record, change.key, change.after.get("code"))
