"""Fields of one item that depend on each other: whether values that rows ask for can come together at all.

What every item that is booked keeps to:

- The item's amount is at least each line's (lines share one sign), and ``perAttendee`` is the item's amount by its
  attendees, absent where nobody attends.
- ``netAmount`` is between 0 and ``amount``, and is ``amount`` itself where there is no tax or the tax is reverse.
- A tax has a type always and a code perhaps; what was paid at the supplier's has a currency and an amount.
- A posting date has its day of the week.

Only the smallest amount that a line may have counts for the item's amount, so that one line of arithmetic decides each
triple of intervals: exactly, and without trying numbers one by one.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, Final

from pleoctl.mapping.analysis.regions import Piece, Region, universe
from pleoctl.mapping.vocabulary import DATE, PER_ATTENDEE, WEEKDAY, WEEKDAYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Fields of the sums and the tax, which depend on each other; those of what was paid at the supplier's.
SUMS: Final = frozenset({"amount", "itemAmount", "netAmount", "taxType", "taxCode", "attendees", PER_ATTENDEE})
PAID: Final = frozenset({"originalCurrency", "originalAmount"})
#: All fields of which some values never come together.
LINKED: Final = SUMS | PAID | {DATE, WEEKDAY}
#: Lists of amounts, attendees and shares that are longer together are not tried.
MAX_TRIPLES: Final = 50_000
_ALONE: Final = 1
_REVERSE: Final = Region(absent=False, pieces=(Piece("reverse", "reverse\0"),))


def fit(regions: Mapping[str, Region]) -> bool:
    """Whether an item may have a value of each of these regions, none of which is empty."""
    return _in_calendar(regions) and _paid(regions) and _sums(regions)


def is_open(regions: Mapping[str, Region]) -> bool:
    """Whether it is not worked out if the regions fit; they count as if they did."""
    return prod(len(regions[f].pieces) for f in ("itemAmount", "attendees", PER_ATTENDEE) if f in regions) > MAX_TRIPLES


def clash(regions: Mapping[str, Region]) -> str | None:
    """Why no item has a value of each of these regions; None where they fit."""
    for fields, test in ((SUMS, _sums), (PAID, _paid)):
        if not test(regions):
            return f"no item has such {' and '.join(sorted(fields & regions.keys()))} together"
    return None if _in_calendar(regions) else "none of its days is such a day of the week"


def _in_calendar(regions: Mapping[str, Region]) -> bool:
    """Whether a posting date falls on a day of the week that is asked for as well."""
    if DATE not in regions or WEEKDAY not in regions:
        return True
    week = len(WEEKDAYS)
    # Day 1 of the calendar was a Monday. What lasts for a week has all of its days.
    spans = [range(piece.low, min(piece.high, piece.low + week)) for piece in regions[DATE].pieces]
    days = {(day - 1) % week for span in spans for day in span}
    return any(piece.low <= day < piece.high for piece in regions[WEEKDAY].pieces for day in days)


def _paid(regions: Mapping[str, Region]) -> bool:
    if not regions.keys() >= PAID:
        return True
    currency, amount = regions["originalCurrency"], regions["originalAmount"]
    return bool((currency.absent and amount.absent) or (currency.pieces and amount.pieces))


def _sums(regions: Mapping[str, Region]) -> bool:
    return len(regions.keys() & SUMS) <= _ALONE or next(sums(regions), None) is not None


def sums(regions: Mapping[str, Region]) -> Iterator[dict[str, Any]]:
    """Values of `SUMS` that lie in these regions and come together, at most one for each kind of tax.

    Of a text the piece is told in which it may lie; whole numbers are told, and ``perAttendee`` as rules compare it.
    """
    whole = {field: regions[field] if field in regions else universe(field) for field in SUMS}
    for tax_type, tax_code, splits in _taxes(whole["taxType"], whole["taxCode"]):
        line = _line(whole["amount"], whole["netAmount"], splits=splits)
        item = None if line is None else _item(whole, line[0])
        if line is not None and item is not None:
            amount, net = line
            yield {"amount": amount, "netAmount": net, "taxType": tax_type, "taxCode": tax_code, **item}


def _taxes(types: Region, codes: Region) -> Iterator[tuple[Piece | None, Piece | None, bool]]:
    """Type and code of each kind of tax that a line may have, and whether it is a part of the line's amount."""
    if types.absent and codes.absent:
        yield None, None, False
    code = None if codes.absent else codes.pieces[0]
    for kinds, splits in ((types - _REVERSE, True), (types & _REVERSE, False)):
        if kinds.pieces:
            yield kinds.pieces[0], code, splits


def _line(amounts: Region, nets: Region, *, splits: bool) -> tuple[int, int] | None:
    """The smallest amount that a line may have, and what it is without its tax."""
    if not splits:
        both = (amounts & nets).pieces
        return (both[0].low, both[0].low) if both else None
    net = nets.pieces[0].low if nets.pieces else None
    amount = None if net is None else _first(amounts, net)
    return None if amount is None or net is None else (amount, net)


def _first(numbers: Region, least: int) -> int | None:
    """The first number of a region from one on."""
    return next((max(p.low, least) for p in numbers.pieces if p.high is None or p.high > least), None)


def _item(whole: Mapping[str, Region], least: int) -> dict[str, Any] | None:
    """An amount of the item that is not below its line's, with attendees among whom it is what was asked for."""
    totals, people, shares = whole["itemAmount"], whole["attendees"], whole[PER_ATTENDEE]
    if shares.absent and _first(people, 0) == 0:
        total = _first(totals, least)
        return None if total is None else {"itemAmount": total, "attendees": 0, PER_ATTENDEE: None}
    if is_open(whole):
        return {"itemAmount": least, "attendees": 0, PER_ATTENDEE: None}
    for amounts, counts, share in product(totals.pieces, people.pieces, shares.pieces):
        found = _shared(max(amounts.low, least), amounts.high, counts, share)
        if found is not None:
            amount, attendees = found
            return {
                "itemAmount": amount,
                "attendees": attendees,
                PER_ATTENDEE: 2 * (amount // attendees) + (amount % attendees > 0),
            }
    return None


def _shared(low: int, high: int | None, people: Piece, share: Piece) -> tuple[int, int] | None:
    """An amount from ``low`` to below ``high`` and a number of people each of whose shares lies in a piece.

    The piece is doubled: even numbers are shares of whole hundredths, odd ones all that lies between two of them. So an
    amount lies between ``people`` times a whole number and ``people`` times another, and each pair of bounds is in
    order from some number of people on or up to one.
    """
    floor, above = divmod(share.low, 2)
    fewest = [people.low, 1]
    most = [] if people.high is None else [people.high - 1]
    if high is not None:
        if low >= high or above >= high:
            return None
        if floor:
            most.append((high - 1 - above) // floor)
    if share.high is not None:
        top, below = share.high // 2, share.high % 2 == 0
        fewest.append(-(-(low + below) // top))
        if top > floor:
            fewest.append(-(-(above + below) // (top - floor)))
    count = max(fewest)
    return None if most and count > min(most) else (max(floor * count + above, low), count)
