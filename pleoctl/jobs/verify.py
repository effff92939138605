"""Pleo's successful items held against the books: what Pleo believes is booked must stand there, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.errors import Finding
from pleoctl.jobs.close import SUCCESSFUL
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
    room = sink.capabilities.key
    items = [(place, item) for place, item in enumerate(reader.job_items(job.id), 1) if item.status == SUCCESSFUL]
    keys = {item.id: Key(stored_key(item.id, room), item.id, job.id, place) for place, item in items}
    found = sink.find(list(keys.values())) if keys else {}
    for _, item in items:
        yield from _judged(item, found.get(keys[item.id].stored, ()))


def _judged(item: JobItem, records: Sequence[Held]) -> Iterator[Finding]:
    address, standing = f"item:{item.id}", live(records)
    if not records:
        yield Finding("missing-in-books", "Pleo has it as booked, the books do not hold it", "warning", address=address)
    elif not standing:
        yield Finding("void-in-books", f"the books hold {records[0].id} as void", "warning", address=address)
    elif len(standing) > 1:
        names = " and ".join(record.id for record in standing)
        yield Finding("booked-twice", f"the books hold it twice: {names}", "warning", address=address)
    elif item.external_id is not None and item.external_id != standing[0].id:
        words = f"Pleo was told {item.external_id}, the books hold {standing[0].id}"
        yield Finding("other-record", words, "warning", address=address)
