"""Which accounts and rules this workspace's jobs have booked with, so that a reviewer sees what comes as new.

It lies beside the runs and never in a plan, whose bytes are the same in any folder: marks are made where a plan is
shown. An aid: where it is gone, or nothing was ever booked from here, nothing is called new.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

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
        accounts: set[str] = set()
        rules: set[str] = set()
        try:
            lines = (folder / FILE).read_bytes().splitlines()
        except OSError:
            return None
        for line in lines:
            with suppress(ValueError, TypeError, AttributeError):  # torn by a kill
                said = json.loads(line)
                accounts.update(map(str, said.get("accounts", ())))
                rules.update(map(str, said.get("rules", ())))
        return cls(frozenset(accounts), frozenset(rules))

    def remember(self, folder: Path) -> None:
        """Note what is new in this. A folder that cannot be written costs the marks and nothing else."""
        before = Used.of(folder) or Used(frozenset(), frozenset())
        accounts, rules = sorted(self.accounts - before.accounts), sorted(self.rules - before.rules)
        if not accounts and not rules:
            return
        line = json.dumps({"accounts": accounts, "rules": rules}, sort_keys=True)
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "a", encoding="utf-8") as stream:
                stream.write(f"\n{line}\n")
