"""Search histories for a broken law: by seeds, or all of a small world; a failure is shrunk to what matters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pleoctl.testing.chance import Chance, exhausted, shrunk
from pleoctl.testing.history import replay
from pleoctl.testing.laws import LawBroken
from pleoctl.testing.life import quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Failure:
    """A history that went wrong: its seed, the shrunk trace that replays it, the law and what was seen."""

    seed: int | None
    trace: list[int]
    law: str
    words: str

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.law}: {self.words}\n  replay: {self.trace}"


def search(
    seeds: Iterable[int], run: Callable[[Chance], Any] = replay, *, shrink: bool = True
) -> tuple[int, Failure | None]:
    """Histories carried out, and the first that broke a law (or raised what no engine may raise).

    ``run`` carries out one: `replay`, or `replay_jobs`.
    """
    number = 0
    for number, seed in enumerate(seeds, 1):
        chance = Chance(seed)
        broken = _broken(chance, run)
        if broken is not None:
            trace = _shrunk(chance.trace, broken[0], run) if shrink else chance.trace
            law, words = _broken(Chance(given=trace), run) or broken
            return number, Failure(seed, trace, law, words)
    return number, None


def exhaust(run: Callable[[Chance], Any]) -> tuple[int, Failure | None]:
    """The same for every history that ``run`` can make; it must draw few choices."""
    number = 0
    for number, (trace, broken) in enumerate(exhausted(lambda chance: _broken(chance, run)), 1):
        if broken is not None:
            return number, Failure(None, trace, *broken)
    return number, None


def _broken(chance: Chance, run: Callable[[Chance], Any]) -> tuple[str, str] | None:
    """The law that a history broke, and what was seen."""
    try:
        with quiet():
            run(chance)
    except Exception as error:
        return error.law if isinstance(error, LawBroken) else type(error).__name__, str(error)
    return None


def _shrunk(trace: Sequence[int], law: str, run: Callable[[Chance], Any]) -> list[int]:
    def fails(candidate: Sequence[int]) -> bool:
        broken = _broken(Chance(given=candidate), run)
        return broken is not None and broken[0] == law

    return shrunk(trace, fails)
