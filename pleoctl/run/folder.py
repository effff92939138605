"""Where a run leaves its plan, journal and receipt.

There are several places for runs, best first: beside the workspace, and for a workspace that cannot be written the
user's state folder. A run lies in the first place that takes it, its receipt in the first that takes that.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from pleoctl.documents.files import write_atomically, writing
from pleoctl.errors import Finding, PleoctlError
from pleoctl.run.chain import joining
from pleoctl.run.journal import Journal
from pleoctl.run.places import JOURNAL, PLAN, RECEIPT, ignore
from pleoctl.run.shared import Beside
from pleoctl.state.base import StateLost

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pleoctl.run.chain import Chained
    from pleoctl.run.shared import Runs


_ONCE_MORE: Final = (
    "make room, or set PLEOCTL_STATE_DIR to a folder that can be written, and run the same again: it looks at what "
    "stands, does nothing twice and leaves a receipt; --format json prints the receipt of a run"
)


class RunFolder:
    """The folder of one run; ``findings`` tell why it is not where it belongs. See `open_run`."""

    def __init__(self, path: Path, runs: Runs, findings: list[Finding]) -> None:
        """``runs`` are the company's, among them this one."""
        self.path = path
        self._runs = runs
        self._beside = Beside(runs, path.name)
        self.findings = findings

    def journal(self, listen: Callable[[dict[str, Any]], None]) -> Journal:
        """The run's journal, for the one time that it is written. Raises `JournalError`."""
        return Journal(self.path / JOURNAL, listen, self._beside)

    def keep(self, receipt: Chained, *, alone: bool = True) -> None:
        """Write the receipt as the next of its chain, in another place where the run's own is full by now.

        What went wrong stands in its findings. ``alone``: the caller holds the company's lock.
        """
        told = list(receipt.findings)
        problems: list[Finding] = []
        for folder in (self.path, *self._others()):
            if problems:
                receipt.findings[:] = told
                receipt.tell(_elsewhere("the receipt", folder, problems[0].message))
            try:
                self._keep(folder, receipt, alone=alone)
            except PleoctlError as error:
                problems += error.findings
                continue
            return
        words = f"the receipt could be kept nowhere: {problems[0].message}; `pleoctl log {self.path.name}` tells by the"
        words = f"{words} journal what this run sent"
        receipt.findings[:] = told
        receipt.tell(Finding("not-written", words, place=problems[0].place, hint=_ONCE_MORE))

    def _keep(self, folder: Path, receipt: Chained, *, alone: bool) -> None:
        try:
            self._beside.check()
            with joining(self._runs, folder.parent, receipt, self.path / JOURNAL, alone=alone) as content:
                write_atomically(folder / RECEIPT, content, mode=0o600)
                self._beside.keep(content)
        except StateLost as error:
            words = f"the receipt is kept in its folder alone, the next run puts it there as well: {error.message}"
            receipt.tell(Finding(error.code, words, "warning"))
            with joining(self._runs.alone, folder.parent, receipt, self.path / JOURNAL, alone=alone) as content:
                write_atomically(folder / RECEIPT, content, mode=0o600)

    def _others(self) -> list[Path]:
        """The folders that the run would have in the other places."""
        return [place / self.path.name for place in self._runs.places if place != self.path.parent]


def open_run(runs: Runs, name: str, plan: bytes) -> RunFolder:
    """Make a run's folder with its plan. Raises `PleoctlError` if no place takes it: then nothing may be sent."""
    problems: list[Finding] = []
    if runs.store is not None:
        runs.store.begin(name, plan)
    for place in runs.places:
        folder = place / name
        try:
            _make(folder, plan)
        except PleoctlError as error:
            problems += error.findings
            _remove(folder)
            continue
        told = [_elsewhere("the run", folder, problems[0].message)] if problems else []
        return RunFolder(folder, runs, told)
    raise PleoctlError(
        f"the run's folder {problems[0].file} {problems[0].message}; nothing was sent to Pleo",
        hint="set PLEOCTL_STATE_DIR to a folder that can be written",
    )


def _make(folder: Path, plan: bytes) -> None:
    with writing(folder):
        folder.mkdir(parents=True, mode=0o700)
        ignore(folder.parent.parent)
    write_atomically(folder / PLAN, plan, mode=0o600)


def _remove(folder: Path) -> None:
    """Leave no empty run behind in a place that did not take it."""
    with suppress(OSError):
        (folder / PLAN).unlink(missing_ok=True)
        folder.rmdir()


def _elsewhere(what: str, folder: Path, why: str) -> Finding:
    return Finding("kept-elsewhere", f"{what} is kept in {folder}, since its own folder {why}", "warning")
