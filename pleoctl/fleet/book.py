"""How each company's last runs ended, for `fleet status` and `--status`: beside fleet.yaml, or in its database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from pleoctl.documents.files import write_atomically
from pleoctl.errors import worst
from pleoctl.fleet.fleet import LAST_LOCK, LAST_RUNS
from pleoctl.fleet.receipt import Command, CompanyResult
from pleoctl.machine import this_machine
from pleoctl.model.shape import Strict
from pleoctl.state.brief import locked_note

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Last(Strict, kw_only=True):
    """The last run of a command for a company."""

    command: Command
    run_id: str
    finished_at: str
    result: CompanyResult


Lasts = dict[str, dict[Command, Last]]
"""By the path of the company and by command."""
_FORMER: Final = "last.json"
_DECODER: Final = msgspec.json.Decoder(Lasts)


class Book(Protocol):
    """Keeps the last run of each command for each company."""

    def last(self) -> Lasts:
        """All of them. Raises `PleoctlError`."""

    def note(self, runs: Sequence[Last]) -> None:
        """Keep these. Raises `PleoctlError`."""


class FileBook:
    """A `Book` of this machine, in ``.pleoctl`` beside fleet.yaml."""

    def __init__(self, receipts: Path) -> None:
        """``receipts`` is the folder of the fleet's receipts, which must exist when something is noted."""
        self._file = receipts.parent / LAST_RUNS
        # Where it lay among the receipts, until something is noted again.
        self._former = receipts / _FORMER

    def last(self) -> Lasts:
        """See `Book.last`; a file that cannot be read holds nothing."""
        try:
            file = self._file if self._file.exists() else self._former
            return _DECODER.decode(file.read_bytes())
        except (OSError, msgspec.MsgspecError):
            return {}

    def note(self, runs: Sequence[Last]) -> None:
        """See `Book.note`."""
        with locked_note(self._file.with_name(LAST_LOCK), this_machine()):
            kept = self.last()
            for run in runs:
                kept.setdefault(run.result.path, {})[run.command] = run
            write_atomically(self._file, msgspec.json.encode(kept), mode=0o600)
            self._former.unlink(missing_ok=True)


def decisive(lasts: Mapping[Command, Last]) -> Last | None:
    """The run that says how a company stands: the worst of each command's last one, the newest of equals.

    A plan is only a look: it counts where it ended badly. A sync does what plan, apply and drift do, so one that is
    done clears how they ended before, as an apply that is done clears drift that was found before.
    """
    counted = [last for last in lasts.values() if not (last.command == "plan" and last.result.well)]
    standing = [last for last in counted if not any(_clears(other, last) for other in counted)]
    code = worst(last.result.exit_code for last in standing)
    worsts = [last for last in standing if last.result.exit_code == code]
    return max(worsts, key=lambda last: last.finished_at, default=None)


def _clears(run: Last, earlier: Last) -> bool:
    if run.result.outcome != "done" or run.finished_at <= earlier.finished_at:
        return False
    if run.command == "sync":
        return earlier.command in {"plan", "apply", "drift"}
    return run.command == "apply" and earlier.result.outcome == "drifted"
