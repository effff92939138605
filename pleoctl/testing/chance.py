"""Every choice of a simulated history, from one seed or from a list: so that it replays, shrinks, and can be exhausted.

A choice is a number below a bound. 0 is always the plainest one, so a shorter list with smaller numbers is a simpler
history: where a list ends, everything goes on plainly.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")
Trace = list[int]
_TRIES: Final = 400


class Chance:
    """Draws choices and keeps them: ``trace`` replays the history, ``bounds`` tell what else could have been drawn."""

    def __init__(self, seed: int | None = None, given: Sequence[int] | None = None) -> None:
        """From a seed, or from the ``given`` trace."""
        self._random = random.Random(seed)  # repeatable on purpose
        self._given = given
        self.trace: Trace = []
        self.bounds: list[int] = []

    def below(self, bound: int, plain: float = 0.0) -> int:
        """A number below ``bound``; 0 with at least the probability ``plain``."""
        if bound <= 1:
            return 0
        drawn = self._drawn(bound, plain)
        self.trace.append(drawn)
        self.bounds.append(bound)
        return drawn

    def _drawn(self, bound: int, plain: float) -> int:
        if self._given is not None:
            place = len(self.trace)
            return min(self._given[place], bound - 1) if place < len(self._given) else 0
        return 0 if plain and self._random.random() < plain else self._random.randrange(bound)

    def pick(self, options: Sequence[T], plain: float = 0.0) -> T:
        """One of the options; the first is the plainest."""
        return options[self.below(len(options), plain)]

    def happens(self, probability: float) -> bool:
        """Whether something out of the ordinary happens."""
        return bool(self.below(2, 1 - 2 * probability if probability < 0.5 else 0.0))  # a half


def shrunk(trace: Sequence[int], fails: Callable[[Sequence[int]], bool]) -> Trace:
    """A simpler trace that still fails: parts left out, numbers made smaller, as long as the tries last."""
    best, left = list(trace), _TRIES
    improved = True
    while improved and left > 0:
        improved = False
        for candidate in _simpler(best):
            left -= 1
            if fails(candidate):
                best, improved = candidate, True
                break
            if left <= 0:
                break
    return best


def _simpler(trace: Trace) -> Iterator[Trace]:
    trimmed = list(trace)
    while trimmed and trimmed[-1] == 0:
        trimmed.pop()
    if len(trimmed) < len(trace):
        yield trimmed
    size = len(trimmed)
    while size:
        for start in range(0, len(trimmed), size):
            part = trimmed[start : start + size]
            yield trimmed[:start] + trimmed[start + size :]
            if any(part):
                yield trimmed[:start] + [0] * len(part) + trimmed[start + size :]
        size //= 2
    for place, value in enumerate(trimmed):
        if value > 1:
            yield [*trimmed[:place], 1, *trimmed[place + 1 :]]
            yield [*trimmed[:place], value - 1, *trimmed[place + 1 :]]


def exhausted(run: Callable[[Chance], T]) -> Iterator[tuple[Trace, T]]:
    """Run every history that there is, in order: the trace and the end of each; ``run`` must draw few choices."""
    trace: Trace | None = []
    while trace is not None:
        chance = Chance(given=trace)
        yield chance.trace, run(chance)
        trace = _following(chance)


def _following(chance: Chance) -> Trace | None:
    for place in reversed(range(len(chance.trace))):
        if chance.trace[place] < chance.bounds[place] - 1:
            return [*chance.trace[:place], chance.trace[place] + 1]
    return None
