"""What time does to export jobs, and what every call on one needs first.

Published: one hour without an action, ``job_expired``, that the items of a job that could not be completed are
abandoned. Assumed: that this happens at the second it is due, whichever call comes next.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from pleoctl.sandbox.errors import ApiError, Record
from pleoctl.sandbox.export_rows import ITEMS, JOBS, OPEN, OUTCOME
from pleoctl.sandbox.store import Filter

if TYPE_CHECKING:
    from pleoctl.sandbox.calls import Call
    from pleoctl.sandbox.surroundings import Surroundings

_OVER: Final = "jobId IN (SELECT id FROM exportJobs WHERE status NOT IN ('pending', 'in_progress'))"


def refresh(world: Surroundings) -> None:
    """Expire the jobs that are due, and abandon what is open in jobs that are over."""
    states = OPEN if world.settings.job_pending_expires else OPEN[1:]
    for job in world.store.select(JOBS, Filter().one_of("status", states)):
        if _is_due(world, job):
            world.store.update(JOBS, job["id"], _expired(world))
    for item in world.store.select(ITEMS, Filter().one_of("status", OPEN).where(_OVER)):
        world.store.update(ITEMS, item["id"], {"status": "abandoned"})


def _is_due(world: Surroundings, job: Record) -> bool:
    span = timedelta(seconds=expires_in(world, job))
    return bool(datetime.fromisoformat(job["lastUpdatedAt"]) + span <= world.clock.now())


def _expired(world: Surroundings) -> Record:
    return {
        "status": "failed",
        "expiredAt": world.moment(),
        "failureReason": "The job has expired",
        "failureReasonType": "job_expired",
    }


def expires_in(world: Surroundings, job: Record) -> int:
    """Seconds from a job's last update to its expiry."""
    return int(job["expiresIn"] or world.settings.job_expires_in)


def need_job(call: Call, job_id: str) -> Record:
    """A job as it is now. Raises the 404."""
    refresh(call.world)
    job = call.store.get(JOBS, job_id)
    if job is None:
        raise ApiError(404, "EXPORT_NOT_FOUND", f"There is no export job {job_id}")
    return job


def touch(call: Call, job: Record) -> None:
    """Count the call as an action on the job."""
    call.store.update(JOBS, job["id"], {"lastUpdatedAt": call.world.moment()})


def read(call: Call, job: Record) -> Record:
    """The job after it was read, which may be an action, too."""
    if call.settings.job_reads_renew and job["status"] in OPEN:
        touch(call, job)
    return call.store.need(JOBS, job["id"])


def over(job: Record) -> ApiError:
    """The 422 for what comes after the end of a job."""
    return ApiError(422, "EXPORT_JOB_STATUS_UNPROCESSABLE", f"The export job is {job['status']}")


def refuse_missing_contra(call: Call) -> None:
    """Raise the 400 while contra accounts are missing."""
    if call.settings.contra_accounts == "missing":
        raise ApiError(400, "MISSING_CONTRA_ACCOUNTS", "Contra accounts are missing for EUR")


def typed(call: Call, record: Record, name: str) -> Record:
    """The record as it is sent: an absent type as null, or not at all."""
    if record.get(name) is not None:
        return record
    shown = {key: value for key, value in record.items() if key != name}
    return shown | ({name: None} if call.settings.null_types else {})


def item_shown(call: Call, row: Record) -> Record:
    """ExportJobItemV3."""
    item = {"accountingEntryId": row["accountingEntryId"], "exportJobId": row["jobId"], "status": row["status"]}
    shown = typed(call, call.shown(item | {name: row[name] for name in OUTCOME}), "failureReasonType")
    return {**shown, **row["extra"]}


def report(call: Call, job: Record, said: Record, error: str | None) -> None:
    """Remember what a client said of a job or an item, and with which error it was refused."""
    told: dict[str, Any] = {"at": call.world.moment(), "jobId": job["id"], **said}
    call.world.reports.append(told | {"error": error})
