"""What of an item's money moves between two entries of it: from which account to which, and what codes change.

Postings of the old and the new entry that have the same leg, side, line and place are the same posting; where such a
pair has the same amount, it moves as a whole. What is left is netted: first within a line, as where a row splits it,
then within a side of the item. Only what has no counterpart comes from nothing or goes to nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from pleoctl.mapping.engine.entries import Entry, Posting


class Move(NamedTuple):
    """From one account to another on one side; None where there is no posting before or after."""

    side: str
    before: str | None
    after: str | None
    currency: str


class Recoding(NamedTuple):
    """What changes beside accounts and amounts.

    ``what`` is ``taxCode`` or ``tag <group>`` of a line's postings, or, without a line, ``kind`` of an item's entries,
    the ``vendor`` that it is booked on, or ``divisor <currency>`` of its amounts in tables and journals.
    """

    line: str | None
    what: str
    before: str
    after: str


class _Slot(NamedTuple):
    """What makes a posting of the old entry and one of the new entry the same posting."""

    entry: int
    side: str
    line: str | None
    tax: bool
    number: int


#: What stands for a posting without a code among those that have one.
_NO_CODE: Final = "(none)"


#: Of what an item has and no posting of it.
_ITEM: Final = _Slot(0, "", None, tax=False, number=0)


class _Rest(NamedTuple):
    """An amount that left an account or came to one, and nobody knows yet where to or where from."""

    slot: _Slot
    account: str
    currency: str
    amount: int


def moves(before: Entry, after: Entry) -> dict[Move, int]:
    """Amounts in hundredths by move; nothing where all postings stay."""
    old, new = _slots(before), _slots(after)
    found: dict[Move, int] = defaultdict(int)
    gone, come = [], []
    for slot in (*old, *(s for s in new if s not in old)):
        was, now = old.get(slot), new.get(slot)
        if was is not None and now is not None and (was.amount, was.currency) == (now.amount, now.currency):
            if was.account != now.account:
                found[Move(slot.side, was.account, now.account, was.currency)] += was.amount
            continue
        if was is not None:
            gone.append(_Rest(slot, was.account, was.currency, was.amount))
        if now is not None:
            come.append(_Rest(slot, now.account, now.currency, now.amount))
    for key in (_same_account, _same_line, _same_side):
        gone, come = _netted(gone, come, key, found)
    for rest in gone:
        found[Move(rest.slot.side, rest.account, None, rest.currency)] += rest.amount
    for rest in come:
        found[Move(rest.slot.side, None, rest.account, rest.currency)] += rest.amount
    return found


def _same_account(rest: _Rest) -> Hashable:
    return rest.slot.entry, rest.slot.side, rest.currency, rest.account


def _same_line(rest: _Rest) -> Hashable:
    return rest.slot.entry, rest.slot.side, rest.currency, rest.slot.line


def _same_side(rest: _Rest) -> Hashable:
    return rest.slot.side, rest.currency


def _netted(
    gone: list[_Rest], come: list[_Rest], key: Callable[[_Rest], Hashable], found: dict[Move, int]
) -> tuple[list[_Rest], list[_Rest]]:
    """Pair what left with what came of one key, in their order; what is left over on each side."""
    waiting: dict[Hashable, list[_Rest]] = defaultdict(list)
    for rest in come:
        waiting[key(rest)].append(rest)
    kept = []
    for rest in gone:
        left = rest
        others = waiting[key(rest)]
        while left.amount and others:
            other = others[0]
            amount = min(left.amount, other.amount)
            if left.account != other.account:
                found[Move(left.slot.side, left.account, other.account, left.currency)] += amount
            left = left._replace(amount=left.amount - amount)
            others[:1] = [other._replace(amount=other.amount - amount)] if other.amount > amount else []
        if left.amount:
            kept.append(left)
    return kept, [rest for others in waiting.values() for rest in others]


def _slots(entry: Entry) -> dict[_Slot, Posting]:
    found: dict[_Slot, Posting] = {}
    alike: Counter[_Slot] = Counter()
    for index, ledger in enumerate(entry.entries):
        for posting in ledger.postings:
            slot = _Slot(index, posting.side, posting.line_id, posting.role == "tax", 0)
            found[slot._replace(number=alike[slot])] = posting
            alike[slot] += 1
    return found


def recodings(before: Entry, after: Entry) -> list[Recoding]:
    """Codes that change; several of a line are told together, in the order of its postings where these stay."""
    was, now = _slots(before), _slots(after)
    old, new = _codes(before, was), _codes(after, now)
    made = []
    for key in dict.fromkeys((*old, *new)):
        one, other = old[key], new[key]
        if {*one.values()} != {*other.values()}:
            made.append(Recoding(*key, *(", ".join(sorted({*codes.values()})) for codes in (one, other))))
        elif one != other and was.keys() == now.keys() and _booked(one, was) != _booked(other, now):
            # Parts of a line exchange their codes, or one of them loses its own.
            slots = sorted({*one, *other})
            made.append(Recoding(*key, *(", ".join(c.get(slot, _NO_CODE) for slot in slots) for c in (one, other))))
    return made


def _codes(entry: Entry, slots: dict[_Slot, Posting]) -> dict[tuple[str | None, str], dict[_Slot, str]]:
    """The codes of each line, or of none, by the posting that has them."""
    found: dict[tuple[str | None, str], dict[_Slot, str]] = defaultdict(dict)
    if entry.vendor is not None and entry.vendor.code is not None:
        found[None, "vendor"][_ITEM] = entry.vendor.code
    for index, ledger in enumerate(entry.entries):
        found[None, "kind"][_ITEM._replace(entry=index)] = ledger.kind
    for slot, posting in slots.items():
        if posting.tax_code is not None:
            found[posting.line_id, "taxCode"][slot] = posting.tax_code
        for group, code in posting.tags.items():
            found[posting.line_id, f"tag {group}"][slot] = code
    return found


def _booked(codes: dict[_Slot, str], slots: dict[_Slot, Posting]) -> Counter[tuple[str, str, int, str]]:
    """What is booked with which code, in whatever order."""
    made = ((slots[slot], code) for slot, code in codes.items() if slot in slots)
    return Counter((posting.side, posting.account, posting.amount, code) for posting, code in made)
