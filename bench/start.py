"""How long until a command that only says something has said it? CPU against importing click alone, in the same run.

python bench/start.py [--runs 15]
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys

COMMANDS = (["--version"], ["--help"], ["plan", "--help"])


def seconds(command: list[str]) -> float:
    """CPU seconds of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Run in turn with the floor, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    # As installed: modules are compiled once, not at each start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for command in COMMANDS:
        whole = ["-m", "pleoctl", *command]
        seconds(whole)
        ratios = [seconds(whole) / seconds(["-c", "import click"]) for _ in range(runs)]
        print(f"pleoctl {' '.join(command):<12} {statistics.median(ratios):.2f} x importing click")


if __name__ == "__main__":
    main()
