"""What a sink is: the books as a job sees them. It is asked by key before the first booking and after every doubt.

    find ─▶ live and equal to the entry    nothing to book, its status is reported
            live and different             the item is refused, the record is named
            void, or none                  book

A sink never decides; it finds, books, attaches, and says how each call ended. Whatever it cannot hold it refuses, it
never drops it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol, runtime_checkable

import msgspec

from pleoctl.errors import PleoctlError
from pleoctl.remote.errors import Unauthorised

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pleoctl.errors import SourceError
    from pleoctl.mapping.engine.entries import Entry, LedgerEntry

HUNDREDTHS: Final = 100
"""Books count in hundredths of any currency."""
CLOSED: Final = "the period was closed"
Alphabet = Literal["any", "hex", "base32"]
Stage = Literal["lines", "posting"]
"""What may be missing from a record that is made by several requests."""


@dataclass(frozen=True, slots=True)
class KeyRoom:
    """Room for our reference: ``length`` characters (None: as many as we like) of ``alphabet``, standing in ``place``.

    ``guarded_for`` is how many seconds the system honours one idempotency key; 0 where it knows none.
    """

    place: str
    length: int | None = None
    alphabet: Alphabet = "any"
    guarded_for: float = 0.0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the books can hold, as `sink check` tells it and a posting plan is checked against.

    ``currency`` None is any; ``dimensions`` None is any tag group; ``kinds`` None is any kind of leg. ``whole_jobs``:
    all that a job books at a time is one piece, such as a file. ``files_with_entry``: attachments go along with it.
    ``only_drafts``: nothing can be posted, somebody does so in the books. ``read_back``: they tell the sums of what
    they hold; ``tells_tax_codes``, ``tells_tags``: these as well. ``tag_keys``: keys of the sink's section that
    name groups which it has room for, or may lose.
    """

    key: KeyRoom
    currency: str | None = None
    tax_codes: bool = True
    dimensions: frozenset[str] | None = None
    ignored: frozenset[str] = frozenset()
    kinds: frozenset[str] | None = None
    drafts: bool = False
    only_drafts: bool = False
    attachments: bool = False
    lists_attachments: bool = False
    files_with_entry: bool = False
    periods: bool = False
    read_back: bool = False
    tells_tax_codes: bool = False
    tells_tags: bool = False
    per_leg: bool = False
    whole_jobs: bool = False
    tag_keys: tuple[str, ...] = ()


class HeldPosting(NamedTuple):
    """One side of a record in the books; ``amount`` in hundredths, greater than zero."""

    side: str
    account: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Held:
    """A record in the books under one key.

    ``date`` and ``postings`` are None where the system does not give them back, ``attachments`` where it does not
    list them. ``left`` is what an interrupted booking has not done yet: see `unfinished`. ``tax_codes`` are pairs of an
    account and the code of a line on it, ``tags`` the same by group, for the groups that are told; None: none is told.
    """

    id: str
    url: str | None = None
    void: bool = False
    date: str | None = None
    postings: tuple[HeldPosting, ...] | None = None
    attachments: frozenset[str] | None = None
    left: frozenset[Stage] = frozenset()
    tax_codes: frozenset[tuple[str, str]] | None = None
    tags: Mapping[str, frozenset[tuple[str, str]]] | None = None

    def lacks_tax_code(self, account: str, code: str) -> bool:
        """Whether it tells that no line on an account has a tax code."""
        return self.tax_codes is not None and (account, code) not in self.tax_codes

    def lacks_tag(self, group: str, account: str, code: str) -> bool:
        """Whether it tells that no line on an account has a tag of a group."""
        return self.tags is not None and group in self.tags and (account, code) not in self.tags[group]


def unfinished(held: Held, *, draft: bool) -> bool:
    """Whether a record needs more requests: without its lines always, unposted only where no draft is wanted."""
    return "lines" in held.left or ("posting" in held.left and not draft)


