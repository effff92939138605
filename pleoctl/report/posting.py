"""A posting plan as a bookkeeper reads it: sums first, what is refused and why, what needs a look, then T-lines.

`Review` is the one reading of a plan from which text, markdown and page are made.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import IntEnum, auto
from itertools import chain
from typing import TYPE_CHECKING, Final

from pleoctl.jobs.used import Used
from pleoctl.words import many, spoken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.jobs.document import ItemChange, PostingPlan
    from pleoctl.mapping.engine.entries import Posting

NO_RECEIPT: Final = "no receipt"
RECEIPTED: Final = frozenset({"card_purchase", "card_invoice", "out_of_pocket", "atm_withdrawal", "invoice"})
"""Types of which people expect a receipt."""
_CLOSED: Final = "closed-period"
WORDS: Final = {
    "attachment-failed": "its attachment could not be had",
    "booked-elsewhere": "in other books perhaps, into which an earlier run sent it",
    "booked-twice": "in the books twice",
    _CLOSED: "its period is closed",
    "mapping-now-fails": "in the books already, though the rules refuse it today",
    "text-shortened": "its texts are cut to the room that the books have",
}
"""What codes of warnings say; any other code stands for itself."""


class Rank(IntEnum):
    """What is rare and telling stands first."""

    ACCOUNT = auto()
    RULE = auto()
    PERIOD = auto()
    RECEIPT = auto()
    OTHER = auto()


@dataclass(slots=True)
class TLine:
    """One line of an entry: the amount stands in one of two columns, or the line is a heading (``account`` None)."""

    account: str | None
    debit: str
    credit: str
    currency: str
    note: str = ""


@dataclass(slots=True)
class Review:
    """A plan's changes as they are shown. ``looks`` are the reasons to look at an item, each with its items."""

    plan: PostingPlan
    known: Used | None
    refused: list[ItemChange] = field(default_factory=list)
    looks: dict[str, list[ItemChange]] = field(default_factory=dict)
    reported: list[ItemChange] = field(default_factory=list)
    booked: list[ItemChange] = field(default_factory=list)

    @classmethod
    def of(cls, plan: PostingPlan, known: Used | None = None) -> Review:
        """``known`` is what earlier jobs used; without it nothing is called new."""
        made = cls(plan, known)
        places = {"refuse": made.refused, "report": made.reported, "book": made.booked}
        looks: dict[tuple[Rank, str], list[ItemChange]] = defaultdict(list)
        for change in plan.changes:
            places[change.action].append(change)
            for reason in _reasons(change, known) if change.action != "refuse" else ():
                looks[reason].append(change)
        made.looks = {words: looks[rank, words] for rank, words in sorted(looks)}
        return made

    @property
    def headline(self) -> str:
        """``3 to book, 1 to refuse, 2 to report, 0 final``."""
        told = self.plan.summary
        return f"{told.book} to book, {told.refuse} to refuse, {told.report} to report, {told.final} final"

    @property
    def head(self) -> str:
        """``Export job … (pending, 3 items) into beancount, as drafts``."""
        job, drafts = self.plan.job, "" if not self.plan.posting.draft or self._no_drafts else ", as drafts"
        told = f"{spoken(job.status)}, {many(job.items, 'item')}"
        return f"Export job {job.id} ({told}) into {self.plan.sink.type}{drafts}"

    @property
    def _no_drafts(self) -> bool:
        return any(warned.code == "no-drafts" for warned in self.plan.warnings)

    @property
    def sums(self) -> list[tuple[str, str, str, str]]:
        """Account, currency, debit and credit of what the plan books."""
        return [
            (total.account, total.currency, amount(total.debit), amount(total.credit))
            for total in self.plan.summary.totals
        ]


def looks_at(change: ItemChange, known: Used | None) -> list[str]:
    """Why a person should look at an item that is booked or reported, in words."""
    return [words for _, words in _reasons(change, known)]


def _reasons(change: ItemChange, known: Used | None) -> Iterator[tuple[Rank, str]]:
    entry, used = change.entry, Used.by([change.entry] if change.entry else [])
    if known is not None and change.action == "book":
        yield from ((Rank.ACCOUNT, f"new account {account}") for account in sorted(used.accounts - known.accounts))
        yield from ((Rank.RULE, f"first use of rule {rule}") for rule in sorted(used.rules - known.rules))
    for code in dict.fromkeys([*change.warnings, *(entry.warnings if entry else [])]):
        yield Rank.PERIOD if code == _CLOSED else Rank.OTHER, WORDS.get(code, code)
    if entry is not None and entry.type in RECEIPTED and change.action == "book" and not change.attachments:
        yield Rank.RECEIPT, NO_RECEIPT


def amount(hundredths: int) -> str:
    """``1 234.50``; nothing where there is none."""
    whole, rest = divmod(hundredths, 100)
    return f"{whole:,}.{rest:02d}".replace(",", " ") if hundredths else ""


def title(change: ItemChange) -> str:
    """``2026-03-15 Taxi``, as far as the item says it; what it was bought for else."""
    entry = change.entry
    parts = [entry.posting_date, entry.description or entry.type] if entry else []
    return " ".join(part for part in parts if part) or "no data of it"


def t_lines(change: ItemChange) -> Iterator[TLine]:
    """The lines of an item's entry, debit before credit; legs have headings where there are several."""
    legs = change.entry.entries if change.entry else []
    for leg in legs:
        if len(legs) > 1:
            yield TLine(None, "", "", "", leg.kind)
        sides = sorted(leg.postings, key=lambda posting: posting.side != "debit")
        yield from map(_t_line, sides)


def _t_line(posting: Posting) -> TLine:
    notes = chain([posting.tax_code] if posting.tax_code else [], (f"{g}={c}" for g, c in sorted(posting.tags.items())))
    money = amount(posting.amount)
    debit, credit = (money, "") if posting.side == "debit" else ("", money)
    return TLine(posting.account, debit, credit, posting.currency, " ".join(notes))
