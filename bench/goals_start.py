"""Rows of the table of goals: the start of commands that only say something."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from measure import Result, against, cpu

import pleoctl

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMANDS = (["--version"], ["--help"], ["plan", "--help"])
# What the installed program consists of.
_PROGRAM = "import sys; from pleoctl.__main__ import program; sys.exit(program())"


def starts() -> Iterator[Result]:
    """The program as a wheel brings it, which knows its commit without asking git, against importing click alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(Path(pleoctl.__file__).parent, folder / "pleoctl", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "pleoctl" / "_data").mkdir(exist_ok=True)
        (folder / "pleoctl" / "_data" / "commit").write_text("0" * 40)
        os.environ["PYTHONPATH"] = name
        for command in COMMANDS:
            ratio = against(
                lambda command=command: cpu([sys.executable, "-c", _PROGRAM, *command], folder),  # type: ignore[misc]
                lambda: cpu([sys.executable, "-c", "import click"], folder),
                25,
            )
            yield Result(f"pleoctl {' '.join(command)} / importing click", ratio, 1.3)
        del os.environ["PYTHONPATH"]


ROWS = {"start": starts}
