"""Doubts of earlier runs: requests that were sent, may have been carried out, and may not show yet.

Where the server keeps no key unique, a list that still lags would make the next run send once more what is already
there. The journal knows when such a request was last sent; once its lag is over, lists tell the truth.
"""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from pleoctl.machine import this_machine
from pleoctl.run.journal import noted
from pleoctl.run.places import JOURNAL, begun_before, folders_in, moment_of
from pleoctl.text import terminal

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pleoctl.run.journal import Noted

LOG: Final = logging.getLogger(__name__)
LAG: Final = timedelta(seconds=30)
"""How long a list may lag behind a write. Longer lags are beyond what pleoctl can tell."""
UNGUARDED: Final = b'"unguarded"'
"""What a journal without doubts does not hold."""
SKEW: Final = timedelta(days=1)
"""How far the clock of a disk elsewhere may be behind; older journals are not read."""
LONGEST: Final = timedelta(days=14)
"""How long a run may go on: runs are never removed, and the journals of older ones are not looked for."""


def wait_out(places: Sequence[Path], stop: threading.Event | None = None) -> None:
    """Wait until every doubtful request of the runs in these places is older than a lag; says so in the log."""
    doubts: dict[str, datetime] = {}
    for address, at in _doubts(places):
        doubts[address] = max(at, doubts.get(address, at))
    if not doubts:
        return
    left = (max(doubts.values()) + LAG - this_machine().now()).total_seconds()
    if left <= 0:
        return
    LOG.warning(
        "waiting %.0f s: %s may have been created by an earlier run, and lists may not show it yet",
        left,
        ", ".join(map(terminal, sorted(doubts))),
    )
    if stop is None:
        this_machine().sleep(left)
    else:
        this_machine().wait(stop, left)


def _doubts(places: Sequence[Path]) -> Iterator[tuple[str, datetime]]:
    """Addresses with the moment at which their last doubtful request was sent, as far as it may still lag."""
    oldest = this_machine().now() - LAG
    since, begun = (oldest - SKEW).timestamp(), moment_of(oldest - LONGEST)
    for folder in (one for place in places for one in folders_in(place) if not begun_before(begun, one.name)):
        content = _written(f"{folder.path}/{JOURNAL}", since)
        if UNGUARDED in content:
            found = _open(noted(content))
            yield from ((address, at) for address, at in found.items() if at >= oldest)


def _written(journal: str, since: float) -> bytes:
    """A journal's lines, nothing where the last is older; a run may go on for long, so its start does not count."""
    try:
        if os.stat(journal).st_mtime < since:  # noqa: PTH116 - of thousands of runs; a Path takes longer than the answer
            return b""
        with open(journal, "rb", buffering=0) as stream:  # noqa: PTH123 - the same
            return stream.readall()
    except OSError:
        return b""


def _open(lines: Iterator[Noted]) -> dict[str, datetime]:
    sent: dict[str, datetime] = {}
    confirmed: set[str] = set()
    for line in lines:
        if line.event == "sent" and line.unguarded:
            sent |= dict.fromkeys(line.addresses, _moment(line.at))
        elif line.event == "confirmed":
            confirmed.update(line.addresses)
        elif line.event == "ambiguous":
            confirmed.difference_update(line.addresses)
        elif line.event in {"failed", "verified"}:
            over = line.addresses if line.event == "failed" else confirmed
            sent = {address: at for address, at in sent.items() if address not in over}
    return sent


def _moment(at: str) -> datetime:
    """When a line was written: now at the latest, whatever it says."""
    now = this_machine().now()
    try:
        return min(datetime.fromisoformat(at).astimezone(UTC), now)
    except ValueError:
        return now
