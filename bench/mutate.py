"""Change the engine in one small place at a time and see whether its tests notice; interrupted, it goes on.

    python bench/mutate.py --state mutate.json                        # all targets
    python bench/mutate.py --state mutate.json pleoctl/plan/guard.py  # some
    python bench/mutate.py --state mutate.json --tests tests/laws     # by these tests

A survivor is a rule without a test, or a change that makes no difference; bench/survivors.md says which. Survivors are
tried again each time, what was noticed once is not.

pytest collects the tests once. A first child runs them all and notes which lines each of them reaches; then each mutant
is a child of its own, in which the changed functions get their new code before the tests that reach them run until one
fails: first those that failed lately, then the quickest. What changes more than functions, or runs when the module is
imported, has the tests collected anew in a process that has not imported it.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import importlib.abc
import importlib.util
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

import pytest
from _pytest.runner import runtestprotocol
from changes import mutants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from importlib.machinery import ModuleSpec
    from types import CodeType, FrameType, ModuleType

    from changes import Mutant

ROOT: Final = Path(__file__).parents[1]
TARGETS: Final = [
    "pleoctl/plan/guard.py",
    "pleoctl/plan/order.py",
    "pleoctl/run/settle.py",
    "pleoctl/run/doubts.py",
    *(
        f"pleoctl/apply/{name}.py"
        for name in ("steps", "executor", "fresh", "verify", "cascade", "ledger", "state", "kinds", "run")
    ),
    *(f"pleoctl/reconcile/{name}.py" for name in ("table", "dimensions", "duplicates", "run", "fields", "changes")),
]
TESTS: Final = ["tests/apply", "tests/plan", "tests/reconcile", "tests/run"]
QUIETLY: Final = ("-x", "-q", "-n", "0", "-p", "no:randomly", "-p", "no:cacheprovider", "-W", "ignore")
SECONDS: Final = 300


@dataclass
class Reach:
    """What a run of all tests told: by line which tests reach it, and how long each took; in numbers of items."""

    lines: dict[str, list[int]] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def of(self, file: str, mutant: Mutant) -> list[int]:
        """The tests that reach a mutant, quickest first."""
        found = {test for line in mutant.lines for test in self.lines.get(f"{file}:{line}", [])}
        return sorted(found, key=lambda test: self.seconds[test])


class Record:
    """What is known, on disk after each mutant."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.known: dict[str, bool] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def enter(self, name: str, noticed: bool) -> None:
        """Keep whether a mutant was noticed, and print those that were not."""
        self.known[name] = noticed
        self._file.write_text(json.dumps(self.known, indent=1), encoding="utf-8")
        if not noticed:
            print(f"survived: {name}", flush=True)


class Server:
    """The pytest plugin that runs mutants in place of the tests; what needs a new process is left in ``cold``."""

    def __init__(self, files: list[str], record: Record) -> None:
        self._files, self._record = files, record
        self.cold: list[str] = []
        self._lately: list[int] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try every mutant that is not known to be noticed."""
        paths = {str(ROOT / file): file for file in self._files}
        told = in_child(lambda: _reach(session.items, paths), 3600)
        if told is None:
            raise SystemExit("the tests do not end")
        data = json.loads(told)
        reach = Reach(data["lines"], {int(test): took for test, took in data["seconds"].items()}, data["failed"])
        print(*(f"left out, since it fails already: {name}" for name in reach.failed), sep="\n", flush=True)
        for file in self._files:
            live = _functions(str(ROOT / file))
            for mutant in mutants_of(file):
                if self._record.known.get(f"{file}: {mutant.name}"):
                    continue
                tests = reach.of(file, mutant)
                if not tests or not _is_live(mutant, live):
                    self.cold.append(f"{file}: {mutant.name}")
                    continue
                tests.sort(key=lambda test: test not in self._lately)
                limit = 20 + 5 * sum(reach.seconds[test] for test in tests)
                items = [session.items[test] for test in tests]
                ended = in_child(partial(_failing_with, mutant, live, items), limit)
                if ended and ended != "-1":
                    self._lately = [tests[int(ended)], *self._lately[:9]]
                self._record.enter(f"{file}: {mutant.name}", ended != "-1")
        return True


class Broken(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module as its mutant."""

    def __init__(self, file: str, code: CodeType) -> None:
        self._module, self._file, self._code = ".".join(Path(file).with_suffix("").parts), file, code

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        """The mutant's, for its own name."""
        return importlib.util.spec_from_loader(name, self, origin=self._file) if name == self._module else None

    def exec_module(self, module: ModuleType) -> None:
        """Run the mutant."""
        exec(self._code, module.__dict__)


