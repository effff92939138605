"""What one line of an item puts on the expense side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from pleoctl.mapping.items import Line
    from pleoctl.mapping.rules.model import LineRow, TaxCode


class Share(msgspec.Struct, gc=False):
    """What one line puts on the expense side; ``amount`` and ``tax`` in hundredths, without sign.

    ``tax`` is zero where it gets no postings of its own. ``stands_in``: the account is one that the type row names in
    the place of the line's. ``stands_for``: the tax code that a row set, whose accounts the tax is booked on.
    """

    line: Line
    account: str
    amount: int
    row: LineRow | None
    tax_code: str | None = None
    tags: dict[str, str] = {}  # msgspec copies an empty default for each share
    tax: int = 0
    stands_in: bool = False
    stands_for: TaxCode | None = None