@dataclass(frozen=True, slots=True)
class File:
    """An attachment on this machine: ``name`` as the books are to show it, MIME ``type``."""

    path: Path
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Key:
    """What is looked up: the reference as the sink stores it, the item and job behind it.

    ``place`` counts the item in Pleo's list, from 1. ``date`` is the first day that its record may have, None where
    nobody knows.
    """

    stored: str
    item: str
    job: str
    place: int
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """One record to make: an item's entry, or one of its legs (``leg`` counts from 1; None: all of them).

    ``date`` is the posting date, which a closed period may have moved; ``once`` is the idempotency key. ``begun`` is
    the unfinished record that is to be brought to its end in place of making one.
    """

    key: Key
    entry: Entry
    date: str
    draft: bool
    once: str
    leg: int | None = None
    files: tuple[File, ...] = field(default=())
    begun: Held | None = None

    @property
    def told(self) -> dict[str, Any]:
        """The entry with its posting date, as plain data; ``moved`` where a closed period has moved that."""
        entry: dict[str, Any] = msgspec.to_builtins(self.entry)
        if self.date != self.entry.posting_date:
            entry |= {"postingDate": self.date, "moved": {"from": self.entry.posting_date, "reason": CLOSED}}
        return entry

    @property
    def legs(self) -> list[LedgerEntry]:
        """The balanced entries that this record holds."""
        return self.entry.entries if self.leg is None else [self.entry.entries[self.leg - 1]]

    @property
    def postings(self) -> tuple[HeldPosting, ...]:
        """What they post, as books show it."""
        lines = (posting for leg in self.legs for posting in leg.postings)
        return tuple(HeldPosting(line.side, line.account, line.amount, line.currency) for line in lines)


class Sink(Protocol):
    """The books. Made with a narrow context and its section of the workspace; touches nothing until asked.

    Unknown outcomes are raised as `LostAnswer`, so that the caller looks before it books again.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What it can hold."""
        ...

    def check(self) -> None:
        """Whether the books can be reached and written. Raises `BooksUnusable` (V2, V6)."""
        ...

    def find(self, keys: Sequence[Key]) -> Mapping[str, list[Held]]:
        """Every record, void ones too, whose reference equals a key byte for byte; by ``Key.stored``."""
        ...

    def refuse(self, booking: Booking) -> list[str]:
        """Codes of warnings about a booking. Raises `Refusal` for what it cannot hold beyond its capabilities."""
        ...

    def confirm(self, standing: Sequence[tuple[Key, Held]]) -> None:
        """Called before records of an earlier run are reported, for books that keep a ledger of their own."""
        ...

    def book(self, bookings: Sequence[Booking]) -> list[Held]:
        """Make the records, one unless ``whole_jobs``. Raises `Refusal`, `PeriodClosed`, `LostAnswer`."""
        ...

    def attach(self, held: Held, key: Key, file: File) -> None:
        """Link a file to a record. Raises `Refusal`, `LostAnswer`."""
        ...

    def close(self) -> None:
        """Give back what is held open."""
        ...


@runtime_checkable
class KnowsAccounts(Protocol):
    """A sink that can say of an account whether it can be booked on."""

    def account_problem(self, code: str) -> str | None:
        """Why not, as the end of a sentence that names it; None where nothing speaks against it."""
        ...


@runtime_checkable
class KnowsOtherBooks(Protocol):
    """A sink that meets, beside its own records, those of other books."""

    def other_books(self, key: Key) -> str | None:
        """What holds it as far as the last `Sink.find` has met it; None where nothing does."""
        ...


class BooksUnusable(PleoctlError):
    """The books cannot be worked with; ``reason_type`` is one of Pleo's for a job (K3, C-14)."""

    code = "books-unusable"

    def __init__(self, message: str, reason_type: str = "accounting_system_unreachable", *, hint: str = "") -> None:
        """What is wrong, for the job's failure reason too."""
        super().__init__(message, hint=hint or None)
        self.reason_type = reason_type

    @classmethod
    def after(cls, error: SourceError, *, denied: bool = False) -> BooksUnusable:
        """Of books that cannot be asked: out of reach, or (``denied``) with a credential that they do not take."""
        denied = denied or isinstance(error.__context__, Unauthorised)
        kind = "accounting_system_authentication_failure" if denied else "accounting_system_unreachable"
        return cls(error.message, kind, hint=error.findings[0].hint or "")


class Refusal(PleoctlError):
    """The books do not take this entry; ``reason_type`` is one of Pleo's for an item (U5)."""

    code = "refused-by-books"

    def __init__(self, reason: str, reason_type: str = "accounting_system_validation_failure") -> None:
        """``reason`` is for people, in the accounting system's own words where it has any."""
        super().__init__(reason)
        self.reason_type = reason_type


class PeriodClosed(PleoctlError):
    """The period of the posting date is closed (P2); ``next_open`` is an ISO date, None where the books do not say."""

    code = "closed-period"

    def __init__(self, date: str, next_open: str | None = None) -> None:
        """``date`` is the posting date that was tried."""
        super().__init__(f"the period of {date} is closed")
        self.next_open = next_open
