"""What the rows of the table of goals share: CPU of whole processes, taken in turn with their floor."""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pleoctl.desired.comments import render

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pleoctl.model.records import DesiredState
    from pleoctl.sandbox import Sandbox

KEY = "BENCH_KEY"
TURNS = 5
# Not ru_maxrss, which starts at the parent's size.
_PEAK = (
    "import atexit\natexit.register(lambda: open('peak', 'w').write("
    "open('/proc/self/status').read().partition('VmHWM:')[2].split()[0]))\n"
)
_PLEOCTL = f"{_PEAK}from pleoctl.__main__ import program\nprogram()\n"


@dataclass(frozen=True)
class Result:
    """A measured row of the table; ``most`` says that the goal is a limit above, else one below."""

    name: str
    value: float
    goal: float
    most: bool = True
    unit: str = "x"

    @property
    def reached(self) -> bool:
        """Whether the goal is."""
        return self.value <= self.goal if self.most else self.value >= self.goal

    def __str__(self) -> str:
        sign, mark = "<=" if self.most else ">=", "yes" if self.reached else "NO"
        return f"{self.name:<72} {self.value:9.2f} {self.unit:<3} {sign} {self.goal:<6g} {mark}"


def cpu(command: Sequence[str], folder: Path, *, script: str = "", code: int = 0) -> float:
    """CPU seconds of a process that ends with ``code``; ``script`` is its standard input."""
    own = {**os.environ, "PLEOCTL_STATE_DIR": str(folder / "state")}
    # As installed: modules are compiled once, not at each start.
    own.pop("PYTHONDONTWRITEBYTECODE", None)
    with subprocess.Popen(
        command, cwd=folder, env=own, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(script.encode())
        process.stdin.close()
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != code or b"Traceback" in said:
        raise SystemExit(f"{' '.join(command)[-200:]}: exit {process.returncode}\n{said.decode()[-2000:]}")
    return usage.ru_utime + usage.ru_stime


def pleoctl(folder: Path, *arguments: str, code: int = 0) -> float:
    """CPU seconds of a command of ours, its start included; `peak` tells of its memory."""
    return cpu([sys.executable, "-c", _PLEOCTL, *arguments], folder, code=code)


def python(folder: Path, script: str) -> float:
    """CPU seconds of a script."""
    return cpu([sys.executable, "-"], folder, script=_PEAK + script)


def peak(folder: Path) -> float:
    """MiB that the last process took at most."""
    return float((folder / "peak").read_text()) / 1024


def against(ours: Callable[[], float], floor: Callable[[], float], turns: int = TURNS) -> float:
    """How often the floor fits into our time: the median of turns, for other work on the machine changes both."""
    ours(), floor()
    return statistics.median(ours() / floor() for _ in range(turns))


_ALTERNATING = """
import gc, statistics, time
gc.set_threshold(200_000, 20, 100)  # as the program does

def taken(work):
    gc.collect()
    begun = time.process_time()
    for _ in range(5):
        work()
    return time.process_time() - begun

taken(floor), taken(ours)
pairs = []
for turn in range(TURNS):
    first = taken(floor)
    second = taken(ours)
    # Each pair shares its neighbours, so that neither side always follows the quiet one.
    pairs.append(second / ((first + taken(floor)) / 2))
with open("ratio", "w") as out:
    out.write(str(statistics.median(pairs)))
"""


def alternating(folder: Path, script: str, turns: int = 8 * TURNS) -> float:
    """How often ``floor()`` fits into ``ours()``, both of the script: the median of turns about in one process.

    What other work on the machine slows, it slows for both; so does what a process takes to start, which is none of it.
    """
    python(folder, f"{script}\nTURNS = {turns}\n{_ALTERNATING}")
    return float((folder / "ratio").read_text())


def exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """How work grows with its size: 1 in proportion, 2 as the square; between the first and the last size."""
    return math.log(seconds[-1] / seconds[0]) / math.log(sizes[-1] / sizes[0])


def workspace(folder: Path, pleo: Sandbox, desired: DesiredState | None = None, more: str = "") -> None:
    """Write a workspace for the sandbox, whose key is in the environment."""
    os.environ[KEY] = pleo.api_key
    (folder / "pleoctl.yaml").write_text(
        f"apiVersion: pleoctl/v1\nkind: Workspace\ncompany: {pleo.company}\n"
        f"pleo: {{url: {json.dumps(pleo.url)}, auth: {{apiKey: 'env:{KEY}'}}}}\n{more}",
        encoding="utf-8",
    )
    if desired is not None:
        (folder / "desired-state.yaml").write_text(render(desired), encoding="utf-8")
