"""What becomes of one item: what the rules make of it, held against what the books hold of it.

    in the books              rules make an entry        verdict
    ------------------------  -------------------------  --------------------------------------------------
    live, equal               any                        report (with a warning where the mapping fails today)
    live, different           any                        refuse: the record is named, people decide
    live, twice               any                        report, with a warning that names both
    void, or none             an entry the sink holds    book
    void, or none             none, or not holdable      refuse, with the reason
    none, sent into others    an entry the sink holds    refuse, unless it is to be booked here as well

A plan is made of verdicts, and `apply` comes to its own before it believes a refusal or a report.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pleoctl.jobs.standing import difference, live, twice
from pleoctl.mapping.vocabulary import INVALID_CONFIGURATION
from pleoctl.sinks.base import Booking, Key, KnowsOtherBooks, Refusal, unfinished
from pleoctl.sinks.holdable import problem_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pleoctl.jobs.document import Action, PostingHead
    from pleoctl.jobs.items import Listed
    from pleoctl.mapping.engine.entries import Entry
    from pleoctl.sinks.base import Held, Sink

NO_PAYLOAD: Final = "unexpected_failure"
DIFFERENT: Final = "validation_failure"
BOOKED_ELSEWHERE: Final = "booked-elsewhere"
_WAYS: Final = "; name those in `sink` again, or run with --book-again, and export it again once it is refused in Pleo"
Reason = tuple[str, str]
"""A reason type of Pleo's, and the words for a person."""


@dataclass(slots=True)
class Verdict:
    """What becomes of the item; ``why`` for a refusal, ``stands`` for a report. ``doubled`` are words for a person."""

    action: Action
    why: Reason | None = None
    stands: Held | None = None
    warnings: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Judge:
    """Comes to verdicts for one company's books.

    ``elsewhere`` are the items that may stand in other books, and what those are called; ``again``: they are booked in
    these as well.
    """

    sink: Sink
    posting: PostingHead
    company: str
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    again: bool = False

    def verdict(
        self, item: Listed, entry: Entry | None, keys: Sequence[Key], standing: Mapping[str, list[Held]]
    ) -> Verdict:
        """``standing`` are the records of each key, void ones too, by ``Key.stored``."""
        found = [live(standing.get(key.stored, ())) for key in keys]
        if any(found):
            return self._met(entry, found)
        made = self._to_book(item, entry, keys[0])
        other = self.other_books(item, keys, standing)
        if made.action != "book" or other is None:
            return made
        if self.again:
            made.warnings = [*made.warnings, BOOKED_ELSEWHERE]
            return made
        words = f"an earlier run sent it into other books than those of today ({other}), so it is not booked again here"
        return Verdict("refuse", (INVALID_CONFIGURATION, words + _WAYS), warnings=[BOOKED_ELSEWHERE])

    def other_books(self, item: Listed, keys: Sequence[Key], standing: Mapping[str, list[Held]]) -> str | None:
        """What the books are called that may hold an item of which these do not know; None where there are none."""
        if any(standing.get(key.stored) for key in keys):
            return None
        return self.elsewhere.get(item.id) or beside(self.sink, keys)

    def _met(self, entry: Entry | None, found: Sequence[list[Held]]) -> Verdict:
        """The books hold something of the item."""
        can = self.sink.capabilities
        legs = entry.entries if entry is not None and not entry.failed else []
        made = Verdict("report", stands=next(records[0] for records in found if records))
        for n, records in enumerate(found):
            if len(records) > 1:
                made.warnings.append("booked-twice")
                made.doubled.append(twice(records))
            for record in records if legs else ():
                own, day = [legs[n]] if can.per_leg else legs, entry.posting_date if entry else None
                why = difference(record, own, day, may_move=self.posting.closed_period != "fail")
                if why is not None and len(records) == 1:
                    made.action, made.why = "refuse", (DIFFERENT, f"the books hold {record.id} for it, but {why}")
                    made.stands = None
                    return made
        if not legs:
            made.warnings.append("mapping-now-fails")
        elif any(not records or unfinished(records[0], draft=self.posting.draft) for records in found):
            made.action, made.stands = "book", None  # only some of it stands: what is missing is booked
        return made

    def _to_book(self, item: Listed, entry: Entry | None, key: Key) -> Verdict:
        why = unbookable(item, entry, self.company)
        if why is not None or entry is None:
            return Verdict("refuse", why)
        try:
            problem_of(entry, self.sink.capabilities)
            booking = Booking(key, entry, entry.posting_date or "", self.posting.draft, "")
            return Verdict("book", warnings=self.sink.refuse(booking))
        except Refusal as refusal:
            return Verdict("refuse", (refusal.reason_type, refusal.message))


def beside(sink: Sink, keys: Iterable[Key]) -> str | None:
    """What holds one of these beside the books themselves, which have been asked for them; None where nothing does."""
    if not isinstance(sink, KnowsOtherBooks):
        return None
    return next(filter(None, map(sink.other_books, keys)), None)


def unbookable(item: Listed, entry: Entry | None, company: str) -> Reason | None:
    """Why no books could take the item, whatever they are; ``entry`` is what the rules make of it."""
    if entry is None:
        return NO_PAYLOAD, "Pleo lists the item, but sends no data of it"
    owner = item.company or company
    if owner.lower() != company:
        return INVALID_CONFIGURATION, f"it is of company {owner}, not of this one"
    if entry.failed:
        return entry.failure_reason_type or DIFFERENT, entry.failure_reason or ""
    return None
