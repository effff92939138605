"""The outcomes of items as integrations report them.

Published: at most 100 a call, errors inside a 200, 413, 422 once the job is over. Assumed, each behind a setting:
updates before the start, what may still change, which items a 200 answers with. Assumed without one: an outcome field
that an update leaves out is what ``putOmitted`` says, and one call that names an item twice stores both in their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from pleoctl.sandbox.calls import Answer, Call
from pleoctl.sandbox.errors import ApiError, Record
from pleoctl.sandbox.export_life import item_shown, need_job, over, report, touch
from pleoctl.sandbox.export_rows import ITEMS, OPEN, OUTCOME
from pleoctl.sandbox.store import Filter

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_UPDATES: Final = 100


class Wrong(NamedTuple):
    """Why an outcome was not stored, in the words of the answer."""

    type: str
    message: str


_UNKNOWN: Final = Wrong("ACCOUNTING_ENTRY_DOES_NOT_EXIST", "The entry is not in this export job")
_EXPORTED: Final = Wrong("EXPORT_ENTRY_STATUS_UPDATE_FAILED", "The entry was exported already")
_INJECTED: Final = Wrong("EXPORT_ENTRY_STATUS_UPDATE_FAILED", "Injected by a sandbox fault")


def update(call: Call) -> Answer:
    """updateExportJobItemsV3: stores outcomes one by one; what cannot be stored is an error in the 200."""
    updates: list[Record] = call.body
    if len(updates) > MOST_UPDATES:
        message = f"At most {MOST_UPDATES} items can be updated at once"
        raise ApiError(413, "EXPORT_JOB_ITEMS_UPDATE_LIMIT", message, violation=True)
    job = need_job(call, call.path["jobId"])
    if not _takes_updates(call, job):
        for said in updates:
            report(call, job, said | {"stored": False}, "EXPORT_JOB_STATUS_UNPROCESSABLE")
        return Answer(422, over(job).body())
    touch(call, job)
    if call.effects.of("partialUpdate"):
        updates = updates[: len(updates) // 2]
    rows = _rows(call, job, updates)
    errors = list(_store_all(call, job, updates, rows))
    return Answer(200, {"data": _answered(call, job, rows, errors), "errors": errors})


def _takes_updates(call: Call, job: Record) -> bool:
    early: bool = call.settings.job_update_pending == 200
    return job["status"] in (OPEN if early else OPEN[1:])


def _rows(call: Call, job: Record, updates: list[Record]) -> dict[str, Record]:
    """The items that updates are for, by their entries, in the order of the updates."""
    entries = dict.fromkeys(said["accountingEntryId"].lower() for said in updates)
    # The plus keeps SQLite from reading all items of the job by their other index.
    where = Filter().where("+jobId = ?", job["id"]).one_of("accountingEntryId", entries)
    found = {row["accountingEntryId"]: row for row in call.store.select(ITEMS, where, "seq DESC")}
    return {entry: found[entry] for entry in entries if entry in found}


def _store_all(call: Call, job: Record, updates: list[Record], rows: dict[str, Record]) -> Iterator[Record]:
    """Store outcomes, and keep ``rows`` what they are then; gives the errors."""
    lying = call.effects.of("updateErrors")
    for n, said in enumerate(updates):
        entry = said["accountingEntryId"].lower()
        wrong = _wrong(call, rows.get(entry), said)
        stored = wrong is None
        if lying is not None and n < lying.by:
            wrong, stored = _INJECTED, lying.commit and stored
        if stored:
            rows[entry] = call.store.update(ITEMS, rows[entry]["id"], _fields(call, said))
        report(call, job, said | {"stored": stored}, wrong and wrong.type)
        if wrong is not None:
            yield {"accountingEntryId": said["accountingEntryId"], **wrong._asdict()}


def _wrong(call: Call, found: Record | None, said: Record) -> Wrong | None:
    """What keeps an outcome from being stored."""
    if found is None:
        return _UNKNOWN
    rule = call.settings.job_successful_item
    same = all(said.get(name) == found[name] for name in ("status", "externalId"))
    if found["status"] != "successful" or rule == "changeable" or (rule == "same" and same):
        return None
    return _EXPORTED


def _fields(call: Call, said: Record) -> Record:
    omitted = dict.fromkeys(OUTCOME) if call.settings.put_omitted == "clear" else {}
    return omitted | {name: said[name] for name in ("status", *OUTCOME) if name in said}


def _answered(call: Call, job: Record, rows: dict[str, Record], errors: list[Record]) -> list[Record]:
    """The items that the answer shows."""
    rule, shown = call.settings.job_update_answers, list(rows.values())
    if rule == "all":
        shown = call.store.select(ITEMS, Filter().where("jobId = ?", job["id"]))
    refused = {error["accountingEntryId"].lower() for error in errors} if rule == "stored" else set()
    return [item_shown(call, row) for row in shown if row["accountingEntryId"] not in refused]
