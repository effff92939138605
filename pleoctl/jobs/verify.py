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
    """What is wrong with an item: with the first of its legs that is not as it should be, else with their ids."""
    address = f"item:{item.id}"
    problem = next(filter(None, (_problem(address, records) for records in legs)), None)
    if problem is not None:
        yield problem
        return
    names = BETWEEN.join(live(records)[0].id for records in legs)
    if item.external_id not in {None, names}:
        words = f"Pleo was told {item.external_id}, the books hold {names}"
        yield Finding("other-record", words, "warning", address=address)


def _problem(address: str, records: Sequence[Held]) -> Finding | None:
    """What is wrong with the records of one reference."""
    standing = live(records)
    if not records:
        return Finding(
            "missing-in-books", "Pleo has it as booked, the books do not hold it", "warning", address=address
        )
    if not standing:
        return Finding("void-in-books", f"the books hold {records[0].id} as void", "warning", address=address)
    if len(standing) > 1:
        names = " and ".join(record.id for record in standing)
        return Finding("booked-twice", f"the books hold it twice: {names}", "warning", address=address)
    return None
