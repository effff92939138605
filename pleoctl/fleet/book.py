"""How each company's last runs ended, for `fleet status` and `--status`: beside fleet.yaml, or in its database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from pleoctl.documents.files import write_atomically
from pleoctl.fleet.receipt import Command, CompanyResult
from pleoctl.machine import this_machine
from pleoctl.model.shape import Strict
from pleoctl.state.brief import locked_note

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Last(Strict, kw_only=True):
    """The last run of a command for a company."""

    command: Command
    run_id: str
    finished_at: str
    result: CompanyResult


Lasts = dict[str, dict[Command, Last]]
"""By the path of the company and by command."""
_FILE: Final = "fleet-last.json"
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
        self._file = receipts.parent / _FILE
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
        with locked_note(self._file.with_suffix(".lock"), this_machine()):
            kept = self.last()
            for run in runs:
                kept.setdefault(run.result.path, {})[run.command] = run
            write_atomically(self._file, msgspec.json.encode(kept), mode=0o600)
            self._former.unlink(missing_ok=True)


def newest(lasts: dict[Command, Last]) -> Last | None:
    """The newest of a company's last runs that says how it stands: a plan is only a look."""
    ran = [last for command, last in lasts.items() if command != "plan"]
    return max(ran, key=lambda last: last.finished_at, default=None)
