"""Export jobs: list, get, create, and the events that move them.

Published: bodies, the graph of states, 404, 409, 422, that an event answers 202 without a body. Assumed, each behind a
setting: which jobs stand in the way of another, ``started`` twice, closing before the start or with open items, which
reads count as an action. Assumed without one: an event of an unknown job gets 404.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pleoctl.sandbox.calls import Answer, Call
from pleoctl.sandbox.errors import ApiError, Record, invalid
from pleoctl.sandbox.export_life import expires_in, need_job, read, refresh, refuse_missing_contra, report
from pleoctl.sandbox.export_rows import ITEMS, JOBS, OPEN, JobRow, example_item, fresh_job
from pleoctl.sandbox.kinds.subscriptions import announce
from pleoctl.sandbox.parts import Part
from pleoctl.sandbox.store import Filter

if TYPE_CHECKING:
    from collections.abc import Iterable

CREATED: Final = "v1.export-job.created"
TOLD: Final = ("companyId", "createdAt", "createdBy", "expiresIn", "id", "numberOfItems", "status")
"""What is sampled of a job in the message about it."""
SORTABLE: Final = ("completedAt", "createdAt", "id", "lastUpdatedAt", "startedAt", "status")


def list_jobs(call: Call) -> Answer:
    """getExportJobsListV3: one page of the jobs in the states that are asked for."""
    refresh(call.world)
    where = Filter.when(call.sees_company(call.parameter("company_id")))
    if "statuses" in call.query:
        where.one_of("status", call.query["statuses"])
    order = {"sorting_keys": ["createdAt"], "sorting_order": ["DESC"]}
    default = order if call.settings.job_list_order == "newest" else {}
    return call.page(JOBS, where, SORTABLE, lambda row: render(call, row), default)


def get(call: Call) -> Answer:
    """getExportJobByIdV3: one job by its id."""
    return Answer.of(render(call, read(call, need_job(call, call.path["jobId"]))))


def create(call: Call) -> Answer:
    """createExportJobV3: 409 while another job is in the way, 400 while contra accounts are missing."""
    refresh(call.world)
    body: Record = call.body
    call.must_own(body["companyId"])
    refuse_missing_contra(call)
    _refuse_second(call)
    payloads = [_payload_of(call, entry.lower()) for entry in dict.fromkeys(body["accountingEntryIds"])]
    interactive, options = body.get("isInteractive"), body.get("options") or {}
    row = PART.defaults() | {
        "id": call.world.new_id(),
        "isInteractive": interactive is None or interactive,
        "createdBy": body.get("employeeId"),
        "vendorBasedBookkeeping": bool(options.get("vendorBasedBookkeeping")),
    }
    job = call.store.insert(JOBS, fresh_job(call.world, row))
    _insert_items(call, job, payloads)
    made = render(call, job)
    announce(call.world, CREATED, {name: made.get(name) for name in TOLD})
    return Answer.of(made, 201)


def send_event(call: Call) -> Answer:
    """createExportJobEventV3: starts or closes a job, or 422."""
    job = need_job(call, call.body["jobId"])
    refusal = _refusal(call, job, call.body["event"])
    said = {name: value for name, value in call.body.items() if name != "jobId"}
    report(call, job, said, refusal)
    if refusal is not None:
        error = ApiError(422, "INVALID_EXPORT_JOB_STATUS_CHANGE", refusal)
        return Answer(422, error.body())
    call.store.update(JOBS, job["id"], _moved(call, job))
    refresh(call.world)
    return Answer(202)


def render(call: Call, row: Record) -> Record:
    """ExportJobV3; its type of failure is never null."""
    names = (
        "id",
        "companyId",
        "status",
        "isInteractive",
        "vendorBasedBookkeeping",
        "createdBy",
        "createdAt",
        "startedAt",
        "lastUpdatedAt",
        "completedAt",
        "expiredAt",
        "failureReason",
        "failureReasonType",
    )
    counted = call.store.count(ITEMS, Filter().where("jobId = ?", row["id"]).where("listed = 1"))
    job = {name: row[name] for name in names}
    job |= {"numberOfItems": counted, "expiresIn": expires_in(call.world, row)}
    if job["failureReasonType"] is None:
        del job["failureReasonType"]
    return {**call.shown(job), **row["extra"]}


def _refuse_second(call: Call) -> None:
    states = {"open": OPEN, "started": OPEN[1:], "none": ()}[call.settings.job_unique]
    if states and call.store.select(JOBS, Filter().one_of("status", states), limit=1):
        raise ApiError(409, "EXPORT_ALREADY_IN_PROGRESS", "The company has a running export job")


def _payload_of(call: Call, entry: str) -> tuple[str, Record | None]:
    found = call.store.select(ITEMS, Filter().where("accountingEntryId = ?", entry), "seq DESC", 1)
    if found:
        return entry, found[0]["payload"]
    if call.settings.job_unknown_entries == "refuse":
        raise invalid(f"accountingEntryIds: there is no accounting entry {entry}")
    return entry, example_item({}, call.world.company, entry)


def _insert_items(call: Call, job: Record, payloads: Iterable[tuple[str, Record | None]]) -> None:
    for entry, payload in payloads:
        row = {"status": "pending", "listed": True, "extra": {}, "accountingEntryId": entry, "payload": payload}
        call.store.insert(ITEMS, row | {"id": call.world.new_id(), "jobId": job["id"]})


def _refusal(call: Call, job: Record, event: str) -> str | None:
    """Why the job cannot take the event, if it cannot."""
    settings, status = call.settings, job["status"]
    started, closes = event == "started", event != "started"
    reasons = (
        (status not in OPEN, f"the job is {status}"),
        (started and status == "in_progress" and settings.job_started_again, "the job was started"),
        (started and _another_runs(call, job) and settings.job_started_beside, "another job is in progress"),
        (closes and status == "pending" and settings.job_close_pending, "the job was not started"),
        (closes and event != "failed" and _has_open(call, job) and settings.job_close_open_items, "items are open"),
    )
    return next((f"{event}: {reason}" for refuses, reason in reasons if refuses in {True, 422}), None)


def _another_runs(call: Call, job: Record) -> bool:
    where = Filter().where("status = 'in_progress'").where("id <> ?", job["id"])
    return bool(call.store.select(JOBS, where, limit=1))


def _has_open(call: Call, job: Record) -> bool:
    where = Filter().where("jobId = ?", job["id"]).one_of("status", OPEN)
    return bool(call.store.select(ITEMS, where, limit=1))


def _moved(call: Call, job: Record) -> Record:
    moment, event = call.world.moment(), call.body["event"]
    if event == "started":
        return {"status": "in_progress", "startedAt": job["startedAt"] or moment, "lastUpdatedAt": moment}
    fields = {"status": event, "lastUpdatedAt": moment}
    if event == "failed":
        return fields | {name: call.body.get(name) for name in ("failureReason", "failureReasonType")}
    return fields | {"completedAt": moment}


PART: Final = Part(
    kind="exportJob",
    key="id",
    row=JobRow,
    table=JOBS,
    fresh=fresh_job,
    refresh=refresh,
    handlers={
        "getExportJobsListV3": list_jobs,
        "createExportJobV3": create,
        "getExportJobByIdV3": get,
        "createExportJobEventV3": send_event,
    },
)
