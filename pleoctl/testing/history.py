"""One simulated history: plans and runs in bad weather, other clients, deaths; then calm, in which all must come right.

`replay` carries out the history of a seed or a trace and raises `LawBroken` where a law does not hold.
"""

from __future__ import annotations

import gc
import logging
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pleoctl.apply.run import Ears, Target, apply_plan
from pleoctl.errors import PleoctlError
from pleoctl.machine import on
from pleoctl.plan import Inputs, Plan, build_plan
from pleoctl.pleo.reader import PleoReader
from pleoctl.pleo.writer import PleoWriter
from pleoctl.run.doubts import wait_out
from pleoctl.run.shared import Runs
from pleoctl.sandbox import Fault, Sandbox
from pleoctl.testing import laws
from pleoctl.testing.chance import Chance
from pleoctl.testing.laws import demand
from pleoctl.testing.machine import Death, SimulatedMachine
from pleoctl.testing.pleo import SimulatedTransport, Weather
from pleoctl.testing.worlds import draw
from pleoctl.workspace.settings import GuardLimits

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

    from pleoctl.run.receipt import Receipt
    from pleoctl.testing.worlds import World

T = TypeVar("T")
R = TypeVar("R", bound=PleoReader)
FREE: Final = GuardLimits(count=1000, share=1.0)
STRENGTHS: Final = (0.03, 0.1, 0.3)
LONGEST_LAG: Final = 31.0
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - files that nobody keeps, ten times as fast; a folder of a name of its own


class History:
    """The state of one history."""

    def __init__(
        self, chance: Chance, folder: Path, world: World | None = None, weather: Weather | None = None
    ) -> None:
        """A drawn world and weather, unless they are given."""
        self.chance = chance
        self._folder = folder
        # In a given world threads keep their order, so that the histories that are left can be counted.
        self._machine = SimulatedMachine(Chance(given=()) if world else chance, folder / "state")
        self.world = world or draw(chance)
        self._pleo = Sandbox(seed=self.world.seed, settings=self.world.settings, clock=self._machine)
        self.weather = weather or Weather(chance, chance.pick(STRENGTHS), faults=6, deaths=2, edits=2)
        self.weather.edit = self._edit
        self._seen: tuple[int, laws.Json] | None = None
        self._first = self._state()
        self._allowed: Counter[tuple[str, str, str]] = laws.keys(self._first)
        self._foreign: set[str] = set()
        self._plans: list[Plan] = []
        if self.world.lag:
            self._pleo.add_fault(Fault(kind="lag", seconds=self.world.lag))

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

    # --- bad weather -------------------------------------------------------------------------------------------

    def _round(self) -> None:
        plan = self._surviving(self._plan)
        if plan is None:
            return
        for _ in range(1 + self.chance.below(2)):
            if self.weather.edits and self.chance.happens(0.1):
                self._edit()
            self._surviving(lambda: self._apply(plan))

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

    def _edit(self) -> None:
        """Another client does something; what it touches is its own from then on."""
        edit = self.chance.pick(self.world.edits)
        before = laws.records(self._state())
        self._pleo.world.edit(edit)
        after = laws.records(self._state())
        touched = {identity for identity in after if after[identity] != before.get(identity)}
        self._foreign |= touched
        if edit.op == "create" and touched:
            self._allowed |= laws.keys(self._state())
            if edit.kind == "tagGroup":
                # Between the re-read and our own create nobody can see it, and Pleo takes both.
                self._allowed[edit.kind, "", str(edit.key).casefold()] += 1

    # --- one command -------------------------------------------------------------------------------------------

    def _plan(self) -> Plan:
        wait_out(self._runs.places)
        writes = self.weather.writes
        with self._client(PleoReader) as reader:
            plan = build_plan(self._inputs(None), reader)
        if not plan.guard_passed:
            archives = sum(change.action == "archive" for change in plan.changes)
            with self._client(PleoReader) as reader:
                plan = build_plan(self._inputs(archives), reader)
        demand("a plan writes nothing", self.weather.writes == writes, f"{self.weather.writes - writes} writes")
        laws.held_rows_stay(plan, self.world.desired)
        self._plans.append(plan)
        return plan

    def _apply(self, plan: Plan) -> Receipt:
        before, writes, edits = self._state(), self.weather.writes, self.weather.edits
        with self._client(PleoWriter) as writer:
            applied = apply_plan(plan, self._target, writer, Ears(self.weather.stop))
        laws.truthful(applied, self._state(), self._foreign, cascades=self._cascades)
        laws.one_of_two(plan, before, self._state(), self._foreign)
        if not self.world.lag:
            laws.came_along(applied, before, self._state(), self._foreign)
        if not self.world.lag and edits == self.weather.edits:
            laws.all_or_nothing(applied, plan, before, self.weather.writes - writes)
        self._check()
        return applied

    def _check(self) -> None:
        state = self._state()
        laws.no_duplicates(self._allowed, state)
        laws.untouched(self._first, state, self._plans, self._foreign, self.world.settings)

    # --- calm --------------------------------------------------------------------------------------------------

    def _calm(self) -> None:
        """Law 6: once nothing befalls anything, a plan, its run, and the plan after it, which is empty."""
        self.weather.clear_up()
        self._machine.sleep(LONGEST_LAG)
        self._pleo.clear_faults()
        self._first, self._foreign = self._state(), set()
        self._allowed = laws.keys(self._first)
        for _ in range(2):
            # What came along with an unarchived group is a matter of the next plan.
            refused = laws.refused(self._apply(self._plan()))
            plan = self._plan()
            left = {str(change.address) for change in plan.changes} - refused
            if self.world.settings.account_ids_ignore_case:
                left -= laws.merged(self._state(), plan)
            if not left:
                return
        demand("the second plan is empty", not left, str(sorted(left)))

    # --- what commands need ------------------------------------------------------------------------------------

    @property
    def _runs(self) -> Runs:
        return Runs([self._folder / ".pleoctl" / "runs"])

    @property
    def _target(self) -> Target:
        return Target(self._pleo.url, self._pleo.company, FREE, self._runs)

    @property
    def _cascades(self) -> bool:
        return self.world.settings.archive_cascade == "cascade"

    def _inputs(self, acknowledged: int | None) -> Inputs:
        world = self.world
        return Inputs(world.desired, world.scope, FREE, self._pleo.company, self._pleo.url, acknowledged)

    def _state(self) -> laws.Json:
        """What Pleo holds, asked anew only after a write; nobody changes it here."""
        version = self._pleo.world.store.version
        if self._seen is None or self._seen[0] != version:
            self._seen = version, self._pleo.state()
        return self._seen[1]

    @contextmanager
    def _client(self, kind: type[R]) -> Iterator[R]:
        transport = SimulatedTransport(self._machine, self._pleo, self.weather)
        client = kind(transport, self._pleo.company)
        try:
            yield client
        finally:
            client.close()


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


def replay(chance: Chance, *, rounds: int = 2, **given: Any) -> History:
    """Carry out one history in a folder of its own. Raises `LawBroken`, and whatever the engine must not raise."""
    folder = Path(tempfile.mkdtemp(prefix="pleoctl-history-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        history = History(chance, folder, **given)
        history.run(rounds)
    finally:
        with suppress(OSError):
            shutil.rmtree(folder)
    return history
