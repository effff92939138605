"""Plan a job: a verdict for each open item, with the entry that the rules make of it (`pleoctl.jobs.verdict`).

Items that Pleo has as final have no change. Nothing is written here, neither to Pleo nor to the books.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pleoctl import __version__
from pleoctl.jobs import document
from pleoctl.jobs.document import ItemChange, PostingPlan, Warned
from pleoctl.jobs.items import digest_of_all, open_items, read_items
from pleoctl.jobs.verdict import BOOKED_ELSEWHERE, Judge
from pleoctl.mapping.items import convert
from pleoctl.remote.transport import Counts
from pleoctl.sinks.base import Key
from pleoctl.sinks.keys import stored_key
from pleoctl.watch import watched
from pleoctl.words import many

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pleoctl.jobs.items import Listed
    from pleoctl.jobs.past import Past
    from pleoctl.mapping.engine.engine import Engine
    from pleoctl.mapping.engine.entries import Entry
    from pleoctl.pleo.export_jobs import ExportJob, ExportReader
    from pleoctl.sinks.base import Held, Sink

MOST_LEGS: Final = 2
"""A document and its payment (T33-T35)."""


@dataclass(frozen=True, slots=True)
class Books:
    """Where entries go, and how: the sink with its heads as a plan shows them, and what went into others before."""

    sink: Sink
    head: document.SinkHead
    posting: document.PostingHead
    past: Past
    published: bool = True


@dataclass(frozen=True, slots=True)
class Mapper:
    """What makes entries, and what a plan says of it."""

    engine: Engine
    head: document.RulesHead


@dataclass(slots=True)
class Planner:
    """Plans one job. ``url`` is Pleo's; the reader's requests ``before`` are none of this plan's.

    ``again``: what may stand in other books is booked all the same.
    """

    reader: ExportReader
    books: Books
    mapper: Mapper
    url: str
    warnings: list[Warned] = field(default_factory=list)
    before: Counts = field(default_factory=Counts)
    again: bool = False

    def plan(self, job: ExportJob, *, elsewhere: bool = False) -> PostingPlan:
        """The plan of a job, which somebody else may be working on (``elsewhere``).

        Raises `PleoError`, `Refused`, `BooksUnusable`.
        """
        items = read_items(self.reader, job)
        waiting = list(open_items(items))
        entries = {item.id: self._entry(item) for item in waiting}
        standing = self._standing(job, waiting, entries)
        books = self.books
        judge = Judge(books.sink, books.posting, self.reader.company, books.past.elsewhere, self.again)
        changes = [self._change(judge, job, item, entries[item.id], standing) for item in waiting]
        self._warn_of_books(silent=any(one.postings is None for some in standing.values() for one in some))
        self._warn_of_others(changes)
        if elsewhere:
            words = "the job is in progress, and not from this workspace: another runner may be working on it"
            self.warnings.append(Warned("in-progress-elsewhere", "", words))
        if any(change.entry and len(change.entry.entries) > 1 for change in changes if change.action == "book"):
            words = "invoices and their payments are booked, not matched with each other"
            self.warnings.append(Warned("not-reconciled", "", words))
        plan = PostingPlan(
            company=self.reader.company,
            url=self.url,
            job=document.JobHead(job.id, job.status, job.items, job.created),
            sink=self.books.head,
            posting=self.books.posting,
            rules=self.mapper.head,
            items=document.ItemsHead(digest_of_all(items)),
            summary=document.summary_of(changes, final=len(items) - len(waiting)),
            requests=document.Requests(self.reader.counts.after(self.before).read, least_writes(job, changes)),
            warnings=self.warnings,
            changes=changes,
            pleoctl_version=__version__,
        )
        plan.seal()
        watched().made(plan.id, ((change.kind, change.action) for change in changes))
        return plan

    # --- the books ---------------------------------------------------------------------------------------------

    def _standing(
        self, job: ExportJob, items: Sequence[Listed], entries: Mapping[str, Entry | None]
    ) -> Mapping[str, list[Held]]:
        keys = [key for item in items for key in keys_of(self.books.sink, job.id, item, entries[item.id])]
        return self.books.sink.find(keys) if keys else {}

    def _entry(self, item: Listed) -> Entry | None:
        """What the rules make of an item; its posting date does not depend on the day of the run."""
        raw = item.raw
        return None if raw is None else self.mapper.engine.entry(convert(raw))

    def _warn_of_books(self, *, silent: bool) -> None:
        """``silent``: a record that was found does not tell its postings, whatever the books said they could."""
        can, posting = self.books.sink.capabilities, self.books.posting
        for code, is_so, message in (
            ("no-drafts", posting.draft and not can.drafts, "the books have no drafts: entries are made as they are"),
            ("only-drafts", not posting.draft and can.only_drafts, "the books take drafts; somebody posts them there"),
            (
                "no-read-back",
                silent or not can.read_back,
                "the books do not say what they hold, so only keys are compared",
            ),
            (
                "sink-no-attachments",
                posting.attachments != "skip" and not can.attachments,
                "the books take no attachments",
            ),
            (
                "books-on-this-machine",
                not self.books.published,
                "sink.publish is not set: the books stay on this machine",
            ),
        ):
            if is_so:
                self.warnings.append(Warned(code, "", message))

    def _warn_of_others(self, changes: Sequence[ItemChange]) -> None:
        """That items may stand in books which the workspace names no more."""
        number = sum(BOOKED_ELSEWHERE in change.warnings for change in changes)
        if number:
            end = "booked here as well" if self.again else "not booked again here unless --book-again asks for it"
            words = f"earlier runs sent {many(number, 'item')} into other books, which `sink` named then: {end}"
            self.warnings.append(Warned(BOOKED_ELSEWHERE, "", words))

    # --- one item ----------------------------------------------------------------------------------------------

    def _change(
        self, judge: Judge, job: ExportJob, item: Listed, entry: Entry | None, standing: Mapping[str, list[Held]]
    ) -> ItemChange:
        made = judge.verdict(item, entry, keys_of(self.books.sink, job.id, item, entry), standing)
        address = document.address_of(item.id)
        self.warnings += [Warned("booked-twice", address, words) for words in made.doubled]
        return ItemChange(
            address=address,
            kind="item",
            action=made.action,
            item_digest=item.digest,
            item_marks=item.marks,
            entry=entry,
            attachments=item.attachments,
            reason_type=made.why[0] if made.why else None,
            reason=made.why[1] if made.why else None,
            external_id=made.stands.id if made.stands else None,
            external_url=made.stands.url if made.stands else None,
            place=item.place,
            origin=entry.rule or "" if entry else "",
            warnings=made.warnings,
        )


def keys_of(sink: Sink, job: str, item: Listed, entry: Entry | None) -> list[Key]:
    """The references of an item: one, or one for each leg where the sink books legs by themselves.

    Of an item without an entry nobody knows how many legs it had when it was booked: as many as there can be.
    """
    can = sink.capabilities
    legs: list[int | None] = [None]
    if can.per_leg:
        number = len(entry.entries) if entry is not None and entry.entries else MOST_LEGS
        legs = list(range(1, number + 1))
    day = entry.posting_date if entry is not None else None
    return [Key(stored_key(item.id, can.key, leg), item.id, job, item.place, day) for leg in legs]


def least_writes(job: ExportJob, changes: Sequence[ItemChange]) -> int:
    """Writes to Pleo: ``started`` unless the job runs, statuses by the hundred, one closing event."""
    return (job.status == "pending") + -(-len(changes) // 100) + 1
