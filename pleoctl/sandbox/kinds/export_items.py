"""The items of export jobs: what the job knows of each, and what is to be booked.

Published: bodies, and 422 once the job is over. Assumed: reading items without a job is what a setting says, an unknown
job gets 404, the last job of an entry is the one that knows it.
"""

from __future__ import annotations

from typing import Final

from pleoctl.sandbox.calls import Answer, Call
from pleoctl.sandbox.errors import ApiError, Record, invalid
from pleoctl.sandbox.export_files import linked, serve
from pleoctl.sandbox.export_life import item_shown, need_job, over, read, refresh, refuse_missing_contra, typed
from pleoctl.sandbox.export_rows import ITEM_FORM, ITEMS, OPEN, ItemRow
from pleoctl.sandbox.export_updates import update
from pleoctl.sandbox.parts import Part
from pleoctl.sandbox.store import Filter

SORTABLE: Final = ("accountingEntryId", "status")


def list_items(call: Call) -> Answer:
    """getExportJobItemsV3: one page of the items of a job."""
    job = read(call, need_job(call, call.path["jobId"]))
    where = Filter().where("jobId = ?", job["id"]).where("listed = 1")
    if "status" in call.query:
        where.one_of("status", call.query["status"], scan=True)
    return call.page(ITEMS, where, SORTABLE, lambda row: item_shown(call, row))


def list_payloads(call: Call) -> Answer:
    """getExportItemsV3: one page of what is to be booked, as long as the job is not over."""
    refuse_missing_contra(call)
    where = Filter().where("payload IS NOT NULL")
    job_id = call.parameter("job_id")
    if job_id is None:
        _without_job(call, where)
    else:
        job = read(call, need_job(call, job_id))
        if job["status"] not in OPEN:
            raise over(job)
        where.where("jobId = ?", job["id"])
    return call.page(ITEMS, where, ("accountingEntryId",), lambda row: _payload(call, row))


def find(call: Call) -> Answer:
    """getExportJobItemByAccountingEntryIdV3: the item of an entry in its last job."""
    refresh(call.world)
    entry = (call.parameter("accounting_entry_id") or "").lower()
    seen = call.sees_company(call.parameter("company_id"))
    found = call.store.select(ITEMS, Filter().where("accountingEntryId = ?", entry), "seq DESC", 1)
    if not found or not seen:
        raise ApiError(404, "EXPORT_ENTRY_NOT_FOUND", f"There is no export job item of {entry}")
    return Answer.of(item_shown(call, found[0]))


def _without_job(call: Call, where: Filter) -> None:
    refresh(call.world)
    rule = call.settings.export_items_without_job
    if rule not in {"open", "none"}:
        raise invalid("job_id: is required")
    states = ", ".join(f"'{status}'" for status in OPEN)
    where.where(f"jobId IN (SELECT id FROM exportJobs WHERE status IN ({states}))" if rule == "open" else "0")  # noqa: S608 - constants


def _payload(call: Call, row: Record) -> Record:
    """ExportItemV3 as it was seeded, but for the links to its files."""
    return typed(call, linked(call, row["accountingEntryId"], row["payload"]), "subType")


PART: Final = Part(
    kind="exportItem",
    key="accountingEntryId",
    row=ItemRow,
    table=ITEMS,
    parent="exportJob",
    within="items",
    free=ITEM_FORM,
    handlers={
        "getExportJobItemsV3": list_items,
        "updateExportJobItemsV3": update,
        "getExportItemsV3": list_payloads,
        "getExportJobItemByAccountingEntryIdV3": find,
        "getFile": serve,
    },
)
