"""Pleo's successful items held against the books: what Pleo believes is booked must stand there, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.errors import Finding
from pleoctl.jobs.close import SUCCESSFUL
from pleoctl.jobs.receipt import BETWEEN
from pleoctl.jobs.standing import live
from pleoctl.sinks.base import Key
from pleoctl.sinks.keys import stored_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pleoctl.pleo.export_jobs import ExportJob, ExportReader, JobItem
    from pleoctl.sinks.base import Held, Sink


def verify(reader: ExportReader, sink: Sink, job: ExportJob) -> Iterator[Finding]:
    """What is missing, void, double or another record. Raises `PleoError`, `BooksUnusable`.

    Pleo gives no payload of a job that is over, so amounts are not compared here; the plan of an open job does that.
    """
    items = [(place, item) for place, item in enumerate(reader.job_items(job.id), 1) if item.status == SUCCESSFUL]
    keys = {item.id: list(_keys(sink, job, place, item)) for place, item in items}
    found = sink.find([key for some in keys.values() for key in some]) if keys else {}
    for _, item in items:
        yield from _judged(item, [found.get(key.stored, ()) for key in keys[item.id]])


def _keys(sink: Sink, job: ExportJob, place: int, item: JobItem) -> Iterator[Key]:
    """The references of an item; where legs are booked by themselves, of as many as Pleo was told."""
    can = sink.capabilities
    told = len((item.external_id or "").split(BETWEEN))
    for leg in range(1, told + 1) if can.per_leg else [None]:
        yield Key(stored_key(item.id, can.key, leg), item.id, job.id, place)


def _judged(item: JobItem, legs: Sequence[Sequence[Held]]) -> Iterator[Finding]:
    """What is wrong with an item, first of all legs; the ids of all of them where nothing else is."""
    address, problem = f"item:{item.id}", next(filter(None, map(_problem, legs)), None)
    if problem is None:
        names = BETWEEN.join(live(records)[0].id for records in legs)
        if item.external_id in {None, names}:
            return
        problem = "other-record", f"Pleo was told {item.external_id}, the books hold {names}"
    code, words = problem
    yield Finding(code, words, "warning", address=address)


def _problem(records: Sequence[Held]) -> tuple[str, str] | None:
    """What is wrong with the records of one reference: code and words."""
    standing = live(records)
    if not records:
        return "missing-in-books", "Pleo has it as booked, the books do not hold it"
    if not standing:
        return "void-in-books", f"the books hold {records[0].id} as void"
    if len(standing) > 1:
        return "booked-twice", f"the books hold it twice: {' and '.join(record.id for record in standing)}"
    return None
