"""Map a stream of items into a stream of bytes, and keep count of what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

import msgspec

from pleoctl.errors import PleoctlError, Refused
from pleoctl.mapping.items import said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pleoctl.mapping.engine.entries import Entry
    from pleoctl.mapping.io.outputs import Writer
    from pleoctl.mapping.items import Defect, Item

#: Reasons beyond this many different ones are counted by their type alone, so that memory does not grow.
MAX_REASONS: Final = 500
#: Ids that are remembered, at least, to find an item that comes twice: far more than a page has.
RECENT: Final = 20_000
_CAME_BEFORE: Final = "an item with this accountingEntryId came before; post one of the two"
_WALLET: Final = "accounts.wallet"
#: Entries that are counted and written together.
_TOGETHER: Final = 128

#: Bytes, which are written before the next are asked for.
Piece = bytes | memoryview
#: A failure's type and reason, or the one text of a warning.
Reason = tuple[str, ...]


class Tally(msgspec.Struct):
    """How many items were mapped, how many failed and why, what was warned of; an example id for each reason."""

    mapped: int = 0
    failed: int = 0
    warned: int = 0
    reasons: dict[Reason, int] = {}  # msgspec copies empty defaults
    warnings: dict[Reason, int] = {}
    examples: dict[Reason, str | None] = {}
    wallet_currency: str | None = None
    most_reasons: int = MAX_REASONS
    # In the order in which they came. Hashes are the same in processes that share a start, and there alone.
    _recent: dict[int, None] = {}
    _earlier: dict[int, None] = {}

    @property
    def items(self) -> int:
        """All items."""
        return self.mapped + self.failed

    def add(self, entries: list[Entry]) -> None:
        """Count entries, and warn in those whose items came before.

        Pages that overlap, or were saved twice, must not be booked twice in silence (E1).
        """
        recent, earlier = self._recent, self._earlier
        failed = 0
        for entry in entries:
            given = entry.accounting_entry_id
            if given is not None:
                name = hash(given.lower())  # as many bytes for every id
                if name in recent or name in earlier:
                    entry.warnings.append(_CAME_BEFORE)
                recent[name] = None
                if len(recent) >= RECENT:
                    self._forget()
                    recent, earlier = self._recent, self._earlier
            if entry.currency != self.wallet_currency and _is_on_wallet(entry):
                self._compare_wallets(entry)
            if entry.warnings:
                self._warn(entry)
            if entry.failure_reason_type is not None:
                failed += 1
                reason = (entry.failure_reason_type, entry.failure_reason or "")
                self._count(self.reasons, reason, entry.accounting_entry_id)
        self.failed += failed
        self.mapped += len(entries) - failed

    def _warn(self, entry: Entry) -> None:
        self.warned += 1
        for text in entry.warnings:
            self._count(self.warnings, (text,), entry.accounting_entry_id)

    def _forget(self) -> None:
        self._earlier, self._recent = self._recent, {}

    def _compare_wallets(self, entry: Entry) -> None:
        """One account for wallets of several currencies is likely the wrong one of the second (M13)."""
        if self.wallet_currency is None:
            self.wallet_currency = entry.currency
            return
        entry.warnings.append(
            f"no contraAccount, so the wallet in {entry.currency} was booked on accounts.wallet, "
            f"as that in {self.wallet_currency} was; map the contra accounts in Pleo"
        )

    def _count(self, counter: dict[Reason, int], key: Reason, example: str | None, times: int = 1) -> None:
        if key not in counter and len(counter) >= self.most_reasons:
            key = (*key[:-1], "other reasons")
        counter[key] = counter.get(key, 0) + times
        self.examples.setdefault(key, example)

    def agrees(self, later: Tally) -> bool:
        """Whether the entries of ``later`` are warned of what they would be after those counted here.

        Where ids came twice, or wallets are of two currencies, that takes their items once more.
        """
        known = self.wallet_currency is None or later.wallet_currency in {None, self.wallet_currency}
        return known and (_CAME_BEFORE,) not in later.warnings and not self._knows(later._recent)

    def _knows(self, names: dict[int, None]) -> bool:
        return not (self._recent.keys().isdisjoint(names) and self._earlier.keys().isdisjoint(names))

    def join(self, later: Tally) -> None:
        """Count what ``later`` did, which `agrees`."""
        self.mapped += later.mapped
        self.failed += later.failed
        self.warned += later.warned
        self.wallet_currency = self.wallet_currency or later.wallet_currency
        for ours, theirs in ((self.reasons, later.reasons), (self.warnings, later.warnings)):
            for key, times in theirs.items():
                self._count(ours, key, later.examples[key], times)
        if len(self._recent) + len(later._recent) < RECENT:
            self._recent.update(later._recent)
            return
        for name in later._recent:
            self._recent[name] = None
            if len(self._recent) >= RECENT:
                self._forget()


def _is_on_wallet(entry: Entry) -> bool:
    """Whether the setting, and no contra account, named the wallet's account."""
    # Asked of every item until the first one is, so in few steps: what no line is booked on comes first or last.
    for ledger in entry.entries:
        postings = ledger.postings
        if postings[-1].branch == _WALLET or postings[0].branch == _WALLET:
            return True
    return False


class Mapper(Protocol):
    """Makes entries of items."""

    def entry(self, item: Item | Defect) -> Entry:
        """One item's, mapped or failed."""
        ...


class Work(msgspec.Struct, frozen=True):
    """What is done with the items of a company."""

    company: str
    mapper: Mapper
    writer: Writer

    def pieces(self, items: Iterable[Item | Defect], tally: Tally) -> Iterator[bytes]:
        """What the items are written as, some at a time.

        Raises `Refused` at the first item of another company, since the file is likely the wrong one; what stood before
        an error comes before it.
        """
        made: list[Entry] = []
        make, company = self.mapper.entry, self.company
        try:
            for item in items:
                # A company that is spelt as the workspace spells it needs no second look.
                if item.company_id != company:
                    self._compare_companies(item)
                made.append(make(item))
                if len(made) >= _TOGETHER:
                    yield self._written(made, tally)
                    made.clear()
        except PleoctlError:
            yield self._written(made, tally)
            raise
        yield self._written(made, tally)

    def _written(self, made: list[Entry], tally: Tally) -> bytes:
        tally.add(made)
        return self.writer.entries(made)

    def _compare_companies(self, item: Item | Defect) -> None:
        given = said(item.company_id)
        if given is not None and given.lower() != self.company.lower():
            which = item.accounting_entry_id or "without id"
            raise Refused(
                f"item {which} is of company {given[:60]}, the workspace of {self.company}",
                hint="nothing was written; export the items of this company, or name its workspace",
            )


def write_entries(pieces: Iterable[Piece], writer: Writer, sink: BinaryIO, tally: Tally) -> None:
    """Write what items became, in their order; memory does not grow with their number.

    Where the input breaks, everything before is written, and the error goes on.
    """
    before = writer.start()
    try:
        for piece in pieces:
            if before and piece:
                sink.write(before)
                before = b""
            sink.write(piece)
    except Refused:
        raise
    except PleoctlError:
        # What was read before the input broke is mapped; nothing was, nothing is written.
        if tally.items:
            sink.write(before)
        raise
    sink.write(before + writer.end())
