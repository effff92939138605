"""Export jobs and their items as seeds, tests and other clients give them, and the tables that keep them.

An item is Pleo's whole export item (passed through as it is given, whatever is wrong with it), or a short form of which
the rest is made up. Its state in the job (``status``, ``externalId`` …) stands beside either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from pleoctl.sandbox.errors import BadInput, Record, refuse_unknown
from pleoctl.sandbox.parts import BareRow, FreeForm, Uuid, derived_id
from pleoctl.sandbox.store import Table
from pleoctl.sandbox.typed import decoded, field_names

if TYPE_CHECKING:
    from pleoctl.sandbox.surroundings import Surroundings

JobStatus = Literal["pending", "in_progress", "failed", "completed", "completed_with_errors"]
ItemStatus = Literal["pending", "in_progress", "failed", "successful", "abandoned"]
OPEN: Final = ("pending", "in_progress")
"""The states, of jobs and of items, after which there is another one."""


class JobRow(BareRow, frozen=True, kw_only=True):
    """An export job in a seed; moments that are absent are those of the seeding."""

    company_id: Annotated[Uuid, Meta(description="The company of the seed when absent.")] | None = None
    status: JobStatus = "pending"
    is_interactive: bool = True
    vendor_based_bookkeeping: bool = False
    created_by: str | None = None
    created_at: str | None = None
    started_at: str | None = None
    last_updated_at: str | None = None
    completed_at: str | None = None
    expired_at: str | None = None
    expires_in: Annotated[int, Meta(description="Seconds; the setting jobExpiresIn when absent.")] | None = None
    failure_reason: str | None = None
    failure_reason_type: str | None = None


class ItemRow(BareRow, frozen=True, kw_only=True):
    """An item as a job keeps it; ``payload`` is the export item, None where Pleo lists one without."""

    accounting_entry_id: Uuid
    status: ItemStatus = "pending"
    exported_at: str | None = None
    external_id: str | None = None
    external_url: str | None = None
    failure_reason: str | None = None
    failure_reason_type: str | None = None
    listed: bool = True
    payload: dict[str, Any] | None


JOBS: Final = Table.of("exportJobs", JobRow, indexes=(("status",),)).unstamped()
ITEMS: Final = Table.of(
    "exportItems", ItemRow, parent="jobId", indexes=(("jobId",), ("status", "jobId"), ("accountingEntryId", "jobId"))
)
OUTCOME: Final = ("exportedAt", "externalId", "externalUrl", "failureReason", "failureReasonType")
_KEPT: Final = frozenset(field_names(ItemRow))
_WHOLE: Final = frozenset({"_links", "additionalInformation", "accountingEntryLines"})
_PAYLOAD: Final = _WHOLE | {
    "amount",
    "bookkeeping",
    "companyId",
    "contraAccount",
    "date",
    "files",
    "note",
    "servicePeriod",
    "subType",
    "supplier",
    "team",
    "type",
    "user",
    "vendor",
}
_SHORT: Final = _PAYLOAD | {"account", "currency"}
_MOVES_WALLET: Final = frozenset(
    {
        "atm_withdrawal",
        "card_invoice",
        "card_purchase",
        "cashback",
        "chargeback",
        "direct_reimbursement",
        "fee",
        "invoice_payment",
        "personal_spend",
        "refund",
        "wallet_topup",
        "wallet_unload",
    }
)


def fresh_job(world: Surroundings, row: Record) -> Record:
    """A job with the moments that it was not given."""
    moment = world.moment()
    made = {"companyId": world.company, "createdAt": moment, "lastUpdatedAt": moment}
    if row["status"] != "pending":
        made["startedAt"] = row["createdAt"] or moment
    return row | {name: value for name, value in made.items() if row.get(name) is None}


def _new_item(given: Record, company: str, name: str) -> Record:
    """All fields of an item from its whole or its short form. Raises `BadInput`."""
    kept, rest = _parted(given)
    kept.setdefault("accountingEntryId", derived_id(f"{name}/entry"))
    if "payload" not in kept:
        kept["payload"] = _payload(rest, company, kept["accountingEntryId"], whole="accountingEntryId" in given)
    elif rest:
        raise BadInput(next(iter(rest)), "stands beside a whole payload")
    row: Record = msgspec.to_builtins(decoded(kept, ItemRow))
    return row | {"accountingEntryId": row["accountingEntryId"].lower()}


def _parted(given: Record) -> tuple[Record, Record]:
    """What the job keeps of an item, and what is of the export item."""
    kept = {key: value for key, value in given.items() if key in _KEPT}
    return kept, {key: value for key, value in given.items() if key not in _KEPT}


def _payload(rest: Record, company: str, entry: str, *, whole: bool) -> Record:
    if rest.keys() & _WHOLE or isinstance(rest.get("amount"), dict):
        return ({"accountingEntryId": entry} if whole else {}) | rest
    refuse_unknown(rest, _SHORT | _KEPT)
    return example_item(rest, company, entry)


def example_item(given: Record, company: str, entry: str) -> Record:
    """An export item of which only some fields are given: ``amount`` in hundredths, accounts by their codes."""
    kind, amount = given.get("type", "card_purchase"), _money(given)
    line = {
        "accountingEntryLineId": derived_id(f"{entry}/line"),
        "lineAmount": amount,
        "netAmount": amount,
        "account": _account(given.get("account", "6000")),
        "tax": None,
        "tags": None,
    }
    made = {
        "_links": {},
        "accountingEntryId": entry,
        "companyId": company,
        "type": kind,
        "date": "2026-03-04T09:12:31Z",
        "note": None,
        "bookkeeping": {"method": "journal"},
        "vendor": None,
        "supplier": None,
        "user": None,
        "team": None,
        "servicePeriod": None,
        "additionalInformation": {"reconciliationId": str(int(entry[:6], 16))},
        "accountingEntryLines": [line],
    }
    contra = given.get("contraAccount", "1210" if kind in _MOVES_WALLET else None)
    files = given.get("files")
    if isinstance(files, int):
        files = [{"type": "application/pdf", "size": 1200} for _ in range(files)]
    passed = {name: value for name, value in given.items() if name in _PAYLOAD}
    return made | passed | {"amount": amount, "contraAccount": _account(contra), "files": files}


def _money(given: Record) -> Record:
    money = {"currency": given.get("currency", "EUR"), "value": given.get("amount", 10000)}
    return {"inSupplierCurrency": money, "inWalletCurrency": money}


def _account(code: Any) -> Any:
    """An account by its code; what is none passes."""
    if not isinstance(code, str):
        return code
    return {"id": derived_id(f"account {code}"), "name": f"Account {code}", "code": code, "identifier": None}


def _changed_item(existing: Record, given: Record) -> Record:
    """What a test or another client changes; fields of the export item are merged into it."""
    kept, rest = _parted(given)
    if rest:
        refuse_unknown(rest, _PAYLOAD)
        kept["payload"] = {**(existing["payload"] or {}), **rest}
    return kept


ITEM_FORM: Final = FreeForm(names=_SHORT, new=_new_item, changed=_changed_item)
