"""Pleo's successful items held against the books: what Pleo believes is booked must stand there once, as it was."""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pleoctl.errors import Finding, PleoctlError
from pleoctl.jobs.close import SUCCESSFUL
from pleoctl.jobs.document import KIND, address_of, item_at, posting_plan_of
from pleoctl.jobs.receipt import BETWEEN
from pleoctl.jobs.standing import difference, live, twice
from pleoctl.sinks.base import Key
from pleoctl.sinks.keys import stored_key
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pleoctl.jobs.document import SinkHead
    from pleoctl.jobs.plan import Books
    from pleoctl.mapping.engine.entries import Entry
    from pleoctl.pleo.export_jobs import ExportJob, ExportReader, JobItem
    from pleoctl.sinks.base import Held, Sink


class Planned(NamedTuple):
    """What runs of this workspace had to book for a job: the entries by item, and into which sinks.

    ``digests`` are those of the sinks' sections of the workspace as they were then.
    """

    entries: Mapping[str, list[Entry]]
    sinks: frozenset[str]
    digests: frozenset[str]

    def other_than(self, kind: str) -> str | None:
        """The sinks, where none of them is of this type; None where nothing is known."""
        return None if kind in self.sinks or not self.sinks else ", ".join(sorted(self.sinks))


def planned(places: Iterable[Path], job: str) -> Planned:
    """What the kept plans say of a job; what cannot be read is left out."""
    found: dict[str, list[Entry]] = defaultdict(list)
    heads: list[SinkHead] = []
    for path in sorted(path for place in places for path in place.glob("*/plan.json")):
        with suppress(OSError, PleoctlError):
            content = path.read_bytes()
            if job.encode() in content and KIND.encode() in content:
                plan = posting_plan_of(content, path.name)
                if plan.job.id != job:
                    continue
                heads.append(plan.sink)
                for change in plan.changes:
                    if change.entry is not None and change.action == "book":
                        found[change.item].append(change.entry)
    return Planned(found, frozenset(head.type for head in heads), frozenset(head.digest for head in heads))


class Earlier(NamedTuple):
    """Items sent into other books than today's, with the names of those: what is ``only`` there, and ``all``."""

    only: Mapping[str, str]
    all: Mapping[str, str]

    def explains(self, finding: Finding, known: Planned, kind: str) -> str | None:
        """Which other books hold what a finding misses; ``kind`` is today's type of the sink."""
        item = item_at(finding.address or "")
        if finding.code == "other-record":
            return self.all.get(item)
        return (self.only.get(item) or known.other_than(kind)) if finding.code == "missing-in-books" else None


def verify(reader: ExportReader, books: Books, job: ExportJob, known: Planned, earlier: Earlier) -> Iterator[Finding]:
    """What is missing, void, double, different or another record. Raises `PleoError`, `BooksUnusable`.

    Pleo gives no payload of a job that is over, so ``known`` says what was to be booked, as far as runs have kept it.
    What these books do not hold and others do (``earlier``) is told once, as ``earlier-sink``.
    """
    left: Counter[str] = Counter()
    for finding in _differences(reader, books, job, known):
        other = earlier.explains(finding, known, books.head.type)
        if other is None:
            yield replace(finding, message=f"{finding.message} (export job {job.id})")
        else:
            left[other] += 1
    for other, number in left.items():
        words = f"{many(number, 'item')} of export job {job.id} went into other books ({other}), which are not asked"
        yield Finding("earlier-sink", words, "info", hint="name those in `sink` to verify them")


def _differences(reader: ExportReader, books: Books, job: ExportJob, known: Planned) -> Iterator[Finding]:
    sink, moved = books.sink, bool(known.digests) and books.head.digest not in known.digests
    items = [(place, item) for place, item in enumerate(reader.job_items(job.id), 1) if item.status == SUCCESSFUL]
    keys = {item.id: list(_keys(sink, job, place, item)) for place, item in items}
    found = sink.find([key for some in keys.values() for key in some]) if keys else {}
    for _, item in items:
        legs = [found.get(key.stored, ()) for key in keys[item.id]]
        wrong = [_moved(one) if moved else one for one in _judged(item, legs)]
        yield from wrong or _different(item, [live(records)[0] for records in legs], known.entries.get(item.id, ()))


def _moved(finding: Finding) -> Finding:
    """What is missing from other books than those of then may stand there."""
    if finding.code != "missing-in-books":
        return finding
    hint = "`sink` of the workspace was another when it was booked: if the books did not move, name them as they were"
    return replace(finding, hint=hint)


def _different(item: JobItem, legs: Sequence[Held], entries: Sequence[Entry]) -> Iterator[Finding]:
    """Why what stands is none of the entries that were to be booked; a closed period may have moved it."""
    told = [why for entry in entries for why in [_change(legs, entry)]]
    if told and None not in told:
        words = f"the books hold {BETWEEN.join(record.id for record in legs)} for it, but {told[-1]}"
        yield Finding("different-in-books", words, "warning", address=address_of(item.id))


def _change(legs: Sequence[Held], entry: Entry) -> str | None:
    parts = [[leg] for leg in entry.entries] if len(legs) > 1 else [entry.entries]
    each = (difference(*pair, entry.posting_date, may_move=True) for pair in zip(legs, parts, strict=False))
    return next(filter(None, each), None)


def _keys(sink: Sink, job: ExportJob, place: int, item: JobItem) -> Iterator[Key]:
    """The references of an item; where legs are booked by themselves, of as many as Pleo was told."""
    can = sink.capabilities
    told = len((item.external_id or "").split(BETWEEN))
    for leg in range(1, told + 1) if can.per_leg else [None]:
        yield Key(stored_key(item.id, can.key, leg), item.id, job.id, place)


def _judged(item: JobItem, legs: Sequence[Sequence[Held]]) -> Iterator[Finding]:
    """What is wrong with an item: with the first of its legs that is not as it should be, else with their ids."""
    address = address_of(item.id)
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
        return Finding("booked-twice", twice(standing), "warning", address=address)
    return None
