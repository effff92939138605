"""Tax codes: create, search, get, replace, delete.

Published: bodies, that a search without ``archived`` finds both, that ``exclusive`` is not supported at present.
Assumed, each behind a setting: whether a code may stand twice, what a body with ``exclusive`` answers, the status of a
create. Assumed without a setting: a PUT replaces every field, what it leaves out of the nullable ones becomes null.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta

from pleoctl.sandbox.calls import Answer, Call
from pleoctl.sandbox.errors import Record, conflict, invalid
from pleoctl.sandbox.parts import SEEDED_AT, Part, Row
from pleoctl.sandbox.store import Filter, Table

Rate = Annotated[float, Meta(ge=0, le=1, description="A fraction: 20 % is 0.20.")]


class TaxCodeRow(Row, frozen=True, kw_only=True):
    """A tax code in a seed."""

    code: str | None = None
    name: str
    rate: Rate = 0.0
    type: Literal["inclusive", "exclusive", "reverse"] = "inclusive"
    ingoing_tax_account: str | None = None
    outgoing_tax_account: str | None = None
    created_at: str = SEEDED_AT


TAX_CODES: Final = Table.of("taxCodes", TaxCodeRow, indexes=(("code",),))
SORTABLE: Final = ("code", "id", "name")
_OPTIONAL: Final = ("code", "ingoingTaxAccount", "outgoingTaxAccount")
_FIELDS: Final = ("archived", "name", "rate", "type", *_OPTIONAL)


def create(call: Call) -> Answer:
    """createTaxCode: a code that is taken is a matter of settings."""
    return Answer.of(render(call, call.insert(TAX_CODES, _fields(call))), call.settings.v0_create_status)


def search(call: Call) -> Answer:
    """getTaxCodes: one page of the tax codes that all filters let through, archived ones included."""
    body: Record = call.body or {}
    where = Filter.when(call.sees_company(call.parameter("company_id")))
    if body.get("archived") is not None:
        where.where("archived = ?", int(body["archived"]))
    for name in ("code", "type"):
        if body.get(name) is not None:
            where.where(f"{name} = ?", body[name])
    if body.get("taxCodeIds"):
        where.one_of("id", [one.lower() for one in body["taxCodeIds"]])
    return call.page(TAX_CODES, where, SORTABLE, lambda row: render(call, row))


def get(call: Call) -> Answer:
    """getTaxCode: one tax code by its id."""
    return Answer.of(render(call, _need(call)))


def update(call: Call) -> Answer:
    """updateTaxCode: replaces every field; the way to archive and unarchive."""
    row = _need(call)
    return Answer.of(render(call, call.update(TAX_CODES, row, _fields(call, row["id"]))))


def delete(call: Call) -> Answer:
    """deleteTaxCode: the tax code is gone."""
    call.store.delete(TAX_CODES, _need(call)["id"])
    return Answer(204)


def known_codes(call: Call) -> frozenset[str]:
    """The codes that an account may name where Pleo checks them: those of tax codes that are not archived."""
    rows = call.store.select(TAX_CODES, Filter().where("archived = 0").where("code IS NOT NULL"))
    return frozenset(row["code"] for row in rows)


def render(call: Call, row: Record) -> Record:
    """TaxCodeModel."""
    names = ("id", *_FIELDS, "createdAt", "updatedAt")
    shown = {"companyId": call.world.company, "accountingIntegrationSystem": None} | {name: row[name] for name in names}
    return {**call.shown(shown), **row["extra"]}


def _need(call: Call) -> Record:
    return call.need(TAX_CODES, "taxCodeId", "Tax code")


def _fields(call: Call, own: str = "") -> Record:
    """What a body says, every field of it. Raises the 400 and the 409 that settings give."""
    body: Record = call.body
    call.must_own(body["companyId"])
    if body["type"] == "exclusive" and call.settings.tax_code_exclusive == "refuse":
        raise invalid("type: exclusive is not supported")
    if call.settings.tax_code_conflict == 409 and body.get("code") is not None:
        taken = call.store.select(TAX_CODES, Filter().where("code = ?", body["code"]).where("id != ?", own), limit=1)
        if taken:
            raise conflict(f"A tax code with code {body['code']} already exists")
    return {name: body.get(name) for name in _FIELDS}


PART: Final = Part(
    kind="taxCode",
    key="code",
    row=TaxCodeRow,
    table=TAX_CODES,
    handlers={
        "createTaxCode": create,
        "getTaxCodes": search,
        "getTaxCode": get,
        "updateTaxCode": update,
        "deleteTaxCode": delete,
    },
)