def mutants_of(file: str) -> Iterator[Mutant]:
    """The mutants of a file of the project."""
    return mutants((ROOT / file).read_text(encoding="utf-8"), str(ROOT / file))


def in_child(work: Callable[[], str], seconds: float = 0, *, quiet: bool = True) -> str | None:
    """What the work gives in a forked process; None where it dies or does not end in time (0: any)."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as stream:
            told = stream.read()
        _, status = os.waitpid(child, 0)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        return told if status == 0 else None
    os.setsid()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    if quiet:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
    status = 1
    try:
        with os.fdopen(writing, "w", encoding="utf-8") as stream:
            stream.write(work())
        status = 0
    finally:
        os._exit(status)


def _reach(items: list[pytest.Item], paths: dict[str, str]) -> str:
    """Run all tests; JSON of a `Reach`."""
    lines: dict[str, set[int]] = defaultdict(set)
    seconds: dict[int, float] = {}
    failed: list[str] = []
    now = 0

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        file = paths.get(frame.f_code.co_filename)
        if file is None:
            return None
        if event in {"call", "line"}:
            lines[f"{file}:{frame.f_lineno}"].add(now)
        return trace

    for now, item in enumerate(items):
        began = time.perf_counter()
        threading.settrace(trace)
        sys.settrace(trace)
        passed = _failing([item]) == "-1"
        sys.settrace(None)
        seconds[now] = time.perf_counter() - began
        if not passed:
            failed.append(item.nodeid)
            for tests in lines.values():
                tests.discard(now)
    return json.dumps({"lines": {k: sorted(v) for k, v in lines.items()}, "seconds": seconds, "failed": failed})


def _failing(items: list[pytest.Item]) -> str:
    """Run tests in this order until one fails; the place of that one, -1 if none does."""
    for place, (item, after) in enumerate(zip(items, [*items[1:], None], strict=True)):
        if any(report.failed for report in runtestprotocol(item, log=False, nextitem=after)):
            return str(place)
    return "-1"


def _functions(path: str) -> list[FunctionType]:
    return [one for one in gc.get_objects() if isinstance(one, FunctionType) and one.__code__.co_filename == path]


def _is_live(mutant: Mutant, live: list[FunctionType]) -> bool:
    changed = dict(mutant.swaps or [])
    return any(function.__code__ in changed for function in live)


def _failing_with(mutant: Mutant, live: list[FunctionType], items: list[pytest.Item]) -> str:
    """As `_failing`, with the functions' mutated code."""
    changed = dict(mutant.swaps or [])
    for function in live:
        function.__code__ = changed.get(function.__code__, function.__code__)
    return _failing(items)


def _code_of_all(file: str, mutant: Mutant, arguments: list[str]) -> str:
    """Run tests in a process that has yet to import the module; the exit code of pytest."""
    sys.meta_path.insert(0, Broken(file, mutant.code))
    return str(int(pytest.main([*QUIETLY, *arguments])))


def main() -> int:
    """The command line; exit 1 if there are survivors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", default=TARGETS)
    parser.add_argument("--state", type=Path, required=True, help="where to keep what was found")
    parser.add_argument("--tests", nargs="+", default=TESTS)
    given = parser.parse_args()
    os.chdir(ROOT)
    # What no mutant changes is loaded once, for all children.
    for warm in ("msgspec", "deepdiff", "requests", "jsonschema", "ruamel.yaml", "hypothesis", "uvicorn"):
        importlib.import_module(warm)
    with tempfile.TemporaryDirectory(prefix="pleoctl-mutate-") as folder:
        arguments = [f"--basetemp={folder}/tests", *given.tests]
        left = in_child(lambda: _hot(given.files, Record(given.state), arguments), quiet=False)
        if left is None:
            return 1
        record = Record(given.state)
        for file, mutant in [(one, mutant) for one in given.files for mutant in mutants_of(one)]:
            if f"{file}: {mutant.name}" in json.loads(left):
                code = in_child(partial(_code_of_all, file, mutant, arguments), SECONDS)
                record.enter(f"{file}: {mutant.name}", code != "0")
    alive = [name for name, noticed in record.known.items() if not noticed]
    print(f"{len(record.known)} mutants, {len(alive)} alive")
    return int(bool(alive))


def _hot(files: list[str], record: Record, arguments: list[str]) -> str:
    server = Server(files, record)
    pytest.main([*QUIETLY, *arguments], plugins=[server])
    return json.dumps(server.cold)


if __name__ == "__main__":
    raise SystemExit(main())
