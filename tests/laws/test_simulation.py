"""Thousands of whole histories on a simulated machine against a simulated Pleo: every law holds after each of them."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pleoctl.testing.chance import Chance, shrunk
from pleoctl.testing.history import replay
from pleoctl.testing.jobs import replay_jobs
from pleoctl.testing.laws import LawBroken
from pleoctl.testing.search import exhaust, search
from pleoctl.testing.small import SMALL, exhaust_small

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

# The same histories each time, so that a change is judged by itself; PLEOCTL_SEED and bench/simulate.py search on.
FIRST = int(os.environ.get("PLEOCTL_SEED", "0"))
THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
PARTS = 10
PART = 3000 if THOROUGH else 300
OF_JOBS = 2000 if THOROUGH else 200


@pytest.mark.parametrize("part", range(PARTS))
def test_no_history_breaks_a_law(part: int, record_property: Callable[[str, object], None]) -> None:
    """Bad weather, other clients, deaths, lost journals, then calm: no duplicate, no lost change, an empty plan."""
    start = FIRST + part * PART
    number, failure = search(range(start, start + PART))
    assert failure is None, f"{failure}"
    record_property("simulated histories", number)
    record_property("first seed", start)


@pytest.mark.parametrize("part", range(2))
def test_no_history_of_export_jobs_breaks_a_law(part: int, record_property: Callable[[str, object], None]) -> None:
    """Booked once, told truly and in one way, nothing left, whoever dies and whatever is lost."""
    start = FIRST + part * OF_JOBS
    number, failure = search(range(start, start + OF_JOBS), replay_jobs)
    assert failure is None, f"{failure}"
    record_property("simulated histories", number)
    record_property("first seed", start)


@pytest.mark.parametrize("name", SMALL)
def test_no_history_of_a_small_world_breaks_a_law(name: str, record_property: Callable[[str, object], None]) -> None:
    """Three records, and every way in which one or two answers can be lost."""
    number, failure = exhaust_small(name, faults=2, deaths=0)
    assert failure is None, f"{failure}"
    assert number > 200
    record_property("simulated histories", number)


@pytest.mark.parametrize(
    ("mutant", "law", "shrink"),
    [
        ("a lost answer counts as done", "done is done", True),
        ("nobody looks before sending again", "a lost write is looked for", False),
        ("creates that nothing guards go again", "no duplicates", False),
        ("what was denied is believed", "failed is not done", False),
        ("metadata is not echoed", "what is not managed stays", False),
    ],
)
def test_a_law_broken_on_purpose_is_found(mutant: str, law: str, shrink: bool) -> None:
    """With a fault in the engine a history soon breaks a law; its trace, shrunk or not, breaks the same one again."""
    with mutants().mutated(mutant):
        number, failure = search(range(10, 410), shrink=shrink)
        assert failure is not None, number
        assert failure.law == law
        with pytest.raises(LawBroken, match=law):
            replay(Chance(given=failure.trace))
    replay(Chance(given=failure.trace))


@pytest.mark.parametrize(
    ("mutant", "law"),
    [
        ("bookings that nothing guards go again", "no item is booked twice"),
        ("what failed is told as done", "what is reported is booked"),
        ("what the books deny is believed", "outcomes are right"),
    ],
)
def test_a_law_of_jobs_broken_on_purpose_is_found(mutant: str, law: str) -> None:
    """The same for what is booked and told."""
    with mutants().mutated(mutant):
        number, failure = search(range(200), replay_jobs, shrink=False)
    assert failure is not None, number
    assert failure.law == law


def mutants() -> ModuleType:
    """The faults of bench/mutants.py."""
    spec = importlib.util.spec_from_file_location("mutants", Path(__file__).parents[2] / "bench" / "mutants.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules.setdefault("mutants", importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module


# --- the tools themselves --------------------------------------------------------------------------------------------


def test_a_seed_is_a_trace() -> None:
    """The trace of a seed's history replays it to the letter."""
    first = replay(Chance(11))
    again = replay(Chance(given=first.chance.trace))
    assert again.chance.trace == first.chance.trace
    assert again.weather.log == first.weather.log


def test_traces_shrink_to_what_matters() -> None:
    """What does not matter becomes 0 or goes; the number that matters becomes as small as it may."""

    def fails(trace: Sequence[int]) -> bool:
        return any(value >= 3 for value in trace)

    assert shrunk([5, 0, 2, 9, 1, 0], fails) == [3]


def test_exhausting_gives_every_combination_once() -> None:
    """Choices that depend on earlier ones are taken as they come."""
    seen = []

    def run(chance: Chance) -> None:
        seen.append((first := chance.below(3), chance.below(first + 1)))

    assert exhaust(run) == (6, None)
    assert seen == [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2)]
