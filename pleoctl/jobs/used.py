"""Which accounts and rules this workspace's jobs have booked with, so that a reviewer sees what comes as new.

It lies beside the runs and never in a plan, whose bytes are the same in any folder: marks are made where a plan is
shown. An aid: where it is gone, or nothing was ever booked from here, nothing is called new.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from pleoctl.errors import PleoctlError
from pleoctl.jobs.notes import Notes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pleoctl.mapping.engine.entries import Entry


FILE: Final = "used.jsonl"


class Used(NamedTuple):
    """Codes of accounts, ids of rules. ``folder`` is that of the workspace's jobs, beside its runs."""

    accounts: frozenset[str]
    rules: frozenset[str]

    @classmethod
    def by(cls, entries: Iterable[Entry]) -> Used:
        """What entries use."""
        listed = list(entries)
        postings = [posting for entry in listed for leg in entry.entries for posting in leg.postings]
        rules = {entry.rule for entry in listed} | {posting.rule for posting in postings}
        return cls(frozenset(posting.account for posting in postings), frozenset(rule for rule in rules if rule))

    @classmethod
    def of(cls, folder: Path) -> Used | None:
        """What was used so far; None where nothing was booked from here yet."""
        lines = list(_notes(folder))
        if not lines:
            return None
        said = ([line[name] for line in lines if isinstance(line.get(name), list)] for name in cls._fields)
        return cls(*(frozenset(str(one) for listed in lists for one in listed) for lists in said))

    def remember(self, folder: Path) -> None:
        """Note what is new in this. A folder that cannot be written costs the marks and nothing else."""
        before = Used.of(folder) or Used(frozenset(), frozenset())
        accounts, rules = sorted(self.accounts - before.accounts), sorted(self.rules - before.rules)
        if not accounts and not rules:
            return
        with suppress(PleoctlError):
            _notes(folder).write({"accounts": accounts, "rules": rules})


def _notes(folder: Path) -> Notes:
    return Notes(folder / FILE, "used")
