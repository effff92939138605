"""Whether the books can hold an entry. What they cannot hold is refused with its reason, never dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pleoctl.mapping.vocabulary import INVALID_CONFIGURATION
from pleoctl.sinks.base import Refusal

if TYPE_CHECKING:
    from pleoctl.mapping.engine.entries import Entry, Posting
    from pleoctl.sinks.base import Capabilities


def problem_of(entry: Entry, can: Capabilities) -> None:
    """Raise `Refusal` for the first thing of a mapped entry that the books cannot hold."""
    for leg in entry.entries:
        if can.kinds is not None and leg.kind not in can.kinds:
            raise Refusal(f"the books have no template for a {leg.kind}", INVALID_CONFIGURATION)
        for posting in leg.postings:
            _check(posting, can)


def _check(posting: Posting, can: Capabilities) -> None:
    if can.currency is not None and posting.currency != can.currency:
        raise Refusal(
            f"the books are in {can.currency}; nothing is converted from {posting.currency}", INVALID_CONFIGURATION
        )
    if posting.tax_code is not None and posting.role != "tax" and not can.tax_codes:
        raise Refusal(
            f"the books have no tax codes, so {posting.tax_code} would be lost; use `shape: split`",
            INVALID_CONFIGURATION,
        )
    if can.dimensions is None:
        return
    lost = sorted([group for group in posting.tags if group not in can.dimensions and group not in can.ignored])
    if lost:
        where = f"; name it in {' or '.join(f'sink.{key}' for key in can.tag_keys)}" if can.tag_keys else ""
        raise Refusal(f"the books have no room for the tag group {lost[0]}{where}", INVALID_CONFIGURATION)
