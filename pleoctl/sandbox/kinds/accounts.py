"""The chart of accounts: create, batch, search, get, update, delete.

Published: bodies, statuses, lengths, the reasons of a batch. Assumed, each behind a setting: what separates
200 from 409, what an omitted field of a PUT means, whether tax codes are checked, what ``archived`` defaults
to. Assumed without a setting: ``name`` finds parts and ignores case, an empty filter list does not filter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from msgspec import Meta

from pleoctl.sandbox.calls import Answer, Call
from pleoctl.sandbox.errors import Record, conflict, invalid
from pleoctl.sandbox.kinds.tax_codes import known_codes
from pleoctl.sandbox.parts import Part, Row
from pleoctl.sandbox.store import Filter, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST: Final = 255


class AccountRow(Row, frozen=True, kw_only=True):
    """An account in a seed."""

    external_id: str
    code: str | None = None
    name: str
    tax_code_external_id: str | None = None
    metadata: dict[str, Any] | None = None
    used_by_category: Annotated[bool, Meta(description="A category is mapped to it.")] = False
    used_by_contra: Annotated[bool, Meta(description="It serves as a contra account.")] = False
    has_entries: Annotated[bool, Meta(description="Accounting entries use it, so DELETE answers 409.")] = False


ACCOUNTS: Final = Table.of("accounts", AccountRow, indexes=(("externalId",), ("archived",)))
SORTABLE: Final = ("code", "externalId", "id", "name")
_OPTIONAL_NAMES: Final = ("code", "metadata", "taxCodeExternalId")
_COMPARED: Final = ("archived", "name", *_OPTIONAL_NAMES)


def create(call: Call) -> Answer:
    """createAccountV1: 201, or what the settings say about an externalId that exists."""
    body: Record = call.body
    call.must_own(body["companyId"])
    _refuse_values(call, body)
    existing = _by_external_id(call, body["externalId"])
    if existing is None:
        return Answer.of(render(call, call.store.insert(ACCOUNTS, _new(call, body))), 201)
    rule = call.settings.account_create_existing
    if rule == 200 or (rule == "200-if-equal" and _equal(body, existing)):  # the HTTP status
        return Answer.of(render(call, existing))
    raise conflict(f"An account with externalId {body['externalId']} already exists")


def create_batch(call: Call) -> Answer:
    """createAccountsBatchV1: good items are kept, bad ones are listed with their reasons."""
    call.must_own(call.body["companyId"])
    items: list[Record] = call.body["items"]
    if call.settings.batch_duplicates == "refuse" and len({i["externalId"] for i in items}) < len(items):
        raise invalid("items: an externalId is given twice")
    created, failed, made = [], [], set[str]()
    for item in items:
        existing = _by_external_id(call, item["externalId"])
        reasons = _reasons(call, item, existing, made)
        if reasons:
            failed.append({"request": item, "reasons": reasons})
            continue
        account = existing or call.store.insert(ACCOUNTS, _new(call, item))
        made.add(account["externalId"])
        created.append(render(call, account))
    step = -1 if call.settings.batch_order == "reversed" else 1
    return Answer.of({"created": created[::step], "failed": failed[::step]}, 201)


def search(call: Call) -> Answer:
    """searchAccountsV1: one page of the accounts that all filters let through."""
    body: Record = call.body
    where = Filter.when(call.sees_company(body["companyId"]))
    _archived_filter(call, body, where)
    for flag, column in (("Category", "usedByCategory"), ("ContraAccount", "usedByContra")):
        if body.get(f"excludeIfAssignedTo{flag}"):
            where.where(f"{column} = 0")
    for name in ("code", "externalId"):
        if body.get(name) is not None:
            where.where(f"{name} = ?", body[name])
    if body.get("codes"):
        where.one_of("code", body["codes"])
    if body.get("ids"):
        where.one_of("id", [i.lower() for i in body["ids"] if i is not None])
    if body.get("name"):
        where.where("holds(name, ?)", body["name"])
    return call.page(ACCOUNTS, where, SORTABLE, lambda row: render(call, row))


def get(call: Call) -> Answer:
    """getAccountV1: one account by its id."""
    return Answer.of(render(call, _need(call)))


def update(call: Call) -> Answer:
    """updateAccountV1: the way to update, archive and unarchive."""
    account = _need(call)
    body: Record = call.body
    _refuse_values(call, body)
    cleared = dict.fromkeys(_OPTIONAL_NAMES) if call.settings.put_omitted == "clear" else {}
    fields = cleared | {name: body[name] for name in _COMPARED if name in body}
    return Answer.of(render(call, call.store.update(ACCOUNTS, account["id"], fields)))


def delete(call: Call) -> Answer:
    """deleteAccountV1: 409 while accounting entries use the account."""
    account = _need(call)
    if account["hasEntries"]:
        raise conflict("The account is linked to accounting entries")
    call.store.delete(ACCOUNTS, account["id"])
    return Answer(204)


def render(call: Call, row: Record) -> Record:
    """BookkeepingAccountRestModelV1."""
    names = ("id", "externalId", "code", "name", "archived", "taxCodeExternalId", "metadata")
    account = {"companyId": call.world.company} | {name: row[name] for name in names}
    return {**call.shown(account), **row["extra"]}


def _need(call: Call) -> Record:
    return call.need(ACCOUNTS, "accountId", "Account")


def _by_external_id(call: Call, external_id: str) -> Record | None:
    where = Filter().where("externalId = ?", external_id)
    if call.settings.account_ids_ignore_case:
        where = Filter().where("lower(externalId) = lower(?)", external_id)
    found = call.store.select(ACCOUNTS, where, limit=1)
    return found[0] if found else None


def _new(call: Call, body: Record) -> Record:
    return {
        "id": call.world.new_id(),
        "externalId": body["externalId"],
        **{name: body.get(name) for name in _COMPARED},
        "usedByCategory": False,
        "usedByContra": False,
        "hasEntries": False,
        "extra": {},
    }


def _equal(body: Record, stored: Record) -> bool:
    return all((body.get(name) or None) == (stored[name] or None) for name in _COMPARED)


def _archived_filter(call: Call, body: Record, where: Filter) -> None:
    archived: Any = body.get("archived")
    if archived is None and call.settings.account_archived_default == "active":
        archived = False
    if archived is not None:
        where.where("archived = ?", int(archived))


def _knows_tax_code(call: Call, code: str | None) -> bool:
    known = call.settings.validate_tax_codes
    return code is None or known is False or code in (known_codes(call) if known is True else known)


def _refuse_values(call: Call, body: Record) -> None:
    if body["name"] == "" and call.settings.account_empty_name == "refuse":
        raise invalid("name: must not be empty")
    if not _knows_tax_code(call, body.get("taxCodeExternalId")):
        raise invalid(f"taxCodeExternalId: {body['taxCodeExternalId']} does not exist in Pleo")


def _reasons(call: Call, item: Record, existing: Record | None, made: set[str]) -> list[str]:
    matched = call.settings.batch_existing == "created-if-equal" and item["externalId"] not in made
    taken = existing is not None and not (matched and _equal(item, existing))
    checks: Iterable[tuple[str, bool]] = (
        ("EXTERNAL_ID_ALREADY_EXISTS", taken),
        ("EXTERNAL_ID_TOO_LONG", len(item["externalId"]) > LONGEST),
        ("EXTERNAL_ID_EMPTY", not item["externalId"]),
        ("NAME_TOO_LONG", len(item["name"]) > LONGEST),
        ("NAME_EMPTY", not item["name"]),
        ("CODE_TOO_LONG", len(item.get("code") or "") > LONGEST),
        ("OTHER", not _knows_tax_code(call, item.get("taxCodeExternalId"))),
    )
    return [reason for reason, holds in checks if holds]


PART: Final = Part(
    kind="account",
    key="externalId",
    row=AccountRow,
    table=ACCOUNTS,
    handlers={
        "createAccountV1": create,
        "createAccountsBatchV1": create_batch,
        "searchAccountsV1": search,
        "getAccountV1": get,
        "updateAccountV1": update,
        "deleteAccountV1": delete,
    },
)
