"""What all simulated histories share: processes that die or fail on one machine, and what is left for the next one."""

from __future__ import annotations

import gc
import logging
import shutil
import tempfile
from abc import ABC, abstractmethod
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from pleoctl.errors import PleoctlError
from pleoctl.machine import on
from pleoctl.pleo.client import Client
from pleoctl.run.shared import Runs
from pleoctl.testing.laws import demand
from pleoctl.testing.machine import Death
from pleoctl.testing.pleo import SimulatedTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pleoctl.sandbox import Sandbox
    from pleoctl.testing.chance import Chance
    from pleoctl.testing.laws import Json
    from pleoctl.testing.machine import SimulatedMachine
    from pleoctl.testing.pleo import Weather

T = TypeVar("T")
R = TypeVar("R", bound=Client)
STRENGTHS: Final = (0.03, 0.1, 0.3)
LONGEST_LAG: Final = 31.0
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - files that nobody keeps, ten times as fast; a folder of a name of its own


class Life(ABC):
    """One machine, its folder and the Pleo that it talks to, through all deaths."""

    def __init__(
        self, chance: Chance, folder: Path, machine: SimulatedMachine, pleo: Sandbox, weather: Weather
    ) -> None:
        """``folder`` is the workspace's."""
        self.chance = chance
        self.weather = weather
        self._folder, self._machine, self._pleo = folder, machine, pleo
        self._seen: tuple[int, Json] | None = None

    def run(self, rounds: int = 2) -> None:
        """Bad weather for some rounds, then calm. Raises `LawBroken`."""
        try:
            with on(self._machine):
                for _ in range(rounds):
                    self._round()
                self._calm()
            seen = self._pleo.world.statistics
            demand("no DELETE", not seen.deletes, "")
            demand("the contract is kept", not seen.violations, str(seen.violations))
        finally:
            self._pleo.stop()

    @abstractmethod
    def _round(self) -> None:
        """Commands in bad weather."""

    @abstractmethod
    def _calm(self) -> None:
        """Commands that nothing befalls, after which all is right."""

    @abstractmethod
    def _check(self) -> None:
        """The laws that hold at every moment. Raises `LawBroken`."""

    def _surviving(self, act: Callable[[], T]) -> T | None:
        """What a process does that may die, or end with an error in one sentence."""
        try:
            return act()
        except Death:
            self._machine.alive = True
            self._restart()
        except PleoctlError:
            pass
        finally:
            self.weather.stop.clear()
        self._check()
        return None

    def _restart(self) -> None:
        """After a death the journal may lack its last words, or all."""
        runs = self._folder / ".pleoctl"
        lost = self.chance.pick(["nothing", "last line", "everything"])
        if lost == "everything":
            shutil.rmtree(runs, ignore_errors=True)
            # Without the journal only time tells; see docs/reliability.md.
            self._machine.sleep(LONGEST_LAG)
        elif lost == "last line":
            self._tear()

    def _tear(self) -> None:
        """Cut what was not forced to the disk, at any byte."""
        for journal in sorted(self._folder.glob(".pleoctl/runs/*/journal.jsonl"))[-1:]:
            content = journal.read_bytes()
            kept = max((content.rfind(mark) for mark in (b'"event": "sent"', b'"event": "intent"')), default=-1)
            end = content.find(b"\n", kept) + 1 if kept >= 0 else 0
            loose = len(content) - end
            journal.write_bytes(content[: end + self.chance.pick([0, loose // 2, loose - 1, loose])])

    @property
    def _runs(self) -> Runs:
        return Runs([self._folder / ".pleoctl" / "runs"])

    def _state(self) -> Json:
        """What Pleo holds, asked anew only after a write; nobody changes it here."""
        version = self._pleo.world.store.version
        if self._seen is None or self._seen[0] != version:
            self._seen = version, self._pleo.state()
        return self._seen[1]

    def _client(self, kind: type[R]) -> closing[R]:
        return closing(kind(SimulatedTransport(self._machine, self._pleo, self.weather), self._pleo.company))


@contextmanager
def quiet() -> Iterator[None]:
    """No word of the many histories in the log, and no search of the whole process for what they leave behind."""
    logger = logging.getLogger("pleoctl")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        logger.setLevel(before)
        if collects:
            gc.enable()


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder for one history."""
    folder = Path(tempfile.mkdtemp(prefix="pleoctl-history-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        yield folder
    finally:
        with suppress(OSError):
            shutil.rmtree(folder)
