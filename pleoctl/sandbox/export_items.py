"""The items of export jobs: what the job knows of each, the outcomes that are reported, and what is to be booked.

Published: bodies, at most 100 updates a call, errors inside a 200, 422 once the job is over. Assumed, each behind a
setting: updates before the start, what may still change, which items a 200 answers with, reading without a job.
Assumed without one: an unknown job gets 404, an outcome field that an update leaves out is what ``putOmitted`` says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pleoctl.sandbox.calls import Answer, Call
from pleoctl.sandbox.errors import ApiError, Record, invalid
from pleoctl.sandbox.export_files import linked, serve
from pleoctl.sandbox.export_life import need_job, over, read, refresh, refuse_missing_contra, report, touch, typed
from pleoctl.sandbox.export_rows import ITEM_FORM, ITEMS, OPEN, OUTCOME, ItemRow
from pleoctl.sandbox.parts import Part
from pleoctl.sandbox.store import Filter

if TYPE_CHECKING:
    from collections.abc import Iterable

SORTABLE: Final = ("accountingEntryId", "status")
MOST_UPDATES: Final = 100
_ACCEPTED: Final = 200


def list_items(call: Call) -> Answer:
    """getExportJobItemsV3: one page of the items of a job."""
    job = read(call, need_job(call, call.path["jobId"]))
    where = Filter().where("jobId = ?", job["id"]).where("listed = 1")
    if "status" in call.query:
        where.one_of("status", call.query["status"], scan=True)
    return call.page(ITEMS, where, SORTABLE, lambda row: render(call, row))


def update(call: Call) -> Answer:
    """updateExportJobItemsV3: stores outcomes one by one; what cannot be stored is an error in the 200."""
    updates: list[Record] = call.body
    if len(updates) > MOST_UPDATES:
        message = f"At most {MOST_UPDATES} items can be updated at once"
        raise ApiError(413, "EXPORT_JOB_ITEMS_UPDATE_LIMIT", message, violation=True)
    job = need_job(call, call.path["jobId"])
    if job["status"] not in (OPEN if call.settings.job_update_pending == _ACCEPTED else OPEN[1:]):
        for said in updates:
            report(call, job, said, "the job takes no updates")
        return Answer(422, over(job).body())
    touch(call, job)
    if call.effects.of("partialUpdate"):
        updates = updates[: len(updates) // 2]
    errors = [error for n, said in enumerate(updates) for error in _store(call, job, said, n)]
    return Answer(200, {"data": _answered(call, job, updates, errors), "errors": errors})


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
    return Answer(200, {"data": render(call, found[0])})


def render(call: Call, row: Record) -> Record:
    """ExportJobItemV3."""
    item = {"accountingEntryId": row["accountingEntryId"], "exportJobId": row["jobId"], "status": row["status"]}
    extra: Record = row["extra"]
    return typed(call, call.shown(item | {name: row[name] for name in OUTCOME}), "failureReasonType") | extra


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


def _store(call: Call, job: Record, said: Record, n: int) -> Iterable[Record]:
    """Store one outcome; gives its error if there is one."""
    found = _of_job(call, job, said["accountingEntryId"].lower())
    lying = call.effects.of("updateErrors")
    error = _error(call, found, said)
    stored = error is None
    if lying is not None and n < lying.by:
        error, stored = ("EXPORT_ENTRY_STATUS_UPDATE_FAILED", "Injected by a sandbox fault"), lying.commit and stored
    if found is not None and stored:
        omitted = dict.fromkeys(OUTCOME) if call.settings.put_omitted == "clear" else {}
        fields = omitted | {name: said[name] for name in ("status", *OUTCOME) if name in said}
        call.store.update(ITEMS, found["id"], fields)
    report(call, job, said | {"stored": stored}, error and error[0])
    if error is not None:
        yield {"accountingEntryId": said["accountingEntryId"], "type": error[0], "message": error[1]}


def _error(call: Call, found: Record | None, said: Record) -> tuple[str, str] | None:
    """The type and message of what keeps an outcome from being stored."""
    if found is None:
        return "ACCOUNTING_ENTRY_DOES_NOT_EXIST", "The entry is not in this export job"
    rule = call.settings.job_successful_item
    same = all(said.get(name) == found[name] for name in ("status", "externalId"))
    if found["status"] != "successful" or rule == "changeable" or (rule == "same" and same):
        return None
    return "EXPORT_ENTRY_STATUS_UPDATE_FAILED", "The entry was exported already"


def _of_job(call: Call, job: Record, entry: str) -> Record | None:
    where = Filter().where("accountingEntryId = ?", entry).where("jobId = ?", job["id"])
    found = call.store.select(ITEMS, where, limit=1)
    return found[0] if found else None


def _answered(call: Call, job: Record, updates: list[Record], errors: list[Record]) -> list[Record]:
    """The items that the answer to an update shows."""
    if call.settings.job_update_answers == "all":
        return [render(call, row) for row in call.store.select(ITEMS, Filter().where("jobId = ?", job["id"]))]
    entries = dict.fromkeys(said["accountingEntryId"].lower() for said in updates)
    if call.settings.job_update_answers == "stored":
        refused = {error["accountingEntryId"].lower() for error in errors}
        entries = {entry: None for entry in entries if entry not in refused}
    rows = (_of_job(call, job, entry) for entry in entries)
    return [render(call, row) for row in rows if row is not None]


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
