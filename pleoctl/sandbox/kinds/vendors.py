"""Vendors: create, search, get, replace, activate, archive.

Published: bodies, states, that a create and a PUT may answer 409. Assumed, each behind a setting: which fields make
that 409 and whether an archived vendor still takes them, the state of a new vendor, what a search without ``states``
finds, whether ``state`` of a PUT and ``code`` of an activation count. Assumed without a setting: an empty filter list
does not filter, ``name`` finds parts and ignores case.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from pleoctl.sandbox.calls import Answer, Call
from pleoctl.sandbox.errors import Record, conflict
from pleoctl.sandbox.parts import SEEDED_AT, Part, Row
from pleoctl.sandbox.store import Filter, Table


class VendorRow(Row, frozen=True, kw_only=True):
    """A vendor in a seed."""

    external_id: str | None = None
    code: str | None = None
    name: str
    default_currency: str = "EUR"
    country: str | None = None
    registration_number: str | None = None
    tax_registration_number: str | None = None
    accounting_system: str | None = None
    draft: Annotated[bool, Meta(description="Born in Pleo and not yet confirmed: its state is DRAFT.")] = False
    created_at: str = SEEDED_AT


VENDORS: Final = Table.of("vendors", VendorRow, indexes=(("externalId",), ("code",)))
SORTABLE: Final = ("code", "externalId", "id", "name")
_STATES: Final = {
    "DRAFT": "(archived = 0 AND draft = 1)",
    "ACTIVE": "(archived = 0 AND draft = 0)",
    "ARCHIVED": "archived = 1",
}
_OPTIONAL: Final = ("code", "country", "registrationNumber", "taxRegistrationNumber")
_FIELDS: Final = ("externalId", "name", "defaultCurrency", *_OPTIONAL)
_LISTS: Final = {
    "accountingSystems": "accountingSystem",
    "codes": "code",
    "countries": "country",
    "externalIds": "externalId",
    "taxRegistrationNumbers": "taxRegistrationNumber",
}


def create(call: Call) -> Answer:
    """postVendor: which fields may not stand twice, and the state that it gets, are matters of settings."""
    body: Record = call.body
    call.must_own(body["companyId"])
    _refuse_taken(call, body)
    row = {name: body.get(name) for name in _FIELDS} | {"archived": False, "draft": _starts_as_draft(call, body)}
    if row["draft"] and call.settings.vendor_draft_external_id == "dropped":
        row["externalId"] = None
    return Answer.of(render(call, call.insert(VENDORS, row)), 201)


def search(call: Call) -> Answer:
    """searchVendors: one page of the vendors that all filters let through."""
    body: Record = call.body or {}
    where = Filter.when(call.sees_company(call.parameter("company_id")))
    states = body.get("states") or (["ACTIVE"] if call.settings.vendor_list_default == "active" else list(_STATES))
    if set(states) != set(_STATES):
        where.where(f"({' OR '.join(_STATES[state] for state in sorted(set(states)))})")
    for name, column in _LISTS.items():
        if body.get(name):
            where.one_of(column, body[name])
    if body.get("ids"):
        where.one_of("id", [one.lower() for one in body["ids"]])
    if body.get("name"):
        where.where("holds(name, ?)", body["name"])
    return call.page(VENDORS, where, SORTABLE, lambda row: render(call, row))


def get(call: Call) -> Answer:
    """getVendorById: one vendor by its id."""
    return Answer.of(render(call, _need(call)))


def update(call: Call) -> Answer:
    """updateVendor: replaces the fields; ``state`` too, where the settings say so."""
    row = _need(call)
    body: Record = call.body
    call.must_own(body["companyId"])
    _refuse_taken(call, body, row["id"])
    left_out = dict.fromkeys(_OPTIONAL) if call.settings.put_omitted == "clear" else {}
    fields = left_out | {name: body[name] for name in _FIELDS if name in body}
    if call.settings.vendor_put_state == "set":
        fields |= {"archived": body["state"] == "ARCHIVED", "draft": body["state"] == "DRAFT"}
    return Answer.of(render(call, call.update(VENDORS, row, fields)))


def activate(call: Call) -> Answer:
    """activateVendor: the way to confirm a draft, and to bring an archived vendor back."""
    row = _need(call)
    body: Record = call.body
    counts = call.settings.vendor_activate_code == "set" and "code" in body
    fields = {"externalId": body["externalId"], **({"code": body["code"]} if counts else {})}
    _refuse_taken(call, fields, row["id"])
    call.update(VENDORS, row, fields | {"archived": False, "draft": False})
    return Answer(204)


def archive(call: Call) -> Answer:
    """archiveVendorById: no body, and none in the answer."""
    call.update(VENDORS, _need(call), {"archived": True})
    return Answer(204)


def render(call: Call, row: Record) -> Record:
    """VendorResponse, in which nothing is null."""
    state = "ARCHIVED" if row["archived"] else "DRAFT" if row["draft"] else "ACTIVE"
    names = ("id", *_FIELDS, "accountingSystem", "createdAt", "updatedAt")
    shown = {"companyId": call.world.company, "state": state} | {n: row[n] for n in names if row[n] is not None}
    return {**shown, **row["extra"]}


def _need(call: Call) -> Record:
    return call.need(VENDORS, "id", "Vendor")


def _starts_as_draft(call: Call, body: Record) -> bool:
    state = call.settings.vendor_create_state
    return state == "DRAFT" or (state == "byExternalId" and not body.get("externalId"))


def _refuse_taken(call: Call, body: Record, own: str = "") -> None:
    """Raise the 409 for a field that another vendor has."""
    for name in call.settings.vendor_unique:
        where = Filter().where(f"{name} = ?", body.get(name)).where("id != ?", own)
        if not call.settings.vendor_unique_counts_archived:
            where.where("archived = 0")
        if body.get(name) and call.store.select(VENDORS, where, limit=1):
            raise conflict(f"A vendor with {name} {body[name]} already exists")


PART: Final = Part(
    kind="vendor",
    key="externalId",
    row=VendorRow,
    table=VENDORS,
    handlers={
        "postVendor": create,
        "searchVendors": search,
        "getVendorById": get,
        "updateVendor": update,
        "activateVendor": activate,
        "archiveVendorById": archive,
    },
)
