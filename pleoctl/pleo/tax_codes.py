"""Tax codes (X1-X10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from pleoctl.model.kinds import TAX_CODE
from pleoctl.model.rates import of_number
from pleoctl.model.records import Live
from pleoctl.pleo import wire
from pleoctl.pleo.answers import stored
from pleoctl.pleo.client import Client, by_hundreds
from pleoctl.pleo.paging import Listing, read_pages

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from pleoctl.model.changes import Change

PATH: Final = "/v0/tax-codes"
READ: Final = "tax-codes:read"
WRITE: Final = "tax-codes:write"


class _TaxCode(msgspec.Struct, rename="camel"):
    """TaxCodeModel."""

    id: wire.Id
    archived: bool
    rate: int | float
    type: str
    code: str | None = None
    name: str | None = None
    ingoing_tax_account: str | None = None
    outgoing_tax_account: str | None = None


def live(raw: Any, *, keep: bool = False) -> Live:
    """A tax code, its rate as an exact decimal (X3); one without a code has the key "". Raises `PleoError`."""
    found = wire.shaped(_TaxCode, raw, "a tax code")
    fields = {
        "code": found.code or None,
        "name": found.name,
        "rate": of_number(found.rate),
        "type": found.type,
        "ingoingTaxAccount": found.ingoing_tax_account or None,
        "outgoingTaxAccount": found.outgoing_tax_account or None,
    }
    return Live(found.id, found.code or "", found.archived, fields, raw=raw if keep else None)


class TaxCodeReads(Client):
    """Reading tax codes. Lists are complete or an error."""

    def probe_tax_codes(self) -> None:
        """One small read, to see whether the credential may. Raises `RemoteError`."""
        params = {"company_id": self.company, "limit": 1}
        self._http.read("POST", f"{PATH}:search", params=params, json={}, scope=READ)

    def tax_codes(self, keep: Collection[str] | None = ()) -> list[Live]:
        """Every tax code, active and archived (X5); whole answers are kept of the ids in ``keep``, None: of all."""
        return self._tax_codes({}, keep)

    def tax_codes_by_id(self, ids: Sequence[str]) -> list[Live]:
        """The tax codes with these ids, 100 a call, whole answers kept."""
        return by_hundreds(ids, lambda part: self._tax_codes({"taxCodeIds": part}, None))

    def tax_codes_by_code(self, code: str) -> list[Live]:
        """The tax codes with this very code (X10), whole answers kept."""
        return [record for record in self._tax_codes({"code": code}, None) if record.key == code]

    def _tax_codes(self, body: dict[str, Any], keep: Collection[str] | None) -> list[Live]:
        listing = Listing("POST", f"{PATH}:search", {"company_id": self.company}, body, READ)
        return read_pages(
            self._http, listing, lambda raw: live(self._own(raw), keep=keep is None or raw.get("id") in keep)
        )


class TaxCodeWrites(TaxCodeReads):
    """Writing tax codes. Every method raises `LostAnswer` or `ApiError` as the transport does."""

    def create_tax_code(self, body: dict[str, Any]) -> Live:
        """Operation ``createTaxCode``."""
        answer = self._http.write("POST", PATH, json={"companyId": self.company, **body}, scope=WRITE)
        return stored(answer, live)

    def put_tax_code(self, record: str, body: dict[str, Any]) -> Live:
        """Operation ``updateTaxCode``; the body must hold every field (X2)."""
        sent = {"companyId": self.company, **body}
        answer = self._http.write("PUT", f"{PATH}/{quote(record, safe='')}", json=sent, scope=WRITE)
        return stored(answer, live, record)


def read(reader: TaxCodeReads) -> list[Live]:
    """Every record, active and archived."""
    return reader.tax_codes()


def probe(reader: TaxCodeReads) -> None:
    """One small read, to see whether the credential may. Raises `RemoteError`."""
    reader.probe_tax_codes()


class Operations:
    """Tax codes (X2, X5). No uniqueness of codes is published."""

    kind = TAX_CODE
    unique = False

    def __init__(self, pleo: TaxCodeWrites) -> None:
        self._pleo = pleo

    def reread(self, changes: Sequence[Change], _groups: Iterable[str]) -> list[Live]:
        """One full pass if something is created, else by id."""
        ids = [c.id for c in changes if c.id is not None]
        return self.by_id(ids) if len(ids) == len(changes) else self._pleo.tax_codes(keep=set(ids))

    def by_id(self, ids: Sequence[str]) -> list[Live]:
        """See `Operations.by_id`."""
        return self._pleo.tax_codes_by_id(ids)

    def find(self, change: Change, _group: str | None) -> list[Live]:
        """See `Operations.find`."""
        return self._pleo.tax_codes_by_code(change.key)

    def find_alike(self, _change: Change) -> list[Live]:
        """See `Operations.find_alike`: a search by code finds no other spelling of it."""
        return self._pleo.tax_codes(keep=None)

    def in_the_way(self, _change: Change) -> list[Live]:
        """See `Operations.in_the_way`."""
        return []

    def create(self, change: Change, _group: str | None) -> Live:
        """See `Operations.create`."""
        return self._pleo.create_tax_code(_with_number(change.after))

    def put(self, record: Live, after: dict[str, Any]) -> Live:
        """Every field, always (X2)."""
        body = {name: after.get(name, record.fields.get(name)) for name in TAX_CODE.names}
        return self._pleo.put_tax_code(record.id, _with_number({"archived": after["archived"], **body}))


def _with_number(state: dict[str, Any]) -> dict[str, Any]:
    """The state with its rate as JSON has it; up to 15 decimals come back as they went."""
    return {**state, "rate": float(state["rate"])}
