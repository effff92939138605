"""One simulated history: plans and runs in bad weather, other clients, deaths; then calm, in which all must come right.

`replay` carries out the history of a seed or a trace and raises `LawBroken` where a law does not hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.apply.run import Hooks, Target, apply_plan
from pleoctl.model.kinds import KINDS
from pleoctl.plan.build import Inputs, build_plan
from pleoctl.pleo.reader import PleoReader
from pleoctl.pleo.writer import PleoWriter
from pleoctl.run.doubts import wait_out
from pleoctl.sandbox import Fault, Sandbox
from pleoctl.testing import laws
from pleoctl.testing.chance import Chance
from pleoctl.testing.laws import demand
from pleoctl.testing.life import LONGEST_LAG, STRENGTHS, Life, own_folder
from pleoctl.testing.machine import SimulatedMachine
from pleoctl.testing.pleo import DENIED, Weather
from pleoctl.testing.worlds import draw
from pleoctl.workspace.settings import GuardLimits

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

    from pleoctl.plan.artifact import Plan
    from pleoctl.run.receipt import Receipt
    from pleoctl.testing.worlds import World

FREE: Final = GuardLimits(count=1000, share=1.0)


class History(Life):
    """The state of one history."""

    def __init__(
        self, chance: Chance, folder: Path, world: World | None = None, weather: Weather | None = None
    ) -> None:
        """A drawn world and weather, unless they are given."""
        # In a given world threads keep their order, so that the histories that are left can be counted.
        machine = SimulatedMachine(Chance(given=()) if world else chance, folder / "state")
        self.world = world or draw(chance)
        pleo = Sandbox(seed=self.world.seed, settings=self.world.settings, clock=machine)
        weather = weather or Weather(chance, chance.pick(STRENGTHS), faults=6, deaths=2, edits=2)
        if self.world.lag:
            # Who believes no denial and sees nothing of what was denied could never go on.
            weather.kinds = [kind for kind in weather.kinds if kind not in DENIED]
        super().__init__(chance, folder, machine, pleo, weather)
        self.weather.edit = self._edit
        self._first = self._state()
        self._allowed: Counter[tuple[str, str, str]] = laws.keys(self._first)
        self._foreign: set[str] = set()
        self._plans: list[Plan] = []
        if self.world.lag:
            self._pleo.add_fault(Fault(kind="lag", seconds=self.world.lag))

    # --- bad weather -------------------------------------------------------------------------------------------

    def _round(self) -> None:
        plan = self._surviving(self._plan)
        if plan is None:
            return
        for _ in range(1 + self.chance.below(2)):
            if self.weather.edits and self.chance.happens(0.1):
                self._edit()
            self._surviving(lambda: self._apply(plan))

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
            if edit.kind in self._unguarded:
                # Between the re-read and our own create nobody can see it, and Pleo takes both.
                self._allowed[edit.kind, "", KINDS[edit.kind].normalise(str(edit.key))] += 1
        if edit.op == "archive" and self.world.lag and edit.kind in self._free_when_archived:
            # What we created, and cannot see yet, frees its key so; the next plan makes another one.
            there = laws.keys(self._state())
            for key in laws.keys(laws.only(self._state(), edit.kind, touched)):
                self._allowed[key] = max(self._allowed[key], there[key] + 1)

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
            applied = apply_plan(plan, self._target, writer, Hooks(self.weather.stop))
        demand("a lost write is looked for", not self.weather.blind, str(self.weather.blind[:1]))
        lags = bool(self.world.lag)
        laws.truthful(applied, self._state(), self._foreign, cascades=self._cascades, lags=lags)
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
    def _target(self) -> Target:
        return Target(self._pleo.url, self._pleo.company, FREE, self._runs)

    @property
    def _unguarded(self) -> set[str]:
        """Kinds of which this Pleo takes a second record with a key."""
        settings = self.world.settings
        found = {"tagGroup"}
        if settings.tax_code_conflict == "none":
            found.add("taxCode")
        if "externalId" not in settings.vendor_unique:
            found.add("vendor")
        return found

    @property
    def _free_when_archived(self) -> set[str]:
        """Kinds of which this Pleo takes a second record once the first is archived."""
        settings = self.world.settings
        counts = {"tag": settings.tag_conflict_counts_archived, "vendor": settings.vendor_unique_counts_archived}
        return {kind for kind, counted in counts.items() if not counted}

    @property
    def _cascades(self) -> bool:
        return self.world.settings.archive_cascade == "cascade"

    def _inputs(self, acknowledged: int | None) -> Inputs:
        world = self.world
        return Inputs(world.desired, world.scope, FREE, self._pleo.company, self._pleo.url, acknowledged)


def replay(chance: Chance, *, rounds: int = 2, **given: Any) -> History:
    """Carry out one history in a folder of its own. Raises `LawBroken`, and whatever the engine must not raise."""
    with own_folder() as folder:
        history = History(chance, folder, **given)
        history.run(rounds)
    return history
