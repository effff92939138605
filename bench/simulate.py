"""Search simulated histories for broken laws, for as long as you like; interrupted, it goes on where it was.

python bench/simulate.py --count 1000000 --state simulate.json     # a million, resumable
python bench/simulate.py --seed 4711                               # one seed again, shrunk
python bench/simulate.py --trace '[0, 3, 1]'                       # one shrunk history again
python bench/simulate.py --mutants                                 # is every law broken on purpose found?
python bench/simulate.py --small                                   # every history of small worlds
python bench/simulate.py --jobs --count 20000                      # histories of export jobs
"""

from __future__ import annotations

import argparse
import json
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mutants import JOB_MUTANTS, MUTANTS, mutated

from pleoctl.testing.chance import Chance
from pleoctl.testing.history import replay
from pleoctl.testing.jobs import replay_jobs
from pleoctl.testing.search import Failure, search
from pleoctl.testing.small import SMALL, exhaust_small

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK = 500


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=3000, help="histories in all")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--state", type=Path, help="where to keep how far it came")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--trace", type=json.loads)
    parser.add_argument("--mutants", action="store_true")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--jobs", action="store_true", help="histories of export jobs")
    given = parser.parse_args()
    run: Callable[[Chance], Any] = replay_jobs if given.jobs else replay
    if given.trace is not None:
        run(Chance(given=given.trace))
        return 0
    if given.seed is not None:
        begun = time.monotonic()
        return _tell(*search([given.seed], run), begun=begun)
    if given.mutants:
        return _mutants(10_000)
    if given.small:
        return max(_small(name) for name in SMALL)
    return _long(given.first, given.count, given.workers, given.state, jobs=given.jobs)


def _long(first: int, count: int, workers: int, state: Path | None, *, jobs: bool) -> int:
    kept: dict[str, Any] = {"first": first, "next": first, "failures": []}
    if state is not None and state.exists():
        kept = json.loads(state.read_text(encoding="utf-8"))
    begun, end = time.monotonic(), kept["first"] + count
    with ProcessPoolExecutor(workers) as pool:
        while kept["next"] < end:
            starts = range(kept["next"], min(end, kept["next"] + CHUNK * workers), CHUNK)
            for failures in pool.map(_chunk, starts, [end] * len(starts), [jobs] * len(starts)):
                kept["failures"] += failures
            kept["next"] = min(end, starts[-1] + CHUNK)
            if state is not None:
                state.write_text(json.dumps(kept), encoding="utf-8")
            print(f"{kept['next'] - kept['first']} histories, {len(kept['failures'])} broke a law", flush=True)
    told = (
        f"{kept['next'] - kept['first']} histories, seeds from {kept['first']} on, in {time.monotonic() - begun:.0f} s"
    )
    print(told, *(kept["failures"] or ["no law broken"]), sep="\n")
    return int(bool(kept["failures"]))


def _chunk(start: int, end: int, jobs: bool) -> list[str]:
    failures, seed = [], start
    run: Callable[[Chance], Any] = replay_jobs if jobs else replay
    while seed < min(end, start + CHUNK):
        number, failure = search(range(seed, min(end, start + CHUNK)), run)
        seed += number
        if failure is not None:
            failures.append(str(failure))
    return failures


def _mutants(most: int) -> int:
    missed = []
    both: dict[str, Callable[[Chance], Any]] = {
        **dict.fromkeys(MUTANTS, replay),
        **dict.fromkeys(JOB_MUTANTS, replay_jobs),
    }
    for name, run in both.items():
        with mutated(name):
            number, failure = search(range(most), run, shrink=False)
        print(f"{name}: {f'found after {number}: {failure.law}' if failure else 'NOT FOUND'}", flush=True)
        missed += [] if failure else [name]
    print(f"{len(both) - len(missed)} of {len(both)} found")
    return int(bool(missed))


def _small(name: str) -> int:
    begun = time.monotonic()
    return _tell(*exhaust_small(name), begun=begun, what=name)


def _tell(number: int, failure: Failure | None, *, begun: float, what: str = "histories") -> int:
    print(f"{what}: {number} in {time.monotonic() - begun:.1f} s; {failure or 'no law broken'}", flush=True)
    return int(failure is not None)


if __name__ == "__main__":
    raise SystemExit(main())
